"""The one cattrs converter: cattrs is the front, msgspec the engine.

Answers: unknown members are accepted, a wrong type never is.
Inputs: a wrong type or an unknown member is refused, since the server ignores both silently.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin
from uuid import UUID

import attrs
import msgspec
from cattrs import ClassValidationError, ForbiddenExtraKeysError, transform_error
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.msgspec import MsgspecJsonConverter, configure_converter
from cattrs.v import format_exception

from ._values import AwareDatetime, UnsetType, is_sendable
from .errors import InvalidArgument

T = TypeVar("T")


class Converter(MsgspecJsonConverter):
    """cattrs' converter, which hands a whole class to msgspec where it can take it natively."""

    def get_loads_hook(self, cl: type[T]) -> Callable[[bytes], T]:
        """From bytes to `cl`, 4 times faster than hook by hook unless a member is renamed."""
        if _is_native(cl):
            return msgspec.json.Decoder(cl).decode
        structure = self.get_structure_hook(cl)
        return lambda content: cast("T", structure(msgspec.json.decode(content), cl))

    def get_dumps_hook(self, unstructure_as: Any, **kwargs: Any) -> Callable[[Any], bytes]:
        """From `unstructure_as` to bytes, likewise; absent members are left out both ways."""
        if _is_native(unstructure_as):
            return self.encoder.encode
        return super().get_dumps_hook(unstructure_as, **kwargs)


def _classes(hint: Any, seen: set[type]) -> Iterator[type]:
    """The attrs classes that a type is made of."""
    origin = get_origin(hint) or hint
    if isinstance(origin, type) and attrs.has(origin) and origin not in seen:
        seen.add(origin)
        yield origin
        for field in attrs.fields(attrs.resolve_types(origin)):
            yield from _classes(field.type, seen)
    for argument in get_args(hint):
        yield from _classes(argument, seen)


def _is_renamed(cl: Any) -> bool:
    return attrs.has(cl) and any("wire" in field.metadata for field in attrs.fields(cl))


def _is_native(hint: Any) -> bool:
    return not any(_is_renamed(cl) for cl in _classes(hint, set()))


def _renames(cl: Any) -> dict[str, Any]:
    return {
        field.name: override(rename=field.metadata["wire"])
        for field in attrs.fields(cl)
        if "wire" in field.metadata
    }


def _strict(kind: Any) -> Callable[[Any, Any], Any]:
    # cattrs' own hooks call str(), int() and bool(), which make "None" of null.
    def structured(value: Any, _: Any) -> Any:
        return msgspec.convert(value, kind)

    return structured


def _text(value: Any, _: Any) -> str:
    text = msgspec.convert(value, str)
    if not is_sendable(text):
        raise msgspec.ValidationError("it has half a surrogate pair, which nothing can encode")
    return text


def _takes_unset(hint: Any) -> bool:
    return UnsetType in get_args(hint)


def _without_unset(hint: Any) -> Any:
    rest = tuple(one for one in get_args(hint) if one is not UnsetType)
    return Union[rest]  # noqa: UP007  # made at run time


def _configured() -> Converter:
    made = Converter()
    configure_converter(made)
    made.register_structure_hook(str, _text)
    for kind in (int, float, bool):
        made.register_structure_hook(kind, _strict(kind))
    made.register_structure_hook(datetime, _strict(AwareDatetime))
    made.register_structure_hook_factory(
        _takes_unset,
        lambda hint, converter: converter.get_structure_hook(_without_unset(hint)),
    )
    made.register_unstructure_hook_factory(
        _takes_unset,
        lambda hint, converter: converter.get_unstructure_hook(_without_unset(hint)),
    )
    made.register_structure_hook_factory(
        _is_renamed, lambda cl, converter: make_dict_structure_fn(cl, converter, **_renames(cl))
    )
    made.register_unstructure_hook_factory(
        _is_renamed,
        lambda cl, converter: make_dict_unstructure_fn(
            cl, converter, _cattrs_omit_if_default=True, **_renames(cl)
        ),
    )
    return made


_converter: Final = _configured()
_inputs: Final = _converter.copy(forbid_extra_keys=True)


@cache
def _loads(cl: Any) -> Callable[[bytes], Any]:
    return _converter.get_loads_hook(cl)


@cache
def _dumps(cl: Any) -> Callable[[Any], bytes]:
    return _converter.get_dumps_hook(cl)


def loads(content: bytes, cl: type[T]) -> T:
    """JSON to a value of the type; raises msgspec's or cattrs' error where it is none."""
    kind: Any = cl
    return cast("T", _loads(kind)(content))


def dumps(value: object) -> bytes:
    """A value to JSON, without its absent members."""
    kind: Any = type(value)
    return _dumps(kind)(value)


_LEFT_ALONE: Final = (bytes, bytearray, memoryview, datetime, date, time, timedelta, UUID, Decimal)
"""What msgspec would turn into strings, and a caller did not mean as one."""


def to_input(value: object, cl: type[T], *, argument: str) -> T:
    """A model, or mappings of its shape, as a checked model; raises InvalidArgument otherwise.

    `argument` is the name of what is checked; empty when its members are the arguments.
    """
    if not isinstance(value, Mapping | cl):
        message = f"{argument}: a mapping or {cl.__name__} is needed, not {type(value).__name__}."
        raise InvalidArgument(message, argument=argument)
    try:
        plain = msgspec.to_builtins(value, builtin_types=_LEFT_ALONE, enc_hook=_plain)
        return _inputs.structure(plain, cl)
    except ClassValidationError as error:
        faults = transform_error(error, path=argument or "$", format_exception=input_fault)
        places = [fault.rpartition(" @ ")[2].removeprefix("$.") for fault in faults]
        message = "; ".join(faults).replace("@ $.", "@ ")
        raise InvalidArgument(message, argument=places[0].split(".")[0]) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"{argument or cl.__name__}: {error}", argument=argument) from None


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def input_fault(error: BaseException, kind: type | None) -> str:
    """One fault that cattrs found, in words for the user."""
    if isinstance(error, ForbiddenExtraKeysError):
        known = ", ".join(field.name for field in attrs.fields(error.cl))
        unknown = ", ".join(sorted(map(str, error.extra_fields)))
        return f"unknown member {unknown} (known: {known})"
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    if isinstance(error, AttributeError | TypeError):
        return "an object is needed"
    # Type names without their modules, and without the type of an absent member.
    return re.sub(r"\b(?:\w+\.)+|( \| )?msgspec\.UnsetType", "", format_exception(error, kind))
