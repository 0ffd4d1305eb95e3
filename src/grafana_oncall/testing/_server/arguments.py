"""Eager validation of the fake's arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast

import attrs

from .state import FakeAlertGroup, FakeIntegration

LabelsLike: TypeAlias = Mapping[str, str] | Iterable[str] | Iterable[tuple[str, str]]
"""`{"team": "SRE"}`, `"team:SRE"`, or an iterable of such strings or of pairs."""

_LONGEST = 60  # characters of a value in a message


@attrs.frozen
class Check:
    """What a value must be: `WHOLE(seed=seed)` raises, with the name of the argument, if it is not.

    `TypeError` for another type, `ValueError` for a senseless value of the right type.
    """

    wanted: str
    kind: Any
    fits: Callable[[Any], bool] = lambda _: True

    def __call__(self, **given: object) -> None:
        """Validate each of these arguments."""
        for name, value in given.items():
            # A bool is an int, but never meant as a number.
            is_kind = isinstance(value, self.kind) and not isinstance(value, bool)
            if not (is_kind and self.fits(value)):
                kind = ValueError if is_kind else TypeError
                raise kind(f"{name}={shown(value)}: {self.wanted} is needed")

    def or_none(self, **given: object) -> None:
        """Validate as above, but allow `None`."""
        self(**{name: value for name, value in given.items() if value is not None})

    def field(self, _: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """Validate as an attrs validator."""
        self(**{attribute.name: value})

    def optional_field(self, _: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """Validate as an attrs validator that allows `None`."""
        self.or_none(**{attribute.name: value})


def one_of(choices: Collection[str]) -> Check:
    """Return a check for one of these strings."""
    return Check(f"one of {', '.join(map(repr, choices))}", str, lambda value: value in choices)


WHOLE = Check("a whole number", int)
SIZE = Check("a whole number, 0 or more,", int, lambda number: number >= 0)
COUNT = Check("a whole number, 1 or more,", int, lambda number: number >= 1)
TEXT = Check("a str", str)
NAME = Check("a non-empty str", str, bool)
CALLABLE = Check("a function", Callable)
DELAY = Check(
    "a timedelta of zero or more, such as timedelta(seconds=5),",
    timedelta,
    lambda time: time >= timedelta(0),
)
DURATION = Check(
    "a positive timedelta, such as timedelta(seconds=5),",
    timedelta,
    lambda time: time > timedelta(0),
)
MOMENT = Check(
    "an aware datetime, such as datetime(2026, 3, 2, 9, 30, tzinfo=UTC),",
    datetime,
    lambda moment: moment.utcoffset() is not None,
)
GROUP = Check("a FakeAlertGroup, as add_group returns it,", FakeAlertGroup)
INTEGRATION = Check("a FakeIntegration, as add_integration returns it,", FakeIntegration)
_LABELS = Check('{"team": "SRE"}, "team:SRE" or an iterable of such strings', Iterable)


def label_pairs(labels: LabelsLike | None) -> list[tuple[str, str]]:
    """Return the pairs of key and value of labels in any accepted shape."""
    _LABELS.or_none(labels=labels)
    return [_pair(label) for label in _each(labels)]


def _each(labels: LabelsLike | None) -> Iterable[object]:
    match labels:
        case None:
            return ()
        case str():
            return (labels,)
        case Mapping():
            return cast("Mapping[object, object]", labels).items()
        case _:
            return labels


def _pair(label: object) -> tuple[str, str]:
    match label.split(":") if isinstance(label, str) else label:
        case (str(key), str(value)) if key and value:
            return key, value
        case _:
            wanted = "a key and a value, both non-empty strings, as in 'team:SRE',"
            raise ValueError(f"labels: {shown(label)}: {wanted} are needed")


def shown(value: object) -> str:
    """Return a value as messages show it, cut if it is long."""
    try:
        text = repr(value)
    except RecursionError:
        return f"<{type(value).__name__} that is nested too deeply>"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
