"""Every operation through the facade: what exactly goes over the wire, and what comes of it.

The members of a body are in alphabetical order, which is how msgspec writes a slotted class.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import httpx
import pytest
import respx

from grafana_oncall import FOREVER, NO_TEAM, OnCallClient, __version__, models, operations
from grafana_oncall.operations import OPERATIONS
from tests.facade.samples import (
    API,
    GROUP,
    GROUP_ID,
    GROUP_MODEL,
    INTEGRATION,
    INTEGRATION_ID,
    INTEGRATION_MODEL,
    LABEL,
    LABEL_MODEL,
    STACK,
    TOKEN,
    one_page,
)

NO_MSTEAMS = {name: block for name, block in INTEGRATION["templates"].items() if name != "msteams"}
UPDATED = {**INTEGRATION, "templates": NO_MSTEAMS}
UPDATED_MODEL = attrs.evolve(
    INTEGRATION_MODEL,
    templates=attrs.evolve(INTEGRATION_MODEL.templates or models.Templates(), msteams=None),
)


@attrs.frozen(kw_only=True)
class Example:
    """A curl example of the documentation: its command, its answer, and its call."""

    operation: str
    call: Callable[[OnCallClient], Awaitable[object]]
    method: str
    path: str
    """Below /api/v1/; with the slash that the documentation sometimes forgets."""
    data: str | None = None
    """The `--data` of the command."""
    body: bytes = b""
    """The same as it is sent."""
    status: int = 200
    answer: Any = None
    result: object = None

    def response(self) -> httpx.Response:
        """The documented answer; None is no body, as real servers answer actions."""
        if self.answer is None:
            return httpx.Response(self.status)
        return httpx.Response(self.status, json=self.answer)


def _action(name: str, call: Callable[[OnCallClient], Awaitable[object]]) -> Example:
    return Example(
        operation=f"{name}_alert_group",
        call=call,
        method="POST",
        path=f"alert_groups/{GROUP_ID}/{name}/",
    )


EXAMPLES = {
    "Create an integration": Example(
        operation="create_integration",
        call=lambda client: client.integrations.create(type="grafana"),
        method="POST",
        path="integrations/",
        data='{\n      "type":"grafana"\n  }',
        body=b'{"type":"grafana"}',
        status=201,
        answer=INTEGRATION,
        result=INTEGRATION_MODEL,
    ),
    "Get integration": Example(
        operation="get_integration",
        call=lambda client: client.integrations.get(INTEGRATION_ID),
        method="GET",
        path=f"integrations/{INTEGRATION_ID}/",
        answer=INTEGRATION,
        result=INTEGRATION_MODEL,
    ),
    "List integrations": Example(
        operation="list_integrations",
        call=lambda client: client.integrations.list().collect(),
        method="GET",
        path="integrations/",
        answer=one_page(INTEGRATION),
        result=[INTEGRATION_MODEL],
    ),
    "Update integration": Example(
        operation="update_integration",
        call=lambda client: client.integrations.update(
            INTEGRATION_ID,
            templates={
                "grouping_key": None,
                "resolve_signal": None,
                "slack": {"title": None, "message": None, "image_url": None},
            },
        ),
        method="PUT",
        path=f"integrations/{INTEGRATION_ID}/",
        data="""{
            "templates": {
              "grouping_key": null,
              "resolve_signal": null,
              "slack": {
                "title": null,
                "message": null,
                "image_url": null
              }
            }
          }""",
        body=b'{"templates":{"grouping_key":null,"resolve_signal":null,'
        b'"slack":{"image_url":null,"message":null,"title":null}}}',
        answer=UPDATED,
        result=UPDATED_MODEL,
    ),
    "Delete integration": Example(
        operation="delete_integration",
        call=lambda client: client.integrations.delete(INTEGRATION_ID),
        method="DELETE",
        path=f"integrations/{INTEGRATION_ID}/",
        status=204,
    ),
    "List alert groups": Example(
        operation="list_alert_groups",
        call=lambda client: client.alert_groups.list().collect(),
        method="GET",
        path="alert_groups/",
        answer=one_page(GROUP),
        result=[GROUP_MODEL],
    ),
    "Alert group details": Example(
        operation="get_alert_group",
        call=lambda client: client.alert_groups.get(GROUP_ID),
        method="GET",
        path=f"alert_groups/{GROUP_ID}/",
        answer=GROUP,
        result=GROUP_MODEL,
    ),
    "Acknowledge an alert group": _action(
        "acknowledge", lambda client: client.alert_groups.acknowledge(GROUP_ID)
    ),
    "Unacknowledge an alert group": _action(
        "unacknowledge", lambda client: client.alert_groups.unacknowledge(GROUP_ID)
    ),
    "Resolve an alert group": _action(
        "resolve", lambda client: client.alert_groups.resolve(GROUP_ID)
    ),
    "Unresolve an alert group": _action(
        "unresolve", lambda client: client.alert_groups.unresolve(GROUP_ID)
    ),
    "Silence an alert group": attrs.evolve(
        _action(
            "silence", lambda client: client.alert_groups.silence(GROUP_ID, timedelta(hours=3))
        ),
        data='{\n      "delay": 10800\n  }',
        body=b'{"delay":10800}',
    ),
    "Unsilence an alert group": _action(
        "unsilence", lambda client: client.alert_groups.unsilence(GROUP_ID)
    ),
    "Delete an alert group": Example(
        operation="delete_alert_group",
        call=lambda client: client.alert_groups.delete(GROUP_ID, mode="wipe"),
        method="DELETE",
        path=f"alert_groups/{GROUP_ID}/",
        data='{\n      "mode": "wipe"\n  }',
        body=b'{"mode":"wipe"}',
        status=204,
    ),
    "Add a label to an alert group": Example(
        operation="add_alert_group_label",
        call=lambda client: client.alert_groups.add_label(GROUP_ID, "severity", "critical"),
        method="POST",
        path=f"alert_groups/{GROUP_ID}/labels/",
        data="""{
              "key": {
                  "name": "severity"
              },
              "value": {
                  "name": "critical"
              }
          }""",
        body=b'{"key":{"name":"severity"},"value":{"name":"critical"}}',
        status=201,
        answer=LABEL,
        result=LABEL_MODEL,
    ),
    # The command names the ids as well; the parameter table under it asks for the names only.
    "Remove a label from an alert group": Example(
        operation="remove_alert_group_label",
        call=lambda client: client.alert_groups.remove_label(GROUP_ID, "severity", "critical"),
        method="POST",
        path=f"alert_groups/{GROUP_ID}/labels/remove/",
        data='{"key": {"name": "severity"}, "value": {"name": "critical"}}',
        body=b'{"key":{"name":"severity"},"value":{"name":"critical"}}',
        status=204,
    ),
}
every_example = pytest.mark.parametrize(
    "example", [pytest.param(example, id=title) for title, example in EXAMPLES.items()]
)


async def sent_by(
    wire: respx.MockRouter,
    call: Callable[[], Awaitable[object]],
    response: httpx.Response,
) -> tuple[httpx.Request, object]:
    """The one request that a call makes, and its result."""
    wire.route().mock(return_value=response)
    result = await call()
    assert wire.calls.call_count == 1
    return wire.calls.last.request, result


async def body_of(
    wire: respx.MockRouter, call: Callable[[], Awaitable[object]], answer: Any = None
) -> bytes:
    """The body of the one request that a call makes."""
    response = httpx.Response(200) if answer is None else httpx.Response(200, json=answer)
    return (await sent_by(wire, call, response))[0].content


def test_every_operation_has_its_example() -> None:
    """A new operation fails here until it is tried."""
    assert sorted(example.operation for example in EXAMPLES.values()) == sorted(
        operation.id for operation in OPERATIONS
    )


@every_example
async def test_the_example_is_sent_as_documented(
    wire: respx.MockRouter, client: OnCallClient, example: Example
) -> None:
    """Method, whole URL with its slash, and every byte of the body."""
    request, _ = await sent_by(wire, lambda: example.call(client), example.response())
    assert request.method == example.method
    assert str(request.url) == API + example.path
    assert request.content == example.body
    if example.data is not None:
        assert json.loads(request.content) == json.loads(example.data)


@every_example
async def test_the_answer_of_the_example_becomes_models(
    wire: respx.MockRouter, client: OnCallClient, example: Example
) -> None:
    """Equal in type and value; an action gives nothing."""
    _, result = await sent_by(wire, lambda: example.call(client), example.response())
    assert type(result) is type(example.result)
    assert result == example.result


@every_example
async def test_each_request_carries_these_headers_and_no_others(
    wire: respx.MockRouter, client: OnCallClient, example: Example
) -> None:
    """The token bare; a body has a type and a length, and is never chunked."""
    request, _ = await sent_by(wire, lambda: example.call(client), example.response())
    headers = dict(request.headers)
    assert headers.pop("accept-encoding")
    assert headers.pop("connection") == "keep-alive"
    expected = {
        "host": "oncall.example",
        "accept": "application/json",
        "user-agent": f"grafana-oncall-sdk/{__version__}",
        "authorization": TOKEN,
        "x-grafana-url": STACK,
    }
    if example.body:
        expected["content-type"] = "application/json"
    if example.body or example.method in {"POST", "PUT"}:
        expected["content-length"] = str(len(example.body))
    assert headers == expected


@every_example
async def test_the_facade_sends_what_the_operation_is_declared_to_be(
    wire: respx.MockRouter, client: OnCallClient, example: Example
) -> None:
    """Each method calls the operation of its own name, path template included."""
    (declared,) = (one for one in OPERATIONS if one.id == example.operation)
    request, _ = await sent_by(wire, lambda: example.call(client), example.response())
    path = declared.path.format(alert_group_id=GROUP_ID, integration_id=INTEGRATION_ID)
    assert (request.method, str(request.url)) == (declared.method, API + path)


async def test_without_a_stack_no_header_names_one(wire: respx.MockRouter) -> None:
    """X-Grafana-URL is there only when it was given."""
    wire.route().respond(json=GROUP)
    async with OnCallClient(url="https://oncall.example", token=TOKEN) as client:
        await client.alert_groups.get(GROUP_ID)
    request = wire.calls.last.request
    assert "x-grafana-url" not in request.headers
    assert str(request.url) == f"https://oncall.example/api/v1/alert_groups/{GROUP_ID}/"


async def test_the_command_that_removes_a_label_can_be_sent_with_its_ids(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Through `operations`, to the letter of the documentation."""
    body = models.AttachedLabelInput(
        key=models.AttachedNameInput(id="severity", name="severity"),
        value=models.AttachedNameInput(id="critical", name="critical"),
    )
    request, _ = await sent_by(
        wire,
        lambda: client.send(operations.remove_alert_group_label(GROUP_ID, body)),
        httpx.Response(204),
    )
    assert str(request.url) == f"{API}alert_groups/{GROUP_ID}/labels/remove/"
    assert json.loads(request.content) == LABEL


