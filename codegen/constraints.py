"""The limits that the SDK checks before it sends: one constant per `x-constraint`."""

from .spec import SCHEMAS, Json, Spec, Unsupported


def render_constraints(spec: Spec, header: str) -> str:
    """Source of the module of constants."""
    lines = [
        header,
        '"""Limits of the specification, checked before anything is sent."""',
        "from typing import Final",
        "from grafana_oncall._values import StringRule",
    ]
    for name, schema in spec.schemas.items():
        if "x-constraint" in schema:
            lines += _constants(schema, SCHEMAS + name)
    return "\n".join(lines) + "\n"


def _constants(schema: Json, pointer: str) -> list[str]:
    name = schema["x-constraint"]
    match schema:
        case {"type": "string", "pattern": pattern, "description": text}:
            arguments = [f"text={_sentence(schema, text)!r}", f"pattern={pattern!r}"]
            arguments += [
                f"{argument}={schema[keyword]!r}"
                for argument, keyword in (("min_length", "minLength"), ("max_length", "maxLength"))
                if keyword in schema
            ]
            return [f"{name}: Final = StringRule({', '.join(arguments)})"]
        case {"type": "array", "maxItems": int(most)}:
            return [f"{name}_MAX: Final = {most}"]
        case {"type": "integer", "minimum": int(least), "maximum": int(most)}:
            return [f"{name}_MIN: Final = {least}", f"{name}_MAX: Final = {most}"]
        case _:
            reason = (
                "x-constraint needs a string with pattern and description, an array with maxItems, "
                "or an integer with minimum and maximum"
            )
            raise Unsupported(pointer, reason)


def _sentence(schema: Json, text: str) -> str:
    """The rule in words, its length included."""
    if "maxLength" not in schema:
        return text
    return f"{text.rstrip('.')}; {schema.get('minLength', 0)} to {schema['maxLength']} characters."
