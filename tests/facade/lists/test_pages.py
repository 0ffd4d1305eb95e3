"""Lists that are walked: all items in order, each once, whatever the server does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import respx

from grafana_oncall import OnCallClient, Pager
from grafana_oncall.errors import InvalidArgument, LabelError
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeOnCall, seed_storm
from tests.support.listing import ELSEWHERE, Listing, ids, labels, other_tasks
from tests.support.samples import API, GROUP_ID, TOKEN
from tests.support.walks import PREFETCHES, numbered, walked


@PREFETCHES
async def test_a_walk_yields_all_items_of_all_pages_in_order(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """Each page is requested once, the first without a number."""
    listing = Listing(wire, "a b", "c d", "e f", "g")
    assert await walked(client.alert_groups.list(prefetch=prefetch)) == "a b c d e f g"
    assert listing.asked == [1, 2, 3, 4]
    assert listing.queries == [[], [("page", "2")], [("page", "3")], [("page", "4")]]


@PREFETCHES
async def test_an_item_that_moves_to_a_later_page_is_yielded_once(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """A group is created while the list is walked: every page begins with the end of the last."""
    Listing(wire, "a b c", "c d e", "e f")
    assert await walked(client.alert_groups.list(prefetch=prefetch)) == "a b c d e f"


async def test_an_item_that_is_twice_on_one_page_is_yielded_once(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Why the server repeated it does not matter."""
    Listing(wire, "a b a", "b")
    assert await walked(client.alert_groups.list()) == "a b"


@pytest.mark.parametrize(
    ("page", "given"),
    [pytest.param(16, 1, id="near"), pytest.param(40, 2, id="far")],
)
async def test_an_item_of_a_long_list_is_remembered_for_sixteen_pages(
    wire: respx.MockRouter, client: OnCallClient, page: int, given: int
) -> None:
    """So memory stops growing once ten thousand items have been read."""
    full = [" ".join(f"{number}-{one}" for one in range(700)) for number in range(page - 2)]
    Listing(wire, "a", *full, "a", "z")
    found = (await walked(client.alert_groups.list())).split()
    assert found.count("a") == given
    assert len(found) == 1 + 700 * (page - 2) + given


