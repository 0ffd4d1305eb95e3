"""Watching lists that move while they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import Change
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall
from tests.support.watchers import (
    LARGE_PAGES,
    SRE,
    STATES,
    add,
    enter,
    meanwhile,
    polls,
    reported,
    watch_with,
    watching,
)

watch = pytest.fixture(watch_with)


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("state", STATES)
async def test_a_group_that_is_created_during_a_poll_is_reported_once(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any, number: int
) -> None:
    """Before any of the poll's requests."""
    add(fake, 7, state="firing")
    fake._world.page_size = 3
    async with watching(watch()) as seen:
        created: list[FakeAlertGroup] = []
        meanwhile(
            fake, lambda one: created.append(fake.add_group(state=state)) if one == number else None
        )
        await polls(2)
        assert len(created) == 1
        names = reported(seen)
        assert names.split()[0] == "Created"
        await polls(20)
        assert reported(seen, created[0]) == reported(seen) == names


async def test_more_new_groups_than_on_a_page_are_reported_at_the_next_poll(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Although all of them are resolved by then."""
    add(fake, 200, apart=60)
    async with watching(watch()) as seen:
        for _ in range(120):
            fake.add_group(state="resolved")
        await polls(1)
        assert Counter(reported(seen).split()) == {"Created": 120, "Resolved": 120}


@pytest.mark.parametrize("state", ["firing", "resolved"])
@pytest.mark.parametrize("late", [1, 30, 240, 299])
async def test_a_late_group_is_reported_at_the_next_poll(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any, late: int
) -> None:
    """It began before groups that are known, but appears after them."""
    add(fake, 60)
    fake._world.page_size = 10
    fake.add_group()
    async with watching(watch()) as seen:
        await polls(2)  # so the page whose turn it is differs
        fake.add_group()
        await polls(1)
        seen.clear()
        began = fake.now() - timedelta(seconds=late)
        group = fake.add_group(started_at=began, state=state)
        await polls(1)
        names = reported(seen, group)
        assert names == reported(seen) == ("Created" if state == "firing" else "Created Resolved")
        await polls(30)
        assert reported(seen) == names


@LARGE_PAGES
async def test_a_very_late_group_is_reported_at_the_next_poll_while_it_is_open(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """If it is closed, as soon as it is its page's turn."""
    add(fake, 120, apart=60)
    async with watching(watch()) as seen:
        began = fake.now() - timedelta(minutes=55, seconds=7)
        group = fake.add_group(started_at=began)
        resolved = fake.add_group(started_at=began, state="resolved")
        await polls(1)
        assert reported(seen, group) == "Created"
        await polls(4)
    assert (reported(seen, group), reported(seen, resolved)) == ("Created", "Created Resolved")


@pytest.mark.parametrize("state", STATES)
async def test_a_group_that_leaves_the_filter_is_reported_as_it_is(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any
) -> None:
    """The loss of the label is reported once, and later nothing."""
    group, *_ = add(fake, 3, labels=SRE, state=state)
    async with watching(watch(labels=SRE)) as seen:
        group.labels.clear()
        await polls(3)
        [left] = seen
        assert reported(seen, group) == "LabelsChanged"
        assert isinstance(left, Change)
        assert left.before is not None
        assert left.after is not None
        assert (left.before.labels, left.after.labels) == ((("team", "SRE"),), ())
        enter(group, "acknowledged" if state == "firing" else "firing", fake)
        await polls(20)
    assert len(seen) == 1


async def test_what_a_group_became_as_it_left_the_filter_is_reported(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Its integration moved to another team, and it was resolved."""
    sre, other = fake.add_team("SRE"), fake.add_team("Other")
    source = fake.add_integration(team_id=sre)
    groups = add(fake, 3, integration=source)
    async with watching(watch(team_id=sre)) as seen:
        await polls(1)
        source.team_id = other
        enter(groups[0], "resolved", fake)
        groups[1].alerts_count += 1
        await polls(20)
    assert reported(seen, groups[0]) == "Resolved"
    assert reported(seen, groups[1]) == "AlertsAdded"
    assert len(seen) == 2
    assert all(isinstance(change, Change) and change.after for change in seen)


async def test_a_group_that_enters_the_filter_is_reported_as_created(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """It was not seen before, however old it is; groups outside never are."""
    group, *_ = add(fake, 3, apart=3600)
    async with watching(watch(labels=SRE)) as seen:
        await polls(3)
        group.labels.append(("team", "SRE"))
        await polls(20)
    assert reported(seen) == reported(seen, group) == "Created"


@pytest.mark.parametrize("number", range(8))
async def test_a_change_between_two_requests_of_a_poll_is_reported_once(
    fake: FakeOnCall, watch: Callable[..., Watcher], number: int
) -> None:
    """Groups change state between the lists by state, and the pages move."""
    fake._world.page_size = 2
    groups = add(fake, 8, state="firing")
    async with watching(watch()) as seen:

        def act(one: int) -> None:
            if one == number:
                enter(groups[0], "acknowledged", fake)
                enter(groups[3], "resolved", fake)
                del fake.groups[groups[5].id]

        meanwhile(fake, act)
        await polls(12)
    assert reported(seen, groups[0]) == "Acknowledged"
    assert reported(seen, groups[3]) == "Resolved"
    assert reported(seen, groups[5]) == "Deleted"
    assert len(seen) == 3


async def test_lists_that_move_all_the_time_cause_no_false_change(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Before every request a group is created, and an older one is resolved or deleted."""
    fake._world.page_size = 3
    groups = add(fake, 12)
    async with watching(watch()) as seen:
        moves = iter(range(40))

        def act(_: int) -> None:
            number = next(moves, None)
            if number is None:
                return
            groups.append(fake.add_group())
            if number % 2:
                enter(groups[number], "resolved", fake)
            else:
                fake.groups.pop(groups[number].id, None)

        meanwhile(fake, act)
        await polls(60)
    for number, group in enumerate(groups):
        names = reported(seen, group).split()
        expected = ["Created"] if number >= 12 else []
        if number < 40:
            expected.append(["Deleted", "Resolved"][number % 2])
        # Groups that were created and deleted between two reads were never seen.
        assert names == expected or (not names and number % 2 == 0 and 12 <= number < 40)
    assert len(groups) == 52


async def test_more_groups_in_a_second_than_on_a_page_are_all_reported(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Existing groups, new ones, and their resolution."""
    fake._world.page_size = 5
    for state in ("firing", "resolved"):
        add(fake, 23, apart=0.01, state=state)
    async with watching(watch()) as seen:
        assert seen == []
        groups = [
            fake.add_group(started_at=fake.now() + timedelta(milliseconds=number), state="resolved")
            for number in range(37)
        ]
        await polls(30)
        assert Counter(reported(seen).split()) == {"Created": 37, "Resolved": 37}
        for group in groups[::2]:
            del fake.groups[group.id]
        await polls(60)
        assert Counter(reported(seen).split())["Deleted"] == 19
        assert len(seen) == 37 + 37 + 19
