"""Walks prefetch pages in order, never too many, and leave nothing behind."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
import respx

from grafana_oncall import OnCallClient
from grafana_oncall.errors import ServerError
from tests.support.listing import Listing, ids, other_tasks, settle
from tests.support.samples import API, TOKEN
from tests.support.walks import PREFETCHES, numbered, walked


@PREFETCHES
async def test_the_first_item_takes_exactly_one_request(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """Nothing is prefetched before the second page is needed."""
    listing = Listing(wire, *numbered(5))
    pager = client.alert_groups.list(prefetch=prefetch)
    await settle()
    assert listing.asked == []
    async with aclosing(pager.pages()) as pages:
        await anext(pages)
        await settle()
        assert listing.asked == [1]
    assert ids(await pager.collect(limit=1)) == "p1"
    assert listing.asked == [1, 1]


@pytest.mark.parametrize("prefetch", [0, 1, 3])
async def test_never_more_than_the_window_is_in_flight(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """The page that is awaited and `prefetch` more; the window moves by one page."""
    listing = Listing(wire, *numbered(10))
    listing.hold(*range(2, 11))
    async with aclosing(client.alert_groups.list(prefetch=prefetch).pages()) as pages:
        await anext(pages)
        for number in range(2, 11):
            waiting = asyncio.ensure_future(anext(pages))
            await settle()
            assert listing.asked == list(range(1, min(number + prefetch, 10) + 1))
            assert listing.in_flight == min(prefetch + 1, 11 - number)
            listing.release(number)
            assert (await waiting).number == number
    assert listing.most_in_flight == prefetch + 1


async def test_requests_go_out_before_pages_that_arrived_together_are_yielded(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Otherwise pages that once arrived together would do so to the end of the walk."""
    listing = Listing(wire, *numbered(20))
    listing.hold(*range(2, 10))
    async with aclosing(client.alert_groups.list(prefetch=7).pages()) as pages:
        await anext(pages)
        waiting = asyncio.ensure_future(anext(pages))
        await settle()
        listing.release(*range(2, 10))
        await settle()
        await waiting
        for _ in range(3, 10):
            await anext(pages)
    assert {10, 11, 12} <= {*listing.asked}


async def test_without_prefetch_a_page_is_fetched_when_its_first_item_is_needed(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Never two at a time."""
    listing = Listing(wire, "a b", "c d", "e")
    asked: list[tuple[str, int]] = []
    async for group in client.alert_groups.list(prefetch=0):
        await settle()
        asked.append((group.id, len(listing.asked)))
    assert asked == [("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 3)]
    assert listing.most_in_flight == 1


async def test_items_come_in_order_when_later_pages_arrive_first(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Nothing of page 3 and 4 before page 2."""
    listing = Listing(wire, *numbered(4))
    listing.hold(2, 3, 4)
    seen: list[str] = []

    async def walk() -> None:
        async for group in client.alert_groups.list(prefetch=2):
            seen.append(group.id)  # noqa: PERF401  # read while it grows

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(walk())
        for number, expected in ((4, ["p1"]), (3, ["p1"]), (2, numbered(4))):
            await settle()
            listing.release(number)
            await settle()
            assert seen == expected


async def test_nothing_is_requested_beyond_the_last_page(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """The first page says how many there are."""
    listing = Listing(wire, *numbered(3))
    await client.alert_groups.list(prefetch=64).collect()
    assert listing.asked == [1, 2, 3]


async def test_without_a_number_of_pages_nothing_is_prefetched(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Then only `next` shows whether there is another page."""
    listing = Listing(wire, *numbered(4))
    listing.changes = {number: {"total_pages": None} for number in range(1, 5)}
    assert await walked(client.alert_groups.list(prefetch=3)) == "p1 p2 p3 p4"
    assert listing.most_in_flight == 1


async def test_a_page_that_fails_ends_the_walk_after_the_pages_before_it(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """It was prefetched; its error comes in its turn, and no task keeps running."""
    listing = Listing(wire, *numbered(9))
    listing.failing = {3, 4}
    listing.hold(2, 5)
    seen: list[str] = []

    async def walk() -> None:
        async for group in client.alert_groups.list(prefetch=3):
            seen.append(group.id)  # noqa: PERF401  # what came before the error

    task = asyncio.ensure_future(walk())
    await settle()
    assert (seen, task.done()) == (["p1"], False)
    listing.release(2)
    with pytest.raises(ServerError):
        await task
    assert (seen, other_tasks(), listing.in_flight) == (["p1", "p2"], set(), 0)


async def test_breaking_out_of_the_loop_leaves_nothing(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Pages 3 and 4 were in flight."""
    listing = Listing(wire, *numbered(9))
    listing.hold(3, 4)
    async for group in client.alert_groups.list(prefetch=2):
        if group.id == "p2":
            assert listing.in_flight == 2
            break
    await settle()
    assert (other_tasks(), listing.in_flight) == (set(), 0)
    assert ids(await client.alert_groups.list(prefetch=0).collect(limit=2)) == "p1 p2"


async def test_an_exception_in_the_body_leaves_nothing(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """It propagates unchanged."""
    listing = Listing(wire, *numbered(9))
    listing.hold(3, 4)

    async def work() -> None:
        async for group in client.alert_groups.list(prefetch=2):
            if group.id == "p2":
                raise LookupError(group.id)

    with pytest.raises(LookupError, match="p2"):
        await work()
    await settle()
    assert (other_tasks(), listing.in_flight) == (set(), 0)
    assert await client.alert_groups.list().count() == 9


@pytest.mark.parametrize("prefetch", [0, 2])
async def test_cancelling_a_walk_leaves_nothing(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """Cancelled at once while it waits for a page; the client stays usable."""
    listing = Listing(wire, *numbered(9))
    listing.hold(2, 3, 4)
    task = asyncio.ensure_future(walked(client.alert_groups.list(prefetch=prefetch)))
    await settle()
    assert listing.in_flight == prefetch + 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (other_tasks(), listing.in_flight) == (set(), 0)
    listing.release(2, 3, 4)
    assert len(await client.alert_groups.list().collect()) == 9


async def test_closing_the_pages_leaves_nothing(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """`aclosing` does at once what leaving a loop does eventually."""
    listing = Listing(wire, *numbered(9))
    listing.hold(3, 4)
    async with aclosing(client.alert_groups.list(prefetch=2).pages()) as pages:
        for _ in range(2):
            await anext(pages)
        await settle()
        assert listing.in_flight == 2
    assert (other_tasks(), listing.in_flight) == (set(), 0)


async def test_many_walks_that_are_left_early_use_up_no_connection(
    wire: respx.MockRouter,
) -> None:
    """The throttle's two places are free after each of them."""
    listing = Listing(wire, *numbered(9))
    async with OnCallClient(url=API, token=TOKEN, max_connections=2) as client:
        for _ in range(5):
            listing.hold(3, 4, 5)
            await client.alert_groups.list(prefetch=3).collect(limit=2)
        assert (other_tasks(), listing.in_flight) == (set(), 0)
        assert listing.most_in_flight <= 2
        listing.release(3, 4, 5)
        assert len(await client.alert_groups.list(prefetch=3).collect()) == 9
