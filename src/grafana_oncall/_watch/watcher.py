"""What `watch` returns: changes of alert groups, for as long as one wants."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import several_ids
from grafana_oncall.changes import Watched

from .checkpoint import Checkpoint
from .follower import Follower, WatchSettings


@attrs.frozen(kw_only=True)
class WatchHealth:
    """How a watcher is."""

    polled: datetime | None
    """When groups were last read; None before the first time."""
    lag: timedelta | None
    """Time since then."""
    failures: int
    """How many polls have failed since then."""
    watched: int
    """How many groups are known."""


class Watcher:
    """Changes of alert groups: iterate it. Nothing is sent before that.

        async for change in client.alert_groups.watch(labels={"team": "SRE"}):
            ...

    A change counts as delivered when the next one is asked for. Before it is delivered, that is
    noted in the `checkpoint`. A watcher that goes on from there delivers the rest, and again what
    was in progress, by what the group is by then; also where it was undone meanwhile. So each
    change is delivered at least once, and what was delivered last leads to how the group is. While
    a change is being worked on, nothing is read, and nothing piles up: what happens meanwhile to a
    group is delivered as one difference.

    A checkpoint that is a file is appended to, without waiting for the disk. Nothing is lost when
    the process is killed; when the machine crashes, perhaps what came after the last `save`.

    One loop or bot at a time reads from a watcher, and one watcher at a time has a file: a second
    one raises ClientStateError or CheckpointError.

    Outages are waited out, with up to five minutes from poll to poll. Iterating raises OnCallError
    where waiting cannot help: a token or a certificate that is refused, a group of unknown shape, a
    client that is closed, a checkpoint that cannot be written; and, before OnCall has ever
    answered, a login page or redirect, and a host that has had no address for two minutes.
    """

    def __init__(
        self,
        session: Session,
        settings: WatchSettings,
        checkpoint: Checkpoint | str | Path | None,
    ) -> None:
        self._follower = Follower(session, settings, checkpoint)

    def __repr__(self) -> str:
        return f"<Watcher of {self._follower.watched} alert groups: use async for>"

    def __aiter__(self) -> AsyncIterator[Watched]:
        return self._changes()

    @property
    def health(self) -> WatchHealth:
        """How it is, for a liveness probe."""
        follower = self._follower
        return WatchHealth(
            polled=follower.polled,
            lag=follower.lag,
            failures=follower.schedule.failures,
            watched=follower.watched,
        )

    @property
    def checkpoint(self) -> Checkpoint:
        """What was delivered so far, and what is in progress, for another watcher to go on from.

        Raises:
            CheckpointError: Nothing was read yet.
        """
        return self._follower.checkpoint

    def save(self) -> None:
        """Bring the checkpoint's file to the disk, if it has one, and somebody reads from this.

        For what a crash of the machine must not lose; the event loop waits for the disk meanwhile.
        """
        self._follower.save()

    def hint(self, alert_group_id: str) -> None:
        """Something may have happened to this group, as a webhook says: it is read at once.

        What has happened is told as if a poll had found it, and so is not told twice.
        """
        self._follower.schedule.hint(several_ids("alert_group_id", alert_group_id))

    async def _changes(self) -> AsyncGenerator[Watched, None]:
        follower = self._follower
        # Nothing in here may be a generator that is async: a loop that ends closes all at once.
        with follower.reading() as reader:
            await follower.begin()
            while True:
                poll = await follower.poll(reader)
                if poll.gap is not None:
                    yield poll.gap
                    follower.check(reader)
                    follower.settle_gap(poll.gap)
                for sighting in poll.sightings:
                    follower.begin_delivery(sighting)
                    for change in sighting.changes:
                        yield change
                        follower.check(reader)
                    follower.end_delivery(sighting)


def follower_of(watcher: Watcher) -> Follower:
    """For those who work on several groups at once, such as `Bot`."""
    # The class is of this module.
    return watcher._follower  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
