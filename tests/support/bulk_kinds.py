"""Bulk actions and selections: what a run of each sends, and what is true when it is done."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from grafana_oncall.bulk import Bulk, BulkRun, Outcome, Status
from tests.support.bulk_actors import LABELS, PROD, SRE
from tests.support.bulk_watched import Snap

Test: TypeAlias = Callable[[Snap | None], bool]


@attrs.frozen(kw_only=True)
class Kind:
    """An action: how a run of it begins, what it sends, and what is true when it is done."""

    name: str
    operation: str
    begin: Callable[..., BulkRun]
    goals: tuple[Test, ...]
    labels: tuple[tuple[str, str], ...] = ()
    waits: bool = False

    def steps(self) -> list[str]:
        """What is reported of an action with several labels."""
        return [f"{self.name.partition('_')[0]} {key}:{value}" for key, value in self.labels]

    def reported(self, outcome: Outcome) -> set[int]:
        """The numbers of the steps that an outcome reports as done."""
        if len(self.goals) == 1:
            return {0} if outcome.status in {Status.CHANGED, Status.ACCEPTED} else set()
        words = outcome.detail.split("; ")
        return {number for number, step in enumerate(self.steps()) if step in words}


def _transition(name: str, goal: Callable[[Snap], bool]) -> Kind:
    return Kind(
        name=name,
        operation=f"{name}_alert_group",
        begin=getattr(Bulk, name),
        goals=(lambda snap: snap is not None and goal(snap),),
    )


def _deletion(mode: Literal["wipe", "delete"], wait: float | None) -> Kind:
    def begin(bulk: Bulk, selection: Any, **options: Any) -> BulkRun:
        return bulk.delete(selection, mode=mode, wait=wait, **options)

    def done(snap: Snap | None) -> bool:
        return snap is None if mode == "delete" else snap is not None and snap.wiped

    return Kind(
        name="delete",
        operation="delete_alert_group",
        begin=begin,
        goals=(done,),
        waits=wait is not None,
    )


def _labelling(name: Literal["add_labels", "remove_labels"], *labels: tuple[str, str]) -> Kind:
    def begin(bulk: Bulk, selection: Any, **options: Any) -> BulkRun:
        label = bulk.add_labels if name == "add_labels" else bulk.remove_labels
        return label(selection, [":".join(one) for one in labels], **options)

    def goal(label: tuple[str, str]) -> Test:
        return lambda snap: snap is not None and (label in snap.labels) == (name == "add_labels")

    return Kind(
        name=name,
        operation=f"{name.partition('_')[0]}_alert_group_label",
        begin=begin,
        goals=tuple(map(goal, labels)),
        labels=labels,
    )


def _silence(bulk: Bulk, selection: Any, **options: Any) -> BulkRun:
    return bulk.silence(selection, 3600, **options)


KINDS: Final = [
    _transition("resolve", lambda it: it.resolved),
    _transition("acknowledge", lambda it: it.acknowledged),
    _transition("unacknowledge", lambda it: not it.acknowledged),
    _transition("unresolve", lambda it: not it.resolved),
    _transition("unsilence", lambda it: it.state != "silenced"),
    attrs.evolve(_transition("silence", lambda it: it.state == "silenced"), begin=_silence),
    *(_deletion("wipe", None), _deletion("wipe", 2), _deletion("delete", None)),
    *(_deletion("delete", 2), _labelling("add_labels", SRE), _labelling("add_labels", *LABELS)),
    *(_labelling("remove_labels", SRE), _labelling("remove_labels", *LABELS)),
]


@attrs.frozen
class Query:
    """What is selected by a filter."""

    filter: Mapping[str, Any]
    test: Callable[[Snap], bool]

    def matches(self, snap: Snap | None) -> bool:
        """Whether a group in this state is selected."""
        return snap is not None and self.test(snap)


def _in_state(state: str) -> Query:
    return Query({"state": state}, lambda it: it.state == state)


QUERIES: Final = [
    Query({"state": "new"}, lambda it: it.state == "firing"),
    Query({"labels": [":".join(SRE)]}, lambda it: SRE in it.labels),
    Query(
        {"state": "new", "labels": [":".join(SRE), ":".join(PROD)]},
        lambda it: it.state == "firing" and {SRE, PROD} <= it.labels,
    ),
    *map(_in_state, ("acknowledged", "resolved", "silenced")),
    Query({}, lambda _: True),
]
