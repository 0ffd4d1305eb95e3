"""The envelope of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, TypeVar
from urllib.parse import urlencode

from grafana_oncall.testing._answers import FakeResponse, answer_json
from grafana_oncall.testing._context import Context

T = TypeVar("T")
_LARGEST_ANNOUNCED = 100


def answer_page(
    context: Context, items: Sequence[T], render: Callable[[T], dict[str, Any]]
) -> FakeResponse:
    """The page that the request asks for; never an error."""
    size = _number(context.last("perpage")) or context.world.page_size
    pages = max(1, ceil(len(items) / size))
    # Past the end comes the last page again; before the start, the first.
    page = min(max(_number(context.last("page")), 1), pages)
    envelope = {
        "count": len(items),
        "next": _link(context, page + 1) if page < pages else None,
        "previous": _link(context, page - 1) if page > 1 else None,
        "results": [render(item) for item in items[(page - 1) * size : page * size]],
        # The page is as long as `perpage` says, but the answer never admits to more than this.
        "page_size": min(size, _LARGEST_ANNOUNCED),
        "current_page_number": page,
        "total_pages": pages,
    }
    return answer_json(200, envelope)


def _number(text: str) -> int:
    try:
        return max(int(text), 0)
    except ValueError:
        return 0


def _link(context: Context, page: int) -> str:
    query = context.query()
    query.pop("page", None)
    if page > 1:
        query["page"] = [str(page)]
    # The server's own idea of its address: behind a proxy not the one that the client uses.
    path = context.world.base_url + context.path
    return f"{path}?{urlencode(sorted(query.items()), doseq=True)}" if query else path
