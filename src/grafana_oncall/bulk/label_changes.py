"""Bulk changes of labels: for each group, the labels that it lacks or has."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from grafana_oncall._generated.constraints import LABELS_MAX
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._session import actions
from grafana_oncall._session.session import Session
from grafana_oncall.errors import AlreadyInState, LabelError, NotFound, Problem

from .actions import Action, Seen

_Pair: TypeAlias = tuple[str, str]

_LABEL_NOT_FOUND: Final = "Label not found"
"""The detail of the server's 404 for a label, which differs from that for a group."""


def _pairs(labels: Iterable[Iterable[str]]) -> tuple[_Pair, ...]:
    return tuple((key, value) for key, value in labels)


@attrs.frozen(kw_only=True)
class LabelChange(Action):
    """Labels to add to each group that lacks them, or to remove from each group that has them."""

    labels: tuple[_Pair, ...] = attrs.field(converter=_pairs)

    @property
    def _adds(self) -> bool:
        return self.name == "add_labels"

    def _to_do(self, seen: Seen | None) -> list[_Pair]:
        present = None if seen is None else set(seen.labels)
        to_do = [
            label for label in self.labels if present is None or (label in present) != self._adds
        ]
        number = len(to_do) + (0 if present is None else len(present))
        if self._adds and to_do and number > LABELS_MAX:
            rule = f"It would have {number} labels; at most {LABELS_MAX} are allowed."
            raise LabelError([Problem(where="alert group", rule=rule)], argument="labels")
        return to_do

    def steps(self, seen: Seen | None, /) -> Sequence[str]:
        """Return a step for each label that is to be added or removed."""
        verb = "add" if self._adds else "remove"
        return [f"{verb} {key}:{value}" for key, value in self._to_do(seen)]

    def is_done(self, seen: Seen) -> bool:
        """Whether the group has all of the labels, or none."""
        return not self._to_do(seen)

    async def perform(
        self, session: Session, group_id: str, seen: Seen | None, done: list[str], /
    ) -> None:
        """Send what is left to do, one label after the other, up to the first that fails."""
        seen = seen or Seen.of(await session.send(operations.get_alert_group(group_id)))
        for (key, value), step in zip(self._to_do(seen), self.steps(seen), strict=True):
            if await self._send(session, group_id, key, value):
                done.append(step)

    async def _send(self, session: Session, group_id: str, key: str, value: str) -> bool:
        """Return whether this request changed something: another client may have been faster."""
        try:
            if self._adds:
                request, read_back = actions.add_label(group_id, key, value)
                await session.send(request, read_back=read_back)
            else:
                await session.send(actions.remove_label(group_id, key, value))
        except AlreadyInState:
            return False
        except NotFound as error:
            if error.detail == _LABEL_NOT_FOUND:
                return False
            raise
        return True