async def test_all_the_filters_of_alert_groups_go_out_in_order(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Seven of them and `perpage`; several labels repeat the parameter; times are in UTC."""
    east = timezone(timedelta(hours=2))
    pager = client.alert_groups.list(
        id=GROUP_ID,
        route_id="RIYGUJXCPFHXY",
        integration_id=INTEGRATION_ID,
        team_id="T1",
        labels={"team": "SRE", "env": "prod eu"},
        started_at=(
            datetime(2026, 3, 1, 2, 0, 0, 999999, tzinfo=east),
            datetime(2026, 3, 2, 0, 0, 0, 1, tzinfo=UTC),
        ),
        state="firing",
        perpage=7,
    )
    request, _ = await sent_by(wire, pager.collect, httpx.Response(200, json=one_page()))
    assert request.url.params.multi_items() == [
        ("id", GROUP_ID),
        ("route_id", "RIYGUJXCPFHXY"),
        ("integration_id", INTEGRATION_ID),
        ("team_id", "T1"),
        ("label", "team:SRE"),
        ("label", "env:prod eu"),
        ("started_at", "2026-03-01T00:00:00_2026-03-02T00:00:01"),
        ("state", "new"),
        ("perpage", "7"),
    ]
    assert str(request.url).partition("?")[0] == f"{API}alert_groups/"
    assert b"&label=team%3ASRE&label=env%3Aprod" in request.url.query


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        pytest.param({"state": "new"}, "state=new", id="new"),
        pytest.param({"state": "firing"}, "state=new", id="firing"),
        pytest.param({"state": models.AlertGroupState.FIRING}, "state=new", id="enum firing"),
        pytest.param({"state": "acknowledged"}, "state=acknowledged", id="acknowledged"),
        pytest.param({"state": models.AlertGroupState.RESOLVED}, "state=resolved", id="resolved"),
        pytest.param({"state": "silenced"}, "state=silenced", id="silenced"),
        pytest.param({"team_id": NO_TEAM}, "team_id=null", id="no team"),
        pytest.param({"labels": "team:SRE"}, "label=team%3ASRE", id="one label as a string"),
        pytest.param({"labels": [LABEL]}, "label=severity%3Acritical", id="label as JSON"),
        pytest.param({"labels": [LABEL_MODEL]}, "label=severity%3Acritical", id="label model"),
        pytest.param(
            {"labels": [("team", "SRE"), "team:SRE"]}, "label=team%3ASRE", id="repeated label"
        ),
        pytest.param({"labels": {"k": "a&b=c"}}, "label=k%3Aa%26b%3Dc", id="reserved characters"),
        pytest.param({"labels": {"k": "ü+"}}, "label=k%3A%C3%BC%2B", id="not ASCII, and a plus"),
    ],
)
async def test_a_filter_of_alert_groups_goes_out_as(
    wire: respx.MockRouter, client: OnCallClient, filters: dict[str, Any], query: str
) -> None:
    """One concept, whichever way it is spelled."""
    request, _ = await sent_by(
        wire, client.alert_groups.list(**filters).collect, httpx.Response(200, json=one_page())
    )
    assert request.url.query.decode() == query


async def test_the_filters_of_integrations_go_out_in_order(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """`name` is exact, whatever is in it."""
    request, _ = await sent_by(
        wire,
        client.integrations.list(name="Grafana :blush: & co", perpage=3).collect,
        httpx.Response(200, json=one_page()),
    )
    assert str(request.url).partition("?")[0] == f"{API}integrations/"
    assert request.url.params.multi_items() == [("name", "Grafana :blush: & co"), ("perpage", "3")]


async def test_a_range_from_the_first_moment_there_is_goes_out_in_four_digits(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """`datetime.min` as "ever since"; the server refuses a year of fewer digits."""
    since = datetime.min.replace(tzinfo=UTC)
    pager = client.alert_groups.list(started_at=(since, datetime(2026, 3, 2, tzinfo=UTC)))
    request, _ = await sent_by(wire, pager.collect, httpx.Response(200, json=one_page()))
    assert request.url.params["started_at"] == "0001-01-01T00:00:00_2026-03-02T00:00:00"


@pytest.mark.parametrize(
    ("delay", "body"),
    [
        pytest.param(timedelta(hours=3), b'{"delay":10800}', id="timedelta"),
        pytest.param(10800, b'{"delay":10800}', id="seconds"),
        pytest.param(timedelta(milliseconds=1), b'{"delay":1}', id="rounded up"),
        pytest.param(timedelta(seconds=59, microseconds=1), b'{"delay":60}', id="rounded up too"),
        pytest.param(1, b'{"delay":1}', id="the least"),
        pytest.param(2**31 - 1, b'{"delay":2147483647}', id="the most"),
        pytest.param(FOREVER, b'{"delay":-1}', id="for ever"),
    ],
)
async def test_a_delay_is_sent_in_whole_seconds(
    wire: respx.MockRouter, client: OnCallClient, delay: Any, body: bytes
) -> None:
    """Never less than was asked for."""
    assert await body_of(wire, lambda: client.alert_groups.silence(GROUP_ID, delay)) == body


@pytest.mark.parametrize(
    ("options", "body"),
    [
        pytest.param({}, b'{"mode":"wipe"}', id="by default"),
        pytest.param({"mode": "wipe"}, b'{"mode":"wipe"}', id="wipe"),
        pytest.param({"mode": "delete"}, b'{"mode":"delete"}', id="delete"),
        pytest.param({"mode": models.DeleteMode.DELETE}, b'{"mode":"delete"}', id="enum"),
    ],
)
async def test_the_mode_of_a_deletion_is_always_said_in_the_body(
    wire: respx.MockRouter, client: OnCallClient, options: dict[str, Any], body: bytes
) -> None:
    """In the query, the server would ignore it, and wipe."""
    request, _ = await sent_by(
        wire, lambda: client.alert_groups.delete(GROUP_ID, **options), httpx.Response(204)
    )
    assert (request.content, request.url.query) == (body, b"")


async def test_an_integration_is_created_with_everything(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """The documentation's labels and dynamic labels, templates, and a default route."""
    body = await body_of(
        wire,
        lambda: client.integrations.create(
            type="webhook",
            name="ci",
            description_short=None,
            team_id="T1",
            labels={"team": "SRE", "environment": "production"},
            dynamic_labels={
                "severity": "{{ payload.get('severity', 'unknown') }}",
                "service": "{{ payload.commonLabels.get('service_name', '') }}",
            },
            templates={"web": {"title": "{{ payload.title }}"}, "sms": None},
            default_route={"escalation_chain_id": None, "slack": {"enabled": False}},
        ),
        INTEGRATION,
    )
    assert body == (
        b'{"default_route":{"escalation_chain_id":null,"slack":{"enabled":false}},'
        b'"description_short":null,'
        b'"dynamic_labels":[{"key":{"name":"severity"},'
        b'"value":{"name":"{{ payload.get(\'severity\', \'unknown\') }}"}},'
        b'{"key":{"name":"service"},'
        b'"value":{"name":"{{ payload.commonLabels.get(\'service_name\', \'\') }}"}}],'
        b'"labels":[{"key":{"name":"team"},"value":{"name":"SRE"}},'
        b'{"key":{"name":"environment"},"value":{"name":"production"}}],'
        b'"name":"ci","team_id":"T1",'
        b'"templates":{"sms":null,"web":{"title":"{{ payload.title }}"}},'
        b'"type":"webhook"}'
    )


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        pytest.param({}, b"{}", id="nothing"),
        pytest.param({"name": "é"}, '{"name":"é"}'.encode(), id="a name in UTF-8"),
        pytest.param({"team_id": None}, b'{"team_id":null}', id="no team"),
        pytest.param({"description_short": None}, b'{"description_short":null}', id="no text"),
        pytest.param({"labels": {}}, b'{"labels":[]}', id="no labels"),
        pytest.param({"dynamic_labels": []}, b'{"dynamic_labels":[]}', id="no dynamic labels"),
        pytest.param({"templates": {}}, b'{"templates":{}}', id="no template"),
        pytest.param({"templates": {"slack": None}}, b'{"templates":{"slack":null}}', id="block"),
        pytest.param(
            {"templates": {"slack": {"title": ""}}},
            b'{"templates":{"slack":{"title":""}}}',
            id="an empty template",
        ),
    ],
)
async def test_an_update_sends_what_was_given_and_nothing_else(
    wire: respx.MockRouter, client: OnCallClient, changes: dict[str, Any], body: bytes
) -> None:
    """Null resets and absent keeps, so that the two are never confused."""
    sent = await body_of(
        wire, lambda: client.integrations.update(INTEGRATION_ID, **changes), INTEGRATION
    )
    assert sent == body


async def test_members_that_the_models_do_not_know_are_accepted(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Servers grow; so do the states of a group."""
    answer = {**GROUP, "state": "snoozed", "severity": {"level": 1}, "labels": [LABEL]}
    _, group = await sent_by(
        wire, lambda: client.alert_groups.get(GROUP_ID), httpx.Response(200, json=answer)
    )
    snoozed = models.AlertGroupState("snoozed")
    assert group == attrs.evolve(GROUP_MODEL, state=snoozed, labels=[LABEL_MODEL])
