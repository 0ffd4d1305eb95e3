"""Type hints of the members that datamodel-code-generator has no types for."""

import re
from typing import Final

from .schemas import is_class, is_known
from .spec import Json, Spec

_TIMES: Final = {"local-date-time": "LocalDatetime", "time-utc": "UtcTime"}
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_LIMITS: Final = {
    "minimum": "ge",
    "maximum": "le",
    "minLength": "min_length",
    "maxLength": "max_length",
    "maxItems": "max_length",
    "pattern": "pattern",
}
"""The arguments of `msgspec.Meta`, by keyword of the specification."""


def special_hint(spec: Spec, node: Json, *, limits: bool) -> str | None:
    """Return the hint of a member, or None if the generator's own is right.

    Args:
        spec: The specification that references are looked up in.
        node: The schema of the member.
        limits: Whether values are checked against the limits of the schema, as in requests. Those
            of an `x-constraint` are not part of the hint: functions of their own check them.
    """
    hint: str | None = None
    match node:
        case {"oneOf": [inner, _]}:
            hint = _nullable(special_hint(spec, inner, limits=limits))
        case {"$ref": _}:
            hint = _of_reference(spec, node, limits=limits)
        case {"type": [kind, "null"]}:
            hint = _nullable(special_hint(spec, {**node, "type": kind}, limits=limits))
        case {"items": items} if not _has_class(spec, items):
            inner = special_hint(spec, items, limits=limits)
            limited = _limited(f"Sequence[{inner or _plain(spec, items)}]", node if limits else {})
            hint = limited if inner or limited.startswith("Annotated") else None
        case {"const": value}:
            hint = f"Literal[{value!r}]"
        case {"type": "integer", "enum": values} if limits:
            hint = f"Annotated[int, msgspec.Meta(extra={{'one_of': {tuple(values)}}})]"
        case {"format": form} if form in _TIMES:
            hint = _TIMES[form]
        case {"type": kind} if limits and kind in _PLAIN:
            limited = _limited(_PLAIN[kind], node)
            hint = limited if limited != _PLAIN[kind] else None
        case _:
            pass
    return hint


def _nullable(hint: str | None) -> str | None:
    return f"{hint} | None" if hint else None


def _of_reference(spec: Spec, node: Json, *, limits: bool) -> str | None:
    name = spec.name({"$ref": node["$ref"]}, "")
    schema = spec.schemas[name]
    if is_known(schema):
        alias = name.rpartition(".")[2]
        if not (limits and schema.get("x-closed")):
            return alias
        pattern = "|".join(map(re.escape, schema["x-known-values"]))
        return _limited(alias, {"pattern": f"^(?:{pattern})$"})
    own = {key: value for key, value in node.items() if key != "$ref"}
    return None if is_class(schema) else special_hint(spec, schema | own, limits=limits)


def _has_class(spec: Spec, node: Json) -> bool:
    """Whether it is a class, whose hint the generator knows, or an array of such."""
    schema, _ = spec.resolve(node, "")
    return is_class(schema) or ("items" in schema and _has_class(spec, schema["items"]))


def _plain(spec: Spec, node: Json) -> str:
    """Return the hint of an item of an array that needs no special one."""
    schema, _ = spec.resolve(node, "")
    match schema:
        case {"type": "array", "items": items}:
            return f"Sequence[{_plain(spec, items)}]"
        case {"type": str(kind)} if kind in _PLAIN:
            return _PLAIN[kind]
        case _:
            return "Any"


def _limited(hint: str, node: Json) -> str:
    """Return the hint with the limits of the schema."""
    if "x-constraint" in node:
        return hint
    given = [f"{_LIMITS[key]}={node[key]!r}" for key in _LIMITS if key in node]
    return f"Annotated[{hint}, msgspec.Meta({', '.join(given)})]" if given else hint
