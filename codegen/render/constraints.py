"""The limits that the SDK checks before it sends: constants of each `x-constraint`."""

import re
from collections.abc import Iterator

import attrs

from codegen.read.names import CONSTANT, check_name
from codegen.read.schemas import check_schema
from codegen.read.spec import SCHEMAS, Json, Spec, Unsupported


@attrs.frozen(kw_only=True)
class Constant:
    """A constant that can be rendered."""

    name: str
    value: str
    """Its source."""
    pointer: str


def read_constants(spec: Spec) -> Iterator[Constant]:
    """The constants in the order of the document; raises Unsupported where one is refused."""
    for name, schema in spec.schemas.items():
        if "x-constraint" in schema:
            pointer = SCHEMAS + name
            check_schema(spec, schema, pointer, named=True)
            check_name(schema["x-constraint"], CONSTANT, f"{pointer}/x-constraint")
            for suffix, value in _values(schema, pointer).items():
                yield Constant(name=schema["x-constraint"] + suffix, value=value, pointer=pointer)


def render_constraints(constants: list[Constant], header: str) -> str:
    """Source of the module of constants."""
    lines = [
        header,
        '"""Limits of the specification, checked before anything is sent."""',
        "from typing import Final",
        "from grafana_oncall._values import StringRule",
        *(f"{one.name}: Final = {one.value}" for one in constants),
    ]
    return "\n".join(lines) + "\n"


def _values(schema: Json, pointer: str) -> dict[str, str]:
    match schema:
        case {"type": "string", "pattern": pattern, "description": text}:
            return {"": _string_rule(schema, _pattern(pattern, pointer), text)}
        case {"type": "array", "maxItems": most}:
            return {"_MAX": repr(most)}
        case {"type": "integer", "minimum": least, "maximum": most}:
            return {"_MIN": repr(least), "_MAX": repr(most)}
        case _:
            reason = (
                "x-constraint needs a string with pattern and description, an array with maxItems, "
                "or an integer with minimum and maximum"
            )
            raise Unsupported(pointer, reason)


def _pattern(pattern: str, pointer: str) -> str:
    """The pattern, which must hold for the whole string, as it does where it is checked."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise Unsupported(f"{pointer}/pattern", f"no regular expression: {error}") from error
    if not re.fullmatch(r"\^[^|]*\$", pattern):
        raise Unsupported(f"{pointer}/pattern", "a pattern is written as ^…$, without |")
    return pattern


def _string_rule(schema: Json, pattern: str, text: str) -> str:
    arguments = [f"text={_sentence(schema, text)!r}", f"pattern={pattern!r}"]
    for argument, keyword in (("min_length", "minLength"), ("max_length", "maxLength")):
        if keyword in schema:
            arguments.append(f"{argument}={schema[keyword]!r}")
    return f"StringRule({', '.join(arguments)})"


def _sentence(schema: Json, text: str) -> str:
    """The rule in words, its length included."""
    if "maxLength" not in schema:
        return text
    return f"{text.rstrip('.')}; {schema.get('minLength', 0)} to {schema['maxLength']} characters."
