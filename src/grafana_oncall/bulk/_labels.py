"""Labels of bulk runs: of each group, those that are missing or there."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from grafana_oncall._generated.constraints import LABELS_MAX
from grafana_oncall._session.actions import Actions
from grafana_oncall.errors import AlreadyInState, LabelError, NotFound, Problem

from ._action import Action, Seen

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
