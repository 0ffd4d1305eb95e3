"""What was delivered, or in flight, and is undone before a restart: the consumer is corrected.

A kill is a copy of the file: the next bot or loop has the file as it was then.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeAlias, cast

import attrs
import pytest

from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Created, LabelsChanged, Watched
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall
from tests.support.bots import EVERY, LATER, Make, maker, run_for, running
from tests.support.mirrors import View, follow, on_server
from tests.support.timeline import later
from tests.support.watchers import SRE, enter, polls, reported, watch_with, watching

make = pytest.fixture(maker)
watch = pytest.fixture(watch_with)

Model: TypeAlias = dict[str, View]

TEAM = ("team", "SRE")


@attrs.frozen
class Story:
    """Something that happens to a group, and is undone."""

    state: str
    happen: Callable[[FakeAlertGroup, FakeOnCall], object]
    undo: Callable[[FakeAlertGroup, FakeOnCall], object]


def changes(state: str, into: str) -> Story:
    """Change into another state, and back."""
    return Story(
        state,
        lambda group, fake: enter(group, into, fake),
        lambda group, fake: enter(group, state, fake),
    )


STORIES = {
    "resolved": changes("firing", "resolved"),
    "acknowledged": changes("firing", "acknowledged"),
    "silenced": changes("firing", "silenced"),
    "fires once more": changes("resolved", "firing"),
    "labels": Story(
        "firing",
        lambda group, _: group.labels.append(("env", "prod")),
        lambda group, _: group.labels.remove(("env", "prod")),
    ),
    "moves on": Story(
        "firing",
        lambda group, fake: enter(group, "acknowledged", fake),
        lambda group, fake: enter(group, "silenced", fake),
    ),
    "is deleted": Story(
        "firing",
        lambda group, fake: enter(group, "resolved", fake),
        lambda group, fake: fake.groups.pop(group.id),
    ),
}

stories = pytest.mark.parametrize(
    "story", [pytest.param(story, id=name) for name, story in STORIES.items()]
)


class Mirror:
    """A consumer that keeps all that was reported to it, also if its handler never ends."""

    def __init__(self) -> None:
        self.model: Model = {}
        self.seen: list[Watched] = []
        self.lasting = 0.0
        self.dead = False

    def at(self, bot: Bot) -> Bot:
        """Register for all changes."""

        @bot.on(Change)
        async def mirror(change: Change) -> None:
            if not self.dead:
                self.take(change)
                await asyncio.sleep(self.lasting)

        return bot

    def take(self, one: Watched) -> None:
        """Take a change into the model."""
        self.seen.append(one)
        follow(self.model, one)

    def killed(self, checkpoint: Path) -> Path:
        """Kill it, and return a copy of its file without a lock; later changes are dropped."""
        self.dead = True
        return Path(shutil.copy(checkpoint, checkpoint.with_name("left")))

    def next(self) -> Mirror:
        """Return the next process of the same consumer."""
        mirror = Mirror()
        mirror.model = self.model
        return mirror


@stories
@pytest.mark.parametrize("lasting", [0.0, LATER], ids=["delivered", "at work"])
async def test_a_bot_that_is_killed_corrects_what_is_undone_before_the_next(
    fake: FakeOnCall, make: Make, tmp_path: Path, story: Story, lasting: float
) -> None:
    """Right at the change, whether its handler has ended or not."""
    group = fake.add_group(state=cast("Any", story.state))
    path, mirror = tmp_path / "c", Mirror()
    bot = mirror.at(make(checkpoint=path))
    async with running(bot):
        await asyncio.sleep(EVERY + 1)
        mirror.lasting = lasting
        story.happen(group, fake)
        bot.hint(group.id)
        await asyncio.sleep(0.01)
        assert mirror.model == on_server(fake)
        left = mirror.killed(path)
        story.undo(group, fake)
        await run_for((second := mirror.next()).at(make(checkpoint=left)), 40)
    assert mirror.model == on_server(fake)
    assert all(isinstance(change, Change) and change.before for change in second.seen)


@stories
async def test_a_bot_whose_grace_is_over_corrects_what_is_undone_before_the_next(
    fake: FakeOnCall, make: Make, tmp_path: Path, story: Story
) -> None:
    """A cancelled handler may have done its work."""
    group = fake.add_group(state=cast("Any", story.state))
    path, mirror = tmp_path / "c", Mirror()
    bot = mirror.at(make(checkpoint=path))
    async with running(bot, grace=1) as run:
        await asyncio.sleep(EVERY + 1)
        mirror.lasting = LATER
        story.happen(group, fake)
        bot.hint(group.id)
        await asyncio.sleep(1)
        bot.stop()
        await run
    story.undo(group, fake)
    await run_for(mirror.next().at(make(checkpoint=path)), 40)
    assert mirror.model == on_server(fake)


@stories
@pytest.mark.parametrize("way", ["killed", "break", "value"])
async def test_a_loop_corrects_what_is_undone_before_the_next(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path, story: Story, way: str
) -> None:
    """Without a bot: killed at a change, or left there and restarted."""
    group = fake.add_group(state=cast("Any", story.state))
    path, mirror = tmp_path / "c", Mirror()
    watcher = watch(existing=True, checkpoint=None if way == "value" else path)
    async with aclosing(cast("Any", aiter(watcher))) as stream:
        while mirror.model != on_server(fake):
            mirror.take(await anext(stream))
        later(1, lambda: story.happen(group, fake))
        mirror.take(await anext(stream))
        assert mirror.model == on_server(fake)
        left = {
            "killed": lambda: watch(checkpoint=mirror.killed(path)),
            "break": lambda: watcher,
            "value": lambda: watch(checkpoint=watcher.checkpoint),
        }[way]()
        if way == "killed":
            story.undo(group, fake)
    if way != "killed":
        story.undo(group, fake)
    async with watching(left) as seen:
        await polls(2)
    for event in seen:
        mirror.take(event)
    assert mirror.model == on_server(fake)


@pytest.mark.parametrize("lasting", [0.0, LATER], ids=["delivered", "at work"])
@pytest.mark.parametrize("repeats", [1, 2, 3])
async def test_a_group_that_was_created_and_deleted_is_reported_as_deleted(
    fake: FakeOnCall, make: Make, tmp_path: Path, lasting: float, repeats: int
) -> None:
    """Although it is in no list, and not in the checkpoint as handled; until it is handled."""
    path, mirror = tmp_path / "c", Mirror()
    async with running(mirror.at(make(checkpoint=path))):
        await asyncio.sleep(1)
        mirror.lasting = lasting
        group = fake.add_group()
        await asyncio.sleep(EVERY)
        assert [*mirror.model] == [group.id]
        left = mirror.killed(path)
        del fake.groups[group.id]
    for number in range(repeats):
        mirror = mirror.next()
        mirror.lasting = 0 if number == repeats - 1 else LATER
        async with running(mirror.at(make(checkpoint=left))):
            await asyncio.sleep(1)
            assert reported(mirror.seen) == "Deleted"
            await asyncio.sleep(40)
            left = Path(shutil.copy(left, tmp_path / f"left{number}"))
    assert mirror.model == {}
    await run_for((last := mirror.next()).at(make(checkpoint=left)), 40)
    assert last.seen == []


async def test_what_is_not_undone_is_reported_as_it_was(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Once, with the state that was known before."""
    group = fake.add_group()
    path, mirror = tmp_path / "c", Mirror()
    bot = mirror.at(make(checkpoint=path))
    async with running(bot):
        await asyncio.sleep(1)
        mirror.lasting = LATER
        enter(group, "resolved", fake)
        await asyncio.sleep(EVERY)
        left = mirror.killed(path)
    await run_for((second := mirror.next()).at(make(checkpoint=left)), 40)
    assert reported(mirror.seen) == "Created Resolved"
    assert second.seen == mirror.seen[1:]


