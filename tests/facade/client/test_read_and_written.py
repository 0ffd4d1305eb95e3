"""What was read can be written: what only the server sets is left out."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
import respx

from grafana_oncall import OnCallClient, bulk, labels, models
from grafana_oncall.errors import InvalidArgument, LabelError, TemplateError
from grafana_oncall.testing import FakeOnCall
from tests.support.samples import GROUP_ID

READ = models.Integration(
    id="CABC",
    type="webhook",
    default_route=models.DefaultRoute(
        id="RABC",
        escalation_chain_id=None,
        slack=models.SlackRoute(channel_id="C1", enabled=None),
        telegram=models.ChannelRoute(id=None, enabled=True),
    ),
    templates=models.Templates(
        grouping_key="{{ payload.id }}", slack=models.RichTemplate(title="{{ payload.title }}")
    ),
)


async def test_an_integration_is_copied(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Its templates, default route and labels, as they are."""
    chain = fake.add_escalation_chain("night").id
    one = await oncall.integrations.create(
        type="webhook",
        name="one",
        labels={"team": "SRE"},
        dynamic_labels={"severity": "{{ payload.severity }}"},
        templates={"web": {"title": "{{ payload.title }}"}, "grouping_key": "{{ payload.id }}"},
        default_route={"escalation_chain_id": chain, "slack": {"channel_id": "C1"}},
    )
    other = await oncall.integrations.create(
        type=one.type,
        name="other",
        labels=one.labels,
        dynamic_labels=one.dynamic_labels,
        templates=one.templates,
        default_route=one.default_route,
    )
    assert one.default_route is not None
    assert other.default_route is not None
    assert one.default_route.id != other.default_route.id
    first, second = (fake.integrations[each.id] for each in (one, other))
    assert first.templates == second.templates
    assert first.labels == second.labels == [("team", "SRE")]
    assert first.dynamic_labels == second.dynamic_labels
    assert second.default_route["escalation_chain_id"] == chain


async def test_an_update_takes_what_was_read_as_well(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """None resets what the other one has not."""
    one = await oncall.integrations.create(type="webhook", templates={"sms": {"title": "{{ x }}"}})
    other = await oncall.integrations.create(type="webhook", templates={"grouping_key": "{{ y }}"})
    await oncall.integrations.update(
        other, templates=one.templates, default_route=one.default_route
    )
    assert fake.integrations[other.id].templates == fake.integrations[one.id].templates


async def test_only_what_can_be_written_is_sent(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """No id of the route; null where it means the default, and nothing where it means nothing."""
    route = wire.route().respond(201, json={"id": "CNEW", "type": "webhook"})
    await client.integrations.create(
        type="webhook", templates=READ.templates, default_route=READ.default_route
    )
    sent = json.loads(route.calls.last.request.content)
    assert sent["default_route"] == {
        "escalation_chain_id": None,
        "slack": {"channel_id": "C1"},
        "telegram": {"id": None, "enabled": True},
    }
    assert sent["templates"]["slack"] == {
        "title": "{{ payload.title }}",
        "message": None,
        "image_url": None,
    }
    assert sent["templates"]["sms"] is None


async def test_what_an_object_does_not_have_is_the_default(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """None is written as null for each member that may be null."""
    route = wire.route().respond(201, json={"id": "CNEW", "type": "webhook"})
    bare = models.Integration(id="CABC", type="webhook")
    await client.integrations.create(
        type=bare.type, templates=bare.templates, default_route=bare.default_route
    )
    sent = json.loads(route.calls.last.request.content)
    assert sent["default_route"] == {"escalation_chain_id": None}
    assert {*sent["templates"].values()} == {None}
    assert len(sent["templates"]) == len(attrs.fields(models.Templates))


async def test_a_block_that_was_read_may_stand_in_a_mapping(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Beside others."""
    assert READ.default_route is not None
    route = wire.route().respond(201, json={"id": "CNEW", "type": "webhook"})
    await client.integrations.create(
        type="webhook",
        default_route={"slack": READ.default_route.slack, "email": {"enabled": True}},
    )
    sent = json.loads(route.calls.last.request.content)
    assert sent["default_route"] == {"slack": {"channel_id": "C1"}, "email": {"enabled": True}}


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"templates": READ.default_route}, id="another model"),
        pytest.param({"default_route": READ}, id="the whole object"),
        pytest.param({"default_route": {"slack": READ.templates}}, id="another model in it"),
        pytest.param({"default_route": {"route": READ.default_route}}, id="an unknown member"),
    ],
)
async def test_another_model_than_the_member_s_is_refused(
    wire: respx.MockRouter, client: OnCallClient, members: dict[str, Any]
) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidArgument):
        await client.integrations.create(type="webhook", **members)
    assert not wire.calls


async def test_templates_that_were_read_are_checked_too(client: OnCallClient) -> None:
    """An older server may have kept a bad one."""
    with pytest.raises(TemplateError):
        await client.integrations.create(
            type="webhook", templates=models.Templates(source_link="{{ x")
        )


async def test_labels_are_read_as_a_mapping(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Of a group as of anything else."""
    group = await oncall.alert_groups.get(fake.add_group(labels={"team": "SRE", "env": "eu"}).id)
    assert labels.to_dict(group.labels) == {"team": "SRE", "env": "eu"}
    assert labels.to_dict(()) == {}
    with pytest.raises(LabelError):
        labels.to_dict("team SRE")


async def test_progress_and_reports_are_written_as_json(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The same values as their members have."""
    group, seen = fake.add_group(), list[bulk.Progress]()
    report = await oncall.alert_groups.bulk.acknowledge(
        [group.id, GROUP_ID], on_progress=seen.append
    )
    plain = report.to_dict()
    assert json.loads(report.to_json()) == plain
    assert [one["status"] for one in plain["outcomes"]] == ["changed", "rejected"]
    assert plain["counts"]["changed"] == 1
    assert all(type(name) is str for name in plain["counts"])
    last = seen[-1].to_dict()
    assert json.loads(seen[-1].to_json()) == last
    assert (last["action"], last["done"], last["total"]) == ("acknowledge", 2, 2)
    assert {"rate", "eta", "elapsed", "counts"} <= {*last}
    assert last["counts"]["rejected"] == 1
