"""Escalation chains."""

from __future__ import annotations

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.escalation import FakeEscalationChain
from grafana_oncall.testing._objects.routes import FakeRoute
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import Check, team, text
from grafana_oncall.testing._server.state import FakeTeam
from grafana_oncall.testing._server.world import World

from .collection import Collection
from .selection import all_of, equal_or_empty, in_team
from .writes import Writes, fields, remove, unique


def _checks(world: World) -> dict[str, Check]:
    return {"name": text(100), "team_id": team(world.store(FakeTeam))}


def _delete(context: Context, chain: FakeEscalationChain) -> None:
    """Delete a chain; routes that led to it lead to none."""
    remove(context, chain)
    for route in context.world.store(FakeRoute).values():
        if route.escalation_chain_id == chain.id:
            route.settings["escalation_chain_id"] = None


ESCALATION_CHAINS = Collection(
    name="escalation_chains",
    kind=FakeEscalationChain,
    filters=all_of(equal_or_empty("name"), in_team),
    writes=Writes(
        prefix="F",
        fields=fields(_checks, required=("name",), required_by_put=("name",)),
        check=unique(
            FakeEscalationChain,
            "name",
            "The fields organization, name must make a unique set.",
        ),
        delete=_delete,
    ),
)


class AddEscalationChains(Additions):
    """Add escalation chains."""

    @explain_keywords
    def add_escalation_chain(
        self, name: str, *, team_id: str | None = None, id: str | None = None
    ) -> FakeEscalationChain:
        """Add an escalation chain, which routes may name."""
        NAME(name=name)
        NAME.or_none(team_id=team_id, id=id)
        chain = FakeEscalationChain(id=id or self._world.ids.new("F"), name=name, team_id=team_id)
        return self._world.add(chain)
