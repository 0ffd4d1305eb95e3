"""Read the schemas; reject whatever cannot be rendered."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .names import CLASS, MEMBER, check_name
from .spec import SCHEMAS, Json, Shape, Spec, Unsupported, below, check_shape

_TYPE: Final = (str, list)
_NUMBER: Final = (int, float)
_PLAIN: Final = ("object", "array", "string", "integer", "number", "boolean")
_SHAPES: Final[Mapping[str, Shape]] = {
    "any": {},
    "reference": {"$ref": str},
    "nullable": {"oneOf": list},
    "union": {"oneOf": list, "discriminator": dict},
    "const": {"type": str, "const": str},
    "known": {"type": str, "x-known-values": list, "x-closed": bool},
    "class": {"type": str, "x-kind": str, "required": list, "properties": dict},
    "enum": {"type": str, "enum": list, "x-enum-aliases": dict},
    "choice": {"type": _TYPE, "enum": list},
    "time": {"type": _TYPE, "format": str},
    "object": {"type": _TYPE, "additionalProperties": bool},
    "array": {
        "type": _TYPE,
        "items": dict,
        "maxItems": int,
        "default": list,
        "x-constraint": str,
    },
    "string": {
        "type": _TYPE,
        "pattern": str,
        "minLength": int,
        "maxLength": int,
        "format": str,
        "x-constraint": str,
    },
    "integer": {"type": _TYPE, "minimum": int, "maximum": int, "x-constraint": str},
    "number": {"type": _TYPE, "minimum": _NUMBER, "maximum": _NUMBER},
    "boolean": {"type": _TYPE},
}
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "object": ("additionalProperties",),
    "array": ("items",),
    "const": ("type",),
    "known": ("type",),
}
_MARKS: Final = {
    "$ref": "reference",
    "discriminator": "union",
    "oneOf": "nullable",
    "const": "const",
    "x-known-values": "known",
}
"""Kinds that one keyword tells."""
_TIMES: Final = ("date-time", "local-date-time", "time-utc")
_ENUM_VALUE: Final = r"[ -~]+"
SECRET: Final = "password"  # noqa: S105  # a keyword
"""The format of a string that no repr shows."""


def is_page(schema: Json) -> bool:
    """Return whether the schema is the envelope of a list."""
    return schema.get("x-kind") == "page"


def is_class(schema: Json) -> bool:
    """Return whether the schema is rendered as a class of its own."""
    return not is_page(schema) and ("properties" in schema or "enum" in schema)


def is_union(schema: Json) -> bool:
    """Return whether the schema is one of several classes, told apart by a member."""
    return "discriminator" in schema


def is_known(schema: Json) -> bool:
    """Return whether the schema is a string with values that are known, and perhaps others."""
    return "x-known-values" in schema


def is_alias(schema: Json) -> bool:
    """Return whether the schema is rendered as an alias of a type."""
    return is_union(schema) or is_known(schema)


def is_named(schema: Json) -> bool:
    """Return whether the output has a name for the schema."""
    return is_class(schema) or is_alias(schema)


def variants(spec: Spec, name: str) -> list[str]:
    """Return the names of the classes of a union."""
    return [spec.name(part, SCHEMAS + name) for part in spec.schemas[name]["oneOf"]]


def used_schemas(spec: Spec, roots: Iterable[str]) -> list[str]:
    """Collect and check the schemas that are reachable from the roots.

    Returns:
        Their names in document order, the roots included.

    Raises:
        Unsupported: One of them cannot be rendered.
    """
    seen: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            if is_named(spec.schemas[name]):
                check_name(name, CLASS, SCHEMAS + name)
            pending += check_schema(spec, spec.schemas[name], SCHEMAS + name, named=True)
    return [name for name in spec.schemas if name in seen]


def page_item(schema: Json, pointer: str) -> tuple[Json, str]:
    """Find the items of a page; nothing else of it is rendered.

    Returns:
        The reference to the schema of the items, and its JSON pointer.

    Raises:
        Unsupported: The page has no such reference.
    """
    check_shape(schema, {"x-kind": str, "allOf": list}, pointer)
    for index, part in enumerate(schema.get("allOf", [])):
        match part:
            case {"properties": {"results": {"items": {"$ref": _} as item}}}:
                return item, f"{pointer}/allOf/{index}/properties/results/items"
            case _:
                pass
    raise Unsupported(pointer, "a page requires allOf with properties.results.items.$ref")


def check_schema(spec: Spec, schema: Any, pointer: str, *, named: bool = False) -> list[str]:
    """Check a schema.

    Args:
        spec: The specification that references are looked up in.
        schema: The schema.
        pointer: JSON pointer of the schema.
        named: Whether it is a component schema; classes and enums have to be.

    Returns:
        Names of the component schemas that it refers to.

    Raises:
        Unsupported: It cannot be rendered.
    """
    kind = _kind(schema, pointer)
    check_shape(schema, _SHAPES[kind], pointer, _REQUIRED.get(kind, ()))
    if kind in {"class", "enum", "union", "known"} and not named:
        raise Unsupported(pointer, "must be a component schema, because it needs a name")
    if "x-constraint" in schema and not named:
        raise Unsupported(f"{pointer}/x-constraint", "only component schemas can have x-constraint")
    return list(_references(spec, kind, schema, pointer))


def _kind(schema: Any, pointer: str) -> str:
    if isinstance(schema, dict):
        for keyword, kind in _MARKS.items():
            if keyword in schema:
                return kind
    match schema:
        case {"type": "object", "properties": _}:
            kind = "class"
        case {"type": "string", "enum": _}:
            kind = "enum"
        case {"type": "integer" | ["integer", "null"], "enum": _}:
            kind = "choice"
        case {"type": "string" | ["string", "null"], "format": form} if form != SECRET:
            kind = "time"
        case {"type": str(kind) | [str(kind), "null"]} if kind in _PLAIN:
            pass
        case {} if not schema.keys() - {"description", "example", "examples"}:
            kind = "any"
        case _:
            raise Unsupported(pointer, "this kind of schema is not supported")
    return kind


def _references(spec: Spec, kind: str, schema: Json, pointer: str) -> Iterator[str]:
    match kind:
        case "reference":
            name = spec.name(schema, pointer)
            if is_page(spec.schemas[name]) or is_union(spec.schemas[name]):
                raise Unsupported(f"{pointer}/$ref", "a page or union can only be a whole body")
            yield name
        case "union":
            yield from _union(spec, schema, pointer)
        case "nullable":
            yield from _nullable(spec, schema["oneOf"], pointer)
        case "class":
            yield from _members(spec, schema, pointer)
        case "array":
            yield from check_schema(spec, schema["items"], f"{pointer}/items")
        case _:
            pass
    _check_values_of(kind, schema, pointer)


def _check_values_of(kind: str, schema: Json, pointer: str) -> None:
    """Check what a schema says of its values."""
    match kind:
        case "array" if schema.get("default"):
            raise Unsupported(f"{pointer}/default", "the default of an array must be []")
        case "object" if not schema["additionalProperties"]:
            raise Unsupported(f"{pointer}/additionalProperties", "an object must allow members")
        case "time" if schema["format"] not in _TIMES:
            raise Unsupported(
                f"{pointer}/format", f"a format is one of {', '.join([*_TIMES, SECRET])}"
            )
        case "enum":
            _check_enum(schema, pointer)
        case "choice" if not all(type(value) is int for value in schema["enum"]):
            raise Unsupported(f"{pointer}/enum", "the values of an integer are integers")
        case "known":
            _check_distinct(schema["x-known-values"], f"{pointer}/x-known-values")
        case _:
            pass


def _union(spec: Spec, schema: Json, pointer: str) -> list[str]:
    """Check the classes of a union, and return their names."""
    by = schema["discriminator"].get("propertyName")
    if by != "type":
        raise Unsupported(f"{pointer}/discriminator", "classes are told apart by their type")
    names = [spec.name(part, f"{pointer}/oneOf/{n}") for n, part in enumerate(schema["oneOf"])]
    values: set[str] = set()
    for name in names:
        match spec.schemas[name]:
            case {
                "x-kind": "request",
                "required": list(required),
                "properties": {"type": {"const": str(value)}},
            } if "type" in required:
                values.add(value)
            case _:
                reason = "a class of a union is a request, and has a required const type"
                raise Unsupported(SCHEMAS + name, reason)
    modules = {name.removeprefix(SCHEMAS).rpartition(".")[0] for name in [*names, pointer]}
    if len(values) < len(names) or len(modules) > 1:
        raise Unsupported(pointer, "the classes of a union share a module, and no type")
    return names


def _nullable(spec: Spec, parts: Any, pointer: str) -> list[str]:
    match parts:
        case [{"$ref": _} as reference, null] if null == {"type": "null"}:
            return check_schema(spec, reference, f"{pointer}/oneOf/0")
        case _:
            raise Unsupported(pointer, "oneOf must be [a $ref, type null]")


def _members(spec: Spec, schema: Json, pointer: str) -> Iterator[str]:
    """Check the members of a class and yield the names of the schemas that they refer to."""
    if schema.get("x-kind", "request") != "request":
        raise Unsupported(f"{pointer}/x-kind", f"{schema['x-kind']!r} is neither request nor page")
    if not schema["properties"]:
        raise Unsupported(f"{pointer}/properties", "a class must have members")
    for name in schema.get("required", []):
        if name not in list(schema["properties"]):
            raise Unsupported(f"{pointer}/required", f"{name!r} is not one of the properties")
    for name, member in schema["properties"].items():
        member_pointer = below(f"{pointer}/properties", name)
        check_name(name, MEMBER, member_pointer)
        yield from check_schema(spec, _without_argument(member, member_pointer), member_pointer)


def _without_argument(member: Any, pointer: str) -> Any:
    """Check and drop `x-argument`, which only a member may have."""
    if not isinstance(member, dict) or "x-argument" not in member:
        return member
    check_shape({"x-argument": member["x-argument"]}, {"x-argument": str}, pointer)
    return {key: value for key, value in member.items() if key != "x-argument"}


def _check_enum(schema: Json, pointer: str) -> None:
    values, aliases = schema["enum"], schema.get("x-enum-aliases", {})
    _check_distinct(values, f"{pointer}/enum")
    _check_distinct([*values, *aliases], f"{pointer}/enum")
    for target in aliases.values():
        if target not in values:
            raise Unsupported(f"{pointer}/x-enum-aliases", f"{target!r} is not one of the values")


def _check_distinct(values: list[Any], pointer: str) -> None:
    for value in values:
        if not isinstance(value, str) or not re.fullmatch(_ENUM_VALUE, value):
            raise Unsupported(pointer, f"{value!r} is not a string of printable ASCII")
    if not values or len(set(values)) < len(values):
        raise Unsupported(pointer, "there must be values, and none of them twice")
