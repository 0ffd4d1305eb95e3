"""Pages that are prefetched: in order, each once, and no task left behind."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from grafana_oncall import Page, RetryPolicy
from grafana_oncall.errors import ServerError
from grafana_oncall.models import AlertGroup
from tests.support import virtual_time
from tests.support.sessions import session


def paged(total: int, seen: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    """A server with so many pages of one group each, which records its requests."""

    def handle(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1"))
        seen.append(number)
        following = f"http://internal/?page={number + 1}" if number < total else None
        item = {
            "id": f"G{number}",
            "integration_id": "C",
            "alerts_count": 1,
            "state": "firing",
            "created_at": "2026-11-22T01:21:13Z",
        }
        body = {
            "count": total,
            "next": following,
            "results": [item],
            "current_page_number": number,
            "total_pages": total,
        }
        return httpx.Response(200, content=json.dumps(body).encode())

    return handle


def ids(pages: list[Page[AlertGroup]]) -> list[str]:
    """Return the ids of all items."""
    return [item.id for page in pages for item in page.results]


@pytest.mark.parametrize("prefetch", [0, 1, 2, 64])
@pytest.mark.parametrize("total", [1, 2, 7])
async def test_pages_come_in_order_and_each_once(total: int, prefetch: int) -> None:
    """However many are prefetched."""
    seen: list[int] = []
    async with session(httpx.MockTransport(paged(total, seen))) as oncall:
        pages = [
            page async for page in oncall.alert_groups.list(state="new", prefetch=prefetch).pages()
        ]
    assert ids(pages) == [f"G{number}" for number in range(1, total + 1)]
    assert seen == [*range(1, total + 1)]


async def test_no_more_pages_are_prefetched_than_allowed() -> None:
    """So many in flight, and as many buffered; none before the second page is needed."""
    seen: list[int] = []
    async with session(httpx.MockTransport(paged(9, seen))) as oncall:
        pages = oncall.alert_groups.list(state="new", prefetch=2).pages()
        await anext(pages)
        for _ in range(20):
            await asyncio.sleep(0)
        assert seen == [1]
        await anext(pages)
        for _ in range(20):
            await asyncio.sleep(0)
        assert sorted(seen) == [1, 2, 3, 4, 5, 6]
        await pages.aclose()


def test_retried_pages_do_not_widen_the_window() -> None:
    """A response that cannot be read admits the next request only once."""
    good, garbled = paged(30, []), {*range(2, 12)}
    in_flight, most = 0, 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal in_flight, most
        number = int(request.url.params.get("page", "1"))
        in_flight += 1
        if number > 20:
            most = max(most, in_flight)
        await asyncio.sleep(0.001)
        in_flight -= 1
        if number in garbled:
            garbled.remove(number)
            return httpx.Response(200, content=b"{")
        return good(request)

    async def walk() -> list[Page[AlertGroup]]:
        retry = RetryPolicy(max_attempts=2, initial_backoff=0.001)
        async with session(httpx.MockTransport(handle), retry=retry) as oncall:
            return [page async for page in oncall.alert_groups.list(prefetch=2).pages()]

    assert ids(virtual_time.run(walk())) == [f"G{number}" for number in range(1, 31)]
    assert most == 3


async def test_a_list_that_shrank_ends_before_the_pages_that_were_prefetched() -> None:
    """They would repeat its last page."""
    before = asyncio.all_tasks()
    good = paged(9, [])

    def shrunk(request: httpx.Request) -> httpx.Response:
        body = json.loads(good(request).content)
        if body["current_page_number"] == 3:
            body |= {"next": None, "total_pages": 3}
        return httpx.Response(200, content=json.dumps(body).encode())

    async with session(httpx.MockTransport(shrunk)) as oncall:
        pages = [page async for page in oncall.alert_groups.list(prefetch=3).pages()]
        assert asyncio.all_tasks() == before
    assert ids(pages) == ["G1", "G2", "G3"]


async def test_leaving_the_pages_ends_what_was_in_flight() -> None:
    """No task is left behind."""
    before = asyncio.all_tasks()
    seen: list[int] = []
    async with session(httpx.MockTransport(paged(9, seen))) as oncall:
        pages = oncall.alert_groups.list(state="new", prefetch=4).pages()
        for _ in range(2):
            await anext(pages)
        await pages.aclose()
        assert asyncio.all_tasks() == before


async def test_leaving_the_pages_does_not_wait_for_what_was_in_flight() -> None:
    """Requests that hang are cancelled."""
    good = paged(9, [])

    async def handle(request: httpx.Request) -> httpx.Response:
        if int(request.url.params.get("page", "1")) > 2:
            await asyncio.Event().wait()
        return good(request)

    async with session(httpx.MockTransport(handle)) as oncall, asyncio.timeout(5):
        pages = oncall.alert_groups.list(state="new", prefetch=4).pages()
        for _ in range(2):
            await anext(pages)
        await pages.aclose()


async def test_a_failed_page_ends_the_walk_and_what_was_in_flight() -> None:
    """The pages before it were yielded."""
    before = asyncio.all_tasks()
    seen: list[int] = []
    good = paged(9, seen)

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if "page=3" in str(request.url) else good(request)

    async with session(httpx.MockTransport(handle)) as oncall:
        pages = oncall.alert_groups.list(state="new", prefetch=3).pages()
        given = [await anext(pages), await anext(pages)]
        with pytest.raises(ServerError):
            await anext(pages)
        assert asyncio.all_tasks() == before
    assert ids(given) == ["G1", "G2"]
