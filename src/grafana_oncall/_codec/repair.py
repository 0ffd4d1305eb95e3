"""A second reading of JSON that is not of its type: without the members that it can do without.

A member with a default may be absent. So one whose value is of another type need not cost all the
others: it is read as if it were absent. That is done only after a first reading has failed.
"""

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs
import msgspec

from .converter import BaseValidationError, decoder, fits, wire_names

T = TypeVar("T")
MayStay: TypeAlias = Callable[[object, Any], bool]
"""Whether a value may stay where this type belongs."""


def loads_leniently(content: bytes, cl: type[T]) -> T:
    """Decode JSON; optional members, and items of lists, that are of another type are absent."""
    return _loads(content, cl, fits)


def loads_with_nulls(content: bytes, cl: type[T]) -> T:
    """Decode JSON; null means absent, of members that are optional, and in lists."""
    return _loads(content, cl, _is_no_misplaced_null)


def _loads(content: bytes, cl: type[T], may_stay: MayStay) -> T:
    kind: Any = cl
    decode: Callable[[bytes], T] = decoder(kind)
    try:
        return decode(content)
    except (msgspec.ValidationError, BaseValidationError):
        value = _repaired(msgspec.json.decode(content), kind, may_stay)
    return decode(msgspec.json.encode(value))


def _repaired(value: object, hint: Any, may_stay: MayStay) -> object:
    for kind in (hint, *get_args(hint)):
        if isinstance(kind, type) and attrs.has(kind) and isinstance(value, dict):
            return _members(cast("dict[str, object]", value), kind, may_stay)
    if get_origin(hint) in {tuple, Sequence} and isinstance(value, list):
        item = get_args(hint)[0]
        items = (_repaired(each, item, may_stay) for each in cast("list[object]", value))
        return [each for each in items if may_stay(each, item)]
    return value


def _members(value: dict[str, object], cl: Any, may_stay: MayStay) -> dict[str, object]:
    kept, names = dict(value), wire_names(cl)
    for field in attrs.fields(attrs.resolve_types(cl)):
        name = names[field.name]
        if name not in kept:
            continue
        kept[name] = _repaired(kept[name], field.type, may_stay)
        if field.default is not attrs.NOTHING and not may_stay(kept[name], field.type):
            del kept[name]
    return kept


def _is_no_misplaced_null(value: object, hint: Any) -> bool:
    return value is not None or hint is Any or NoneType in get_args(hint)
