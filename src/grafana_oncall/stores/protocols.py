"""What a store promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, Protocol

import attrs

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall._validation.arguments import seconds, stored_name


@attrs.frozen
class Opened(DocumentedFields):
    """A log that was opened for writing."""

    fence: int
    """Passed with each write, and higher than that of all who opened the log before."""
    lines: Sequence[bytes] = ()
    """What is in the log, oldest line first."""


class _Log(Protocol):
    """Logs by name: lines of bytes, written by whoever opened the log last.

    Names begin with what the log is: `journal:` (of a bulk run) or `checkpoint:` (of a watcher).

    All methods raise `StoreUnavailable` when the store does not respond, or not in time; then the
    effect of a write is unknown. Each method does all or nothing, also with several lines.
    """

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """Add lines to the log, in place of all earlier ones with `replace`.

        When this returns, the lines survive a crash of this process and of the store's, as far as
        the store is configured for that.

        Returns:
            False if someone else has opened the log since; then nothing was written.
        """
        ...

    async def read(self, name: str) -> Sequence[bytes]:
        """Return all lines, oldest first, without opening the log; none if there is no log."""
        ...

    async def delete(self, name: str) -> None:
        """Delete the lines; whoever has the log open may write no more."""
        ...


class JournalStore(_Log, Protocol):
    """Stores the journals of bulk runs."""

    async def open(self, name: str) -> Opened:
        """Open a log, and take it over from whoever has it open; an unknown name is an empty log.

        What others are writing at this moment is either in `.lines` or is refused.
        """
        ...


class CheckpointStore(_Log, Protocol):
    """Stores the checkpoints of watchers and bots, each with a lease: one watcher at a time."""

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """Open a log for `ttl` seconds, if nobody else has.

        Returns:
            The opened log; or, where someone else has it, the seconds after which their lease ends
            unless they renew it.
        """
        ...

    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """Let the lease end `ttl` seconds from now.

        Returns:
            False if someone else has acquired the log since.
        """
        ...

    async def release(self, name: str, fence: int) -> None:
        """End the lease at once, if it is still that of this fence."""
        ...


class SeenStore(Protocol):
    """Remembers webhook events that were received, so that no receiver takes one twice.

    Keys begin with `event:`, so a store may keep them among its logs.

    Methods raise `StoreUnavailable` when the store does not respond.
    """

    async def claim(self, key: str, *, ttl: float) -> Literal["new", "claimed", "seen"]:
        """Reserve an event for `ttl` seconds.

        Returns:
            `new` if nobody had, `claimed` if someone handles it now, `seen` if it was handled.
        """
        ...

    async def confirm(self, key: str, *, ttl: float) -> None:
        """Remember for `ttl` seconds that the event was handled."""
        ...

    async def forget(self, key: str) -> None:
        """Give up a reservation, so that the next receiver of the event handles it."""
        ...


def _name(_: object, field: attrs.Attribute[Any], value: object) -> None:
    stored_name(field.name, value)


def _ttl(value: timedelta | float) -> float:
    return seconds("ttl", value)


@attrs.frozen
class StoredCheckpoint(DocumentedFields):
    """A checkpoint in a store, for `watch(checkpoint=)`; such as `store.checkpoint("noise")`."""

    store: CheckpointStore
    """Where it is kept."""
    name: str = attrs.field(validator=_name)
    """Which checkpoint: all replicas of a bot use the same name."""
    ttl: float = attrs.field(default=5.0, converter=_ttl)
    """Seconds after which another replica takes over from one that does not renew its lease."""

    @property
    def log(self) -> str:
        """The name of its log in the store."""
        return f"checkpoint:{self.name}"
