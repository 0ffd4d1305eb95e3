"""The actions of bulk runs: what is to be sent for a group, sending it, and reading it back.

`label_changes` and `deletions` have the others.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
import msgspec

from grafana_oncall._core.request import Request
from grafana_oncall._generated.models.alert_groups import (
    AlertGroup,
    AlertGroupSilence,
    AlertGroupState,
)
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import FOREVER, silence_delay
from grafana_oncall.errors import AlreadyInState, Conflict, OnCallError, OutcomeUnknown

from .outcomes import Status


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The fields of a listed group that a run keeps.

    There may be tens of thousands, and the event loop waits for a full garbage collection, which
    leaves them out: they cannot be part of a cycle.
    """

    id: str
    created_at: datetime
    state: AlertGroupState
    labels: tuple[tuple[str, str], ...]
    """Pairs of key and value."""
    silenced_at: datetime | None
    is_wiped: bool
    """Whether it is what a wipe leaves: resolved, with neither title nor payload."""

    @classmethod
    def of(cls, group: AlertGroup) -> "Seen":
        """Return what to keep of a group."""
        payload = None if group.last_alert is None else group.last_alert.payload
        is_resolved = group.state == AlertGroupState.RESOLVED
        return cls(
            id=group.id,
            created_at=group.created_at,
            state=group.state,
            labels=tuple((label.key.name, label.value.name) for label in group.labels),
            silenced_at=group.silenced_at,
            is_wiped=is_resolved and group.title is None and not payload,
        )


