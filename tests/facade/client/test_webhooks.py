"""Outgoing webhooks: make, find, change and delete one; secrets, and what an update would reset."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from grafana_oncall import NO_TEAM, OnCallClient
from grafana_oncall.errors import BadRequest, InvalidArgument, NotFound, ServerError, TemplateError
from grafana_oncall.models import HttpMethod, Webhook, WebhookCreate, WebhookUpdate
from grafana_oncall.testing import FakeOnCall, FakeWebhook, VirtualClock, reset
from tests.support.samples import BASE

MASK: Final = "*" * 16
SECRET: Final = "hunter2hunter2"  # of nobody
BOT: Final[Mapping[str, Any]] = {
    "name": "bot",
    "url": "https://bot.example/{{ alert_group_id }}",
    "http_method": "POST",
    "trigger_type": "status change",
}


def bot(**changes: Any) -> dict[str, Any]:
    """The members of a webhook to create."""
    return {**BOT, **changes}


@pytest.fixture
def engine(clock: VirtualClock) -> FakeOnCall:
    """An open-source server with a team, an integration, and a webhook for both."""
    fake = FakeOnCall(clock=clock, flavour="oss")
    team = fake.add_team("SRE", id="T1")
    source = fake.add_integration(id="C1")
    webhook = fake.add_webhook("bot", id="WH1", team_id=team, integration_filter=[source.id])
    webhook.password = SECRET
    return fake


@pytest.fixture
async def client(engine: FakeOnCall) -> AsyncGenerator[OnCallClient]:
    """A client of it."""
    async with OnCallClient(url=BASE, token=engine.token, transport=engine.transport()) as made:
        yield made


async def test_a_webhook_is_made_read_and_deleted(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """With the server's defaults."""
    source = fake.add_integration().id
    made = await oncall.webhooks.create(**BOT, integration_filter=[source])
    assert made == Webhook(
        id=made.id,
        name="bot",
        url="https://bot.example/{{ alert_group_id }}",
        http_method=made.http_method,
        trigger_type="status change",
        is_webhook_enabled=True,
        forward_all=True,
        integration_filter=(source,),
    )
    assert (made.http_method, hash(made)) == ("POST", hash(made.id))
    assert await oncall.webhooks.get(made) == made
    await oncall.webhooks.delete(made.id)
    with pytest.raises(NotFound):
        await oncall.webhooks.get(made)


