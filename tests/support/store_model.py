"""What may be in a store, when the effect of what got no reply is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

import attrs

Lines: TypeAlias = tuple[bytes, ...]
Result: TypeAlias = Lines | bool | str | None

Lease: TypeAlias = Literal["none", "held", "perhaps"]

HELD: Final = "someone else has it"
LOST: Final = -1
"""The fence of whoever opened the log without getting the reply."""


@attrs.frozen
class Action:
    """What a writer does, with the fence that it has."""

    name: str
    fence: int = 0
    lines: Lines = ()
    passes: bool = False
    """Whether the lease that is acquired may have ended by the next action."""


@attrs.frozen
class State:
    """One log, and one event."""

    lines: Lines = ()
    fence: int = 0
    """Of whoever opened it last; 0 when it is closed."""
    lease: Lease = "none"
    event: Literal["new", "claimed", "seen"] = "new"

    def after(self, action: Action, fence: int) -> Iterator[tuple[Result, State]]:
        """Every result that is right, and the state that it leaves; `fence` is of who opens it."""
        match action.name:
            case "open":
                yield self.lines, attrs.evolve(self, fence=fence, lease="none")
            case "acquire":
                yield from self._acquired(action, fence)
            case "delete":
                yield None, attrs.evolve(self, lines=(), fence=0, lease="none")
            case "read":
                yield self.lines, self
            case "claim":
                event = "claimed" if self.event == "new" else self.event
                yield self.event, attrs.evolve(self, event=event)
            case "confirm":
                yield None, attrs.evolve(self, event="seen")
            case "forget":
                yield None, attrs.evolve(self, event="seen" if self.event == "seen" else "new")
            case _:
                yield self._written(action)

    def _acquired(self, action: Action, fence: int) -> Iterator[tuple[Result, State]]:
        if self.lease != "none":
            yield HELD, self
        if self.lease != "held":
            lease: Lease = "perhaps" if action.passes else "held"
            yield self.lines, attrs.evolve(self, fence=fence, lease=lease)

    def _written(self, action: Action) -> tuple[Result, State]:
        """Only who opened the log last may write, or change the lease."""
        is_open = self.fence == action.fence != 0
        match action.name:
            case "append":
                changed = attrs.evolve(self, lines=(*self.lines, *action.lines))
            case "replace":
                changed = attrs.evolve(self, lines=action.lines)
            case "renew":
                changed = attrs.evolve(self, lease="held")
            case _:
                changed = attrs.evolve(self, lease="none")
        result = None if action.name == "release" else is_open
        return result, changed if is_open else self


def known(states: Iterable[State], action: Action, result: Result, fence: int) -> set[State]:
    """What may be there after a result; nothing, if no right store gives that."""
    return {
        state
        for before in states
        for possible, state in before.after(action, fence)
        if possible == result
    }


def unknown(states: Iterable[State], action: Action) -> set[State]:
    """What may be there when no reply came: what was there, or what the action left."""
    states = {*states}
    return states | {state for before in states for _, state in before.after(action, LOST)}
