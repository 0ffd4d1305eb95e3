"""The watcher that `watch` returns: iterate it to get changes of alert groups."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from grafana_oncall._core.aio import only_async
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import several_ids
from grafana_oncall.changes import Watched
from grafana_oncall.stores import StoredCheckpoint

from .checkpoint import Checkpoint
from .follower import Follower, WatchSettings
from .tracker import Source


@attrs.frozen(kw_only=True)
class WatchHealth:
    """The state of a watcher."""

    polled: datetime | None
    """When groups were last read; None before the first poll."""
    lag: timedelta | None
    """Time since then."""
    failures: int
    """Polls that have failed since then."""
    watched: int
    """Groups that are tracked."""
    standby: bool
    """Whether another replica leads, and this one waits: nothing is polled."""


class Watcher(ShortTracebacks):
    """Changes of alert groups, or of who is on call, by polling: iterate it.

    Nothing is sent before that.

        async for change in client.alert_groups.watch(labels={"team": "SRE"}):
            ...

    Each change is delivered at least once, and the last one leads to the group's present state. A
    change counts as delivered when the next one is requested. Before it is delivered, that is
    recorded in the `checkpoint`. A watcher that continues from there delivers the rest, and again
    what was in flight, by the group's present state, even where the change was undone meanwhile.

    While your code handles a change, nothing is polled and nothing piles up: what happens to a
    group meanwhile is delivered as one difference.

    A checkpoint that is a file is appended to, without waiting for the disk. Nothing is lost when
    the process is killed; when the machine crashes, what came after the last `save` may be.

    A checkpoint in a store has replicas: watchers with the same name, in any number of processes.
    One leads, and the others stand by: they send nothing until the leader ends or has not renewed
    its lease for the `ttl`. Then one of them continues. Iterating raises CheckpointError as soon as
    the lease has ended, so that nothing more is delivered: start anew, and the watcher stands by.
    What your code does with a change at that moment goes on; `Bot` cancels it.

    One loop or bot at a time reads from a watcher, and one watcher at a time uses a file; a second
    one raises ClientStateError or CheckpointError.

    During outages polling continues, with backoff of up to five minutes. Iterating raises
    OnCallError for what does not pass by itself: a token or certificate that is rejected, a closed
    client, a checkpoint that cannot be read or written, or is of another server or filter, a store
    that does not respond at the start, groups of which none can be decoded; and, before the first
    response from OnCall, a login page or redirect, and a host that has had no address for two
    minutes. A group that cannot be decoded, among others that can, is left out until it can be;
    `events.GroupsSkipped` and the log name it.
    """

    def __init__(
        self,
        session: Session,
        source: Source,
        settings: WatchSettings,
        checkpoint: Checkpoint | StoredCheckpoint | str | Path | None,
    ) -> None:
        self._follower = Follower(session, source, settings, checkpoint)

    def __repr__(self) -> str:
        return f"<Watcher of {self._follower.tracked} {self._follower.noun}: use async for>"

    if not TYPE_CHECKING:  # type checkers find these by themselves
        __await__ = __iter__ = only_async("use `async for`.")

    def __aiter__(self) -> AsyncIterator[Watched]:
        return self._changes()

    @property
    def health(self) -> WatchHealth:
        """The present state, for a liveness probe."""
        follower = self._follower
        return WatchHealth(
            polled=follower.polled,
            lag=follower.lag,
            failures=follower.schedule.failures,
            watched=follower.tracked,
            standby=follower.recorder.standby,
        )

    @property
    def checkpoint(self) -> Checkpoint:
        """What was delivered so far and what is in flight, for another watcher to continue from.

        Raises:
            CheckpointError: Nothing was read yet.
        """
        return self._follower.recorder.checkpoint

    def save(self) -> None:
        """Flush the checkpoint's file to the disk, if there is one, while this watcher is read.

        For what must survive a crash of the machine; the event loop waits for the disk meanwhile.
        What a store does not have yet is written at once, and not a tenth of a second later.
        """
        self._follower.recorder.save()

    def hint(self, alert_group_id: str | AlertGroup) -> None:
        """Read this group at once, because it may have changed, as a webhook says.

        Its changes are delivered as if a poll had found them, and so not a second time. Up to 30
        groups are read at once, and one more every five seconds in the long run. If more are hinted
        at, a poll looks for them within 15 seconds; it reads what is new, open or tracked, so hints
        at other teams' groups cost nothing more. Any thread may call it.
        """
        self._follower.hint(several_ids("alert_group_id", alert_group_id, AlertGroup))

    async def _changes(self) -> AsyncGenerator[Watched, None]:
        follower = self._follower
        # No async generator may be open in here: an event loop that shuts down closes them all at
        # once, in any order.
        async with follower.reading() as reader:
            await follower.begin()
            while True:
                poll = await follower.poll(reader)
                if poll.gap is not None:
                    await follower.mark_gap_in_flight()
                    follower.check(reader)
                    yield poll.gap
                    follower.check(reader)
                    follower.mark_gap_delivered(poll.gap)
                for changes in poll.changed:
                    await follower.mark_in_flight(changes)
                    for change in changes.changes:
                        follower.check(reader)
                        yield change
                    follower.check(reader)
                    follower.mark_delivered(changes)


def follower_of(watcher: Watcher) -> Follower:
    """Return the follower of a watcher, for `Bot`, which handles several groups at once."""
    # The class is of this module.
    return watcher._follower  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
