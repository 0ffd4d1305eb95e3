"""Constants for each `x-constraint`: the limits that the SDK checks before it sends a request."""

import re
from collections.abc import Iterator

import attrs

from codegen.read.names import CONSTANT, check_name
from codegen.read.schemas import check_schema
from codegen.read.spec import SCHEMAS, Json, Spec, Unsupported


@attrs.frozen(kw_only=True)
class Constant:
    """A module-level constant of the output."""

    name: str
    value: str
    """Source of the value."""
    pointer: str


def read_constants(spec: Spec) -> Iterator[Constant]:
    """Yield the constants in document order.

    Raises:
        Unsupported: A schema with `x-constraint` cannot be rendered.
    """
    for name, schema in spec.schemas.items():
        if "x-constraint" in schema:
            pointer = SCHEMAS + name
            check_schema(spec, schema, pointer, named=True)
            check_name(schema["x-constraint"], CONSTANT, f"{pointer}/x-constraint")
            for suffix, value in _values(schema, pointer).items():
                yield Constant(name=schema["x-constraint"] + suffix, value=value, pointer=pointer)


def render_constraints(constants: list[Constant], header: str) -> str:
    """Render the module of constants."""
    lines = [
        header,
        '"""Limits of the specification, checked before anything is sent."""',
        "from typing import Final",
        "from grafana_oncall._core.types import StringRule",
        *(f"{constant.name}: Final = {constant.value}" for constant in constants),
    ]
    return "\n".join(lines) + "\n"


def _values(schema: Json, pointer: str) -> dict[str, str]:
    """Map the suffix of each constant's name to the source of its value."""
    match schema:
        case {"type": "string", "pattern": pattern, "description": text}:
            return {"": _string_rule(schema, _checked_pattern(pattern, pointer), text)}
        case {"type": "array", "maxItems": maximum}:
            return {"_MAX": repr(maximum)}
        case {"type": "integer", "minimum": minimum, "maximum": maximum}:
            return {"_MIN": repr(minimum), "_MAX": repr(maximum)}
        case _:
            reason = (
                "x-constraint requires a string with pattern and description, "
                "an array with maxItems, or an integer with minimum and maximum"
            )
            raise Unsupported(pointer, reason)


def _checked_pattern(pattern: str, pointer: str) -> str:
    """Return the pattern, which must be anchored: the SDK matches it against the whole string."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise Unsupported(f"{pointer}/pattern", f"invalid regular expression: {error}") from error
    if not re.fullmatch(r"\^[^|]*\$", pattern):
        raise Unsupported(f"{pointer}/pattern", "a pattern must be anchored, ^…$, without |")
    return pattern


def _string_rule(schema: Json, pattern: str, text: str) -> str:
    arguments = [f"text={_rule_text(schema, text)!r}", f"pattern={pattern!r}"]
    for argument, keyword in (("min_length", "minLength"), ("max_length", "maxLength")):
        if keyword in schema:
            arguments.append(f"{argument}={schema[keyword]!r}")
    return f"StringRule({', '.join(arguments)})"


def _rule_text(schema: Json, text: str) -> str:
    """Describe the rule in words, including the length limits."""
    if "maxLength" not in schema:
        return text
    return f"{text.rstrip('.')}; {schema.get('minLength', 0)} to {schema['maxLength']} characters."
