"""Watching who is on call: each handover once, over outages, restarts and kills."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import Bot, Checkpoint, OnCallClient, Watcher
from grafana_oncall.changes import Change, Gap, OnCall, OnCallChanged, Watched
from grafana_oncall.errors import CheckpointError, InvalidArgument, NotFound
from grafana_oncall.models import Schedule
from grafana_oncall.testing import FakeOnCall, FakeSchedule, FakeUser, VirtualClock, throttle
from tests.support.bots import run_for, running
from tests.support.watchers import collect, watching

EVERY = 60.0
Watch = Callable[..., Watcher]


@pytest.fixture
def watch(oncall: OnCallClient, clock: VirtualClock) -> Watch:
    """Watchers that share the time with the server."""
    return lambda *schedules, **options: oncall.schedules.watch(*schedules, clock=clock, **options)


@pytest.fixture
def people(fake: FakeOnCall) -> list[FakeUser]:
    """Five users."""
    return [fake.add_user(name) for name in ("ana", "bob", "cleo", "dan", "eve")]


@pytest.fixture
def primary(fake: FakeOnCall, people: list[FakeUser]) -> FakeSchedule:
    """A schedule with a handover every five minutes, in the order of the users."""
    start, step = fake.now() - timedelta(seconds=30), timedelta(minutes=5)
    spans = [
        (person, start + number * step, start + (number + 1) * step)
        for number, person in enumerate(people)
    ]
    return fake.add_schedule("Primary", spans=spans)


def changes(seen: list[Watched]) -> list[OnCallChanged]:
    """What was reported, without gaps."""
    return [change for change in seen if isinstance(change, OnCallChanged)]


def handovers(seen: list[Watched], people: list[FakeUser]) -> list[str]:
    """Who came at each change, by name."""
    names = {person.id: person.username for person in people}
    came = [change.came for change in changes(seen)]
    return [" ".join(names[each] for each in ids) or "nobody" for ids in came]


async def test_each_handover_is_reported_with_who_came_and_who_left(
    watch: Watch, primary: FakeSchedule, people: list[FakeUser]
) -> None:
    """Within a minute, and once; at the end nobody is on call."""
    ana, bob, *_ = people
    async with watching(watch(primary.id)) as seen:
        await asyncio.sleep(6 * 60)
        [change] = seen
        assert isinstance(change, OnCallChanged)
        assert change == OnCallChanged(
            id=primary.id,
            before=OnCall(id=primary.id, name="Primary", users=(ana.id,)),
            after=OnCall(id=primary.id, name="Primary", users=(bob.id,)),
        )
        assert (change.came, change.left) == ((bob.id,), (ana.id,))
        assert change.to_dict()["type"] == "OnCallChanged"
        await asyncio.sleep(3600)
    assert handovers(seen, people) == ["bob", "cleo", "dan", "eve", "nobody"]


@pytest.mark.parametrize("way", ["id", "name", "object", "all", "several"])
async def test_schedules_are_watched_by_id_name_or_object_or_all_of_them(
    fake: FakeOnCall, watch: Watch, primary: FakeSchedule, people: list[FakeUser], way: str
) -> None:
    """Who is on call at the start is reported where that is asked for."""
    other = fake.add_schedule("Secondary", on_call=people[:2])
    chosen: Any = {
        "id": [primary.id],
        "name": ["Primary"],
        "object": [Schedule(id=primary.id, name="Primary", on_call_now=())],
        "all": [],
        "several": [[primary.id, other.id]],
    }[way]
    async with watching(watch(*chosen, existing=True)) as seen:
        await asyncio.sleep(5)
    expected = ["ana", "ana bob"] if way in {"all", "several"} else ["ana"]
    assert handovers(seen, people) == expected
    assert all(isinstance(one, OnCallChanged) and one.before is None for one in seen)


async def test_a_poll_costs_a_request_for_each_schedule(
    fake: FakeOnCall, watch: Watch, primary: FakeSchedule
) -> None:
    """Or the pages of the list for all of them."""
    fake.add_schedule("Secondary")
    async with watching(watch([primary.id, "Secondary"])):
        await asyncio.sleep(2 * EVERY)
    assert len(fake.calls) == 3 * 2
    before = len(fake.calls)
    async with watching(watch()):
        await asyncio.sleep(2 * EVERY)
    assert len(fake.calls) == before + 3


async def test_new_and_deleted_schedules_are_reported(
    fake: FakeOnCall, oncall: OnCallClient, watch: Watch, people: list[FakeUser]
) -> None:
    """Where all are watched; a deletion also where it was named."""
    made = fake.add_schedule("Primary", on_call=people[:1])
    async with watching(watch()) as seen, watching(watch(made.id)) as named:
        other = fake.add_schedule("Secondary", on_call=people[1:2])
        await asyncio.sleep(EVERY)
        await oncall.schedules.delete(made.id)
        await asyncio.sleep(3 * EVERY)
    assert [(one.id, one.before is None, one.after is None) for one in changes(seen)] == [
        (other.id, True, False),
        (made.id, False, True),
    ]
    assert [(one.left, one.after) for one in changes(named)] == [((people[0].id,), None)]


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("schedule", ["SBM7DV7BKFUYU", "no such"])
async def test_an_unknown_schedule_is_an_error_at_the_start(
    watch: Watch, primary: FakeSchedule, schedule: str, *, existing: bool
) -> None:
    """And not a schedule in which nobody is on call."""
    with pytest.raises(NotFound):
        await collect(watch([primary.id, schedule], existing=existing), [])


async def test_a_handover_in_an_outage_is_reported_after_a_gap(
    fake: FakeOnCall, watch: Watch, primary: FakeSchedule, people: list[FakeUser]
) -> None:
    """As one difference, however many there were."""
    async with watching(watch(primary.id)) as seen:
        fake.faults.add(throttle(700))
        await asyncio.sleep(13 * 60)
    assert isinstance(seen[0], Gap)
    assert handovers(seen, people) == ["cleo"]


async def test_a_hint_reads_a_schedule_at_once(
    fake: FakeOnCall, watch: Watch, people: list[FakeUser]
) -> None:
    """Of those that are watched."""
    schedule = fake.add_schedule("Primary", on_call=people[:1])
    watcher = watch(schedule.id, every=timedelta(hours=1))
    async with watching(watcher) as seen:
        schedule.on_call[:] = [people[1].id]
        watcher.hint(schedule.id)
        watcher.hint("SNONE")
        before = len(fake.calls)
        await asyncio.sleep(5)
        assert len(fake.calls) == before + 1
        assert handovers(seen, people) == ["bob"]
    assert repr(watcher) == "<Watcher of 1 schedules: use async for>"
    assert watcher.health.watched == 1


@pytest.mark.parametrize("kind", ["value", "JSON", "file"])
@pytest.mark.parametrize("taken", range(1, 6))
async def test_a_watcher_that_continues_reports_what_was_in_flight_and_the_rest(
    watch: Watch,
    primary: FakeSchedule,
    people: list[FakeUser],
    tmp_path: Path,
    *,
    kind: str,
    taken: int,
) -> None:
    """Whenever the first one is killed, no handover is lost, and none comes twice from here."""
    path = tmp_path / "on_call.json"
    first = watch(primary.id, existing=True, checkpoint=path if kind == "file" else None)
    seen: list[Watched] = []
    stream = aiter(first)
    while len(seen) < taken:
        seen.append(await anext(stream))
    left: Any = first.checkpoint
    if kind == "JSON":
        left = Checkpoint.from_json(left.to_json())
    if kind == "file":
        left = Path(shutil.copy(path, tmp_path / "left"))
    later: list[Watched] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(3600):
            await collect(watch(primary.id, checkpoint=left), later)
    names = ["ana", "bob", "cleo", "dan", "eve", "nobody"]
    assert handovers(seen, people) == names[:taken]
    assert handovers(later, people) == names[taken - 1 :]


async def test_what_was_in_flight_is_reported_again_even_if_it_was_undone(
    fake: FakeOnCall, watch: Watch, people: list[FakeUser], tmp_path: Path
) -> None:
    """Whether it was handled is not known; the last one leads to the present state."""
    schedule = fake.add_schedule("Primary", on_call=people[:1])
    path = tmp_path / "on_call.json"
    stream = aiter(watch(schedule.id, checkpoint=path))
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(5)
    schedule.on_call[:] = [people[1].id]
    assert handovers([await waiting], people) == ["bob"]
    left = Path(shutil.copy(path, tmp_path / "left"))
    schedule.on_call[:] = [people[0].id]
    async with watching(watch(schedule.id, checkpoint=left)) as seen:
        await asyncio.sleep(3 * EVERY)
    [change] = changes(seen)
    assert (change.left, change.came) == ((people[1].id,), (people[0].id,))


async def test_a_bot_handles_handovers_and_the_next_one_continues(
    watch: Watch, primary: FakeSchedule, people: list[FakeUser], tmp_path: Path
) -> None:
    """Killed in a handler, it delivers that one again, and no other."""
    path = tmp_path / "on_call.json"

    def made(place: Path, lasting: dict[str, float]) -> tuple[Bot, list[Watched]]:
        bot, heard = Bot(watch(primary.id, checkpoint=place), random=lambda: 1.0), list[Watched]()

        @bot.on(OnCallChanged)
        async def handle(change: OnCallChanged) -> None:
            heard.append(change)
            await asyncio.sleep(lasting.get(handovers([change], people)[0], 0.0))

        @bot.on(Change)
        async def never(change: Change) -> None:
            raise AssertionError(change)

        return bot, heard

    dead, first = made(path, {"cleo": 10_000.0})
    async with running(dead):
        await asyncio.sleep(14 * 60)
        left = Path(shutil.copy(path, tmp_path / "left"))
    bot, rest = made(left, {})
    await run_for(bot, 3600)
    assert handovers(first, people) == ["bob", "cleo"]
    assert handovers(rest, people) == ["cleo", "dan", "eve", "nobody"]
    assert bot.health.dead_letters == 0


async def test_a_checkpoint_belongs_to_its_schedules(
    oncall: OnCallClient, watch: Watch, primary: FakeSchedule, tmp_path: Path
) -> None:
    """Those of groups, of other schedules and of all are not the same."""
    path = tmp_path / "checkpoint"
    async with watching(watch(primary.id, checkpoint=path)):
        await asyncio.sleep(1)
    for others in (["Primary"], []):
        with pytest.raises(CheckpointError, match="Use another file"):
            await anext(aiter(watch(*others, checkpoint=path)))
    with pytest.raises(CheckpointError, match="Use another file"):
        await anext(aiter(oncall.alert_groups.watch(checkpoint=path)))
    groups = tmp_path / "groups"
    async with watching(oncall.alert_groups.watch(checkpoint=groups)):
        await asyncio.sleep(1)
    with pytest.raises(CheckpointError, match="Use another file"):
        await anext(aiter(watch(checkpoint=groups)))


@pytest.mark.parametrize(
    ("schedules", "options", "problem"),
    [
        pytest.param("", {}, "schedules", id="no name"),
        pytest.param([1], {}, "schedules", id="a number"),
        pytest.param(None, {"every": 0}, "every", id="no time between polls"),
        pytest.param(None, {"every": timedelta(days=8)}, "every", id="too long between polls"),
        pytest.param(None, {"existing": "yes"}, "existing", id="a text for yes"),
        pytest.param(None, {"lock": None}, "lock", id="no lock"),
        pytest.param(None, {"checkpoint": 5}, "checkpoint", id="a number as a file"),
    ],
)
async def test_bad_input_is_refused_at_once(
    fake: FakeOnCall, watch: Watch, schedules: Any, options: dict[str, Any], problem: str
) -> None:
    """Before anything is read."""
    with pytest.raises(InvalidArgument, match=problem):
        watch(schedules, **options)
    assert not fake.calls
