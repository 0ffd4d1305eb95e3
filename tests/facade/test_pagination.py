"""Walking lists: order, what repeats, how far ahead, where it ends, and what is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import pytest
import respx

from grafana_oncall import OnCallClient, Pager
from grafana_oncall.errors import DecodeError, InvalidArgument, LabelError, ServerError
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeOnCall, seed_storm
from tests.facade.listing import ELSEWHERE, Listing, ids, other_tasks, settle
from tests.facade.samples import API, GROUP_ID, TOKEN

PREFETCHES = pytest.mark.parametrize("prefetch", [0, 1, 2, 64])


def numbered(count: int) -> list[str]:
    """Pages of one item each, named after their page: p1, p2, …."""
    return [f"p{number}" for number in range(1, count + 1)]


async def walked(pager: Pager[AlertGroup]) -> str:
    """The ids of a whole walk."""
    return ids([group async for group in pager])


# Order, and what repeats


@PREFETCHES
async def test_a_walk_gives_all_items_of_all_pages_in_order(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """Each page is asked for once, the first one without a number."""
    listing = Listing(wire, "a b", "c d", "e f", "g")
    assert await walked(client.alert_groups.list(prefetch=prefetch)) == "a b c d e f g"
    assert listing.asked == [1, 2, 3, 4]
    assert listing.queries == [[], [("page", "2")], [("page", "3")], [("page", "4")]]


@PREFETCHES
async def test_an_item_that_moves_to_a_later_page_is_given_once(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """A group is created while the list is walked: every page begins with the end of the last."""
    Listing(wire, "a b c", "c d e", "e f")
    assert await walked(client.alert_groups.list(prefetch=prefetch)) == "a b c d e f"


async def test_an_item_that_is_twice_on_one_page_is_given_once(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Whatever made the server say it twice."""
    Listing(wire, "a b a", "b")
    assert await walked(client.alert_groups.list()) == "a b"


@pytest.mark.parametrize(
    ("page", "given"),
    [pytest.param(16, 1, id="near"), pytest.param(17, 2, id="far")],
)
async def test_an_item_is_remembered_for_sixteen_pages(
    wire: respx.MockRouter, client: OnCallClient, page: int, given: int
) -> None:
    """So the memory of a walk does not grow with the list."""
    pages = ["a", *numbered(page - 2), "a", "z"]
    Listing(wire, *pages)
    found = (await walked(client.alert_groups.list())).split()
    assert found.count("a") == given
    assert len(found) == page + given - 1


