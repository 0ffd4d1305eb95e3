"""A resource as a table: its objects, their form in responses, its filters and its writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs

from grafana_oncall.testing._server.context import Context, Operation, page_response
from grafana_oncall.testing._server.responses import (
    FakeResponse,
    as_json,
    empty_response,
    json_response,
    not_found,
)
from grafana_oncall.testing._server.world import Stored, World
from grafana_oncall.testing.clock import stamp

from .selection import Filters, equal
from .writes import Writes

T = TypeVar("T", bound=Stored)


def show_fields(_: World, item: Any) -> dict[str, Any]:
    """Return all fields of an object; times as the server writes them."""
    return attrs.asdict(
        item, value_serializer=lambda _, __, x: stamp(x) if isinstance(x, datetime) else x
    )


def singular(name: str) -> str:
    """Return the singular of a resource, for the names of its operations."""
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


_ALL = equal()


@attrs.frozen(kw_only=True)
class Collection(Generic[T]):
    """The objects of one resource, and the requests that read and change them."""

    name: str
    """As in the path of the list, and in a saved state."""
    kind: type[T]
    show: Callable[[World, T], dict[str, Any]] = show_fields
    """Return an object as in responses."""
    show_listed: Callable[[Context, T], dict[str, Any]] | None = None
    """Return an object as an item of its list, where that differs."""
    filters: Filters = _ALL
    """Return the test for objects of a list, or refuse the request's filters."""
    visible: Filters = _ALL
    """Return the test for objects that the request may see at all: others are a 404."""
    order: Callable[[World, Iterable[T]], Iterable[T]] = lambda _, items: items
    """Put the objects of a list, oldest first, in the order of the server."""
    page_size: int | None = None
    """Items per page, unless the request has `perpage`; by default, that of the server."""
    is_only_listed: bool = False
    """Whether the API has no path for one object."""
    needs_user: bool = False
    """Whether its operations refuse service accounts."""
    has_reset: bool = True
    """Whether its 429 has the header `RateLimit-Reset`."""
    writes: Writes[T] | None = None
    """How objects are created, changed and deleted; `None` if the API only reads them."""
    extra: Sequence[Operation] = ()
    """Further operations of the resource."""

    def operations(self) -> Sequence[Operation]:
        """Return all of them: list, get, create, update, delete, and the further ones."""
        one, path = singular(self.name), f"{self.name}/{{id}}"
        found = [self._operation(f"list_{self.name}", "GET", self.name, self.list)]
        if not self.is_only_listed:
            found.append(self._operation(f"get_{one}", "GET", path, self.get))
        if self.writes is not None:
            found += [
                self._operation(f"create_{one}", "POST", self.name, self.create),
                self._operation(f"update_{one}", "PUT", path, self.update),
                self._operation(f"delete_{one}", "DELETE", path, self.delete),
            ]
        return [*found, *self.extra]

    def list(self, context: Context) -> FakeResponse:
        """List the objects that match the filters."""
        passes, visible = self.filters(context), self.visible(context)
        items = context.world.store(self.kind).values()
        found = [item for item in items if visible(item) and passes(item)]
        return page_response(
            context,
            [*self.order(context.world, found)],
            lambda item: as_json(self._listed(context, item)),
            page_size=self.page_size,
        )

    def get(self, context: Context) -> FakeResponse:
        """Get one object."""
        return self.respond(200, context, self.find(context))

    def create(self, context: Context) -> FakeResponse:
        """Create an object."""
        return self.respond(201, context, self._writes.create_from(context, self.kind))

    def update(self, context: Context) -> FakeResponse:
        """Update an object; the method of the request says whether by PUT or by PATCH."""
        item = self.find(context)
        self._writes.update_from(context, item)
        return self.respond(200, context, item)

    def delete(self, context: Context) -> FakeResponse:
        """Delete an object."""
        self._writes.delete(context, self.find(context))
        return empty_response(204)

    def find(self, context: Context) -> T:
        """Return the object of the path, or refuse the request."""
        item = context.world.store(self.kind).get(context.id)
        if item is None or not self.visible(context)(item):
            raise not_found()
        return item

    def respond(self, status: int, context: Context, item: T) -> FakeResponse:
        """Respond with this object."""
        return json_response(status, self.show(context.world, item))

    @property
    def _writes(self) -> Writes[T]:
        if self.writes is None:
            raise TypeError(f"{self.name} are only read")
        return self.writes

    def _listed(self, context: Context, item: T) -> dict[str, Any]:
        if self.show_listed is None:
            return self.show(context.world, item)
        return self.show_listed(context, item)

    def _operation(
        self, name: str, method: str, path: str, handler: Callable[[Context], FakeResponse]
    ) -> Operation:
        role = "viewer" if method == "GET" or self.writes is None else self.writes.role
        return Operation(
            name, method, path, role, handler, needs_user=self.needs_user, has_reset=self.has_reset
        )
