"""Watching: errors that waiting cannot help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall.changes import Deleted, Gap, Watched
from grafana_oncall.errors import (
    BadRequest,
    CheckpointError,
    ClientStateError,
    Forbidden,
    InvalidArgument,
    NotFound,
    OnCallError,
    Unauthorized,
)
from grafana_oncall.testing import FakeOnCall, VirtualClock, error, status
from grafana_oncall.testing._server.state import FakeTeam
from tests.support.samples import BASE
from tests.support.watchers import polls, reported, watching


async def revoke(fake: FakeOnCall, _: OnCallClient) -> None:
    """Make the token invalid."""
    del fake._world.grants[fake.token]


async def refuse_all(fake: FakeOnCall, _: OnCallClient) -> None:
    """Take from the token the permission to read."""
    refusal = error(403, {"detail": "You do not have permission to perform this action."})
    fake.faults.add(refusal, lasting=timedelta(days=1))


async def close(_: FakeOnCall, client: OnCallClient) -> None:
    """Close the client."""
    await client.aclose()


async def delete_team(fake: FakeOnCall, _: OnCallClient) -> None:
    """Delete the team of the filter."""
    fake._world.store(FakeTeam).clear()


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (revoke, Unauthorized),
        (refuse_all, Forbidden),
        (close, ClientStateError),
        (delete_team, BadRequest),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_errors_that_waiting_cannot_help_are_raised(  # noqa: PLR0917  # fixtures
    fake: FakeOnCall,
    oncall: OnCallClient,
    clock: VirtualClock,
    tmp_path: Path,
    act: Callable[[FakeOnCall, OnCallClient], Any],
    kind: type[OnCallError],
    at_once: bool,  # noqa: FBT001  # a parameter
) -> None:
    """At the first poll or later; what was reported before is in the file."""
    team, path = fake.add_team("SRE"), tmp_path / "bot.json"
    fake.add_group(integration=fake.add_integration(team_id=team))
    seen: list[Watched] = []
    watcher = oncall.alert_groups.watch(clock=clock, team_id=team, existing=True, checkpoint=path)
    if at_once:
        await act(fake, oncall)
    with pytest.raises(kind):  # noqa: PT012  # wherever it comes
        async for event in watcher:
            seen.append(event)
            await act(fake, oncall)
    assert reported(seen) == ("" if at_once else "Created")
    left = Checkpoint.load(path)
    assert (left is None) == at_once
    assert left is None or len(left.groups) == 1


async def test_a_checkpoint_that_cannot_be_written_is_reported(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, tmp_path: Path
) -> None:
    """A bot that would repeat its work after a restart must not go on silently."""
    fake.add_group()
    place = tmp_path / "missing" / "bot.json"
    stream = aiter(oncall.alert_groups.watch(clock=clock, checkpoint=place))
    with pytest.raises(CheckpointError, match="missing"):
        await anext(stream)


async def test_a_gap_whose_consumer_dies_is_reported_to_the_next(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, tmp_path: Path
) -> None:
    """Like any change, it counts as reported when the next one is requested."""
    fake.add_group()
    path = tmp_path / "bot.json"
    async with watching(oncall.alert_groups.watch(clock=clock, checkpoint=path)):
        pass
    await asyncio.sleep(3600)
    stream = aiter(oncall.alert_groups.watch(clock=clock, checkpoint=path))
    async with aclosing(cast("Any", stream)):
        assert isinstance(await anext(stream), Gap)
    async with watching(oncall.alert_groups.watch(clock=clock, checkpoint=path)) as seen:
        pass
    assert reported(seen) == "Gap"


class Gateway(httpx.AsyncBaseTransport):
    """A gateway that now and then responds with a 404 of its own for a group."""

    def __init__(self, fake: FakeOnCall) -> None:
        self.lost = False
        self._inner = fake.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward the request, or respond with the gateway's own page."""
        if self.lost and not request.url.path.endswith("/alert_groups/"):
            return httpx.Response(404, json={"message": "no Route matched with those values"})
        return await self._inner.handle_async_request(request)


async def test_the_404_of_a_gateway_is_not_taken_for_a_deletion(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """The server's own says "Not found."; any other says nothing about the group."""
    group, gateway = fake.add_group(), Gateway(fake)
    async with OnCallClient(url=BASE, token=fake.token, transport=gateway) as client:
        watcher = client.alert_groups.watch(clock=clock)
        seen: list[Watched] = []
        with suppress(NotFound):  # it may be raised, or waited out
            async with watching(watcher) as seen:
                gateway.lost = True
                watcher.hint(group.id)
                await polls(2)
        assert not any(isinstance(change, Deleted) for change in seen)


async def test_before_anything_was_read_there_is_no_checkpoint(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, tmp_path: Path
) -> None:
    """Such as in an outage at the start."""
    path = tmp_path / "bot.json"
    watcher = oncall.alert_groups.watch(clock=clock, checkpoint=path)
    fake.faults.add(status(503), lasting=timedelta(minutes=5))
    async with watching(watcher):
        await asyncio.sleep(60)
        with pytest.raises(CheckpointError, match="Nothing was read"):
            _ = watcher.checkpoint
    assert not path.exists()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        pytest.param("every", 0, id="no time from poll to poll"),
        pytest.param("every", timedelta(days=8), id="more than a week from poll to poll"),
        pytest.param("existing", "no", id="a word for a flag"),
        pytest.param("horizon", timedelta(0), id="nothing to watch"),
        pytest.param("overlap", -1, id="time back"),
        pytest.param("max_pages", None, id="no bound of pages"),
        pytest.param("clock", 12, id="a time for a clock"),
        pytest.param("checkpoint", 5, id="a number for a checkpoint"),
        pytest.param("checkpoint", {"server": BASE}, id="a mapping for a checkpoint"),
    ],
)
def test_invalid_arguments_are_refused_at_the_call(
    oncall: OnCallClient, argument: str, value: Any
) -> None:
    """Not at the first poll."""
    with pytest.raises(InvalidArgument, match=f"^{argument}=") as caught:
        oncall.alert_groups.watch(**{argument: value})
    assert caught.value.argument == argument
