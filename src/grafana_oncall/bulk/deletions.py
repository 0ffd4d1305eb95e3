"""Bulk deletion: the server accepts it at once, and carries it out later."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal

import attrs
from attrs.validators import in_

from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._session import actions
from grafana_oncall._session.session import Session
from grafana_oncall.errors import NotFound, OnCallError, OutcomeUnknown

from .actions import Action, Seen
from .outcomes import Status

_FIRST_PAUSE: Final = 0.5
"""Seconds after which a server has usually carried it out (0.1 to 0.3 s were measured)."""
_MAX_PAUSE: Final = 5.0


@attrs.frozen(kw_only=True)
class Delete(Action):
    """A wipe or a deletion."""

    name: str = "delete"
    mode: Literal["wipe", "delete"] = attrs.field(validator=in_(("wipe", "delete")))
    wait: float | None
    """Seconds to wait at most until it has been carried out."""

    @property
    def success(self) -> Status:
        """ACCEPTED, because only with `wait` the run sees that it was carried out."""
        return Status.ACCEPTED if self.wait is None else Status.CHANGED

    @property
    def removes(self) -> bool:
        """Whether it is a deletion; a wiped group still exists."""
        return self.mode == "delete"

    def steps(self, _seen: Seen | None, /) -> Sequence[str]:
        """Always return the same step: a group may lack a title for another reason than a wipe."""
        return (self.mode,)

    def is_done(self, seen: Seen) -> bool:
        """Whether the group is wiped; a deleted group cannot be seen."""
        return self.mode == "wipe" and seen.is_wiped

    async def read_back(self, session: Session, group_id: str) -> bool:
        """Read the group, and return whether it is wiped; for a deletion, whether it is gone."""
        try:
            return self.is_done(Seen.of(await session.send(operations.get_alert_group(group_id))))
        except NotFound as error:
            if self.mode == "delete" and error.is_certain:
                return True
            raise

    async def perform(
        self, session: Session, group_id: str, _seen: Seen | None, done: list[str], /
    ) -> None:
        """Send it, and wait until it has been carried out, if that was asked for."""
        try:
            await session.send(actions.delete(group_id, self.mode))
        except NotFound as error:
            if self.mode == "delete" and error.is_certain:
                return
            raise
        done.append(self.mode)
        if self.wait is not None:
            await self._wait(session, group_id, self.wait)

    async def _wait(self, session: Session, group_id: str, timeout: float) -> None:
        """Read the group until it is done, for the last time when `timeout` is over."""
        now = asyncio.get_running_loop().time
        end, pause = now() + timeout, min(_FIRST_PAUSE, timeout)
        while pause > 0:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _MAX_PAUSE, end - now())
            try:
                if await self.read_back(session, group_id):
                    return
            except OnCallError as error:
                raise self._not_seen(f"the group could not be read ({error}).") from error
        raise self._not_seen(f"had not carried it out after {timeout:g} s.")

    def _not_seen(self, reason: str) -> OutcomeUnknown:
        message = (
            f"delete_alert_group: the server accepted the {self.mode}, but {reason} "
            "Check the group later."
        )
        return OutcomeUnknown(message, operation="delete_alert_group")
