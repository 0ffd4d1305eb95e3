"""Validation of arguments: each function returns the value to use, or raises InvalidArgument."""

import inspect
import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import BuiltinFunctionType
from typing import Final, Literal, TypeAlias, TypeVar, cast

from grafana_oncall._core.request import id_advice
from grafana_oncall._core.text import is_sendable, shown
from grafana_oncall._core.types import UNSET, HasId, OpenStrEnum, UnsetType
from grafana_oncall._generated.constraints import ID, SILENCE_DELAY_MAX
from grafana_oncall.errors import InvalidArgument

T = TypeVar("T")
E = TypeVar("E", bound=OpenStrEnum)

_MASK: Final = "*" * 16
"""What responses have in place of a secret."""

_LONGEST_NAME: Final = 500
"""Characters of a name in a store: PostgreSQL's index takes 2,704 bytes."""

_CENTURY: Final = timedelta(days=36_500)
_SHORTEST: Final = timedelta.resolution.total_seconds()


class Forever(Enum):
    """The type of `FOREVER`, so that no miscalculated number is taken for it."""

    FOREVER = -1


FOREVER: Final = Forever.FOREVER
"""A silence without end; it lasts until the group is unsilenced."""

NO_TEAM: Final = "null"
"""As `team_id=`: match what belongs to no team; None does not filter.

To list the groups of the team of another group: `team_id=group.team_id or NO_TEAM`.
"""


Role: TypeAlias = Literal["admin", "editor", "viewer", "none"]
"""A role to filter users by."""

_NUMBER_OF: Final[dict[str, str]] = {"admin": "0", "editor": "1", "viewer": "2", "none": "3"}


def identifier(name: str, value: object) -> str | UnsetType:
    """Return an id to filter by; None does not filter."""
    return UNSET if value is None else _id(name, value)


def _id(name: str, value: object) -> str:
    # The server would ignore an empty filter, and select everything.
    if not isinstance(value, str) or not ID.fullmatch(value):
        message = f"{name}={shown(value)} is not an id. {id_advice(value, ID)}"
        raise InvalidArgument(message, argument=name)
    return value


def text_filter(name: str, value: object) -> str | UnsetType:
    """Return a text to filter by; None means no filter."""
    if value is None:
        return UNSET
    if not isinstance(value, str) or not value or not is_sendable(value):
        message = f"{name}={shown(value)}: a non-empty text is needed."
        raise InvalidArgument(message, argument=name)
    return value


def stored_name(name: str, value: object) -> str:
    """Return a name that every store can keep, with what else stands beside it there."""
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _LONGEST_NAME
        or "\0" in value
        or not is_sendable(value)
    ):
        message = (
            f"{name}={shown(value)}: a text of 1 to {_LONGEST_NAME} characters is needed, such as "
            "'nightly'."
        )
        raise InvalidArgument(message, argument=name)
    return value


def filled(name: str, value: T) -> T:
    """Return the value unless it is an empty text; its type is checked with the body."""
    if value == "":
        raise InvalidArgument(f"{name}='': it must not be empty.", argument=name)
    return value


def new_secret(name: str, value: T) -> T:
    """Return a secret of a new object, which cannot be copied from what the server shows."""
    if value == _MASK:
        message = (
            f"{name}: sixteen asterisks stand for a secret that the server does not show, so there "
            "is none to copy. Pass the secret itself."
        )
        raise InvalidArgument(message, argument=name)
    return value


def one_of(name: str, value: object, kind: type[E]) -> E:
    """Return a value of an enum; one that the SDK does not know is an error."""
    found = kind(value) if isinstance(value, str) else None
    if found is None or found not in [*kind]:
        known = " or ".join(repr(str(each)) for each in kind)
        raise InvalidArgument(f"{name}={shown(value)}: {known} is needed.", argument=name)
    return found


def optional(value: T | None) -> T | UnsetType:
    """Return the value as it is; None means no filter."""
    return UNSET if value is None else value


def required(name: str, value: T | UnsetType) -> T:
    """Return a checked value that must be there."""
    if isinstance(value, UnsetType):
        raise InvalidArgument(f"{name}=None: it is needed here.", argument=name)
    return value


def flag(name: str, value: object) -> bool | UnsetType:
    """Return True or False to filter by; None does not filter."""
    if value is None:
        return UNSET
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name}={shown(value)}: True or False is needed.", argument=name)
    return value


def optional_whole(name: str, value: object) -> int | UnsetType:
    """Return a whole number from 1; None means none."""
    return UNSET if value is None else whole(name, value)


