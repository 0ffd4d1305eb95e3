"""A resource as a table: where its objects are, how they are shown, how their list is filtered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.pages import answer_page
from grafana_oncall.testing._server.responses import FakeResponse, answer_json, as_json, not_found
from grafana_oncall.testing._server.world import World

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Collection(Generic[T]):
    """The objects of one resource, with the requests that read them."""

    stored: Callable[[World], Mapping[str, T]]
    """The objects by id, in the order of their list."""
    show: Callable[[World, T], dict[str, Any]]
    """An object as the API shows it."""
    filters: Callable[[Context], Callable[[T], bool]] = lambda _: lambda _: True
    """Make the test that objects of a list must pass, or refuse the request's filters."""
    page_size: int | None = None
    """Items on a page unless the request says `perpage`; by default, that of the server."""

    def list(self, context: Context) -> FakeResponse:
        """Answer a page of the objects that pass the filters."""
        passes = self.filters(context)
        found = [item for item in self.stored(context.world).values() if passes(item)]
        return answer_page(
            context,
            found,
            lambda item: as_json(self.show(context.world, item)),
            page_size=self.page_size,
        )

    def get(self, context: Context) -> FakeResponse:
        """Answer one object."""
        return self.answer(200, context, self.find(context))

    def find(self, context: Context) -> T:
        """Return the object of the path, or refuse the request."""
        item = self.stored(context.world).get(context.id)
        if item is None:
            raise not_found()
        return item

    def answer(self, status: int, context: Context, item: T) -> FakeResponse:
        """Answer with this object."""
        return answer_json(status, self.show(context.world, item))