async def test_webhooks_are_listed_by_name_and_team(
    engine: FakeOnCall, client: OnCallClient, fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The open-source engine fails at teams, as its docstring says."""
    assert [one.id for one in await client.webhooks.list(name="bot").collect()] == ["WH1"]
    assert (await client.webhooks.by_name("bot")).id == "WH1"
    with pytest.raises(NotFound, match="similar: 'bot'"):
        await client.webhooks.by_name("bots")
    with pytest.raises(ServerError):
        await client.webhooks.list(team_id="T1").collect()
    words = " ".join((client.webhooks.list.__doc__ or "").split())
    assert "The open-source engine fails with 500 if `team_id` is given" in words
    fake.add_team("SRE", id="T1")
    fake.add_webhook("a", team_id="T1")
    fake.add_webhook("b")
    for team, name in (("T1", "a"), (NO_TEAM, "b")):
        assert [one.name for one in await oncall.webhooks.list(team_id=team).collect()] == [name]
    del engine


async def test_an_update_keeps_the_team_and_the_filter(
    engine: FakeOnCall, client: OnCallClient
) -> None:
    """Which the server resets if they are left out, so they are read first and sent along."""
    changed = await client.webhooks.update("WH1", name="robot")
    assert (changed.name, changed.team, changed.integration_filter) == ("robot", "T1", ("C1",))
    assert [call.operation for call in engine.calls] == ["get_webhook", "update_webhook"]
    assert json.loads(engine.calls[-1].request.body) == {
        "name": "robot",
        "team": "T1",
        "integration_filter": ["C1"],
    }


@pytest.mark.parametrize(
    ("given", "kept", "requests"),
    [
        pytest.param({"team": None}, (None, ("C1",)), 2, id="the team is taken away"),
        pytest.param({"integration_filter": None}, ("T1", None), 2, id="the filter"),
        pytest.param({"integration_filter": []}, ("T1", None), 2, id="the filter, as none"),
        pytest.param(
            {"team": "T1", "integration_filter": ["C1"]}, ("T1", ("C1",)), 1, id="both are given"
        ),
    ],
)
async def test_what_an_update_names_is_changed(
    engine: FakeOnCall, client: OnCallClient, given: dict[str, Any], kept: Any, requests: int
) -> None:
    """And nothing else; nothing is read if nothing is missing."""
    changed = await client.webhooks.update("WH1", **given)
    assert (changed.team, changed.integration_filter) == kept
    assert len(engine.calls) == requests


async def test_an_update_keeps_the_secrets(engine: FakeOnCall, client: OnCallClient) -> None:
    """Also if they are given as they are shown."""
    webhook = engine.objects(FakeWebhook)["WH1"]
    shown = await client.webhooks.update("WH1", name="x")
    assert (shown.password, webhook.password) == (MASK, SECRET)
    await client.webhooks.update("WH1", password=shown.password, authorization_header="Bearer 1")
    assert (webhook.password, webhook.authorization_header) == (SECRET, "Bearer 1")
    await client.webhooks.update("WH1", password=None)
    assert webhook.password is None
    assert "keep the present one" in (client.webhooks.update.__doc__ or "")


@pytest.mark.parametrize("name", ["password", "authorization_header"])
async def test_a_secret_as_it_is_shown_makes_no_webhook(
    engine: FakeOnCall, client: OnCallClient, name: str
) -> None:
    """The server would crash; a copy of a webhook needs the secret itself."""
    with pytest.raises(
        InvalidArgument, match=f"{name}: sixteen asterisks stand for a secret"
    ) as bad:
        await client.webhooks.create(**bot(name="copy", **{name: MASK}))
    assert bad.value.argument == name
    assert not engine.calls
    made = await client.webhooks.create(**bot(name="copy", password=SECRET))
    assert engine.objects(FakeWebhook)[made.id].password == SECRET


@pytest.mark.parametrize("name", ["username", "password", "authorization_header"])
def test_no_repr_shows_a_secret(name: str) -> None:
    """Neither of what is sent nor of what is received; to_dict does, for it is what is written."""
    secret: dict[str, Any] = {name: SECRET}
    for shown in (
        Webhook(id="WH1", name="bot", **secret),
        WebhookUpdate(**secret),
        WebhookCreate(name="b", url="u", http_method=HttpMethod.POST, trigger_type="x", **secret),
    ):
        assert SECRET not in repr(shown)
        assert name not in repr(shown)
        assert shown.to_dict()[name] == SECRET


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        pytest.param({"password": [SECRET]}, "password", id="a list"),
        pytest.param({"authorization_header": {"a": SECRET}}, "authorization_header", id="a dict"),
        pytest.param({"username": SECRET.encode()}, "username", id="bytes"),
        pytest.param({"headers": {"Authorization": [SECRET]}}, "headers", id="headers of lists"),
        pytest.param({"headers": f"Authorization: {SECRET}"}, "headers", id="headers as in HTTP"),
        pytest.param({"headers": f'["{SECRET}"]'}, "headers", id="a list of headers"),
        pytest.param({"headers": {"Authorization": f"{{{{ {SECRET}"}}, "headers", id="template"),
        pytest.param({"password": f"{SECRET}\ud800"}, "password", id="a lone surrogate"),
    ],
)
async def test_no_error_shows_a_secret(
    engine: FakeOnCall, client: OnCallClient, arguments: dict[str, Any], name: str
) -> None:
    """Which is what is wrong."""
    for call in (
        client.webhooks.create(**BOT, **arguments),
        client.webhooks.update("WH1", **arguments),
    ):
        with pytest.raises(InvalidArgument, match=name) as bad:
            await call
        assert SECRET not in f"{bad.value!r} {bad.value}"
    assert not engine.calls


async def test_headers_are_a_mapping_or_the_text_of_one(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Of JSON, in which values may be templates; or a template that makes all of it."""
    given: dict[str, Any] = {"X-Source": "oncall", "X-Team": "{{ integration.team }}"}
    made = await oncall.webhooks.create(**BOT, headers=given)
    assert json.loads(made.headers or "") == given
    for text in (json.dumps(given), "{{ alert_payload.headers }}"):
        assert (await oncall.webhooks.update(made, headers=text)).headers == text
    assert (await oncall.webhooks.update(made, headers=None)).headers is None
    del fake


@pytest.mark.parametrize("name", ["url", "data", "trigger_template", "headers"])
async def test_templates_are_checked_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, name: str
) -> None:
    """Their syntax alone."""
    bad: dict[str, Any] = {name: "{{ a b }}"}
    with pytest.raises(TemplateError, match=rf"{name} \(line 1\): expected token") as error:
        await oncall.webhooks.create(**bot(**bad))
    assert error.value.argument == name
    with pytest.raises(TemplateError):
        await oncall.webhooks.update("WH1", **bad)
    assert not fake.calls


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"name": "x" * 101}, "name", id="a long name"),
        pytest.param({"url": ""}, "url", id="no url"),
        pytest.param({"http_method": "HEAD"}, "http_method", id="a method that it cannot send"),
        pytest.param({"trigger_type": ""}, "trigger_type", id="no trigger"),
        pytest.param({"integration_filter": "C1"}, "integration_filter", id="a text for a list"),
        pytest.param({"forward_all": "yes"}, "forward_all", id="a text for a boolean"),
        pytest.param({"preset": None}, "preset", id="null for a preset"),
    ],
)
async def test_bad_members_are_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, arguments: dict[str, Any], name: str
) -> None:
    """In a creation and in an update."""
    for call in (
        oncall.webhooks.create(**bot(**arguments)),
        oncall.webhooks.update("WH1", **arguments),
    ):
        with pytest.raises(InvalidArgument, match=name):
            await call
    assert not fake.calls


