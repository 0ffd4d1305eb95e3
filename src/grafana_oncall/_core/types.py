"""Building blocks of the generated models: UNSET, open enums, aware datetimes, string rules."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Protocol, Self, TypeVar

import attrs
import msgspec
from msgspec import UNSET, UnsetType

__all__ = [
    "UNSET",
    "AwareDatetime",
    "LocalDatetime",
    "OpenStrEnum",
    "StringRule",
    "UnsetType",
    "UtcTime",
    "optional_seconds",
    "seconds",
]

N = TypeVar("N", bound=UnsetType | None)

AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]
"""A datetime with a time zone; one without is a decode error."""


LocalDatetime = Annotated[datetime, msgspec.Meta(tz=False)]
"""A datetime without a time zone, whose zone another member says; one with a zone is an error."""

UtcTime = Annotated[time, msgspec.Meta(tz=True)]
"""A time of day in UTC, as in `time(9, 30, tzinfo=UTC)`."""


def seconds(value: timedelta | int) -> int:
    """Return whole seconds; a timedelta is rounded up."""
    return math.ceil(value.total_seconds()) if isinstance(value, timedelta) else value


def optional_seconds(value: timedelta | int | N) -> int | N:
    """Return whole seconds, or a value that means none."""
    return value if value is None or isinstance(value, UnsetType) else seconds(value)


class OpenStrEnum(StrEnum):
    """A string enum that also accepts unknown values.

    A server may add values at any time. Such a value is an instance of the class and equals its
    string; iteration does not include it, and it cannot be compared by `is`.
    """

    __spellings__: ClassVar[dict[str, str]] = {}

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        if value in cls.__spellings__:
            return cls(cls.__spellings__[value])
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown


class HasId(Protocol):
    """An object of the API that has an id."""

    @property
    def id(self) -> str:
        """Id of the object."""
        ...


@attrs.frozen(kw_only=True)
class StringRule:
    """The rule of the specification for a string."""

    text: str
    """The rule in words, for error messages."""
    pattern: str
    min_length: int = 0
    max_length: int | None = None

    fullmatch: Callable[[str], re.Match[str] | None] = attrs.field(init=False, repr=False, eq=False)
    """Match a value that follows the rule."""

    def __attrs_post_init__(self) -> None:
        longest = "" if self.max_length is None else self.max_length
        whole = re.compile(rf"(?=(?s:.){{{self.min_length},{longest}}}\Z)(?:{self.pattern})")
        object.__setattr__(self, "fullmatch", whole.fullmatch)
