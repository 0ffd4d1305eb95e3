"""Webhook events that were seen, as lines of a log: the last line of an event counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeAlias

import msgspec

from grafana_oncall._core.files import sealed, unsealed

from .file_log import Lease, LogFile

State: TypeAlias = Literal["new", "claimed", "seen"]

_MIN_LINES: Final = 64
"""Lines of a log up to which those that are out of date stay in it."""


class _Event(msgspec.Struct, frozen=True):
    key: str
    state: State
    """New: its reservation was given up."""
    lease: Lease


class Events:
    """The events of a log, which is locked meanwhile."""

    def __init__(self, log: LogFile) -> None:
        self._log = log
        lines = log.read()
        last = {event.key: event for event in _events(lines)}
        self._known = {key: event for key, event in last.items() if event.lease.left}
        self._lines = len(lines)

    def claim(self, key: str, ttl: float) -> State:
        """Reserve an event, and return in which state it was before."""
        if key in self._known:
            return self._known[key].state
        self._write(_Event(key, "claimed", Lease.of(ttl)))
        return "new"

    def confirm(self, key: str, ttl: float) -> None:
        """Remember that an event was handled."""
        self._write(_Event(key, "seen", Lease.of(ttl)))

    def forget(self, key: str) -> None:
        """Give up the reservation of an event, if there is one."""
        if key in self._known and self._known[key].state == "claimed":
            self._write(_Event(key, "new", Lease()))

    def _write(self, event: _Event) -> None:
        """Add a line, or remove the lines that are out of date when they are half of all."""
        self._known[event.key] = event
        if self._lines < max(_MIN_LINES, 2 * len(self._known)):
            self._log.append(None, [_line(event)], replace=False)
        else:
            self._log.append(None, [*map(_line, self._known.values())], replace=True)


def _line(event: _Event) -> bytes:
    return sealed(msgspec.json.encode(event))


def _events(lines: Sequence[bytes]) -> Iterator[_Event]:
    for line in lines:
        # A crash of the machine may spoil lines, and no event is remembered beyond that.
        with suppress(ValueError, msgspec.MsgspecError):
            yield msgspec.json.decode(unsealed(line), type=_Event)
