"""What tests give the fake, checked at once: no slip waits for a request to come to light."""

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
    """What a value has to be: `WHOLE(seed=seed)` raises, naming the argument, when it is not.

    `TypeError` for another type, `ValueError` for a value of the right type that makes no sense.
    """

    wanted: str
    kind: Any
    fits: Callable[[Any], bool] = lambda _: True

    def __call__(self, **given: object) -> None:
        """Hold each of these against it."""
        for name, value in given.items():
            # A bool is an int, and never meant as a number.
            is_kind = isinstance(value, self.kind) and not isinstance(value, bool)
            if not (is_kind and self.fits(value)):
                kind = ValueError if is_kind else TypeError
                raise kind(f"{name}={shown(value)}: {self.wanted} is needed")

    def or_none(self, **given: object) -> None:
        """The same, but `None` passes."""
        self(**{name: value for name, value in given.items() if value is not None})

    def field(self, _: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """As a validator of attrs; it calls the argument what the attribute is called."""
        self(**{attribute.name: value})

    def optional_field(self, _: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """As a validator of attrs that lets `None` pass."""
        self.or_none(**{attribute.name: value})


def one_of(choices: Collection[str]) -> Check:
    """One of these words."""
    return Check(f"one of {', '.join(map(repr, choices))}", str, lambda value: value in choices)


WHOLE = Check("a whole number", int)
SIZE = Check("a whole number, 0 or more,", int, lambda number: number >= 0)
COUNT = Check("a whole number, 1 or more,", int, lambda number: number >= 1)
TEXT = Check("a str", str)
NAME = Check("a str that is not empty", str, bool)
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
GROUP = Check("a FakeAlertGroup, as add_group answers it,", FakeAlertGroup)
INTEGRATION = Check("a FakeIntegration, as add_integration answers it,", FakeIntegration)
_LABELS = Check('{"team": "SRE"}, "team:SRE" or an iterable of such strings', Iterable)


def label_pairs(labels: LabelsLike | None) -> list[tuple[str, str]]:
    """The pairs of key and value in all that is understood as labels."""
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
            wanted = "a key and a value, two texts that are not empty, as in 'team:SRE',"
            raise ValueError(f"labels: {shown(label)}: {wanted} are needed")


def shown(value: object) -> str:
    """The value as messages show it, cut short when it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
