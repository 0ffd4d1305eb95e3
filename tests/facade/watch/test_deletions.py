"""Watching: old groups that are deleted are found by the count of the list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import Watched
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeRequest, Fault, VirtualClock
from tests.support.samples import BASE
from tests.support.watchers import (
    LARGE_PAGES,
    SRE,
    add,
    enter,
    meanwhile,
    polls,
    reported,
    watch_with,
    watching,
)

watch = pytest.fixture(watch_with)

pytestmark = LARGE_PAGES

IDLE = 5
"""Requests of a poll where few groups are open: what is new, the three open states, and a page."""
HOUR = 240
"""Polls of an hour."""
ROUND = 10
"""Pages of the groups."""


class Counting(httpx.AsyncBaseTransport):
    """A server that counts the groups of its lists in a way of its own."""

    def __init__(self, fake: FakeOnCall, count: Callable[[int], int]) -> None:
        self._inner = fake.transport()
        self._count = count

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward the request, and change the count."""
        response = await self._inner.handle_async_request(request)
        shown: Any = json.loads(await response.aread())
        if "count" in shown:
            shown["count"] = self._count(shown["count"])
        return httpx.Response(response.status_code, headers=response.headers, json=shown)


@asynccontextmanager
async def watching_counts(
    fake: FakeOnCall, clock: VirtualClock, count: Callable[[int], int]
) -> AsyncGenerator[list[Watched]]:
    """Watch a server that counts like that."""
    transport = Counting(fake, count)
    async with (
        OnCallClient(url=BASE, token=fake.token, transport=transport) as client,
        watching(client.alert_groups.watch(clock=clock)) as seen,
    ):
        yield seen


def old(fake: FakeOnCall, number: int = 500) -> list[FakeAlertGroup]:
    """Add resolved groups, the newest first, over four weeks."""
    return add(fake, number, apart=28 * 86_400 / number, state="resolved")


@pytest.mark.parametrize("which", [0, 49, 50, 51, 99, 100, 250, 333, 498, 499])
async def test_a_resolved_group_that_is_deleted_is_reported_at_the_next_poll(
    fake: FakeOnCall, watch: Callable[..., Watcher], which: int
) -> None:
    """On whatever page it was, and by few requests."""
    groups = old(fake)
    async with watching(watch()) as seen:
        await polls(3)
        del fake.groups[groups[which].id]
        fake.calls.clear()
        await polls(1)
        assert reported(seen) == reported(seen, groups[which]) == "Deleted"
        assert len(fake.calls) <= IDLE + 6
        await polls(30)
    assert len(seen) == 1