async def test_pages_are_given_as_the_server_answers_them(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """With repeats, numbers, the count, and the bytes."""
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
    """And no error."""
    listing = Listing(wire, "")
    pager = client.alert_groups.list()
    assert (await walked(pager), await pager.collect(), await pager.count()) == ("", [], 0)
    assert listing.asked == [1, 1, 1]


async def test_an_empty_page_in_the_middle_ends_nothing(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """The end is where there is no next page."""
    Listing(wire, "a", "", "b")
    assert await walked(client.alert_groups.list()) == "a b"


async def test_each_iteration_walks_anew(wire: respx.MockRouter, client: OnCallClient) -> None:
    """What was seen by the last one is given again."""
    listing = Listing(wire, "a", "b")
    pager = client.alert_groups.list()
    assert [await walked(pager), await walked(pager)] == ["a b", "a b"]
    assert listing.asked == [1, 2, 1, 2]


async def test_two_walks_on_one_client_do_not_mix(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Not even two of the same pager, item by item."""
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
    """Items of two walks in turn."""
    async for item in first:
        yield item, await anext(second)


# Collect and count


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
async def test_collect_gives_the_first_items_and_asks_for_no_page_too_many(
    wire: respx.MockRouter, client: OnCallClient, limit: int | None, found: str, asked: int
) -> None:
    """Without looking ahead, as many requests as there are pages in the answer."""
    listing = Listing(wire, "a b", "c d", "e")
    pager = client.alert_groups.list(prefetch=0)
    assert ids(await pager.collect(limit=limit)) == found
    assert len(listing.asked) == asked


async def test_collect_leaves_nothing_running_when_it_stops_early(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """What was fetched ahead is called off."""
    listing = Listing(wire, *numbered(9))
    listing.hold(3, 4)
    assert ids(await client.alert_groups.list(prefetch=2).collect(limit=2)) == "p1 p2"
    assert (other_tasks(), listing.in_flight) == (set(), 0)


async def test_counting_is_one_request_for_one_item_with_the_filters(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """`perpage` of the list gives way."""
    listing = Listing(wire, "a b", "c d")
    pager = client.alert_groups.list(labels="team:SRE", state="new", perpage=100)
    assert await pager.count() == 4
    assert listing.queries == [[("label", "team:SRE"), ("state", "new"), ("perpage", "1")]]


async def test_counting_agrees_with_collecting(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """By one request instead of seven."""
    seed_storm(fake, 300)
    pager = oncall.alert_groups.list()
    assert await pager.count() == 300
    assert len(fake.calls) == 1
    assert len(await pager.collect()) == 300
    assert len(fake.calls) == 1 + 6


# Against a server that moves


async def test_a_group_that_is_created_while_walking_repeats_nothing(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The fake shifts by one, as a real server does."""
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
    """Acting on the items takes them out of the filter; past the end comes the last page again."""
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


# Looking ahead


@PREFETCHES
async def test_the_first_item_takes_exactly_one_request(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """Nothing is fetched ahead before the second page is wanted."""
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
async def test_never_more_than_the_window_is_on_its_way(
    wire: respx.MockRouter, client: OnCallClient, prefetch: int
) -> None:
    """The page that is waited for, and `prefetch` more; it moves on by one page."""
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


async def test_requests_go_out_before_the_pages_that_came_together_are_given(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Or pages that once came together would do so to the end, each time worked on one by one."""
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


async def test_without_looking_ahead_a_page_is_fetched_when_its_first_item_is_wanted(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Strictly one by one."""
    listing = Listing(wire, "a b", "c d", "e")
    asked: list[tuple[str, int]] = []
    async for group in client.alert_groups.list(prefetch=0):
        await settle()
        asked.append((group.id, len(listing.asked)))
    assert asked == [("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 3)]
    assert listing.most_in_flight == 1


async def test_items_come_in_order_when_later_pages_answer_first(
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


async def test_the_last_page_is_not_looked_beyond(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """As many requests as the first page says."""
    listing = Listing(wire, *numbered(3))
    await client.alert_groups.list(prefetch=64).collect()
    assert listing.asked == [1, 2, 3]


async def test_without_a_number_of_pages_nothing_is_fetched_ahead(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Then `next` alone leads on."""
    listing = Listing(wire, *numbered(4))
    listing.changes = {number: {"total_pages": None} for number in range(1, 5)}
    assert await walked(client.alert_groups.list(prefetch=3)) == "p1 p2 p3 p4"
    assert listing.most_in_flight == 1


async def test_a_page_that_fails_ends_the_walk_behind_the_pages_before_it(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """It was fetched ahead, and its error comes in its turn; nothing goes on running."""
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


# `next`


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://evil.example/api/v1/alert_groups/?page=2", id="another host"),
        pytest.param("https://oncall.example/api/v1/alert_groups/?page=2", id="another prefix"),
        pytest.param("http://oncall.example/oncall/api/v1/alert_groups/?page=2", id="no TLS"),
        pytest.param("https://oncall.example:9/x/?page=2", id="another port"),
        pytest.param("//evil.example/?page=2", id="no scheme"),
        pytest.param("?page=2", id="query only"),
        pytest.param("https://u:p@evil.example/?page=2#f", id="user and fragment"),
    ],
)
async def test_only_the_query_of_next_is_ever_used(
    wire: respx.MockRouter, client: OnCallClient, url: str
) -> None:
    """Host, prefix and scheme stay the client's own; the token goes nowhere else."""
    listing = Listing(wire, "a", "b")
    listing.changes[1] = {"next": url}
    assert await walked(client.alert_groups.list()) == "a b"
    sent = [str(call.request.url) for call in wire.calls]
    assert sent == [f"{API}alert_groups/", f"{API}alert_groups/?page=2"]


@PREFETCHES
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("page=2", id="dropped"),
        pytest.param("label=x%3Ay&page=2&state=resolved&team_id=T9", id="changed"),
    ],
)
async def test_the_filters_are_kept_whatever_next_says(
    wire: respx.MockRouter, client: OnCallClient, query: str, prefetch: int
) -> None:
    """A proxy that drops them would otherwise widen the selection."""
    listing = Listing(wire, "a", "b", "c")
    listing.changes[1] = {"next": f"{ELSEWHERE}?{query}"}
    pager = client.alert_groups.list(
        team_id="T1", labels=["team:SRE", "env:prod"], state="new", perpage=1, prefetch=prefetch
    )
    assert await walked(pager) == "a b c"
    filters = [
        ("team_id", "T1"),
        ("label", "team:SRE"),
        ("label", "env:prod"),
        ("state", "new"),
        ("perpage", "1"),
    ]
    assert listing.queries == [
        filters,
        [*filters, ("page", "2")],
        [*filters, ("page", "3")],
    ]


async def test_a_parameter_that_the_server_adds_is_carried_on(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """It may be what holds the pages together."""
    listing = Listing(wire, "a", "b")
    listing.changes[1] = {"next": f"{ELSEWHERE}?cursor=c%2B1&page=2"}
    await walked(client.alert_groups.list(state="new"))
    assert listing.queries[1] == [("state", "new"), ("cursor", "c+1"), ("page", "2")]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"{ELSEWHERE}?page=abc", id="a word"),
        pytest.param(f"{ELSEWHERE}?page=", id="empty"),
        pytest.param(ELSEWHERE, id="no number"),
        pytest.param("", id="nothing at all"),
        pytest.param(f"{ELSEWHERE}?page=0", id="zero"),
        pytest.param(f"{ELSEWHERE}?page=-2", id="negative"),
        pytest.param(f"{ELSEWHERE}?page=2.0", id="a fraction"),
        pytest.param(f"{ELSEWHERE}?page=%D9%A2", id="not an ASCII digit"),
        pytest.param(f"{ELSEWHERE}?page={10**12}", id="absurd"),
        pytest.param(f"{ELSEWHERE}?page=1", id="itself"),
        pytest.param("http://[::1?page=2", id="not a URL"),
    ],
)
async def test_a_next_that_leads_nowhere_is_an_error(
    wire: respx.MockRouter, client: OnCallClient, url: str
) -> None:
    """After the items that came, and without another request."""
    listing = Listing(wire, "a", "b")
    listing.changes[1] = {"next": url}
    seen: list[str] = []

    async def walk() -> None:
        async for group in client.alert_groups.list():
            seen.append(group.id)  # noqa: PERF401  # what came before the error

    with pytest.raises(DecodeError) as caught:
        await walk()
    assert (caught.value.path, caught.value.operation) == ("$.next", "list_alert_groups")
    assert (seen, listing.asked) == (["a"], [1])


@PREFETCHES
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"current_page_number": 1, "next": f"{ELSEWHERE}?page=2"}, id="the first page for ever"
        ),
        pytest.param(
            {"current_page_number": 2, "next": f"{ELSEWHERE}?page=2"}, id="its own number as next"
        ),
        pytest.param(
            {"current_page_number": None, "next": f"{ELSEWHERE}?page=2"}, id="no number of its own"
        ),
        pytest.param(
            {"current_page_number": 2, "next": f"{ELSEWHERE}?page=1"}, id="back to the first"
        ),
        pytest.param(
            {"current_page_number": 1, "next": f"{ELSEWHERE}?page=3"}, id="page 1 instead of 2"
        ),
    ],
)
async def test_a_server_that_repeats_a_page_is_an_error_and_no_loop(
    wire: respx.MockRouter, client: OnCallClient, change: dict[str, Any], prefetch: int
) -> None:
    """The second page is the first one again, and says that more follows."""
    listing = Listing(wire, "a", "a", "a", "a")
    listing.changes[2] = change
    with pytest.raises(DecodeError, match="next"):
        await walked(client.alert_groups.list(prefetch=prefetch))
    assert len(listing.asked) <= 4
    assert other_tasks() == set()


# What is left behind


async def test_breaking_out_of_the_loop_leaves_nothing(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Pages 3 and 4 were on their way."""
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
    """It comes out as it is."""
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
    """While it waits for a page; the task is cancelled at once, and the client goes on."""
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
    """`aclosing` does at once what the end of a loop does soon."""
    listing = Listing(wire, *numbered(9))
    listing.hold(3, 4)
    async with aclosing(client.alert_groups.list(prefetch=2).pages()) as pages:
        for _ in range(2):
            await anext(pages)
        await settle()
        assert listing.in_flight == 2
    assert (other_tasks(), listing.in_flight) == (set(), 0)


async def test_many_walks_that_are_broken_off_use_up_no_connection(
    wire: respx.MockRouter,
) -> None:
    """The gate of two requests is free again every time."""
    listing = Listing(wire, *numbered(9))
    async with OnCallClient(url=API, token=TOKEN, max_connections=2) as client:
        for _ in range(5):
            listing.hold(3, 4, 5)
            await client.alert_groups.list(prefetch=3).collect(limit=2)
        assert (other_tasks(), listing.in_flight) == (set(), 0)
        assert listing.most_in_flight <= 2
        listing.release(3, 4, 5)
        assert len(await client.alert_groups.list(prefetch=3).collect()) == 9


# When it is checked


async def test_arguments_are_checked_when_the_list_is_made(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """On that line, and not at the first item."""
    with pytest.raises(LabelError):
        client.alert_groups.list(labels="a:b:c")
    with pytest.raises(InvalidArgument):
        client.integrations.list(prefetch=65)
    assert wire.calls.call_count == 0


def test_a_list_is_made_without_an_event_loop() -> None:
    """Nothing is sent before somebody iterates."""
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
