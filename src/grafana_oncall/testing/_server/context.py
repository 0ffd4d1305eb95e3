"""What an operation gets: request, sender, time and world; and the pages of a list for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from math import ceil
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs, urlencode

import attrs

from .auth import Grant
from .bodies import parse_body
from .rate_limit import Quota
from .responses import FakeRequest, FakeResponse, as_json, json_object, text_response
from .state import Role
from .world import World

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_ENVELOPE = json_object(
    "count", "next", "previous", "results", "page_size", "current_page_number", "total_pages"
)
_LARGEST_ANNOUNCED = 100


@attrs.frozen(kw_only=True)
class Context:
    """One request, as an operation gets it."""

    world: World
    grant: Grant
    now: datetime
    request: FakeRequest
    path: str
    id: str

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The parameters, blank ones included."""
        return parse_qs(self.request.query, keep_blank_values=True)

    def last(self, name: str) -> str:
        """Return the last value of a parameter, `""` if there is none."""
        return self.query.get(name, [""])[-1]

    def data(self) -> Any:
        """Return the parsed body; an operation that does not call this accepts any."""
        return parse_body(self.request)


@attrs.frozen
class Operation:
    """An operation of the API: its name, how requests reach it, and what they run."""

    name: str
    method: str
    path: str
    """Below `/api/v1/`, as in `teams/{id}`."""
    role: Role
    """The role that it needs."""
    handler: Callable[[Context], FakeResponse]
    cloud_only: bool = False
    needs_user: bool = attrs.field(default=False, kw_only=True)
    """Whether it refuses service accounts, as if their tokens were unknown."""
    is_plain: bool = attrs.field(default=False, kw_only=True)
    """Whether another method on its path is a 405; elsewhere that crashes the server."""
    quota: Quota | None = attrs.field(default=None, kw_only=True)
    """A rate limit of its own."""
    has_own_token: bool = attrs.field(default=False, kw_only=True)
    """Whether the token is a parameter that the operation checks, and the header is not read."""
    has_reset: bool = attrs.field(default=True, kw_only=True)
    """Whether its 429 has the header `RateLimit-Reset`."""


class Listing(Protocol[T_co]):
    """A sequence that is cut into pages."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Sequence[T_co]: ...


def page_response(
    context: Context,
    items: Listing[T],
    render: Callable[[T], str],
    *,
    page_size: int | None = None,
) -> FakeResponse:
    """Return the requested page of items, which `render` turns into JSON; never an error."""
    size = _number(context.last("perpage")) or page_size or context.world.page_size
    pages = max(1, ceil(len(items) / size))
    # Past the end, the server repeats the last page; before the start, it returns the first.
    page = min(max(_number(context.last("page")), 1), pages)
    envelope = _ENVELOPE % (
        len(items),
        as_json(_link(context, page + 1) if page < pages else None),
        as_json(_link(context, page - 1) if page > 1 else None),
        f"[{','.join([render(item) for item in items[(page - 1) * size : page * size]])}]",
        # The page has `perpage` items, but the response never says more than this.
        min(size, _LARGEST_ANNOUNCED),
        page,
        pages,
    )
    return text_response(200, envelope)


def _number(text: str) -> int:
    try:
        return max(int(text), 0)
    except ValueError:
        return 0


def _link(context: Context, page: int) -> str:
    query = {name: values for name, values in context.query.items() if name != "page"}
    if page > 1:
        query["page"] = [str(page)]
    # The server's own idea of its address, which behind a proxy is not the client's.
    path = context.world.base_url + context.path
    return f"{path}?{urlencode(sorted(query.items()), doseq=True)}" if query else path
