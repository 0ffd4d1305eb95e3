"""The actions of bulk runs: what is left to do for a group, doing it, and whether it is done."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import attrs
from attrs.validators import in_

from grafana_oncall._generated.constraints import LABELS_MAX
from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState
from grafana_oncall._session.actions import Actions
from grafana_oncall._validation.arguments import FOREVER
from grafana_oncall.errors import (
    AlreadyInState,
    Conflict,
    LabelError,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    Problem,
)

from .outcomes import Status


@attrs.frozen(kw_only=True)
class Seen:
    """What a run keeps of a group that it has read."""

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
        """Of a group as the server shows it."""
        payload = None if group.last_alert is None else group.last_alert.payload
        is_resolved = group.state == AlertGroupState.RESOLVED
        return cls(
            id=group.id,
            created_at=group.created_at,
            state=group.state,
            labels=tuple((one.key.name, one.value.name) for one in group.labels),
            silenced_at=group.silenced_at,
            is_wiped=is_resolved and group.title is None and not payload,
        )


@attrs.frozen(kw_only=True)
class Action(ABC):
    """What is done to each group. Its fields are plain JSON, with which it can be made again."""

    name: str
    """As the method is called."""

    @property
    def success(self) -> Status:
        """What becomes of a group for which the server took all of it."""
        return Status.CHANGED

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Its fields, as `restored` takes them."""
        return attrs.asdict(self)

    def steps(self, seen: Seen | None, /) -> Sequence[str]:
        """What is to be sent, in words; all there may be when the group was not read.

        Raises LabelError where the server would refuse.
        """
        return () if seen is not None and self.holds(seen) else (self.name,)

    @abstractmethod
    def holds(self, seen: Seen) -> bool:
        """Whether the effect is there."""

    async def found(self, on: Actions, group_id: str) -> bool:
        """Looks whether the effect is there."""
        return self.holds(Seen.of(await on.get(group_id)))

    async def was_done(self, on: Actions, group_id: str, silenced_at: datetime | None, /) -> bool:
        """Looks whether a request that may have had its effect had it.

        `silenced_at` is when the group had been silenced when it was last seen before that request,
        if it was. Raises OutcomeUnknown where nothing can be told, and a repeat would do harm.
        """
        del silenced_at
        return await self.found(on, group_id)

    @abstractmethod
    async def perform(
        self, on: Actions, group_id: str, seen: Seen | None, done: list[str], /
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

    def holds(self, seen: Seen) -> bool:
        """By its state."""
        return seen.state in STATES_REACHED[self.name]

    async def perform(
        self, on: Actions, group_id: str, seen: Seen | None, done: list[str], /
    ) -> None:
        """Sends it, whatever the state was; looks afterwards where the response is ambiguous."""
        try:
            await _METHODS[self.name](on, group_id)
        except AlreadyInState as error:
            if self.name == "acknowledge":
                await self._check_already(on, group_id, error)
            raise
        done.append(self.name)
        if self.name == "unresolve" and (seen is None or seen.is_wiped):
            await self._check_unresolved(on, group_id, done)

    async def _check_already(self, on: Actions, group_id: str, refusal: AlreadyInState) -> None:
        """Raises Conflict where it is not: an acknowledgement outlives a resolution."""
        state = (await on.get(group_id)).state
        if state not in STATES_REACHED[self.name]:
            raise Conflict(
                status=refusal.status,
                detail=f"{refusal.detail}, and it is {state} by now",
                fields=refusal.fields,
                operation=refusal.operation,
                method=refusal.method,
                path=refusal.path,
            ) from refusal

    async def _check_unresolved(self, on: Actions, group_id: str, done: list[str]) -> None:
        """Raises Conflict for a wiped group: the server says success, and leaves it resolved."""
        try:
            seen = Seen.of(await on.get(group_id))
        except OnCallError as error:
            message = (
                "unresolve_alert_group: the server accepted it, but leaves wiped groups resolved, "
                f"and whether this is one could not be seen ({error}). Check its state."
            )
            raise OutcomeUnknown(message, operation="unresolve_alert_group") from error
        if seen.is_wiped:
            done.remove(self.name)
            raise Conflict(
                status=200,
                detail="the server accepted it, and left the group resolved, because it is wiped",
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
        """Always the same: also a silenced group gets this delay."""
        return (self.name,)

    def holds(self, seen: Seen) -> bool:
        """By its state; for how long, no answer tells."""
        return seen.state == AlertGroupState.SILENCED

    async def perform(
        self, on: Actions, group_id: str, _seen: Seen | None, done: list[str], /
    ) -> None:
        """Sends it."""
        await on.silence(group_id, FOREVER if self.delay == FOREVER.value else self.delay)
        done.append(self.name)

    async def was_done(self, on: Actions, group_id: str, silenced_at: datetime | None, /) -> bool:
        """Whether it is certainly not there; a silence that is there may be anybody's.

        No response says who silenced a group or for how long, and the clocks of client and server
        differ. What proves something is the server's own clock: a silence that began when one did
        that was there before the request is that one, since ours would have restarted it.
        """
        seen = Seen.of(await on.get(group_id))
        if not self.holds(seen) or (silenced_at is not None and seen.silenced_at == silenced_at):
            return False
        message = (
            "silence_alert_group: the group is silenced; whether by this run cannot be told. "
            "Check for how long; silence it again if in doubt."
        )
        raise OutcomeUnknown(message, operation="silence_alert_group")


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


_Pair: TypeAlias = tuple[str, str]

_LABEL_GONE: Final = "Label not found"
"""The server's 404 for a label, which differs from that for a group."""


def _pairs(labels: Iterable[Iterable[str]]) -> tuple[_Pair, ...]:
    return tuple((key, value) for key, value in labels)


@attrs.frozen(kw_only=True)
class Labels(Action):
    """Labels to attach or to take off: of each group, those that are missing or there."""

    labels: tuple[_Pair, ...] = attrs.field(converter=_pairs)

    @property
    def _adds(self) -> bool:
        return self.name == "add_labels"

    def _left(self, seen: Seen | None) -> list[_Pair]:
        there = None if seen is None else set(seen.labels)
        left = [one for one in self.labels if there is None or (one in there) != self._adds]
        number = len(left) + (0 if there is None else len(there))
        if self._adds and left and number > LABELS_MAX:
            rule = f"It would have {number} labels; at most {LABELS_MAX} are allowed."
            raise LabelError([Problem(where="alert group", rule=rule)], argument="labels")
        return left

    def steps(self, seen: Seen | None, /) -> Sequence[str]:
        """One for each label that is left to do."""
        verb = "add" if self._adds else "remove"
        return [f"{verb} {key}:{value}" for key, value in self._left(seen)]

    def holds(self, seen: Seen) -> bool:
        """Whether all of them are there, or none."""
        return not self._left(seen)

    async def perform(
        self, on: Actions, group_id: str, seen: Seen | None, done: list[str], /
    ) -> None:
        """Sends what is left to do, one by one, up to the first that fails."""
        seen = seen or Seen.of(await on.get(group_id))
        for (key, value), step in zip(self._left(seen), self.steps(seen), strict=True):
            if await self._sent(on, group_id, key, value):
                done.append(step)

    async def _sent(self, on: Actions, group_id: str, key: str, value: str) -> bool:
        """Whether it was this request that changed something: another actor may be faster."""
        try:
            if self._adds:
                await on.add_label(group_id, key, value)
            else:
                await on.remove_label(group_id, key, value)
        except AlreadyInState:
            return False
        except NotFound as error:
            if error.detail == _LABEL_GONE:
                return False
            raise
        return True
