"""A resource as a table: its objects, their form in responses, and the filters of their list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs

from grafana_oncall.testing._server.context import Context, Operation, page_response
from grafana_oncall.testing._server.responses import FakeResponse, as_json, json_response, not_found
from grafana_oncall.testing._server.world import Stored, World
from grafana_oncall.testing.clock import stamp

T = TypeVar("T", bound=Stored)
Filters = Callable[[Context], Callable[[Any], bool]]


def show_fields(_: World, item: Any) -> dict[str, Any]:
    """Return all fields of an object; times as the server writes them."""
    return attrs.asdict(
        item, value_serializer=lambda _, __, x: stamp(x) if isinstance(x, datetime) else x
    )


def equal(*names: str) -> Filters:
    """Return the filters that compare these fields; an empty parameter filters nothing."""

    def filters(context: Context) -> Callable[[Any], bool]:
        wanted = {name: value for name in names if (value := context.last(name))}
        return lambda item: all(getattr(item, name) == value for name, value in wanted.items())

    return filters


def singular(name: str) -> str:
    """Return the singular of a resource, for the names of its operations."""
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


_ALL = equal()


@attrs.frozen(kw_only=True)
class Collection(Generic[T]):
    """The objects of one resource, and the requests that read them."""

    name: str
    """As in the path of the list, and in a saved state."""
    kind: type[T]
    show: Callable[[World, T], dict[str, Any]] = show_fields
    """Return an object as in responses."""
    filters: Filters = _ALL
    """Return the test for objects of a list, or refuse the request's filters."""
    page_size: int | None = None
    """Items per page, unless the request has `perpage`; by default, that of the server."""
    is_only_listed: bool = False
    """Whether the API has no path for one object."""

    def operations(self) -> Sequence[Operation]:
        """Return those that read it: its list, and one object."""
        listed = Operation(f"list_{self.name}", "GET", self.name, "viewer", self.list)
        if self.is_only_listed:
            return [listed]
        name, path = f"get_{singular(self.name)}", f"{self.name}/{{id}}"
        return [listed, Operation(name, "GET", path, "viewer", self.get)]

    def list(self, context: Context) -> FakeResponse:
        """List the objects that match the filters, oldest first."""
        passes = self.filters(context)
        found = [item for item in context.world.store(self.kind).values() if passes(item)]
        return page_response(
            context,
            found,
            lambda item: as_json(self.show(context.world, item)),
            page_size=self.page_size,
        )

    def get(self, context: Context) -> FakeResponse:
        """Get one object."""
        return self.respond(200, context, self.find(context))

    def find(self, context: Context) -> T:
        """Return the object of the path, or refuse the request."""
        item = context.world.store(self.kind).get(context.id)
        if item is None:
            raise not_found()
        return item

    def respond(self, status: int, context: Context, item: T) -> FakeResponse:
        """Respond with this object."""
        return json_response(status, self.show(context.world, item))
