"""A resource as a table: its objects, their form in responses, and the filters of their list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from grafana_oncall.testing._server.context import Context, page_response
from grafana_oncall.testing._server.responses import FakeResponse, as_json, json_response, not_found
from grafana_oncall.testing._server.world import World

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Collection(Generic[T]):
    """The objects of one resource, and the requests that read them."""

    stored: Callable[[World], Mapping[str, T]]
    """The objects by id, in the order of their list."""
    show: Callable[[World, T], dict[str, Any]]
    """Return an object as in responses."""
    filters: Callable[[Context], Callable[[T], bool]] = lambda _: lambda _: True
    """Return the test for objects of a list, or refuse the request's filters."""
    page_size: int | None = None
    """Items per page, unless the request has `perpage`; by default, that of the server."""

    def list(self, context: Context) -> FakeResponse:
        """List the objects that match the filters."""
        passes = self.filters(context)
        found = [item for item in self.stored(context.world).values() if passes(item)]
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
        item = self.stored(context.world).get(context.id)
        if item is None:
            raise not_found()
        return item

    def respond(self, status: int, context: Context, item: T) -> FakeResponse:
        """Respond with this object."""
        return json_response(status, self.show(context.world, item))
