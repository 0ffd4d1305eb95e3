"""The migration between two servers: once, twice, and after a failure."""

from itertools import count
from pathlib import Path

import attrs
import pytest

from grafana_oncall.testing import (
    FakeEscalationChain,
    FakeOnCall,
    FakeRequest,
    FakeRoute,
    Fault,
    reset,
    serve,
    status,
)
from tests.support import examples
from tests.support.examples import Done

WRITES = {"create_integration", "update_integration", "create_route", "update_route"}
CRITICAL = "{{ payload.severity == 'critical' }}"


@attrs.frozen
class Stacks:
    """Two servers, whose ids differ."""

    source: FakeOnCall
    target: FakeOnCall
    folder: Path

    async def migrate(self, *arguments: str) -> Done:
        """Run the program."""
        async with serve(self.source) as here, serve(self.target) as there:
            return await examples.run(
                "migrate.py",
                *arguments,
                url="http://127.0.0.1:9",  # which it must not use
                token="neither",
                folder=self.folder,
                SOURCE_GRAFANA_ONCALL_URL=here,
                SOURCE_GRAFANA_ONCALL_ACCESS_TOKEN=self.source.token,
                TARGET_GRAFANA_ONCALL_URL=there,
                TARGET_GRAFANA_ONCALL_ACCESS_TOKEN=self.target.token,
            )

    def written(self) -> list[str]:
        """The writes that the target has had."""
        return [str(call.operation) for call in self.target.calls if call.operation in WRITES]

    def assert_copied(self) -> None:
        """The target has the integration, by its own ids, with its routes in order."""
        (original, _), (copy,) = (
            stack.integrations.values() for stack in (self.source, self.target)
        )
        (chain,) = self.target.objects(FakeEscalationChain)
        assert (copy.type, copy.name, copy.labels) == (
            "alertmanager",
            "Production",
            original.labels,
        )
        assert copy.team_id not in {None, original.team_id}
        assert copy.templates == original.templates
        assert copy.default_route["escalation_chain_id"] == chain
        routes = self.target.objects(FakeRoute).values()
        assert [
            (route.routing_type, route.routing_regex, route.escalation_chain_id)
            for route in sorted(routes, key=lambda route: route.position)
            if not route.is_default
        ] == [("jinja2", CRITICAL, chain), ("regex", "staging", None)]


@pytest.fixture
def stacks(tmp_path: Path) -> Stacks:
    """One with an integration that has everything, the other with its team and chain."""
    source, target = FakeOnCall(seed=1), FakeOnCall(seed=2)
    team, chain = source.add_team("SRE"), source.add_escalation_chain("Primary")
    made = source.add_integration(type="alertmanager", name="Production", team_id=team)
    source.add_integration(type="direct_paging", name="Direct paging")
    made.labels = [("team", "SRE")]
    made.templates["slack"]["title"] = "{{ payload.title }}"
    made.default_route["escalation_chain_id"] = chain.id
    source.add_route(made, CRITICAL, type="jinja2", chain=chain)
    source.add_route(made, "staging")
    target.add_team("Other")
    target.add_team("SRE")
    target.add_escalation_chain("Primary")
    return Stacks(source, target, tmp_path)


async def test_a_copy_has_the_templates_labels_and_routes_and_a_second_one_makes_nothing(
    stacks: Stacks,
) -> None:
    """With the team and the escalation chain that have the same names in the target."""
    for expected in ("Create alertmanager Production\n", "Update alertmanager Production\n"):
        assert await stacks.migrate() == Done(0, expected, "")
        stacks.assert_copied()
    assert stacks.written() == [
        *("create_integration", "create_route", "create_route"),
        *("update_integration", "update_route", "update_route"),
    ]


async def test_a_dry_run_says_what_it_would_do_and_writes_nothing(stacks: Stacks) -> None:
    """Not even what is there already."""
    assert await stacks.migrate("--dry-run") == Done(0, "Create alertmanager Production\n", "")
    assert stacks.written() == []


async def test_nothing_is_written_if_the_target_lacks_a_team_or_a_chain(stacks: Stacks) -> None:
    """All that it lacks is named."""
    stacks.source.add_escalation_chain("Secondary")
    stacks.source.add_escalation_chain("Weekend")
    done = await stacks.migrate()
    missing = "migrate.py: The target lacks Secondary, Weekend: create it first.\n"
    assert done == Done(1, "", missing)
    assert stacks.written() == []


async def test_a_copy_that_failed_is_finished_by_the_next(stacks: Stacks) -> None:
    """Between the routes; what is there is not made a second time."""
    turns = count(1)

    def choose(_: FakeRequest, name: str | None) -> Fault | None:
        return status(400) if name == "create_route" and next(turns) == 2 else None

    stacks.target.faults.choose(choose)
    failed = await stacks.migrate()
    assert (failed.code, failed.words.count("\n")) == (1, 1)
    stacks.target.faults.clear()
    assert (await stacks.migrate()).code == 0
    stacks.assert_copied()


async def test_an_integration_whose_response_is_lost_is_not_created_twice(stacks: Stacks) -> None:
    """It is looked for by its name."""
    stacks.target.faults.add(reset(applied=True), operation="create_integration", times=1)
    assert (await stacks.migrate()).code == 0
    stacks.assert_copied()
