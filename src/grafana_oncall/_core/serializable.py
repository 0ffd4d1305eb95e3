"""Base classes of values that can be written as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import attrs
import msgspec

from .field_texts import DocumentedFields
from .types import UNSET

_TELLING: Final = ("id", "title", "name", "username", "type", "state")
_LONGEST: Final = 60


def short_repr(value: object) -> str:
    """Return the members that tell an object of the API from others; `to_dict` has all of them.

    Secrets, which are left out of every repr, are no such members.
    """
    fields: Mapping[str, Any] = attrs.fields_dict(cast("Any", type(value)))
    telling = [name for name in _TELLING if name in fields and fields[name].repr]
    shown = {name: getattr(value, name) for name in telling}
    texts = [f"{name}={_cut(repr(str(one)))}" for name, one in shown.items() if one is not None]
    return f"{type(value).__name__}({', '.join(texts)}, …)"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class Serializable(DocumentedFields):
    """Base of attrs classes whose values can be written as JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON: dicts, lists, strings, numbers, booleans and None.

        Members are named as in the API. Times become ISO 8601 strings; absent members are left out.
        """
        return _members(self)

    def to_json(self) -> str:
        """Return it as JSON, on one line."""
        return msgspec.json.encode(self.to_dict()).decode()


class Occurrence(Serializable):
    """Base of changes and events, which are told apart by their class."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON, as models do; `type` is the name of the class."""
        return {"type": type(self).__name__, **_members(self)}


def _members(value: object) -> dict[str, Any]:
    kind: Any = type(value)
    return {
        field.metadata.get("wire", field.name): _plain(member)
        for field in attrs.fields(kind)
        if (member := getattr(value, field.name)) is not UNSET
    }


def _plain(value: object) -> object:
    kind: Any = type(value)
    if attrs.has(kind):
        return _members(value)
    if isinstance(value, Mapping):
        mapping = cast("Mapping[object, object]", value)
        return {_plain(name): _plain(member) for name, member in mapping.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[object]", value)]
    return msgspec.to_builtins(value)
