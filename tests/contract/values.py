"""Valid values for a schema of the specification, as Python writes them."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from hypothesis import strategies as st

from tests.contract.specification import Json, resolved

text: Final = st.text(st.characters(codec="utf-8"))
_LARGEST: Final = 2**31 - 1


def values(schema: Json) -> st.SearchStrategy[Any]:
    """Valid values for a member of a body, or for a whole body."""
    found: st.SearchStrategy[Any]
    match resolved(schema):
        case {"oneOf": parts}:
            found = st.one_of([values(part) for part in parts])
        case {"const": value}:
            found = st.just(value)
        case {"x-known-values": known} | {"enum": known}:
            found = st.sampled_from(known)
        case {"type": [kind, "null"]} as node:
            found = st.none() | values({**node, "type": kind})
        case {"type": "null"}:
            found = st.none()
        case {"format": form} if form in _TIMES:
            found = _TIMES[form]
        case {"type": "array", "items": items} as node:
            found = st.lists(values(items), max_size=min(3, node.get("maxItems", 3)))
        case {"properties": members} as node:
            required = node.get("required", [])
            found = st.fixed_dictionaries(
                {name: values(members[name]) for name in required},
                optional={name: values(members[name]) for name in members if name not in required},
            )
        case node:
            found = _plain(node)
    return found


def _plain(node: Json) -> st.SearchStrategy[Any]:
    match node:
        case {"type": "string", "pattern": pattern}:
            return st.from_regex(pattern, fullmatch=True).filter(
                lambda made: node.get("minLength", 0) <= len(made) <= node.get("maxLength", 1000)
            )
        case {"type": "string"}:
            characters = st.characters(codec="utf-8")
            return st.text(
                characters, min_size=node.get("minLength", 0), max_size=node.get("maxLength")
            )
        case {"type": "integer"}:
            return st.integers(node.get("minimum", -_LARGEST), node.get("maximum", _LARGEST))
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "object"}:
            return st.dictionaries(text, text, max_size=2)
        case _:
            return text


_TIMES: Final = {
    "date-time": st.datetimes(timezones=st.just(UTC)),
    "local-date-time": st.datetimes().map(lambda made: made.replace(microsecond=0)),
    "time-utc": st.times(timezones=st.just(UTC)).map(lambda made: made.replace(microsecond=0)),
}