async def test_pages_are_yielded_as_the_server_returns_them(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """With repeated items, page numbers, the count, and the bytes."""
    Listing(wire, "a b", "b c", "d")
    pages = [page async for page in client.alert_groups.list().pages()]
    assert [ids(page.results) for page in pages] == ["a b", "b c", "d"]
    assert [(page.number, page.total_pages, page.count) for page in pages] == [
        (1, 3, 5),
        (2, 3, 5),
        (3, 3, 5),
    ]
    assert [page.next for page in pages] == [f"{ELSEWHERE}?page=2", f"{ELSEWHERE}?page=3", None]
    assert b'"page_size"' in pages[0].raw


async def test_an_empty_list_is_one_request_and_no_item(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """It is not an error."""
    listing = Listing(wire, "")
    pager = client.alert_groups.list()
    assert (await walked(pager), await pager.collect(), await pager.count()) == ("", [], 0)
    assert listing.asked == [1, 1, 1]


async def test_an_empty_page_in_the_middle_does_not_end_the_walk(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Only a missing `next` does."""
    Listing(wire, "a", "", "b")
    assert await walked(client.alert_groups.list()) == "a b"


async def test_each_iteration_reads_the_list_anew(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """It yields all items, also those that the last iteration yielded."""
    listing = Listing(wire, "a", "b")
    pager = client.alert_groups.list()
    assert [await walked(pager), await walked(pager)] == ["a b", "a b"]
    assert listing.asked == [1, 2, 1, 2]


async def test_two_walks_on_one_client_do_not_mix(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Not even two walks of the same pager, interleaved item by item."""
    Listing(wire, "a b", "c d", "e f", "g")
    pager = client.alert_groups.list()
    assert [ids(pair) async for pair in zipped(aiter(pager), aiter(pager))] == [
        "a a",
        "b b",
        "c c",
        "d d",
        "e e",
        "f f",
        "g g",
    ]
    both = await asyncio.gather(walked(pager), walked(client.alert_groups.list(prefetch=0)))
    assert set(both) == {"a b c d e f g"}


async def zipped(first: Any, second: Any) -> AsyncGenerator[tuple[AlertGroup, AlertGroup]]:
    """Items of two walks, alternately."""
    async for item in first:
        yield item, await anext(second)


@pytest.mark.parametrize(
    ("limit", "found", "asked"),
    [
        pytest.param(None, "a b c d e", 3, id="all"),
        pytest.param(1, "a", 1, id="one"),
        pytest.param(2, "a b", 1, id="just a page"),
        pytest.param(3, "a b c", 2, id="a little more"),
        pytest.param(5, "a b c d e", 3, id="just all"),
        pytest.param(99, "a b c d e", 3, id="more than all"),
    ],
)
async def test_collect_returns_the_first_items_and_requests_no_page_too_many(
    wire: respx.MockRouter, client: OnCallClient, limit: int | None, found: str, asked: int
) -> None:
    """Without prefetch, as many requests as the result takes pages."""
    listing = Listing(wire, "a b", "c d", "e")
    pager = client.alert_groups.list(prefetch=0)
    assert ids(await pager.collect(limit=limit)) == found
    assert len(listing.asked) == asked


async def test_collect_leaves_nothing_running_when_it_stops_early(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Prefetched pages are cancelled."""
    listing = Listing(wire, *numbered(9))
    listing.hold(3, 4)
    assert ids(await client.alert_groups.list(prefetch=2).collect(limit=2)) == "p1 p2"
    assert (other_tasks(), listing.in_flight) == (set(), 0)


async def test_counting_is_one_request_for_one_item_with_the_filters(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """The list's own `perpage` is replaced."""
    listing = Listing(wire, "a b", "c d")
    listing.members = {"state": "firing", "labels": labels("team:SRE")}
    pager = client.alert_groups.list(labels="team:SRE", state="new", perpage=100)
    assert await pager.count() == 4
    assert listing.queries == [[("label", "team:SRE"), ("state", "new"), ("perpage", "1")]]


async def test_counting_agrees_with_collecting(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """With one request instead of seven."""
    seed_storm(fake, 300)
    pager = oncall.alert_groups.list()
    assert await pager.count() == 300
    assert len(fake.calls) == 1
    assert len(await pager.collect()) == 300
    assert len(fake.calls) == 1 + 6


async def test_a_group_that_is_created_while_walking_repeats_nothing(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The fake shifts its pages by one item, as a real server does."""
    before = {group.id for group in seed_storm(fake, 120)}
    seen: list[str] = []
    async for group in oncall.alert_groups.list(perpage=10, prefetch=0):
        seen.append(group.id)
        if len(seen) % 25 == 0:
            fake.add_group()
    assert len(seen) == len(set(seen))
    assert set(seen) == before


async def test_a_list_that_shrinks_while_it_is_walked_ends_quietly(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Acting on items removes them from the filter; past the end, the last page is repeated."""
    seed_storm(fake, 100)
    for each in fake.groups.values():
        each.acknowledged_at = each.resolved_at = each.silenced_at = None
    seen: list[str] = []
    async for group in oncall.alert_groups.list(state="new", perpage=10):
        seen.append(group.id)
        await oncall.alert_groups.resolve(group.id)
    assert len(seen) == len(set(seen))
    assert 0 < len(seen) < 100


@PREFETCHES
async def test_a_page_past_the_end_ends_the_walk(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """Five pages were announced, two are left."""
    listing = Listing(wire, *numbered(5))
    walk = aiter(client.alert_groups.list(prefetch=prefetch))
    assert (await anext(walk)).id == "p1"
    del listing.pages[2:]
    assert ids([group async for group in walk]) == "p2"
    assert other_tasks() == set()


async def test_arguments_are_checked_when_the_list_is_made(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Where the list is made, not at the first item."""
    with pytest.raises(LabelError):
        client.alert_groups.list(labels="a:b:c")
    with pytest.raises(InvalidArgument):
        client.integrations.list(prefetch=65)
    assert wire.calls.call_count == 0


def test_a_list_is_made_without_an_event_loop() -> None:
    """Nothing is sent before it is iterated."""
    pager = OnCallClient(url=API, token=TOKEN).alert_groups.list(id=GROUP_ID)
    assert isinstance(pager, Pager)


async def test_a_limit_is_checked_before_anything_is_sent(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Zero is refused: it would be a request for nothing."""
    wire.route().mock(return_value=httpx.Response(500))
    with pytest.raises(InvalidArgument, match="limit"):
        await client.alert_groups.list().collect(limit=0)
    assert wire.calls.call_count == 0
