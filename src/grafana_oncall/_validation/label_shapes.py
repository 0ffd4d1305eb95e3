"""All that is understood as labels, as pairs of key and value. Only their shape is looked at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

import attrs

from grafana_oncall._core.text import shown
from grafana_oncall._generated.models import labels as api
from grafana_oncall.errors import Problem

_Model: TypeAlias = api.Label | api.LabelInput | api.DynamicLabelInput | api.AttachedLabelInput
_One: TypeAlias = str | _Model | Mapping[str, Mapping[str, Any]]
LabelsLike: TypeAlias = Mapping[str, str] | _One | Iterable[_One | tuple[str, str] | list[str]]
"""Everything that is understood as labels."""

Pair: TypeAlias = tuple[str, str]
Entry: TypeAlias = Pair | Problem

_SHAPE: Final = (
    "A label is {}, a pair of strings, or an object of the API whose key and value have a name."
)


def entries_of(labels: object, *, dynamic: bool = False) -> tuple[Entry, ...]:
    """One for each label given: its pair, or the problem of its shape."""
    return tuple(_entry(label, dynamic=dynamic) for label in _each(labels))


def _each(labels: object) -> Iterable[object]:
    """The labels one by one; an object under "key" or "value" tells the JSON of a single label."""
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
    key, value = _halves(label, dynamic=dynamic)
    if isinstance(key, str) and isinstance(value, str):
        return str.__str__(key), str.__str__(value)  # of a str that is an enum, its text
    string = '"key:template"' if dynamic else '"key:value" with exactly one colon'
    return Problem(where=shown(label), rule=_SHAPE.format(string))


def _halves(label: object, *, dynamic: bool) -> tuple[object, object]:
    """Key and value, which may be anything; None where the label has none."""
    if isinstance(label, str):
        key, colon, value = label.partition(":")
        return (key, value) if colon and (dynamic or ":" not in value) else (None, None)
    if isinstance(label, (tuple, list)):
        pair = cast("Sequence[object]", label)
        return (pair[0], pair[1]) if len(pair) == 2 else (None, None)
    return _member(_member(label, "key"), "name"), _member(_member(label, "value"), "name")


def _member(of: object, name: str) -> object:
    """Of JSON or of a model; anything else has none, lest an enum's name be taken for a label's."""
    if isinstance(of, Mapping):
        return cast("Mapping[str, object]", of).get(name)
    return getattr(of, name, None) if attrs.has(type(of)) else None