def whole(name: str, value: object, *, least: int = 1) -> int:
    """Return a whole number that is not too small."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        message = f"{name}={shown(value)}: a whole number, {least} or more, is needed."
        raise InvalidArgument(message, argument=name)
    return value


def several_ids(name: str, value: object, kind: type[HasId]) -> list[str]:
    """Return the ids in one id or object of this class, or in an iterable of them."""
    items: Iterable[object] = [value]
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | kind):
        items = cast("Iterable[object]", value)
    return [_id(name, item.id if isinstance(item, kind) else item) for item in items]


def seconds(
    name: str, value: object, *, zero: bool = False, longest: timedelta | None = _CENTURY
) -> float:
    """Return seconds, from seconds or a timedelta.

    Args:
        name: Name of the argument.
        value: Its value.
        zero: Whether zero is allowed.
        longest: Upper limit; None allows infinity.

    Raises:
        InvalidArgument: The value is neither, or outside the limits.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else value
    most = math.inf if longest is None else longest.total_seconds()
    with suppress(OverflowError):  # an int beyond all floats
        if (
            isinstance(number, int | float)
            and not isinstance(number, bool)
            and (0 if zero else _SHORTEST) <= number <= most
        ):
            return float(number)
    limits = "zero or more" if zero else "above zero"
    if longest is not None:
        limits += f" and at most {longest.days} {'day' if longest.days == 1 else 'days'}"
    message = f"{name}={shown(value)}: seconds or a timedelta, {limits}, are needed."
    raise InvalidArgument(message, argument=name)


def duration(name: str, value: object, *, longest: timedelta = _CENTURY) -> timedelta:
    """Return a timedelta above zero, from seconds or a timedelta."""
    return timedelta(seconds=seconds(name, value, longest=longest))


def of_type(name: str, value: T, kind: type[T]) -> T:
    """Return the value if it is of this type."""
    if not isinstance(value, kind):
        message = f"{name}={shown(value)}: a {kind.__name__} is needed."
        raise InvalidArgument(message, argument=name)
    return value


def function(name: str, value: T) -> T:
    """Return the value if it can be called, and is not async: nobody would await its coroutine."""
    if not callable(value) or _is_async(value):
        needed = "a function that is not async" if callable(value) else "a function"
        raise InvalidArgument(f"{name}={shown(value)}: {needed} is needed.", argument=name)
    return value


def async_function(name: str, value: T) -> T:
    """Return the value if it is an async function, or an object with an async `__call__`."""
    if not _is_async(value):
        raise InvalidArgument(f"{name}={shown(value)}: an async function is needed.", argument=name)
    return value


def either_function(name: str, value: T) -> T:
    """Return the value if it is a function, async or not."""
    return value if _is_async(value) else function(name, value)


def _is_async(value: object) -> bool:
    if isinstance(value, BuiltinFunctionType):
        return False  # none is, and finding that out takes long
    # Of its class, because the `__call__` of a class is that of its instances.
    return any(map(inspect.iscoroutinefunction, (value, type(value).__call__)))


def path_of(name: str, value: object) -> Path:
    """Return the path of a file."""
    if not isinstance(value, str | Path):
        raise InvalidArgument(f"{name}={shown(value)}: a path is needed.", argument=name)
    return Path(value)


def silence_delay(delay: object) -> int:
    """Return whole seconds, rounded up, or the server's -1 for FOREVER."""
    if isinstance(delay, Forever):
        return delay.value
    seconds = math.ceil(delay.total_seconds()) if isinstance(delay, timedelta) else delay
    # The server accepts 0, and never ends such a silence.
    if (
        not isinstance(seconds, int)
        or isinstance(seconds, bool)
        or not 0 < seconds <= SILENCE_DELAY_MAX
    ):
        message = (
            f"delay={shown(delay)}: a timedelta or whole seconds from 1 to {SILENCE_DELAY_MAX}, "
            "or FOREVER, is needed."
        )
        raise InvalidArgument(message, argument="delay")
    return seconds


def whole_seconds(name: str, value: object) -> int:
    """Return whole seconds, from those or a timedelta, which is rounded up."""
    found = math.ceil(value.total_seconds()) if isinstance(value, timedelta) else value
    if not isinstance(found, int) or isinstance(found, bool):
        message = f"{name}={shown(value)}: a timedelta or whole seconds are needed."
        raise InvalidArgument(message, argument=name)
    return found


def role_filter(roles: object) -> Sequence[str] | UnsetType:
    """Return the numbers of the roles, as the server filters by them; None does not filter."""
    match roles:
        case None:
            return UNSET
        case Iterable() if not isinstance(roles, str | bytes):
            given = [*cast("Iterable[object]", roles)]
        case _:
            given = [roles]
    numbers = [_NUMBER_OF[role] for role in given if isinstance(role, str) and role in _NUMBER_OF]
    # The server would ignore an empty filter, and select everyone.
    if not numbers or len(numbers) < len(given):
        message = f"roles={shown(given)}: one or more of {', '.join(_NUMBER_OF)} are needed."
        raise InvalidArgument(message, argument="roles")
    return numbers