async def test_among_very_many_groups_it_takes_few_requests_as_well(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Nine pages of 200, and the group."""
    groups = old(fake, 10_000)
    async with watching(watch()) as seen:
        for which in (1_234, 7_777):
            del fake.groups[groups[which].id]
            fake.calls.clear()
            await polls(1)
            assert reported(seen, groups[which]) == "Deleted"
            assert len(fake.calls) <= IDLE + 10
    assert len(seen) == 2


async def test_an_open_group_that_is_deleted_is_not_looked_for_on_old_pages(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """It is missing among the open ones; and a resolved one is looked for at the next poll."""
    groups = old(fake)
    for group in groups[200:210]:
        enter(group, "firing", fake)
    async with watching(watch()) as seen:
        await polls(1)
        for which, cost in ((204, IDLE + 1), (333, IDLE + 6)):
            del fake.groups[groups[which].id]
            fake.calls.clear()
            await polls(1)
            assert reported(seen, groups[which]) == "Deleted"
            assert len(fake.calls) <= cost
    assert len(seen) == 2


async def test_a_deletion_is_reported_at_the_next_poll_although_a_new_group_makes_up_the_number(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """The new one is known before the groups are counted."""
    groups = old(fake)
    async with watching(watch()) as seen:
        del fake.groups[groups[333].id]
        fake.add_group()
        await polls(1)
    assert sorted(reported(seen).split()) == ["Created", "Deleted"]


async def test_several_groups_that_are_deleted_together_are_reported_within_two_polls(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Far from each other."""
    groups = old(fake)
    async with watching(watch()) as seen:
        gone = groups[70::90]
        for group in gone:
            del fake.groups[group.id]
        await polls(2)
    assert [reported(seen, group) for group in gone] == ["Deleted"] * len(gone)
    assert len(seen) == len(gone) == 5


async def test_when_most_groups_are_deleted_each_poll_has_a_bound(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """All are reported once, in the end."""
    groups = old(fake)
    async with watching(watch()) as seen:
        for group in groups[::5] + groups[1::5] + groups[2::5]:
            del fake.groups[group.id]
        costs: list[int] = []
        for _ in range(30):
            fake.calls.clear()
            await polls(1)
            costs.append(len(fake.calls))
    assert Counter(reported(seen).split()) == {"Deleted": 300}
    assert max(costs) <= 65
    assert costs[-1] == IDLE


async def test_a_resolved_group_that_leaves_the_filter_is_reported_at_the_next_poll(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """The count is that of the filter; and it is no reason to look for the group again."""
    groups = old(fake)
    for group in groups[::2]:
        group.labels.append(("team", "SRE"))
    async with watching(watch(labels=SRE)) as seen:
        groups[300].labels.clear()
        await polls(1)
        assert reported(seen) == reported(seen, groups[300]) == "LabelsChanged"
        fake.calls.clear()
        await polls(10)
    assert len(fake.calls) == 10 * IDLE
    assert len(seen) == 1


async def test_a_group_that_was_deleted_before_a_restart_is_reported_by_the_first_poll(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """The checkpoint says how many there should be."""
    groups = old(fake)
    async with watching(watch(checkpoint=tmp_path / "file")) as seen:
        assert seen == []
    del fake.groups[groups[321].id]
    async with watching(watch(checkpoint=tmp_path / "file")) as seen:
        assert reported(seen) == reported(seen, groups[321]) == "Deleted"


async def test_an_hour_without_changes_takes_no_request_more(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Than five for each poll."""
    old(fake)
    async with watching(watch()) as seen:
        fake.calls.clear()
        await polls(HOUR)
    assert len(fake.calls) == HOUR * IDLE
    assert seen == []


async def test_what_happens_between_the_requests_of_a_poll_is_no_reason_to_look_for_groups(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Groups are created, resolved and opened again all the time, and none is deleted."""
    groups, random = old(fake), Random(3)  # noqa: S311  # no secret

    def act(_: int) -> None:
        match random.randrange(6):
            case 0:
                groups.append(fake.add_group())
            case 1:
                enter(random.choice(groups), "resolved", fake)
            case 2:
                enter(random.choice(groups[:30]), "firing", fake)
            case _:
                pass

    async with watching(watch()):
        meanwhile(fake, act)
        fake.calls.clear()
        await polls(5 * ROUND)
    lists = fake.calls("list_alert_groups")
    old_pages = [call for call in lists if "_9000-" not in call.request.query]
    assert len(old_pages) <= 5 * ROUND


RANDOM = Random(5)  # noqa: S311  # no secret
LIES: dict[str, Callable[[int], int]] = {
    "nothing": lambda _: 0,
    "one too few": lambda count: count - 1,
    "half": lambda count: count // 2,
    "at most a hundred": lambda count: min(count, 100),
    "one too many": lambda count: count + 1,
    "something else each time": lambda count: RANDOM.randrange(2 * count + 1),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_server_that_counts_wrongly_costs_a_few_requests_in_each_round(
    fake: FakeOnCall, clock: VirtualClock, lie: str
) -> None:
    """A round reads all pages, one with each poll; deletions are found when theirs comes round."""
    groups = old(fake)
    async with watching_counts(fake, clock, LIES[lie]) as seen:
        fake.calls.clear()
        await polls(5 * ROUND)
        assert seen == []
        assert len(fake.calls) <= 5 * (ROUND * IDLE + 4)
        del fake.groups[groups[400].id]
        await polls(ROUND + 1)
    assert reported(seen) == reported(seen, groups[400]) == "Deleted"


async def test_a_group_that_is_in_no_list_and_exists_is_looked_for_once_in_each_round(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """As where the server applies the filter in another way; and it is not reported."""
    groups = old(fake)
    hidden = groups[222]

    def choose(_request: FakeRequest, operation: str | None) -> Fault | None:
        if operation == "get_alert_group":
            fake.groups[hidden.id] = hidden
        else:
            fake.groups.pop(hidden.id, None)
        return None

    async with watching(watch()) as seen:
        fake.faults.choose(choose)
        fake.calls.clear()
        await polls(5 * ROUND)
        reads = len(fake.calls("get_alert_group"))
    assert seen == []
    assert reads == 5 * 2  # and when its page comes round
    assert len(fake.calls) <= 5 * (ROUND * IDLE + 4 + 2)
