"""Lists of objects that have no id, such as chat channels: each object stands for itself."""

from __future__ import annotations

from typing import Any

import attrs
import httpx

from grafana_oncall import OnCallClient, Page, Pager, Request, operations
from tests.support.samples import BASE, TOKEN
from tests.support.virtual_time import run


@attrs.frozen(kw_only=True)
class Channel:
    """An object without an id."""

    name: str
    slack_id: str | None = None


LISTED = Request(
    operation=operations.list_teams().operation, path="channels/", returns=Page[Channel]
)
PAGES = [["a", "b"], ["b", "c"], ["c", "a"], ["d"]]
"""Objects move while they are listed."""


def _page(request: httpx.Request) -> httpx.Response:
    number = int(request.url.params.get("page", "1"))
    body: dict[str, Any] = {
        "count": 4,
        "next": f"http://e/?page={number + 1}" if number < len(PAGES) else None,
        "previous": None,
        "results": [{"name": name} for name in PAGES[number - 1]],
        "current_page_number": number,
        "total_pages": len(PAGES),
    }
    return httpx.Response(200, json=body)


def test_an_object_without_an_id_is_yielded_once() -> None:
    """Objects that are equal are the same."""

    async def main() -> list[Channel]:
        transport = httpx.MockTransport(_page)
        async with OnCallClient(url=BASE, token=TOKEN, transport=transport) as client:
            return await Pager(client._session, LISTED, prefetch=0).collect()

    assert run(main()) == [Channel(name=name) for name in "abcd"]