async def test_a_group_that_has_left_the_filter_is_not_reported_as_created(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """A bot that acts on new groups of its team must not act on another team's."""
    path, mirror = tmp_path / "c", Mirror()
    async with running(mirror.at(make(labels=SRE, checkpoint=path))):
        await asyncio.sleep(1)
        mirror.lasting = LATER
        group = fake.add_group(labels=SRE)
        await asyncio.sleep(EVERY)
        assert reported(mirror.seen) == "Created"
        left = mirror.killed(path)
    group.labels[:] = [("team", "Payments")]
    await run_for((second := mirror.next()).at(make(labels=SRE, checkpoint=left)), 40)
    assert reported(second.seen) == "LabelsChanged"
    assert mirror.model == on_server(fake)


@pytest.mark.parametrize("lasting", [0.0, LATER], ids=["delivered", "at work"])
async def test_a_group_that_came_back_into_the_filter_and_left_again_is_corrected(
    fake: FakeOnCall, make: Make, tmp_path: Path, lasting: float
) -> None:
    """It is in no list, and was outside the filter at its last certain report."""
    path, mirror = tmp_path / "c", Mirror()
    group = fake.add_group(labels=SRE)
    bot = mirror.at(make(labels=SRE, checkpoint=path))
    async with running(bot):
        await asyncio.sleep(1)
        group.labels.clear()
        await asyncio.sleep(EVERY)
        mirror.lasting = lasting
        group.labels.append(TEAM)
        await asyncio.sleep(EVERY)
        assert reported(mirror.seen) == "Created LabelsChanged LabelsChanged"
        left = mirror.killed(path)
        group.labels.clear()
    await run_for((second := mirror.next()).at(make(labels=SRE, checkpoint=left)), 40)
    assert [type(event) for event in second.seen] == [LabelsChanged]
    assert mirror.model == on_server(fake)


async def test_a_change_that_is_repeated_reports_what_the_group_is_by_now(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """A new group was acknowledged before the next bot: both are reported."""
    path, mirror = tmp_path / "c", Mirror()
    async with running(mirror.at(make(checkpoint=path))):
        await asyncio.sleep(1)
        mirror.lasting = LATER
        group = fake.add_group()
        await asyncio.sleep(EVERY)
        left = mirror.killed(path)
    enter(group, "acknowledged", fake)
    await run_for((second := mirror.next()).at(make(checkpoint=left)), 40)
    assert reported(second.seen) == "Created Acknowledged"
    first = second.seen[0]
    assert isinstance(first, Created)
    assert first.after.state == "acknowledged"
