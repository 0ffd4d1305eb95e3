"""Models of requests from what callers give, with every problem in one error."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeVar, cast
from uuid import UUID

import attrs
import msgspec

from grafana_oncall.errors import InvalidArgument

from .converter import BaseValidationError, faults, inputs

T = TypeVar("T")
Rules: TypeAlias = Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
"""Gets the valid members of an input; returns each problem of several of them, in words, with the
name of the member to change."""

_NOT_STRINGS: Final = (bytes, bytearray, memoryview, datetime, date, time, timedelta, UUID, Decimal)
"""Types that msgspec would turn into strings, which the caller did not mean."""


def to_input(value: object, cl: type[T], *, argument: str, rules: Rules | None = None) -> T:
    """Return a validated model, from a model or mappings of its shape.

    Args:
        value: The model or mapping.
        cl: The class of the model.
        argument: Name of the argument; empty if its members are the arguments.
        rules: What members must be together.

    Raises:
        InvalidArgument: With every problem.
    """
    broken: list[tuple[str, str]] = []
    if not isinstance(value, Mapping | cl):
        message = f"{argument}: a mapping or {cl.__name__} is needed, not {type(value).__name__}."
        raise InvalidArgument(message, argument=argument)
    root = argument or "$"
    try:
        plain = msgspec.to_builtins(value, builtin_types=_NOT_STRINGS, enc_hook=_plain)
        if rules is not None:
            broken = [(text, f"{root}.{name}") for text, name in rules(_valid_members(plain, cl))]
        made = inputs.structure(plain, cl)
    except BaseValidationError as error:
        raise _invalid([*faults(error, root)], broken) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"{argument or cl.__name__}: {error}", argument=argument) from None
    if broken:
        raise _invalid([], broken)
    return made


def _valid_members(plain: Mapping[str, Any], cl: type) -> dict[str, Any]:
    """Return the members that are valid by themselves."""
    valid: dict[str, Any] = {}
    for field in attrs.fields(attrs.resolve_types(cl)):
        if field.name in plain:
            with suppress(msgspec.ValidationError, BaseValidationError):
                valid[field.name] = inputs.structure(plain[field.name], field.type)
    return valid


def _invalid(
    found: Sequence[tuple[str, str]], broken: Sequence[tuple[str, str]]
) -> InvalidArgument:
    """Return the error with the problems of members, and of others with which a rule is broken."""
    paths = {path for _, path in found}
    every = [*found, *((text, path) for text, path in broken if path not in paths)]
    named = [(text, path.removeprefix("$.")) for text, path in every]
    message = "; ".join(f"{text} @ {path}" for text, path in named)
    return InvalidArgument(message, argument=re.split(r"[.\[]", named[0][1])[0])


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    raise TypeError(f"{type(value).__name__} has no equivalent in JSON")
