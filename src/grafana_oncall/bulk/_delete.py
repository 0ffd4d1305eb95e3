"""Deletions of bulk runs, and the wait until the server has done them."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal

import attrs
from attrs.validators import in_

from grafana_oncall._session.actions import Actions
from grafana_oncall.errors import NotFound, OnCallError, OutcomeUnknown

from ._action import Action, Seen
from ._outcome import Status

_FIRST_LOOK: Final = 0.5
"""Seconds after which a server has usually done what it took on (0.1 to 0.3 s were measured)."""

_LONGEST_PAUSE: Final = 5.0


@attrs.frozen(kw_only=True)
class Delete(Action):
    """A wipe or a deletion, which the server takes on, and does later."""

    name: str = "delete"
    mode: Literal["wipe", "delete"] = attrs.field(validator=in_(("wipe", "delete")))
    wait: float | None
    """Longest time in seconds to wait until it has happened."""

    @property
    def success(self) -> Status:
        """The server does it later: only with `wait` it is seen to be done."""
        return Status.ACCEPTED if self.wait is None else Status.CHANGED

    def steps(self, _seen: Seen | None, /) -> Sequence[str]:
        """Always the same: a group may have no title for another reason than a wipe."""
        return (self.mode,)

    def holds(self, seen: Seen) -> bool:
        """Whether it has been wiped; one that is deleted cannot be seen."""
        return self.mode == "wipe" and seen.is_wiped

    async def found(self, on: Actions, group_id: str) -> bool:
        """Looks; a group that is gone was deleted."""
        try:
            return self.holds(Seen.of(await on.get(group_id)))
        except NotFound as error:
            if self.mode == "delete" and error.is_certain:
                return True
            raise

    async def perform(
        self, on: Actions, group_id: str, _seen: Seen | None, done: list[str], /
    ) -> None:
        """Sends it, and waits for it if asked to."""
        try:
            await on.delete(group_id, mode=self.mode)
        except NotFound as error:
            if self.mode == "delete" and error.is_certain:
                return
            raise
        done.append(self.mode)
        if self.wait is not None:
            await self._until_done(on, group_id, self.wait)

    async def _until_done(self, on: Actions, group_id: str, longest: float) -> None:
        """Looks again and again; the last look is after `longest`, however long a pause was."""
        clock = asyncio.get_running_loop().time
        end, pause = clock() + longest, min(_FIRST_LOOK, longest)
        while pause > 0:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE, end - clock())
            try:
                if await self.found(on, group_id):
                    return
            except OnCallError as error:
                raise _not_yet(self.mode, f"nothing could be seen of it ({error})") from error
        raise _not_yet(self.mode, f"it had not happened after {longest:g} s.")


def _not_yet(mode: str, reason: str) -> OutcomeUnknown:
    message = f"delete_alert_group: the server took on the {mode}, but {reason} Look again later."
    return OutcomeUnknown(message, operation="delete_alert_group")
