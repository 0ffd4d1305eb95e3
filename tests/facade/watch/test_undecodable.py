"""Watching: a group whose shape this release does not know hides no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.errors import DecodeError
from grafana_oncall.events import Event, GroupsSkipped
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.samples import BASE
from tests.support.watchers import (
    EVERY,
    LARGE_PAGES,
    add,
    collect,
    enter,
    polls,
    reported,
    watching,
)


class Newer(httpx.AsyncBaseTransport):
    """A server that returns the title of some groups as an object."""

    def __init__(self, fake: FakeOnCall) -> None:
        self.odd: set[str] = set()
        self.without_id: set[str] = set()
        self.requests = list[str]()
        self._inner = fake.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward the request, and change the response."""
        self.requests.append(request.url.path)
        response = await self._inner.handle_async_request(request)
        shown: Any = json.loads(await response.aread() or b"null")
        if isinstance(shown, dict):
            for group in shown.get("results", [shown]):
                if group.get("id") in self.odd:
                    group["title"] = {"text": group["title"]}
                if group.get("id") in self.without_id:
                    del group["id"]
        return httpx.Response(response.status_code, headers=response.headers, json=shown)


@pytest.fixture
def newer(fake: FakeOnCall) -> Newer:
    """The newer server, in front of the fake."""
    return Newer(fake)


@pytest.fixture
def seen_events() -> list[Event]:
    """The events that a listener got."""
    return []


@pytest.fixture
async def client(
    fake: FakeOnCall, newer: Newer, seen_events: list[Event]
) -> AsyncGenerator[OnCallClient]:
    """A client of the newer server."""
    async with OnCallClient(
        url=BASE, token=fake.token, transport=newer, on_event=seen_events.append
    ) as client:
        yield client


@pytest.fixture
def watch(client: OnCallClient, clock: VirtualClock) -> Callable[..., Watcher]:
    """Watchers of the newer server."""
    return lambda **options: client.alert_groups.watch(clock=clock, **options)


def skipped(seen_events: list[Event]) -> list[tuple[str, ...]]:
    """Return the ids of each report."""
    return [event.ids for event in seen_events if isinstance(event, GroupsSkipped)]


async def test_a_group_that_becomes_undecodable_hides_no_other_and_is_not_deleted(
    fake: FakeOnCall,
    newer: Newer,
    watch: Callable[..., Watcher],
    seen_events: list[Event],
) -> None:
    """It is reported once, in the log and as an event; later, its changes are delivered."""
    groups = add(fake, 60)
    odd, other = groups[5], groups[50]
    async with watching(watch()) as seen:
        newer.odd.add(odd.id)
        await polls(20)
        assert (seen, skipped(seen_events)) == ([], [(odd.id,)])
        enter(other, "acknowledged", fake)
        enter(odd, "acknowledged", fake)
        new = fake.add_group()
        await polls(2)
        assert reported(seen) == "Acknowledged Created"
        assert reported(seen, new) == "Created"
        newer.odd.clear()
        await polls(2)
        assert reported(seen, odd) == "Acknowledged"
        newer.odd.add(odd.id)
        await polls(2)
    assert skipped(seen_events) == [(odd.id,)] * 2
    assert len(seen) == 3


