"""What others do while a job runs, and what is true then: by seed, with no clock and no server."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, Literal

import attrs

from tests.benchmarks.samples import group_id

Kind = Literal["created", "acknowledged", "firing", "silenced", "resolved", "deleted"]
"""The state that a group enters; `firing` is again, and `created` for the first time."""

LABELLED: Final = 3
"""Of ten groups, so many carry the label."""
_FOLLOWS: Final[dict[Kind, Sequence[Kind]]] = {
    "created": ("acknowledged", "silenced", "resolved", "deleted"),
    "acknowledged": ("firing", "resolved", "deleted"),
    "firing": ("silenced", "resolved", "deleted"),
    "silenced": ("resolved", "deleted"),
    "resolved": ("deleted",),
}
"""What may happen after what: to a group, nothing happens twice."""
_WEIGHTS: Final[dict[Kind, int]] = {
    "acknowledged": 4,
    "firing": 2,
    "silenced": 2,
    "resolved": 3,
    "deleted": 1,
}
APART: Final = 35.0
"""Seconds between two acts on one group, at least: two polls."""
_ARRIVALS: Final = 0.35
_SELDOM: Final = 0.02
_STORM: Final[Sequence[Kind]] = ("created", "acknowledged", "resolved")
_OPEN: Final[Sequence[Kind]] = ("created", "acknowledged", "firing", "silenced")


@attrs.frozen
class Act:
    """What another one does to a group, so many seconds after the job began."""

    at: float
    id: str
    kind: Kind


def number_of(id: str) -> int:
    """The number of a group."""
    return int(id[1:])


def is_labelled(number: int) -> bool:
    """Whether the group of this number carries the label of the storm."""
    return number % 10 < LABELLED


def state_of(number: int) -> Kind:
    """The state of a group when `follow` begins: four of five are resolved, as in 30 days."""
    rest = number % 20
    return "resolved" if rest >= 4 else ("created", "created", "acknowledged", "silenced")[rest]


def storm(seed: int, groups: int, seconds: float) -> Sequence[Act]:
    """Two acts a second, as a storm ebbs: more groups are taken on by people than arrive."""
    random = Random(f"storm {seed}")  # noqa: S311  # it must be repeatable
    arriving, firing = groups, [*range(groups)]
    random.shuffle(firing)
    acts: list[Act] = []
    for tick in range(1, min(int(2 * seconds), groups)):
        [kind] = random.choices(_STORM, weights=(2, 4, 4))
        number = arriving if kind == "created" else firing.pop()
        arriving += kind == "created"
        acts.append(Act(tick / 2, group_id(number), kind))
    return acts


def follow(seed: int, groups: int, seconds: float) -> Sequence[Act]:
    """About ten acts a minute; those on one group are so far apart that every poll can see each."""
    random = Random(f"follow {seed}")  # noqa: S311  # likewise
    last = {
        group_id(number): Act(-APART, group_id(number), state_of(number))
        for number in range(groups)
    }
    acts: list[Act] = []
    at = random.uniform(30, 40)
    while at < seconds:
        act = _next(random, at, last)
        last[act.id] = act
        acts.append(act)
        at += random.uniform(2, 10)
    return acts


def _next(random: Random, at: float, last: Mapping[str, Act]) -> Act:
    """One act: a group arrives, or something happens to one; seldom to one that is resolved."""
    wanted = ("resolved",) if random.random() < _SELDOM else _OPEN
    ready = [act for act in last.values() if act.at <= at - APART and act.kind in wanted]
    if not ready or random.random() < _ARRIVALS:
        return Act(at, group_id(len(last)), "created")
    before = random.choice(ready)
    kinds = _FOLLOWS[before.kind]
    [kind] = random.choices(kinds, weights=[_WEIGHTS[each] for each in kinds])
    return Act(at, before.id, kind)