async def test_what_only_the_server_knows_is_refused_by_it(
    engine: FakeOnCall, client: OnCallClient
) -> None:
    """A trigger, an integration, a name that is taken, and any preset at the open-source engine."""
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"name": "n", "trigger_type": "moon"}, "trigger_type must one of"),
        ({"name": "n", "integration_filter": ["C9"]}, "Integration does not exist"),
        ({}, "must make a unique set"),
        ({"name": "n", "preset": "simple_webhook"}, "Preset webhooks must be modified through"),
    )
    for arguments, reason in refused:
        with pytest.raises(BadRequest, match=reason):
            await client.webhooks.create(**bot(**arguments))
    assert len(engine.objects(FakeWebhook)) == 1


async def test_cloud_takes_a_preset_and_triggers_of_its_own(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Open values, so that later ones work too."""
    made = await oncall.webhooks.create(
        **bot(trigger_type="incident declared", preset="incident_webhook")
    )
    assert (made.trigger_type, made.preset) == ("incident declared", "incident_webhook")
    del fake


async def test_a_lost_creation_is_found_by_its_name(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Names are unique in the organization; without reconcile=True it is unknown."""
    fake.faults.add(reset(applied=True), operation="create_webhook")
    made = await oncall.webhooks.create(**BOT, reconcile=True)
    assert [*fake.objects(FakeWebhook)] == [made.id]


async def test_responses_are_those_of_the_present_trigger(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Newest first; they have no id."""
    webhook = fake.add_webhook("bot", trigger_type="resolve")
    for status in (None, 500, 200):
        fake.add_webhook_response(webhook, status_code=status)
        clock.advance(timedelta(minutes=1))
    found = await oncall.webhooks.responses(webhook.id).collect()
    assert [one.status_code for one in found] == [200, 500, None]
    assert [*sorted(one.timestamp for one in found)] == [one.timestamp for one in found[::-1]]
    await oncall.webhooks.update(webhook.id, trigger_type="silence")
    assert await oncall.webhooks.responses(webhook.id).collect() == []
    with pytest.raises(NotFound):
        await oncall.webhooks.responses("WHNONE").collect()
