"""Normalize any accepted label input to (key, value) pairs. Only its shape is checked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

import attrs

from grafana_oncall._core.text import shown
from grafana_oncall._generated.models import labels as api
from grafana_oncall.errors import Problem

_Model: TypeAlias = api.Label | api.LabelInput | api.DynamicLabelInput | api.AttachedLabelInput
_Label: TypeAlias = str | _Model | Mapping[str, Mapping[str, Any]]
LabelsLike: TypeAlias = Mapping[str, str] | _Label | Iterable[_Label | tuple[str, str] | list[str]]
"""Everything that is accepted as labels."""

Pair: TypeAlias = tuple[str, str]
Entry: TypeAlias = Pair | Problem

_SHAPE: Final = (
    "A label is {}, a pair of strings, or an object of the API whose key and value have a name."
)


def entries_of(labels: object, *, dynamic: bool = False) -> tuple[Entry, ...]:
    """Return one entry for each label: its pair, or the problem with its shape."""
    return tuple(_entry(label, dynamic=dynamic) for label in _each(labels))


def _each(labels: object) -> Iterable[object]:
    """Return the single labels; an object under "key" or "value" means the JSON of one label."""
    match labels:
        case str() | bytes() | {"key": {}} | {"value": {}}:
            return (labels,)
        case Mapping():
            return cast("Mapping[object, object]", labels).items()
        case Iterable():
            return cast("Iterable[object]", labels)
        case _:
            return (labels,)


def _entry(label: object, *, dynamic: bool) -> Entry:
    key, value = _key_and_value(label, dynamic=dynamic)
    if isinstance(key, str) and isinstance(value, str):
        return str.__str__(key), str.__str__(value)  # the text of a str enum
    string = '"key:template"' if dynamic else '"key:value" with exactly one colon'
    return Problem(where=shown(label), rule=_SHAPE.format(string))


def _key_and_value(label: object, *, dynamic: bool) -> tuple[object, object]:
    """Return key and value, which may be anything; None where there is none."""
    if isinstance(label, str):
        key, colon, value = label.partition(":")
        return (key, value) if colon and (dynamic or ":" not in value) else (None, None)
    if isinstance(label, (tuple, list)):
        pair = cast("Sequence[object]", label)
        return (pair[0], pair[1]) if len(pair) == 2 else (None, None)
    return _member(_member(label, "key"), "name"), _member(_member(label, "value"), "name")


def _member(of: object, name: str) -> object:
    """Return a member of JSON or of a model; other objects may have a `name` of their own."""
    if isinstance(of, Mapping):
        return cast("Mapping[str, object]", of).get(name)
    return getattr(of, name, None) if attrs.has(type(of)) else None
