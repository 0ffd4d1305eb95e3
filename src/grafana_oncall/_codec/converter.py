"""Conversion between JSON and values: cattrs is the front, msgspec the engine.

Responses: unknown members are accepted, a wrong type is an error.
Inputs: a wrong type or an unknown member is an error, because the server silently ignores both.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin

import attrs
import msgspec
from cattrs import (
    AttributeValidationNote,
    BaseValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)
from cattrs.cols import (
    is_mapping,
    is_sequence,
    list_structure_factory,
)
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from grafana_oncall._core.text import is_sendable, printable
from grafana_oncall._core.types import UNSET, UnsetType

__all__ = [
    "BaseValidationError",
    "decoder",
    "dumps",
    "faults",
    "fits",
    "inputs",
    "loads",
    "wire_names",
]

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]


def _classes(hint: Any, seen: set[type]) -> Iterator[type]:
    """Yield the attrs classes that a type consists of."""
    origin = get_origin(hint) or hint
    if isinstance(origin, type) and attrs.has(origin) and origin not in seen:
        seen.add(origin)
        yield origin
        for field in attrs.fields(attrs.resolve_types(origin)):
            yield from _classes(field.type, seen)
    for argument in get_args(hint):
        yield from _classes(argument, seen)


def wire_names(cl: Any) -> dict[str, str]:
    """Return the name in JSON of each member of a class."""
    return {field.name: field.metadata.get("wire", field.name) for field in attrs.fields(cl)}


def _is_native(hint: Any) -> bool:
    """Whether msgspec can convert it by itself: no member is renamed."""
    names = [wire_names(cl) for cl in _classes(hint, set())]
    return all(name == wire for members in names for name, wire in members.items())


def _is_leaf(hint: Any) -> bool:
    return not any(_classes(hint, set()))


def _leaf(value: Any, hint: Any) -> Any:
    made = msgspec.convert(value, hint)
    if isinstance(made, str) and not is_sendable(made):
        raise msgspec.ValidationError("it has a lone surrogate, which cannot be encoded")
    return made


def _input_leaf(value: Any, hint: Any) -> Any:
    made = _leaf(value, hint)
    for rule in getattr(hint, "__metadata__", ()):
        extra: Mapping[str, tuple[int, ...]] = rule.extra or {}
        known = extra.get("one_of", ())
        if known and made not in known:
            raise msgspec.ValidationError(f"Expected one of {', '.join(map(str, known))}")
    # What has no zone of its own, or no date, the server reads in whole seconds only.
    in_seconds = isinstance(made, time) or (isinstance(made, datetime) and made.tzinfo is None)
    if in_seconds and made.microsecond:
        raise msgspec.ValidationError("Expected whole seconds")
    return made


def _is_optional(hint: Any) -> bool:
    is_union = get_origin(hint) in {Union, UnionType}
    return is_union and bool({UnsetType, NoneType} & {*get_args(hint)})


def _present(hint: Any) -> Any:
    rest = tuple(member for member in get_args(hint) if member not in {UnsetType, NoneType})
    return Union[rest]  # noqa: UP007  # built at run time


def _structure_optional(hint: Any, converter: Converter) -> Hook:
    # The hook of what is seldom there is only made once it is there: for a class, that takes long.
    inner, nullable = _present(hint), NoneType in get_args(hint)
    return lambda value, _: (
        None if value is None and nullable else converter.structure(value, inner)
    )


def _unstructure_optional(hint: Any, converter: Converter) -> Callable[[Any], Any]:
    unstructure = converter.get_unstructure_hook(_present(hint))
    return lambda value: value if value is None or value is UNSET else unstructure(value)


def _overrides(cl: Any) -> dict[str, Any]:
    return {
        field.name: override(
            rename=field.metadata.get("wire"), omit_if_default=field.default is UNSET
        )
        for field in attrs.fields(cl)
    }


def _only(kind: type | UnionType, fault: str, factory: Callable[[Any, Converter], Hook]) -> Any:
    """Return a factory whose hooks accept one kind of JSON; cattrs' own accept any iterable."""

    def made(hint: Any, converter: Converter) -> Hook:
        structure = factory(hint, converter)

        def structured(value: Any, _: Any) -> Any:
            if not isinstance(value, kind):
                raise msgspec.ValidationError(fault)
            return structure(value, hint)

        return structured

    return made


