"""Read the members of request bodies, which are arguments of the facade."""

from collections.abc import Iterator
from typing import Any, Final

import attrs

from .names import ARGUMENT, check_name
from .schemas import SECRET, is_class, is_known, used_schemas
from .spec import SCHEMAS, Json, Spec, Unsupported, below

LIKE: Final = "Like"
"""What the name of an alias ends with that stands for all that may be given for a class."""
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@attrs.frozen(kw_only=True)
class Member:
    """A member of a request body."""

    pointer: str
    name: str
    hint: str
    """Type hint of a value, without None and UNSET."""
    classes: list[str]
    """Names of the schemas whose classes the hint needs."""
    required: bool
    nullable: bool
    description: str
    fallback: str
    """Description of its schema, for a member that has none of its own."""
    argument: str
    """How the facade takes it: its `x-argument`, or what its type implies, or "" for as it is."""


@attrs.frozen
class _Type:
    """What a schema means for a type hint."""

    hint: str
    classes: list[str] = attrs.field(factory=list[str])
    nullable: bool = False
    argument: str = ""
    description: str = ""

    @property
    def full(self) -> str:
        return f"{self.hint} | None" if self.nullable else self.hint


def read_members(spec: Spec, body: str | None) -> Iterator[Member]:
    """Yield the members of a request body; None has none.

    Raises:
        Unsupported: A member cannot be an argument.
    """
    if body is None:
        return
    used_schemas(spec, [body])  # checks them
    schema = spec.schemas[body]
    # That of a union is one argument, as a whole.
    for name, node in schema.get("properties", {}).items():
        pointer = below(f"{SCHEMAS}{body}/properties", name)
        check_name(name, ARGUMENT, pointer)
        found = _type(spec, node, pointer)
        yield Member(
            pointer=pointer,
            name=name,
            hint=found.hint,
            classes=found.classes,
            required=name in schema.get("required", []),
            nullable=found.nullable,
            description=" ".join(node.get("description", "").split()),
            fallback=" ".join(found.description.split()),
            argument=node.get("x-argument", found.argument),
        )


def _type(spec: Spec, node: Json, pointer: str, parents: tuple[str, ...] = ()) -> _Type:
    match node:
        case {"oneOf": [reference, _]}:
            return attrs.evolve(_type(spec, reference, pointer, parents), nullable=True)
        case {"$ref": _}:
            return _named(spec, spec.name({"$ref": node["$ref"]}, pointer), parents)
        case {"type": [kind, "null"]}:
            return attrs.evolve(_type(spec, {**node, "type": kind}, pointer), nullable=True)
        case {"items": items}:
            inner = _type(spec, items, pointer, parents)
            return _Type(f"Sequence[{inner.full}]", inner.classes, description=_description(node))
        case _:
            return _value(node)


def _named(spec: Spec, name: str, parents: tuple[str, ...]) -> _Type:
    schema = spec.schemas[name]
    if is_class(schema):
        return _class(spec, name, schema)
    if is_known(schema):
        alias = name.rpartition(".")[2]
        return _Type(alias, [name], argument="filled", description=_description(schema))
    if name in parents:
        raise Unsupported(SCHEMAS + name, "only a class may refer to itself")
    return _type(spec, schema, SCHEMAS + name, (*parents, name))


def _class(spec: Spec, name: str, schema: Json) -> _Type:
    class_name, description = name.rpartition(".")[2], _description(schema)
    classes, read = [name], name.removesuffix("Input")
    if "enum" in schema:
        values = ", ".join(map(repr, [*schema["enum"], *schema.get("x-enum-aliases", {})]))
        hint, argument = f"{class_name} | Literal[{values}]", "enum"
    elif read != name and read in spec.schemas:
        # What was read may be written: the response's class is named like the request's.
        classes.append(f"{read}{LIKE}")
        hint, argument = classes[1].rpartition(".")[2], "nested"
    else:
        hint, argument = f"{class_name} | Mapping[str, Any]", "nested"
    return _Type(hint, classes, argument=argument, description=description)


def _value(node: Json) -> _Type:
    description = _description(node)
    match node:
        case {"format": "time-utc"}:
            return _Type("time", description=description)
        case {"format": form} if form != SECRET:
            return _Type("datetime", description=description)
        case {"type": "string", "minLength": least} if least > 0:
            return _Type("str", argument="filled", description=description)
        case {"type": "object"}:
            return _Type("Mapping[str, Any]", description=description)
        case {"type": kind}:
            return _Type(_PLAIN[kind], description=description)
        case _:
            return _Type("Any", description=description)


def _description(node: Any) -> str:
    description: str = node.get("description", "")
    return description
