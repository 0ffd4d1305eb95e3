"""Lists with ties in their sort order: a page may repeat one item, and hide another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import OnCallClient
from grafana_oncall.events import Event, ListIncomplete
from tests.support.samples import BASE, GROUP, TOKEN
from tests.support.virtual_time import run

PAGE_SIZE = 50


class Shuffled:
    """A server that sorts again for each page, as a database does with equal keys."""

    def __init__(self, count: int, *, seed: int = 0, knows_perpage: bool = True) -> None:
        self.ids = [f"I{number:05}" for number in range(count)]
        self.asked: list[tuple[int, int]] = []
        """Numbers and sizes of pages."""
        self.counted: list[int] = []
        """What further pages give as the count, if not the truth."""
        self._seed = seed
        self._knows_perpage = knows_perpage

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return the same response to the same request, always."""
        query = request.url.params
        number = int(query.get("page", "1"))
        size = int(query.get("perpage", PAGE_SIZE)) if self._knows_perpage else PAGE_SIZE
        self.asked.append((number, size))
        ids = [*self.ids]
        random.Random(f"{self._seed} {number} {size}").shuffle(ids)  # noqa: S311  # no secret
        pages = max(1, -(-len(ids) // size))
        part: Sequence[str] = ids[(number - 1) * size : number * size]
        body: dict[str, Any] = {
            "count": self.counted.pop(0) if self.counted else len(ids),
            "next": f"http://e/?page={number + 1}" if number < pages else None,
            "previous": None,
            "results": [
                {**GROUP, "id": group_id, "last_alert": None, "permalinks": {}} for group_id in part
            ],
            "current_page_number": number,
            "page_size": size,
            "total_pages": pages,
        }
        return httpx.Response(200, json=body)


async def collected(
    server: Shuffled, *, limit: int | None = None, **options: Any
) -> tuple[list[str], list[Event]]:
    """Ids of a whole list, and the events that the client emits about it."""
    events: list[Event] = []
    async with OnCallClient(
        url=BASE, token=TOKEN, transport=httpx.MockTransport(server), on_event=events.append
    ) as client:
        groups = await client.alert_groups.list(**options).collect(limit=limit)
    return [group.id for group in groups], [
        event for event in events if type(event) is ListIncomplete
    ]


@given(count=st.integers(51, 160), seed=st.integers(0, 1000), prefetch=st.integers(0, 3))
def test_what_the_pages_hid_is_found_in_one_larger_page(
    count: int, seed: int, prefetch: int
) -> None:
    """All items, each once, with one request more; no event is emitted."""
    server = Shuffled(count, seed=seed)
    ids, incomplete = run(collected(server, prefetch=prefetch))
    assert sorted(ids) == server.ids
    assert incomplete == []
    larger = [size for _, size in server.asked if size != PAGE_SIZE]
    assert larger in ([1000], [])


async def test_a_list_that_shows_as_many_items_as_it_counts_is_read_once() -> None:
    """With as many requests as there are pages."""
    server = Shuffled(50)
    ids, _ = await collected(server)
    assert (sorted(ids), server.asked) == (server.ids, [(1, 50)])


async def test_what_is_never_shown_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """A server that ignores the page size hides the same items every time."""
    server = Shuffled(145, knows_perpage=False)
    ids, incomplete = await collected(server)
    assert len({*ids}) == len(ids) < 145
    assert incomplete == [ListIncomplete(operation="list_alert_groups", items=len(ids), count=145)]
    assert [number for number, _ in server.asked] == [1, 2, 3] * 3
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"counts 145 items, but its pages have only {len(ids)}" in warning


async def test_a_list_of_several_thousand_is_read_in_pages_of_two_other_sizes() -> None:
    """What all three hide is reported, with the number of items that were yielded."""
    server = Shuffled(2500)
    ids, incomplete = await collected(server)
    assert {size for _, size in server.asked} == {50, 1000, 900}
    assert len({*ids}) == len(ids) < 2500
    assert incomplete == [ListIncomplete(operation="list_alert_groups", items=len(ids), count=2500)]


async def test_a_list_too_long_to_remember_is_reported_at_once() -> None:
    """Beyond ten thousand items the first are forgotten, and could be yielded twice."""
    server = Shuffled(12_000)  # of which fewer than ten thousand are shown
    _, (incomplete,) = await collected(server, perpage=500)
    assert {size for _, size in server.asked} == {500}
    assert isinstance(incomplete, ListIncomplete)
    assert incomplete.count == 12_000


async def test_a_list_that_moves_is_not_read_a_second_time() -> None:
    """Its pages disagree about the count, so that fewer items prove nothing."""
    server = Shuffled(145)
    server.counted = [145, 146, 145]
    ids, incomplete = await collected(server)
    assert ([number for number, _ in server.asked], incomplete) == ([1, 2, 3], [])
    assert len(ids) < 145


async def test_reading_only_the_first_items_sends_no_other_request() -> None:
    """They are complete before any item can be known to be missing."""
    server = Shuffled(145)
    ids, incomplete = await collected(server, limit=60, prefetch=0)
    assert (len(ids), incomplete, server.asked) == (60, [], [(1, 50), (2, 50)])


async def test_the_filter_stays_when_the_list_is_read_a_second_time() -> None:
    """Only the page size changes, also where the caller set one."""
    queries: list[httpx.QueryParams] = []
    server = Shuffled(145)

    def respond(request: httpx.Request) -> httpx.Response:
        queries.append(request.url.params)
        return server(request)

    async with OnCallClient(
        url=BASE, token=TOKEN, transport=httpx.MockTransport(respond)
    ) as client:
        groups = await client.alert_groups.list(state=GROUP["state"], perpage=40).collect()
    assert len(groups) == 145
    assert queries[-1].multi_items() == [("state", GROUP["state"]), ("perpage", "1000")]