def _configured(*, forbid_extra_keys: bool) -> Converter:
    """Return a converter: cattrs for classes, lists and mappings, msgspec (strict) for the rest.

    The hook registered last is tried first.
    """
    leaf = _input_leaf if forbid_extra_keys else _leaf
    made = Converter(forbid_extra_keys=forbid_extra_keys)
    members = _only(
        dict,
        "an object is needed",
        lambda cl, converter: make_dict_structure_fn(cl, converter, **_overrides(cl)),
    )
    mapping = _only(
        dict, "an object is needed", lambda hint, converter: converter.gen_structure_mapping(hint)
    )
    made.register_structure_hook_factory(attrs.has, members)
    made.register_structure_hook_factory(is_mapping, mapping)
    made.register_structure_hook_factory(
        is_sequence, _only(list | tuple, "a list is needed", list_structure_factory)
    )
    made.register_structure_hook_func(_is_leaf, leaf)
    made.register_structure_hook_factory(_is_optional, _structure_optional)
    for kind in (str, bytes, int, float):  # which cattrs looks up first, enums included
        made.register_structure_hook(kind, leaf)
    made.register_unstructure_hook_factory(
        attrs.has, lambda cl, converter: make_dict_unstructure_fn(cl, converter, **_overrides(cl))
    )
    made.register_unstructure_hook_factory(_is_optional, _unstructure_optional)
    made.register_unstructure_hook_func(_is_leaf, lambda value: value)
    return made


_responses: Final = _configured(forbid_extra_keys=False)
inputs: Final = _configured(forbid_extra_keys=True)
"""Of what callers give."""


@cache
def decoder(cl: Any) -> Callable[[bytes], Any]:
    """Return the function that makes a value of this type from JSON, as `loads` does."""
    if _is_native(cl):
        return msgspec.json.Decoder(cl).decode
    structure = _responses.get_structure_hook(cl)
    return lambda content: structure(msgspec.json.decode(content), cl)


@cache
def _dumps(cl: Any) -> Callable[[Any], bytes]:
    if _is_native(cl):
        return msgspec.json.encode
    unstructure = _responses.get_unstructure_hook(cl)
    return lambda value: msgspec.json.encode(unstructure(value))


def loads(content: bytes, cl: type[T]) -> T:
    """Decode JSON to a value of this type; raise the error of msgspec or cattrs."""
    kind: Any = cl
    return cast("T", decoder(kind)(content))


def fits(value: object, hint: Any) -> bool:
    """Whether plain JSON values are of a type."""
    try:
        _responses.structure(value, hint)
    except (msgspec.ValidationError, BaseValidationError):
        return False
    return True


def dumps(value: object) -> bytes:
    """Encode a value as JSON, without its absent members."""
    kind: Any = type(value)
    return _dumps(kind)(value)


_MSGSPEC_PATH: Final = re.compile(r"(?P<fault>.*) - at `\$(?P<path>.*)`", re.DOTALL)


def faults(error: BaseException, path: str = "$") -> Iterator[tuple[str, str]]:
    """Yield each problem that msgspec or cattrs found, in words, with its path in JSON."""
    if isinstance(error, BaseValidationError):
        for inner in cast("Sequence[BaseException]", error.exceptions):
            yield from faults(inner, path + _step(inner, error.cl))
        return
    fault = _fault(error)
    found = _MSGSPEC_PATH.fullmatch(fault)
    yield (found["fault"], path + found["path"]) if found else (fault, path)


def _step(error: BaseException, cl: Any) -> str:
    """Return the step of the path from a value to the member with the problem."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return f".{wire_names(cl)[note.name]}"
        if isinstance(note, IterableValidationNote):
            return f"[{note.index!r}]"
    return ""


def _fault(error: BaseException) -> str:
    match error:
        case ForbiddenExtraKeysError():
            known = ", ".join(wire_names(error.cl).values())
            unknown = ", ".join(sorted(map(str, error.extra_fields)))
            return f"unknown member {printable(unknown, 80)} (known: {known})"
        case KeyError():
            return "required field missing"
        case _:
            return printable(str(error))
