"""The envelope of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from .context import Context
from .responses import FakeResponse, answer_text, as_json, json_object

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_ENVELOPE = json_object(
    "count", "next", "previous", "results", "page_size", "current_page_number", "total_pages"
)
_LARGEST_ANNOUNCED = 100


class Listing(Protocol[T_co]):
    """What has pages: it knows its length, and is cut into slices."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Sequence[T_co]: ...


def answer_page(
    context: Context,
    items: Listing[T],
    render: Callable[[T], str],
    *,
    page_size: int | None = None,
) -> FakeResponse:
    """The page that the request asks for, of items that `render` shows as JSON; never an error."""
    size = _number(context.last("perpage")) or page_size or context.world.page_size
    pages = max(1, ceil(len(items) / size))
    # Past the end comes the last page again; before the start, the first.
    page = min(max(_number(context.last("page")), 1), pages)
    envelope = _ENVELOPE % (
        len(items),
        as_json(_link(context, page + 1) if page < pages else None),
        as_json(_link(context, page - 1) if page > 1 else None),
        f"[{','.join([render(item) for item in items[(page - 1) * size : page * size]])}]",
        # The page is as long as `perpage` says, but the answer never admits to more than this.
        min(size, _LARGEST_ANNOUNCED),
        page,
        pages,
    )
    return answer_text(200, envelope)


def _number(text: str) -> int:
    try:
        return max(int(text), 0)
    except ValueError:
        return 0


def _link(context: Context, page: int) -> str:
    query = {name: values for name, values in context.query.items() if name != "page"}
    if page > 1:
        query["page"] = [str(page)]
    # The server's own idea of its address: behind a proxy not the one that the client uses.
    path = context.world.base_url + context.path
    return f"{path}?{urlencode(sorted(query.items()), doseq=True)}" if query else path
