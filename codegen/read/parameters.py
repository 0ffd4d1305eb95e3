"""Read the parameters of paths and queries."""

from collections.abc import Iterator
from typing import Any, Final

import attrs

from .names import PARAMETER, check_name
from .schemas import check_schema, used_schemas
from .spec import Json, Shape, Spec, Unsupported, check_shape

_PARAMETER: Final[Shape] = {
    **dict.fromkeys(("name", "in", "style", "x-argument"), str),
    **dict.fromkeys(("required", "explode", "x-lookup"), bool),
    "schema": dict,
}
_ARGUMENTS: Final = {"str": "text", "int": "whole", "bool": "flag"}
"""How the facade takes a query parameter, by its type hint; if it is no id and no time."""


@attrs.frozen(kw_only=True)
class Parameter:
    """A path or query parameter."""

    name: str
    hint: str
    rule: str | None
    """Name of the constraint of a path parameter; None for a query parameter."""
    required: bool
    lookup: bool
    """Whether the facade finds the one object that has this value."""
    description: str
    argument: str
    """How the facade takes a query parameter: `id`, `text` and so on, or "" for as it is."""
    const: str | None
    """The only value of a query parameter, which every request sends: no caller gives it."""


def read_parameters(spec: Spec, node: Json, pointer: str) -> Iterator[Parameter]:
    """Yield the parameters of a path or an operation.

    Raises:
        Unsupported: One of them cannot be rendered.
    """
    for index, item in enumerate(node.get("parameters", [])):
        yield _parameter(spec, *spec.resolve(item, f"{pointer}/parameters/{index}", "parameters"))


def _parameter(spec: Spec, node: Any, pointer: str) -> Parameter:
    check_shape(node, _PARAMETER, pointer, ["name", "in", "schema"])
    check_name(node["name"], PARAMETER, f"{pointer}/name")
    if node["in"] not in {"path", "query"}:
        raise Unsupported(f"{pointer}/in", "only path and query parameters are supported")
    in_path = node["in"] == "path"
    required = node.get("required", False)
    if in_path and not required:
        raise Unsupported(f"{pointer}/required", "path parameters must be required")
    if node.get("style", "form") != "form" or not node.get("explode", True):
        raise Unsupported(pointer, "arrays must be repeated parameters: style form, explode true")
    hint = _hint(spec, node["schema"], f"{pointer}/schema")
    schema, _ = spec.resolve(node["schema"], pointer)
    rule = schema.get("x-constraint")
    if in_path and (hint != "str" or not rule):
        raise Unsupported(f"{pointer}/schema", "path parameters are strings with x-constraint")
    const = schema.get("const")
    if const is not None and not required:
        raise Unsupported(f"{pointer}/required", "what has only one value must be required")
    return Parameter(
        name=node["name"],
        hint=hint,
        rule=rule if in_path else None,
        required=required,
        lookup=node.get("x-lookup", False),
        description=" ".join(node.get("description", "").split()),
        argument=node.get("x-argument", _argument(schema, hint)),
        const=const,
    )


def _argument(schema: Json, hint: str) -> str:
    if "format" in schema:
        return "moment"
    return "id" if schema.get("x-constraint") == "ID" else _ARGUMENTS.get(hint, "")


def _hint(spec: Spec, node: Json, pointer: str) -> str:
    """Return the type hint of a parameter."""
    schema, at = spec.resolve(node, pointer)
    named = schema is not node or "enum" in node
    used_schemas(spec, check_schema(spec, schema, at, named=named))
    match schema:
        case {"type": "string", "enum": values} if schema is node:
            return f"Literal[{', '.join(map(repr, values))}]"
        case {"type": "array", "items": items} if _plain(spec.resolve(items, at)[0]) == "str":
            return "Sequence[str]"
        case _ if hint := _plain(schema):
            return hint
        case _:
            reason = (
                "a parameter is a string, a date-time, an integer, a boolean, an inline enum or an"
                " array of strings"
            )
            raise Unsupported(pointer, reason)


def _plain(schema: Json) -> str | None:
    match schema:
        case {"type": "string", "format": "date-time"}:
            return "str"
        case {"enum": _} | {"format": _}:
            return None
        case {"type": "string" | "integer" | "boolean" as kind}:
            return {"string": "str", "integer": "int", "boolean": "bool"}[kind]
        case _:
            return None
