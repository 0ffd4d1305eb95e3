"""Typed objects as plain JSON values, and back: strict, and precise about what is wrong."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from attrs import fields, has

from grafana_oncall.testing._checks import shown
from grafana_oncall.testing._fields import is_list, is_mapping


class PlainError(ValueError):
    """A value that cannot be read: where it stands, and what should stand there."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}" if where else problem)


def to_plain(value: Any) -> Any:
    """What JSON has for a value that it does not know, members as they are: for `json.dumps`."""
    if has(value.__class__):
        return {name: getattr(value, name) for name in members(value.__class__)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{value!r} has no place in JSON")


@cache
def members(cls: Any) -> dict[str, Any]:
    """What an instance is made from: the names and their types."""
    hints = get_type_hints(cls)
    return {each.name: hints[each.name] for each in fields(cls) if each.init}


def from_plain(kind: Any, value: Any, where: str = "") -> Any:
    """The value of this type, or `PlainError`."""
    if kind is Any:
        return value
    if has(kind):
        return kind(**members_from_plain(kind, value, where))
    read = _READERS.get(get_origin(kind) or kind)
    if read is None:
        raise NotImplementedError(f"{kind} is not read from JSON")
    return read(kind, value, where)


def members_from_plain(
    cls: type, value: Any, where: str, *, but: Collection[str] = ()
) -> dict[str, Any]:
    """The arguments to make an instance of, all of them there and none besides.

    The members in `but` are left to the caller.
    """
    _expect(where, "an object", value, fits=is_mapping(value))
    wanted = {name: kind for name, kind in members(cls).items() if name not in but}
    for name in wanted.keys() ^ (value.keys() - {*but}):
        problem = "is missing" if name in wanted else "is unknown"
        raise PlainError(where, f"the member {name!r} {problem}")
    return {name: from_plain(kind, value[name], _in(where, name)) for name, kind in wanted.items()}


def _in(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _expect(where: str, wanted: str, value: Any, *, fits: bool) -> None:
    if not fits:
        raise PlainError(where, f"should be {wanted}, and is {shown(value)}")


def _read_scalar(kind: Any, value: Any, where: str) -> Any:
    # Not isinstance: a bool is no int here.
    _expect(where, f"a value of type {kind.__name__}", value, fits=type(value) is kind)
    return value


def _read_datetime(_: Any, value: Any, where: str) -> datetime:
    _expect(where, "a time", value, fits=isinstance(value, str))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PlainError(where, f"should be a time with its offset, and is {shown(value)}")
    return moment


def _read_timedelta(_: Any, value: Any, where: str) -> timedelta:
    _expect(where, "a number of seconds", value, fits=type(value) in {int, float})
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError) as error:
        raise PlainError(where, f"is no duration: {value}") from error


def _read_union(kind: Any, value: Any, where: str) -> Any:
    if value is None and type(None) in get_args(kind):
        return None
    (some,) = (each for each in get_args(kind) if each is not type(None))
    return from_plain(some, value, where)


def _read_literal(kind: Any, value: Any, where: str) -> Any:
    _expect(where, f"one of {get_args(kind)}", value, fits=value in get_args(kind))
    return value


def _read_list(kind: Any, value: Any, where: str) -> list[Any]:
    _expect(where, "an array", value, fits=is_list(value))
    (item,) = get_args(kind)
    return [from_plain(item, each, f"{where}[{n}]") for n, each in enumerate(value)]


def _read_tuple(kind: Any, value: Any, where: str) -> tuple[Any, ...]:
    kinds = get_args(kind)
    _expect(
        where, f"an array of {len(kinds)}", value, fits=is_list(value) and len(value) == len(kinds)
    )
    pairs = zip(kinds, value, strict=True)
    return tuple(from_plain(item, each, f"{where}[{n}]") for n, (item, each) in enumerate(pairs))


def _read_dict(kind: Any, value: Any, where: str) -> dict[str, Any]:
    _expect(where, "an object", value, fits=is_mapping(value))
    item = get_args(kind)[1]
    return {name: from_plain(item, each, _in(where, name)) for name, each in value.items()}


_READERS: Mapping[Any, Callable[[Any, Any, str], Any]] = {
    **dict.fromkeys((str, int, bool), _read_scalar),
    datetime: _read_datetime,
    timedelta: _read_timedelta,
    types.UnionType: _read_union,
    Literal: _read_literal,
    list: _read_list,
    tuple: _read_tuple,
    dict: _read_dict,
}