@attrs.frozen(kw_only=True)
class Action(ABC):
    """What is done to each group. Its fields are plain JSON, from which `restored` remakes it."""

    name: str
    """The name of the method of `Bulk`."""

    @property
    def success(self) -> Status:
        """The status of a group for which the server accepted every request."""
        return Status.CHANGED

    @property
    def removes(self) -> bool:
        """Whether a group does not exist any more after it."""
        return False

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The fields, as JSON."""
        return attrs.asdict(self)

    def steps(self, seen: Seen | None, /) -> Sequence[str]:
        """Return what is to be sent, in words; if the group was not read, all that may be.

        Raises:
            LabelError: The server would refuse it.
        """
        return () if seen is not None and self.is_done(seen) else (self.name,)

    @abstractmethod
    def is_done(self, seen: Seen) -> bool:
        """Whether the group already is as the action leaves it."""

    async def read_back(self, session: Session, group_id: str) -> bool:
        """Read the group, and return whether it is as the action leaves it."""
        return self.is_done(Seen.of(await session.send(operations.get_alert_group(group_id))))

    async def had_effect(
        self, session: Session, group_id: str, silenced_at: datetime | None, /
    ) -> bool:
        """Read back whether a request of an earlier run had its effect.

        Args:
            session: What to read with.
            group_id: Id of the group.
            silenced_at: Since when the group was silenced before that request, if it was.

        Raises:
            OutcomeUnknown: The group does not show it, and a repeat would do harm.
        """
        del silenced_at
        return await self.read_back(session, group_id)

    @abstractmethod
    async def perform(
        self, session: Session, group_id: str, seen: Seen | None, done: list[str], /
    ) -> None:
        """Send what is left to do; append to `done` each step that the server accepted."""


DONE_STATES: Final[Mapping[str, frozenset[AlertGroupState]]] = {
    "acknowledge": frozenset({AlertGroupState.ACKNOWLEDGED}),
    "unacknowledge": frozenset({AlertGroupState.FIRING, AlertGroupState.SILENCED}),
    "resolve": frozenset({AlertGroupState.RESOLVED}),
    "unresolve": frozenset({*AlertGroupState} - {AlertGroupState.RESOLVED}),
    "unsilence": frozenset({*AlertGroupState} - {AlertGroupState.SILENCED}),
}
"""By transition: the states in which the server refuses it, because there is nothing to do."""

_BUILDERS: Final[Mapping[str, Callable[[str], Request[None]]]] = {
    "acknowledge": operations.acknowledge_alert_group,
    "unacknowledge": operations.unacknowledge_alert_group,
    "resolve": operations.resolve_alert_group,
    "unresolve": operations.unresolve_alert_group,
    "unsilence": operations.unsilence_alert_group,
}


@attrs.frozen(kw_only=True)
class Transition(Action):
    """A change of state, which the server refuses when the group already is in that state."""

    def is_done(self, seen: Seen) -> bool:
        """Whether the group is in such a state."""
        return seen.state in DONE_STATES[self.name]

    async def perform(
        self, session: Session, group_id: str, seen: Seen | None, done: list[str], /
    ) -> None:
        """Send it, whatever the state was; read the group where the response is ambiguous."""
        try:
            await session.send(_BUILDERS[self.name](group_id))
        except AlreadyInState as error:
            if self.name == "acknowledge":
                await self._check_already(session, group_id, error)
            raise
        done.append(self.name)
        if self.name == "unresolve" and (seen is None or seen.is_wiped):
            await self._check_unresolved(session, group_id, done)

    async def _check_already(self, session: Session, group_id: str, error: AlreadyInState) -> None:
        """Raise Conflict when it is in another state: an acknowledgement outlives a resolution."""
        state = (await session.send(operations.get_alert_group(group_id))).state
        if state not in DONE_STATES[self.name]:
            raise Conflict(
                status=error.status,
                detail=f"{error.detail}, but it is {state} by now",
                fields=error.fields,
                operation=error.operation,
                method=error.method,
                path=error.path,
            ) from error

    async def _check_unresolved(self, session: Session, group_id: str, done: list[str]) -> None:
        """Raise Conflict for a wiped group: the server reports success, and leaves it resolved."""
        try:
            seen = Seen.of(await session.send(operations.get_alert_group(group_id)))
        except OnCallError as error:
            message = (
                "unresolve_alert_group: the server accepted it, but leaves wiped groups resolved, "
                f"and the group could not be read to see whether it is one ({error}). Check its "
                "state."
            )
            raise OutcomeUnknown(message, operation="unresolve_alert_group") from error
        if seen.is_wiped:
            done.remove(self.name)
            raise Conflict(
                status=200,
                detail="the server accepted it, but left the group resolved, because it is wiped",
                fields={},
                operation="unresolve_alert_group",
                method="POST",
                path=f"/api/v1/alert_groups/{group_id}/unresolve/",
            )


@attrs.frozen(kw_only=True)
class Silence(Action):
    """A silence, which restarts when it is repeated."""

    name: str = "silence"
    delay: int
    """Seconds, or the value of FOREVER."""

    def steps(self, _seen: Seen | None, /) -> Sequence[str]:
        """Always return the same step: a silenced group gets the new delay, too."""
        return (self.name,)

    def is_done(self, seen: Seen) -> bool:
        """Whether the group is silenced; no response says for how long."""
        return seen.state == AlertGroupState.SILENCED

    async def perform(
        self, session: Session, group_id: str, _seen: Seen | None, done: list[str], /
    ) -> None:
        """Send it."""
        delay = FOREVER if self.delay == FOREVER.value else self.delay
        body = AlertGroupSilence(delay=silence_delay(delay))
        await session.send(operations.silence_alert_group(group_id, body))
        done.append(self.name)

    async def had_effect(
        self, session: Session, group_id: str, silenced_at: datetime | None, /
    ) -> bool:
        """Return False when it certainly had not; a silence in place may be another client's.

        No response says who silenced a group, and the clocks of client and server differ. But the
        server's own clock proves one thing: a silence that began when the one before the request
        did is that one, because ours would have restarted it.
        """
        seen = Seen.of(await session.send(operations.get_alert_group(group_id)))
        if not self.is_done(seen) or (silenced_at is not None and seen.silenced_at == silenced_at):
            return False
        message = (
            "silence_alert_group: the group is silenced, but no response says whether by this run. "
            "Check when the silence ends; silence it again if in doubt."
        )
        raise OutcomeUnknown(message, operation="silence_alert_group")
