"""The lease of a checkpoint in a store: one replica of a bot leads, and the others stand by.

How it works, and why two never lead at a time. Whoever acquires the checkpoint leads for as long as
the lease lasts, and renews it three times within the `ttl`. It stops by itself when 0.9 `ttl` have
passed, by its own clock, since it asked for the last renewal that was granted: that is before the
store lets anyone else begin. If its clock stands still, as on a virtual machine that is paused, the
fence does the same: nothing is delivered before the store has taken the line that says so (see
`checkpoint_store`), and it takes no line of a replica that another one has replaced.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from grafana_oncall.errors import CheckpointError, StoreUnavailable
from grafana_oncall.stores import Opened, StoredCheckpoint

_logger: Final = logging.getLogger("grafana_oncall")

_OWN_SHARE: Final = 0.9
"""Part of the ttl after which a leader stops: clocks may differ in speed by the rest of it."""

_RENEWALS: Final = 3
"""Renewals within the ttl."""

RETRIES: Final = 20
"""Attempts within the ttl while the store does not respond."""

_STANDBY_INTERVAL: Final = 0.25
"""Seconds after which a replica that stands by asks again, at the latest."""
_MIN_INTERVAL: Final = 0.01


class Lease:
    """The right to lead, which ends by itself unless it is renewed. Times are the loop's."""

    def __init__(
        self, stored: StoredCheckpoint, on_lost: Callable[[CheckpointError], object]
    ) -> None:
        self._stored = stored
        self._on_lost = on_lost
        self.standby = False
        """Whether someone else leads, and this replica waits."""
        self.fence = 0
        self.ends = 0.0
        """When it ends for whoever has it, which is before it ends for others."""
        self.lost: CheckpointError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._failure: StoreUnavailable | None = None
        """Of the last request, if the store did not respond to that."""

    async def acquire(self) -> Sequence[bytes]:
        """Stand by until nobody else leads, and return the lines of the checkpoint.

        Raises:
            StoreUnavailable: The store did not respond at all. Later it is waited for.
        """
        self.lost = None
        try:
            asked = _now()
            reply = await self._stored.store.acquire(self._stored.log, ttl=self._stored.ttl)
            while not isinstance(reply, Opened):
                self._stand_by()
                await asyncio.sleep(max(_MIN_INTERVAL, min(reply, _STANDBY_INTERVAL)))
                asked, reply = _now(), await self._ask_again()
        finally:
            self.standby = False
        self.fence = reply.fence
        self._extend(asked)
        _logger.info("%s: this replica leads", self)
        return reply.lines

    def _stand_by(self) -> None:
        if not self.standby:
            self.standby = True
            _logger.info("%s: another replica leads, and this one stands by", self)

    async def _ask_again(self) -> Opened | float:
        try:
            reply = await self._stored.store.acquire(self._stored.log, ttl=self._stored.ttl)
        except StoreUnavailable as error:
            self.unavailable(error)
            return _STANDBY_INTERVAL
        self.available()
        return reply

    async def keep(self) -> None:
        """Renew it for ever; raise CheckpointError when another replica has taken over."""
        while True:
            await asyncio.sleep(self._stored.ttl / (RETRIES if self._failure else _RENEWALS))
            asked = _now()
            try:
                renewed = await self._stored.store.renew(
                    self._stored.log, self.fence, ttl=self._stored.ttl
                )
            except StoreUnavailable as error:
                self.unavailable(error)
                continue
            self.available()
            if not renewed:
                raise self.taken_over()
            self._extend(asked)

    def _extend(self, asked: float) -> None:
        self.ends = asked + _OWN_SHARE * self._stored.ttl
        self.stop_timer()
        self._timer = asyncio.get_running_loop().call_at(self.ends, self._expire)

    def _expire(self) -> None:
        message = (
            f"{self}: the lease of this replica has ended, because it was not renewed for "
            f"{_OWN_SHARE * self._stored.ttl:g} seconds, so another replica may take over. Start "
            "this one again: it stands by, or leads again."
        )
        error = CheckpointError(message, path=None)
        error.__cause__ = self._failure
        self.lose(error)

    def taken_over(self) -> CheckpointError:
        """Return the error for a refusal by the store."""
        message = f"{self}: another replica has taken over. Start this one again, and it stands by."
        return CheckpointError(message, path=None)

    def lose(self, error: CheckpointError) -> None:
        """Lead no more, for this reason."""
        if self.lost is None:
            self.lost = error
            self.stop_timer()
            _logger.info("%s: this replica leads no more", self)
            self._on_lost(error)

    def check(self) -> None:
        """Raise CheckpointError unless this replica still leads.

        By the time, too: after a pause of the process, other callbacks may run before the timer.
        """
        if self.lost is None and _now() >= self.ends:
            self._expire()
        if self.lost is not None:
            raise self.lost

    async def release(self) -> None:
        """Let another replica lead at once, unless the store does not respond."""
        try:
            await self._stored.store.release(self._stored.log, self.fence)
        except StoreUnavailable as error:
            self.unavailable(error)

    def stop_timer(self) -> None:
        """Leave the end to the caller."""
        if self._timer is not None:
            self._timer.cancel()

    def unavailable(self, error: StoreUnavailable) -> None:
        """Log the first failure of several."""
        if self._failure is None:
            _logger.warning("%s: the store does not respond, and is asked again: %s", self, error)
        self._failure = error

    def available(self) -> None:
        """Note that the store has responded."""
        self._failure = None

    def __str__(self) -> str:
        return f"Checkpoint {self._stored.name!r}"


def _now() -> float:
    return asyncio.get_running_loop().time()
