"""What becomes of references when the object that they name is deleted."""

from __future__ import annotations

import attrs

from grafana_oncall.testing import FakeEscalationChain, FakeOnCall
from grafana_oncall.testing._objects.references import refers_to
from tests.support.fake_requests import ask


@attrs.define(kw_only=True, eq=False)
class _Step:
    """Something that belongs to a chain, and refers to others in passing."""

    id: str
    chain: str = attrs.field(metadata=refers_to(FakeEscalationChain, "deleted"))
    next: str | None = attrs.field(default=None, metadata=refers_to(FakeEscalationChain, "cleared"))
    others: list[str] = attrs.field(
        factory=list[str], metadata=refers_to(FakeEscalationChain, "dropped")
    )


@attrs.define(kw_only=True, eq=False)
class _Note:
    """Something that belongs to a step."""

    id: str
    step: str = attrs.field(metadata=refers_to(_Step, "deleted"))


def test_a_deletion_takes_along_what_belongs_to_the_object(fake: FakeOnCall) -> None:
    """And what belongs to that in turn; other references to it are cleared or dropped."""
    for number in ("F1", "F2"):
        fake.add_escalation_chain(number, id=number)
    world = fake._world
    world.add(_Step(id="1", chain="F1", next="F1"))
    kept = world.add(_Step(id="2", chain="F2", next="F1", others=["F2", "F1"]))
    other = world.add(_Step(id="3", chain="F2", next="F2"))
    for step in ("1", "2"):
        world.add(_Note(id=step, step=step))
    assert ask(fake, "DELETE", "escalation_chains/F1").status == 204
    assert [*world.store(_Step)] == ["2", "3"]
    assert [*world.store(_Note)] == ["2"]
    assert (kept.next, kept.others, other.next) == (None, ["F2"], "F2")