@pytest.mark.parametrize("existing", [True, False])
async def test_groups_that_are_undecodable_at_the_start_hide_no_other(
    fake: FakeOnCall,
    newer: Newer,
    watch: Callable[..., Watcher],
    seen_events: list[Event],
    existing: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Whether or not there are others on their page; their ids are in one report."""
    groups = add(fake, 3)
    odd = [groups[1], fake.add_group(state="silenced")]
    newer.odd.update(group.id for group in odd)
    async with watching(watch(existing=existing)) as seen:
        assert len(seen) == (2 if existing else 0)
        enter(groups[0], "resolved", fake)
        await polls()
    assert reported(seen, groups[0]).endswith("Resolved")
    assert skipped(seen_events) == [tuple(sorted(group.id for group in odd))]


async def test_a_hinted_undecodable_group_is_skipped(
    fake: FakeOnCall,
    newer: Newer,
    watch: Callable[..., Watcher],
    seen_events: list[Event],
) -> None:
    """It causes no further poll."""
    group, _ = fake.add_group(), fake.add_group()
    async with watching(watcher := watch(every=600)) as seen:
        newer.odd.add(group.id)
        newer.requests.clear()
        watcher.hint(group.id)
        await asyncio.sleep(300)
        assert len(newer.requests) == 1
    assert (seen, skipped(seen_events)) == ([], [(group.id,)])


async def test_a_group_without_an_id_hides_no_other(
    fake: FakeOnCall,
    newer: Newer,
    watch: Callable[..., Watcher],
    seen_events: list[Event],
) -> None:
    """It is new; otherwise it would be looked up."""
    fake.add_group()
    newer.without_id.add(fake.add_group().id)
    async with watching(watch()) as seen:
        new = fake.add_group()
        await polls(3)
    assert (reported(seen), reported(seen, new)) == ("Created", "Created")
    assert skipped(seen_events) == [()]


@LARGE_PAGES
async def test_a_second_with_many_groups_is_read_although_one_is_undecodable(
    fake: FakeOnCall, newer: Newer, watch: Callable[..., Watcher]
) -> None:
    """It takes no more passes than without that group."""
    groups = add(fake, 120, apart=0)
    watcher = watch(existing=True)
    newer.odd.add(groups[70].id)
    async with watching(watcher) as seen:
        await polls(2)
        newer.requests.clear()
        await polls(1)
        assert len(newer.requests) <= 20
    assert reported(seen) == " ".join(["Created"] * 119)


@pytest.mark.parametrize("stored", [True, False])
async def test_an_error_is_raised_if_no_group_can_be_decoded(
    fake: FakeOnCall,
    newer: Newer,
    watch: Callable[..., Watcher],
    tmp_path: Path,
    stored: bool,  # noqa: FBT001  # a parameter
) -> None:
    """At the first poll; a watcher that sees nothing must not look healthy."""
    groups, path = add(fake, 3), tmp_path / "bot.json"
    if stored:
        async with watching(watch(checkpoint=path)):
            pass
    newer.odd.update(group.id for group in groups)
    with pytest.raises(DecodeError, match="look for a newer one"):
        await Bot(watch(checkpoint=path)).run(signals=())


async def test_an_error_is_raised_if_no_group_of_a_full_page_can_be_decoded(
    fake: FakeOnCall, newer: Newer, watch: Callable[..., Watcher]
) -> None:
    """Also at later polls: the pages after it cannot be reached."""
    groups = add(fake, 60)
    watching_all = asyncio.create_task(collect(watch(), []))
    await asyncio.sleep(EVERY / 3)
    newer.odd.update(group.id for group in groups)
    await polls(2)
    with pytest.raises(DecodeError, match="look for a newer one"):
        await watching_all


async def test_waiting_for_many_groups_is_not_ended_by_another_undecodable_group(
    fake: FakeOnCall, newer: Newer, client: OnCallClient
) -> None:
    """But it is ended by one that is waited for."""
    groups = add(fake, 10, state="resolved")
    newer.odd.add(groups[3].id)
    others = [group.id for group in groups if group is not groups[3]]
    found = await client.alert_groups.wait_until(others, "resolved", timeout=60)
    assert [group.id for group in found] == others
    with pytest.raises(DecodeError, match=groups[3].id):
        await client.alert_groups.wait_until(groups[3].id, "resolved", timeout=60)


async def test_a_list_does_not_silently_skip_an_undecodable_group(
    fake: FakeOnCall, newer: Newer, client: OnCallClient
) -> None:
    """A program that exports or resolves groups must not miss one; the error names it."""
    groups = add(fake, 10)
    newer.odd.add(groups[0].id)
    with pytest.raises(DecodeError, match=groups[0].id) as caught:
        await client.alert_groups.list().collect()
    assert caught.value.object_id == groups[0].id
    assert await client.alert_groups.list().count() == 10
