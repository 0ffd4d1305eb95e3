"""Watching: hints, as from webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from grafana_oncall._watch import Watcher
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall
from tests.facade.watchers import SRE, enter, polls, told, watch_with, watching

watch = pytest.fixture(watch_with)


async def test_a_hint_is_looked_at_at_once_and_told_once(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """By one request for the group; the next poll has nothing more to tell."""
    known, other = fake.add_group(), fake.add_group()
    watcher = watch()
    async with watching(watcher) as seen:
        enter(known, "resolved", fake)
        enter(other, "resolved", fake)
        new = fake.add_group()
        fake.calls.clear()
        for one in (known.id, new.id, known.id):
            watcher.hint(one)
        await asyncio.sleep(0.1)
        assert told(seen) == "Resolved Created"
        assert [call.operation for call in fake.calls] == ["get_alert_group"] * 2
        await polls(10)
        assert told(seen) == "Resolved Created Resolved"
        assert told(seen, other) == "Resolved"


async def test_hints_at_what_is_gone_or_not_watched_tell_what_is_true(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Unknown ids and groups outside the filter lead to nothing; a deletion is told."""
    group, outside = fake.add_group(labels=SRE), fake.add_group()
    watcher = watch(labels=SRE)
    async with watching(watcher) as seen:
        del fake.groups[group.id]
        for one in ("NONESUCH", outside.id, group.id):
            watcher.hint(one)
        await asyncio.sleep(0.1)
        assert told(seen) == told(seen, group) == "Deleted"
        await polls(5)
        assert len(seen) == 1


@pytest.mark.parametrize("bad", ["", "a/b", 1])
async def test_a_hint_at_no_id_is_refused(watch: Callable[..., Watcher], bad: Any) -> None:
    """At once."""
    with pytest.raises(InvalidArgument):
        watch().hint(bad)
