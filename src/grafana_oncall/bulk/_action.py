"""The actions of bulk runs: what is left to do for a group, doing it, and whether it is done."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import attrs
from attrs.validators import in_

from grafana_oncall._actions import Actions
from grafana_oncall._arguments import FOREVER
from grafana_oncall._generated.alert_groups import AlertGroupState
from grafana_oncall._generated.constraints import LABELS_MAX
from grafana_oncall.changes import Snapshot
from grafana_oncall.errors import (
    AlreadyInState,
    LabelError,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    Problem,
)

_Pair: TypeAlias = tuple[str, str]

_FIRST_LOOK: Final = 0.5
"""Seconds after which a server has usually done what it took on (0.1 to 0.3 s were measured)."""

_LONGEST_PAUSE: Final = 5.0

_LABEL_GONE: Final = "Label not found"
"""The server's 404 for a label, which differs from that for a group."""


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


_REACHED: Final[Mapping[str, frozenset[AlertGroupState]]] = {
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
        return seen.state in _REACHED[self.name]

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


@attrs.frozen(kw_only=True)
class Delete(Action):
    """A wipe or a deletion, which the server takes on, and does later."""

    name: str = "delete"
    mode: Literal["wipe", "delete"] = attrs.field(validator=in_(("wipe", "delete")))
    wait: float | None
    """Longest time in seconds to wait until it has happened."""

    def steps(self, _seen: Snapshot | None, /) -> Sequence[str]:
        """Always the same: a group may have no title for another reason than a wipe."""
        return (self.mode,)

    def holds(self, seen: Snapshot) -> bool:
        """Whether it has been wiped; one that is deleted cannot be seen."""
        wiped = seen.title is None and seen.state == AlertGroupState.RESOLVED
        return self.mode == "wipe" and wiped

    async def found(self, on: Actions, group_id: str) -> bool:
        """Looks; a group that is gone was deleted."""
        try:
            group = await on.get(group_id)
        except NotFound as error:
            if self.mode == "delete" and error.is_certain:
                return True
            raise
        # A group may have no title for another reason; after a wipe it has no payload either.
        payload = None if group.last_alert is None else group.last_alert.payload
        return self.holds(Snapshot.of(group)) and not payload

    async def perform(
        self, on: Actions, group_id: str, _seen: Snapshot | None, done: list[str], /
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


def _pairs(labels: Iterable[Iterable[str]]) -> tuple[_Pair, ...]:
    return tuple((key, value) for key, value in labels)


@attrs.frozen(kw_only=True)
class Labels(Action):
    """Labels to attach or to take off: of each group, those that are missing or there."""

    labels: tuple[_Pair, ...] = attrs.field(converter=_pairs)

    @property
    def _adds(self) -> bool:
        return self.name == "add_labels"

    def _left(self, seen: Snapshot | None) -> list[_Pair]:
        there = None if seen is None else set(seen.labels)
        left = [one for one in self.labels if there is None or (one in there) != self._adds]
        number = len(left) + (0 if there is None else len(there))
        if self._adds and left and number > LABELS_MAX:
            rule = f"It would have {number} labels; at most {LABELS_MAX} are allowed."
            raise LabelError([Problem(where="alert group", rule=rule)], argument="labels")
        return left

    def steps(self, seen: Snapshot | None, /) -> Sequence[str]:
        """One for each label that is left to do."""
        verb = "add" if self._adds else "remove"
        return [f"{verb} {key}:{value}" for key, value in self._left(seen)]

    def holds(self, seen: Snapshot) -> bool:
        """Whether all of them are there, or none."""
        return not self._left(seen)

    async def perform(
        self, on: Actions, group_id: str, seen: Snapshot | None, done: list[str], /
    ) -> None:
        """Sends what is left to do, one by one, up to the first that fails."""
        seen = seen or Snapshot.of(await on.get(group_id))
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


_KINDS: Final[Mapping[str, type[Action]]] = {
    **dict.fromkeys(_REACHED, Transition),
    "silence": Silence,
    "delete": Delete,
    "add_labels": Labels,
    "remove_labels": Labels,
}


def restored(arguments: Mapping[str, Any]) -> Action:
    """The action whose fields these are; raises KeyError or TypeError when there is none."""
    return _KINDS[arguments["name"]](**arguments)
