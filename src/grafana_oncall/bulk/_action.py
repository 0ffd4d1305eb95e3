"""The actions of bulk runs: what is left to do for a group, doing it, and whether it is done."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from grafana_oncall._actions import Actions
from grafana_oncall._arguments import FOREVER
from grafana_oncall._generated.alert_groups import AlertGroupState
from grafana_oncall.changes import Snapshot
from grafana_oncall.errors import OutcomeUnknown


@attrs.frozen(kw_only=True)
class Action(ABC):
    """What is done to each group. Its fields are plain JSON, with which it can be made again."""

    name: str
    """As the method is called."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Its fields, as `restored` takes them."""
        return attrs.asdict(self)

    def steps(self, seen: Snapshot | None, /) -> Sequence[str]:
        """What is to be sent, in words; all there may be when the group was not read.

        Raises LabelError where the server would refuse.
        """
        return () if seen is not None and self.holds(seen) else (self.name,)

    @abstractmethod
    def holds(self, seen: Snapshot) -> bool:
        """Whether the effect is there."""

    async def found(self, on: Actions, group_id: str) -> bool:
        """Looks whether the effect is there."""
        return self.holds(Snapshot.of(await on.get(group_id)))

    async def was_done(self, on: Actions, group_id: str, before: AlertGroupState | None, /) -> bool:
        """Whether a request that may have had its effect had it, of a group that was so before.

        Raises OutcomeUnknown where that cannot be told, and a repeat would do harm.
        """
        del before
        return await self.found(on, group_id)

    @abstractmethod
    async def perform(
        self, on: Actions, group_id: str, seen: Snapshot | None, done: list[str], /
    ) -> None:
        """Does what is left to do; adds to `done` whatever the server took on."""


STATES_REACHED: Final[Mapping[str, frozenset[AlertGroupState]]] = {
    "acknowledge": frozenset({AlertGroupState.ACKNOWLEDGED}),
    "unacknowledge": frozenset({AlertGroupState.FIRING, AlertGroupState.SILENCED}),
    "resolve": frozenset({AlertGroupState.RESOLVED}),
    "unresolve": frozenset({*AlertGroupState} - {AlertGroupState.RESOLVED}),
    "unsilence": frozenset({*AlertGroupState} - {AlertGroupState.SILENCED}),
}
"""By action: the states in which it has nothing to do, and the server says so."""

_METHODS: Final[Mapping[str, Callable[[Actions, str], Awaitable[None]]]] = {
    "acknowledge": Actions.acknowledge,
    "unacknowledge": Actions.unacknowledge,
    "resolve": Actions.resolve,
    "unresolve": Actions.unresolve,
    "unsilence": Actions.unsilence,
}


@attrs.frozen(kw_only=True)
class Transition(Action):
    """A change of state, which is refused when it is so already."""

    def holds(self, seen: Snapshot) -> bool:
        """By its state."""
        return seen.state in STATES_REACHED[self.name]

    async def perform(
        self, on: Actions, group_id: str, _seen: Snapshot | None, done: list[str], /
    ) -> None:
        """Sends it, whatever the state was."""
        await _METHODS[self.name](on, group_id)
        done.append(self.name)


@attrs.frozen(kw_only=True)
class Silence(Action):
    """A silence, which restarts when it is repeated."""

    name: str = "silence"
    delay: int
    """Seconds, or the value of FOREVER."""

    def steps(self, _seen: Snapshot | None, /) -> Sequence[str]:
        """Always the same: also a silenced group gets this delay."""
        return (self.name,)

    def holds(self, seen: Snapshot) -> bool:
        """By its state; for how long, no answer tells."""
        return seen.state == AlertGroupState.SILENCED

    async def perform(
        self, on: Actions, group_id: str, _seen: Snapshot | None, done: list[str], /
    ) -> None:
        """Sends it."""
        await on.silence(group_id, FOREVER if self.delay == FOREVER.value else self.delay)
        done.append(self.name)

    async def was_done(self, on: Actions, group_id: str, before: AlertGroupState | None, /) -> bool:
        """Cannot tell where the group is known to have been silenced before."""
        silenced = await self.found(on, group_id)
        if silenced and before == AlertGroupState.SILENCED:
            message = (
                "silence_alert_group: the group is silenced, whether by this run cannot be told. "
                "Check for how long; silence it again if in doubt."
            )
            raise OutcomeUnknown(message, operation="silence_alert_group")
        return silenced
