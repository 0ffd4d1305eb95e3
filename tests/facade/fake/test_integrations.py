"""Integrations on the fake: what the server holds after every operation."""

from __future__ import annotations

from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import BadRequest
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.named_calls import connect, sent


async def test_an_integration_is_created_with_labels_and_dynamic_labels(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The response shows what the server stored, and `get` returns the same."""
    team, chain = fake.add_team("SRE"), fake.add_escalation_chain("night").id
    made = await oncall.integrations.create(
        type="webhook",
        name="ci",
        description_short="from the pipeline",
        team_id=team,
        labels={"team": "SRE"},
        dynamic_labels={"severity": "{{ payload.get('severity', 'unknown') }}"},
        templates={"web": {"title": "{{ payload.title }}"}, "grouping_key": "{{ payload.id }}"},
        default_route={"escalation_chain_id": chain, "slack": {"channel_id": "c1"}},
    )
    kept = fake.integrations[made.id]
    assert (kept.type, kept.name, kept.team_id) == ("webhook", "ci", team)
    assert kept.description_short == "from the pipeline"
    assert kept.labels == [("team", "SRE")]
    assert kept.dynamic_labels == [("severity", "{{ payload.get('severity', 'unknown') }}")]
    assert kept.templates["web"]["title"] == "{{ payload.title }}"
    assert kept.templates["grouping_key"] == "{{ payload.id }}"
    assert kept.default_route["escalation_chain_id"] == chain
    assert kept.default_route["slack"] == {"channel_id": "C1", "enabled": True}
    assert made == await oncall.integrations.get(made.id)
    assert [label.value.name for label in made.labels] == ["SRE"]
    assert made.heartbeat is not None


async def test_an_integration_without_a_name_gets_one(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A second call creates another, with another name."""
    names = [(await oncall.integrations.create(type="grafana")).name for _ in range(2)]
    assert len(set(names)) == len(fake.integrations) == 2


async def test_the_open_source_engine_keeps_no_labels_and_its_response_shows_so(
    clock: VirtualClock,
) -> None:
    """That a label was sent does not mean that it was stored."""
    oss = FakeOnCall(clock=clock, flavour="oss")
    async with connect(oss, oss.token) as client:
        made = await client.integrations.create(type="webhook", labels={"team": "SRE"})
    assert list(made.labels) == []


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        pytest.param({"type": "nonsense"}, "Invalid integration type", id="an unknown type"),
        pytest.param(
            {"type": "legacy_alertmanager"},
            "This integration type is deprecated",
            id="a deprecated type",
        ),
        pytest.param(
            {"type": "direct_paging"},
            "Direct paging integrations can't be created",
            id="direct paging",
        ),
        pytest.param(
            {"type": "webhook", "name": "taken"},
            "An integration with this name already exists for this team",
            id="a name that is taken",
        ),
        pytest.param(
            {"type": "webhook", "team_id": "NONE"},
            "team_id: Object does not exist",
            id="an unknown team",
        ),
    ],
)
async def test_an_integration_that_cannot_be_created_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, options: dict[str, Any], detail: str
) -> None:
    """With the server's message; nothing is created."""
    fake.add_integration(name="taken")
    with pytest.raises(BadRequest) as caught:
        await oncall.integrations.create(**options)
    assert caught.value.detail == detail
    assert len(fake.integrations) == 1


async def test_an_update_changes_what_is_given_resets_what_is_none_and_keeps_the_rest(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Single templates, a whole block of them, the team, and labels."""
    team = fake.add_team("SRE")
    made = await oncall.integrations.create(
        type="webhook",
        name="ci",
        team_id=team,
        labels={"team": "SRE"},
        templates={
            "grouping_key": "a",
            "slack": {"title": "b", "message": "c"},
            "web": {"title": "d"},
            "sms": {"title": "e"},
        },
    )
    updated = await oncall.integrations.update(
        made.id, team_id=None, templates={"slack": {"title": None}, "web": None}
    )
    kept = fake.integrations[made.id]
    assert (kept.name, kept.team_id, kept.labels) == ("ci", None, [("team", "SRE")])
    assert kept.templates["grouping_key"] == "a"
    assert kept.templates["slack"] == {"title": None, "message": "c", "image_url": None}
    assert kept.templates["web"] == {"title": None, "message": None, "image_url": None}
    assert kept.templates["sms"] == {"title": "e"}
    assert updated == await oncall.integrations.get(made.id)


async def test_an_update_replaces_labels_as_a_whole(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """An empty set removes all of them."""
    made = await oncall.integrations.create(type="webhook", labels={"team": "SRE", "env": "prod"})
    await oncall.integrations.update(made.id, labels={"tier": "a"})
    assert fake.integrations[made.id].labels == [("tier", "a")]
    await oncall.integrations.update(made.id, labels={})
    assert fake.integrations[made.id].labels == []


async def test_an_update_to_a_name_that_is_taken_is_refused(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Its own name does not count as taken."""
    fake.add_integration(name="taken")
    own = fake.add_integration(name="own")
    with pytest.raises(BadRequest, match="already exists for this team"):
        await oncall.integrations.update(own.id, name="taken")
    await oncall.integrations.update(own.id, name="own")
    assert own.name == "own"


async def test_an_empty_update_returns_the_integration(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """One request, and nothing changes."""
    own = fake.add_integration(name="own")
    assert (await oncall.integrations.update(own.id)).name == "own"
    assert sent(fake) == [("update_integration", 200)]


async def test_a_deleted_integration_leaves_its_groups(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """They are listed as before."""
    group = fake.add_group()
    await oncall.integrations.delete(group.integration_id)
    assert fake.integrations == {}
    (left,) = await oncall.alert_groups.list().collect()
    assert left.integration_id == group.integration_id
