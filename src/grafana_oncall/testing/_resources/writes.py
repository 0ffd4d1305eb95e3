"""How requests create, change and delete the objects of a resource."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import Check, as_bool, checked, integer
from grafana_oncall.testing._server.responses import crashed, detail, refused
from grafana_oncall.testing._server.state import Role
from grafana_oncall.testing._server.world import Stored, World

from .positions import LARGEST, move, next_position, swap

T = TypeVar("T", bound=Stored)
Fields = Callable[[Context, Any], dict[str, Any]]
PLACE: Mapping[str, Check] = {"position": integer(), "manual_order": as_bool}
"""The checks of the fields that place an object among its siblings; see `Writes.siblings`."""


def fields(
    checks: Callable[[World], Mapping[str, Check]],
    *,
    required: Sequence[str] = (),
    required_by_put: Sequence[str] = (),
    fixed: Sequence[str] = (),
    crashes_on_lists: bool = False,
) -> Fields:
    """Return a function that reads the valid fields of a body, and refuses others.

    Args:
        checks: Returns the check of each field; what it does not name is ignored.
        required: The fields that a creation must have.
        required_by_put: The fields that a PUT must have; a PATCH always merges.
        fixed: The fields that an update ignores.
        crashes_on_lists: Whether a body that is no object is a 500, and not a 400.
    """

    def read(context: Context, item: Stored | None) -> dict[str, Any]:
        body, table = context.data(), dict(checks(context.world))
        if crashes_on_lists and not (body is None or isinstance(body, dict)):
            raise crashed()
        if item is None:
            return checked(table, body, required)
        for name in fixed:
            del table[name]
        return checked(table, body, required_by_put if context.request.method == "PUT" else ())

    return read


def unique(
    kind: type[Stored], name: str, message: str
) -> Callable[[Context, Any, dict[str, Any]], None]:
    """Return the check that no other object of this class has the same value in a field."""

    def check(context: Context, item: Stored | None, given: dict[str, Any]) -> None:
        others = (each for each in context.world.store(kind).values() if each is not item)
        if name in given and given[name] in {getattr(each, name) for each in others}:
            raise refused(400, {"non_field_errors": [message]})

    return check


def _nothing(_: Context, __: Any, ___: dict[str, Any]) -> None:
    """Refuse nothing."""


def set_fields(_: Context, item: Any, given: dict[str, Any]) -> None:
    """Set each field that is given."""
    for name, value in given.items():
        setattr(item, name, value)


def remove(context: Context, item: Stored) -> None:
    """Remove an object, and do what references to it ask for."""
    context.world.remove(item)


@attrs.frozen(kw_only=True)
class Writes(Generic[T]):
    """The creation, the update and the deletion of the objects of a resource."""

    prefix: str
    """The letters that ids begin with."""
    fields: Fields
    """Return the valid fields of a body, or refuse it; it gets the object of an update, or `None`.

    For most, `fields` above makes it.
    """
    role: Role = "admin"
    """The role that writes need."""
    check: Callable[[Context, Any, dict[str, Any]], None] = _nothing
    """Refuse fields that are valid one by one; it gets the object of an update, or `None`."""
    defaults: Callable[[Context], Mapping[str, Any]] = lambda _: {}
    """Return fields of a new object that are not in the body, and not the default of its class."""
    create: Callable[[Context, dict[str, Any]], T] | None = None
    """Make an object of these fields and add it, where that takes more."""
    update: Callable[[Context, T, dict[str, Any]], None] = set_fields
    """Change an object."""
    delete: Callable[[Context, T], None] = remove
    """Delete an object, and what goes with it."""
    siblings: Callable[[T], Hashable] | None = None
    """Return what objects that share a list of positions have in common.

    Their class has an attribute `position`, and `PLACE` is among the checks of `fields`.
    """

    def create_from(self, context: Context, kind: type[T]) -> T:
        """Create the object that a request describes.

        A position that is refused leaves it behind, at the end of the list.
        """
        given = self._read(context, None)
        place = _take_place(given)
        item = (
            self._new(context, kind, given) if self.create is None else self.create(context, given)
        )
        if self.siblings is not None:
            put_last(context.world, item, self.siblings)
            self._place(context, item, self.siblings, place)
        return item

    def update_from(self, context: Context, item: T) -> None:
        """Change an object as a request says: first its position, then its fields."""
        given = self._read(context, item)
        place = _take_place(given)
        if self.siblings is not None:
            self._place(context, item, self.siblings, place)
        self.update(context, item, given)

    def _read(self, context: Context, item: T | None) -> dict[str, Any]:
        given = self.fields(context, item)
        self.check(context, item, given)
        return given

    def _new(self, context: Context, kind: type[T], given: dict[str, Any]) -> T:
        world = context.world
        fields = {"id": world.ids.new(self.prefix), **self.defaults(context), **given}
        return world.add(kind(**fields))

    def _place(
        self,
        context: Context,
        item: T,
        siblings: Callable[[T], Hashable],
        place: Mapping[str, Any],
    ) -> None:
        if "position" not in place:
            return
        positions, position = _positions(context.world, item, siblings), place["position"]
        rearrange = swap if place.get("manual_order") else move
        if position == -1 and rearrange is move:
            position = max(positions.values())
        if not 0 <= position <= LARGEST:
            raise detail(400, "Invalid value for position field")
        for key, value in rearrange(positions, item.id, position).items():
            set_fields(context, context.world.store(type(item))[key], {"position": value})


def put_last(world: World, item: T, siblings: Callable[[T], Hashable]) -> T:
    """Put an object after its siblings, whether it is added already or not."""
    others = _positions(world, item, siblings)
    others.pop(item.id, None)
    target: Any = item
    target.position = next_position(others.values())
    return item


def _positions(world: World, item: T, siblings: Callable[[T], Hashable]) -> dict[str, int]:
    items, shared = world.store(type(item)), siblings(item)
    together: Iterable[Any] = [each for each in items.values() if siblings(each) == shared]
    return {each.id: each.position for each in together}


def _take_place(given: dict[str, Any]) -> dict[str, Any]:
    """Remove the fields of `PLACE`, and return them."""
    return {name: given.pop(name) for name in PLACE if name in given}
