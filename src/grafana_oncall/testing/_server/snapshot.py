"""Write the whole state of a fake as JSON, and read it back."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from types import GenericAlias
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter, ForbiddenExtraKeysError
from cattrs.cols import list_structure_factory
from cattrs.errors import AttributeValidationNote, IterableValidationNote
from cattrs.gen import override

from grafana_oncall.testing._resources.routes import link_default_routes

from .arguments import shown
from .auth import Grant
from .document import DOCUMENT, STORES, VERSION, Options, Saved, SavedGrant
from .fields import is_list, is_mapping
from .state import FakeAlertGroup, FakeIntegration, FakeUser
from .world import Stored, World

K = TypeVar("K", bound=Stored)


def write(world: World, token: str, user: FakeUser) -> str:
    """Return the document of a world as text, with its first token and its user."""
    present = [*world.groups.values()]
    groups = _with_roots(present)
    known = world.store(FakeIntegration)
    sources = dict.fromkeys(group.integration for group in groups)
    deleted = [source for source in sources if known.get(source.id) is not source]
    _by_id(groups, "groups")
    _by_id([*known.values(), *deleted], "integrations")
    saved = DOCUMENT(
        version=VERSION,
        options=Options.of(world, token),
        ids_drawn=world.ids.drawn,
        user=user.id,
        tokens={
            token: SavedGrant(user=grant.user.id, role=grant.role)
            for token, grant in world.grants.items()
        },
        labels={key: sorted(values) for key, values in world.labels.items()},
        requests={user: [*passed] for user, passed in world.throttle.passed.items()},
        **{name: [*world.store(kind).values()] for name, kind in STORES.items()},
        deleted_integrations=deleted,
        groups=present,
        deleted_groups=groups[len(present) :],
        paging=world.paging,
        agenda=world.agenda.planned(),
    )
    # ASCII only: a payload may contain a lone surrogate, which no file encoding accepts.
    return json.dumps(_CONVERTER.unstructure(saved), indent=1) + "\n"


def read(text: str) -> Saved:
    """Return the document in a text; `ValueError` says in one line what is wrong with it."""
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not JSON: {error}") from error
    if not isinstance(plain, dict) or "version" not in plain:
        raise ValueError("this is not the saved state of a fake")
    if plain["version"] != VERSION:
        raise ValueError(f"version: should be {VERSION}, and is {plain['version']!r}")
    try:
        return cast("Saved", _CONVERTER.structure(plain, DOCUMENT))
    except BaseValidationError as error:
        raise ValueError(_problem(error)) from error


def restore(saved: Saved, world: World) -> FakeUser:
    """Restore everything to an empty world, and return the user of its first token."""
    world.ids.drawn = saved.ids_drawn
    world.stores = {kind: _by_id(getattr(saved, name), name) for name, kind in STORES.items()}
    world.paging = saved.paging
    world.agenda.restore(saved.agenda)
    link_default_routes(world)
    users = world.store(FakeUser)
    world.grants = {
        token: Grant.of(token, _find(users, grant.user, f"tokens.{token}.user"), grant.role)
        for token, grant in saved.tokens.items()
    }
    world.labels = {key: set(values) for key, values in saved.labels.items()}
    world.throttle.passed = {user: deque(passed) for user, passed in saved.requests.items()}
    _restore_groups(saved, world)
    return _find(users, saved.user, "user")


def _with_roots(groups: list[FakeAlertGroup]) -> list[FakeAlertGroup]:
    """Return these groups, and after them their deleted roots."""
    found = dict.fromkeys(groups)
    for group in groups:
        root = group.root
        while root is not None and root not in found:
            found[root], root = None, root.root
    return [*found]


def _restore_groups(saved: Saved, world: World) -> None:
    present = world.store(FakeIntegration).values()
    sources = _by_id([*present, *saved.deleted_integrations], "integrations")
    places = {
        **{f"groups[{number}]": group for number, group in enumerate(saved.groups)},
        **{f"deleted_groups[{number}]": group for number, group in enumerate(saved.deleted_groups)},
    }
    known = _by_id(places.values(), "groups")
    for where, group in places.items():
        group.integration = _find(sources, group.integration, f"{where}.integration")
        if group.root is not None:
            group.root = _find(known, group.root, f"{where}.root")
    for group in saved.groups:
        world.groups.add(group)


def _by_id(items: Iterable[K], where: str) -> dict[str, K]:
    found: dict[str, K] = {}
    for item in items:
        if found.setdefault(item.id, item) is not item:
            raise ValueError(f"{where}: two have the id {item.id!r}")
    return found


def _find(known: dict[str, K], name: Any, where: str) -> K:
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"{where}: there is no {name!r}")
    return known[name]


def _expect(wanted: str, value: Any, *, fits: bool) -> None:
    if not fits:
        raise ValueError(f"should be {wanted}, and is {shown(value)}")


def _read_scalar(value: Any, kind: type) -> Any:
    # Not isinstance: a bool is not accepted as an int.
    _expect(f"a value of type {kind.__name__}", value, fits=type(value) is kind)
    return value


def _read_literal(value: Any, kind: Any) -> Any:
    _expect(f"one of {get_args(kind)}", value, fits=value in get_args(kind))
    return value


def _read_datetime(value: Any, _: object) -> datetime:
    with suppress(TypeError, ValueError):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment
    raise ValueError(f"should be a time with its offset, and is {shown(value)}")


def _read_timedelta(value: Any, _: object) -> timedelta:
    _expect("a number of seconds", value, fits=type(value) in {int, float})
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"is not a duration: {value}") from error


def _read_label(value: Any, _: object) -> tuple[str, str]:
    _expect("an array of 2", value, fits=is_list(value) and len(value) == 2)
    key, name = _CONVERTER.structure(value, list[str])
    return key, name


def _is(origin: Any) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _dict_hook(kind: Any, converter: Converter) -> Any:
    return converter.get_structure_hook(GenericAlias(Mapping, get_args(kind)))


def _class_hook(kind: Any, converter: Converter) -> Any:
    return converter.gen_structure_attrs_fromdict(kind)


def _checked(wanted: str, fits: Callable[[Any], bool], make: Callable[..., Any]) -> Any:
    """Return a hook factory that rejects other shapes; cattrs makes a list of any iterable."""

    def factory(kind: Any) -> Callable[[Any, Any], Any]:
        read = make(kind, _CONVERTER)

        def read_checked(value: Any, _: object) -> Any:
            _expect(wanted, value, fits=fits(value))
            return read(value, kind)

        return read_checked

    return factory


# A group refers to its integration and its root by id; everything else is written in place.
_BY_ID = override(struct_hook=lambda given, _: given, unstruct_hook=lambda item: item and item.id)
# Payloads are JSON already, and may be nested more deeply than cattrs can follow.
_AS_IT_IS = override(unstruct_hook=lambda value: value)
_REFERENCES: dict[Any, Any] = {
    FakeIntegration: _BY_ID,
    FakeAlertGroup | None: _BY_ID,
    Any: _AS_IT_IS,
}
_CONVERTER = Converter(forbid_extra_keys=True, type_overrides=_REFERENCES)
_CONVERTER.register_unstructure_hook(datetime, datetime.isoformat)
_CONVERTER.register_unstructure_hook(timedelta, timedelta.total_seconds)
for _scalar in (str, int, bool):
    _CONVERTER.register_structure_hook(_scalar, _read_scalar)
_CONVERTER.register_structure_hook(datetime, _read_datetime)
_CONVERTER.register_structure_hook(timedelta, _read_timedelta)
_CONVERTER.register_structure_hook_func(_is(Literal), _read_literal)
_CONVERTER.register_structure_hook_func(_is(tuple), _read_label)
for _fits, _factory in (
    (_is(list), _checked("an array", is_list, list_structure_factory)),
    (_is(dict), _checked("an object", is_mapping, _dict_hook)),
    (attrs.has, _checked("an object", is_mapping, _class_hook)),
):
    _CONVERTER.register_structure_hook_factory(_fits, _factory)


def _problem(error: BaseException, where: str = "") -> str:
    """Return the first problem, and where it is: `groups[0].labels[1]: should be …`."""
    if isinstance(error, BaseValidationError):
        first = error.exceptions[0]
        return _problem(first, where if isinstance(first, KeyError) else where + _step(first))
    if isinstance(error, KeyError):
        problem = f"the member {error.args[0]!r} is missing"
    elif isinstance(error, ForbiddenExtraKeysError):
        problem = f"the member {min(error.extra_fields)!r} is unknown"
    else:
        problem = str(error)
    return f"{where.removeprefix('.')}: {problem}" if where else problem


def _step(error: BaseException) -> str:
    """Return the step of the path from a value to the part with the problem."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return f".{note.name}"
        if isinstance(note, IterableValidationNote):
            return f".{note.index}" if isinstance(note.index, str) else f"[{note.index}]"
    return ""
