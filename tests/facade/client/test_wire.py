"""Every operation through the facade: the exact bytes on the wire, and the result.

The members of a body are in alphabetical order, which is how msgspec writes a slotted class.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest
import respx

from grafana_oncall import OnCallClient, __version__, models, operations
from grafana_oncall.operations import OPERATIONS
from tests.support.requests_sent import sent_by
from tests.support.samples import (
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
    """A curl example of the documentation: its command, its response, and its call."""

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
    reply: Any = None
    result: object = None

    def response(self) -> httpx.Response:
        """The documented response; None is no body, as real servers respond to actions."""
        if self.reply is None:
            return httpx.Response(self.status)
        return httpx.Response(self.status, json=self.reply)


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
        reply=INTEGRATION,
        result=INTEGRATION_MODEL,
    ),
    "Get integration": Example(
        operation="get_integration",
        call=lambda client: client.integrations.get(INTEGRATION_ID),
        method="GET",
        path=f"integrations/{INTEGRATION_ID}/",
        reply=INTEGRATION,
        result=INTEGRATION_MODEL,
    ),
    "List integrations": Example(
        operation="list_integrations",
        call=lambda client: client.integrations.list().collect(),
        method="GET",
        path="integrations/",
        reply=one_page(INTEGRATION),
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
        reply=UPDATED,
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
        reply=one_page(GROUP),
        result=[GROUP_MODEL],
    ),
    "Alert group details": Example(
        operation="get_alert_group",
        call=lambda client: client.alert_groups.get(GROUP_ID),
        method="GET",
        path=f"alert_groups/{GROUP_ID}/",
        reply=GROUP,
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
        reply=LABEL,
        result=LABEL_MODEL,
    ),
    # The command has the ids as well; the parameter table under it requires the names only.
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


def test_every_operation_of_the_two_pages_has_its_example() -> None:
    """Other resources have none; the contract tests compare their requests and models."""
    assert sorted(example.operation for example in EXAMPLES.values()) == sorted(
        operation.id
        for operation in OPERATIONS
        if operation.docs.endswith(("/integrations/", "/alertgroups/"))
        and "maintenance" not in operation.id  # which the page does not have
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
async def test_the_response_of_the_example_becomes_models(
    wire: respx.MockRouter, client: OnCallClient, example: Example
) -> None:
    """Equal in type and value; an action returns None."""
    _, result = await sent_by(wire, lambda: example.call(client), example.response())
    assert type(result) is type(example.result)
    assert result == example.result


@every_example
async def test_each_request_has_these_headers_and_no_others(
    wire: respx.MockRouter, client: OnCallClient, example: Example
) -> None:
    """The token has no scheme; a body has a type and a length, and is never chunked."""
    request, _ = await sent_by(wire, lambda: example.call(client), example.response())
    headers = dict(request.headers)
    assert headers.pop("accept-encoding")
    assert headers.pop("connection") == "keep-alive"
    expected = {
        "host": "oncall.example",
        "accept": "application/json, text/calendar",
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
    """Each method calls the operation of its own name, with its path template."""
    (declared,) = (operation for operation in OPERATIONS if operation.id == example.operation)
    request, _ = await sent_by(wire, lambda: example.call(client), example.response())
    path = declared.path.format(alert_group_id=GROUP_ID, integration_id=INTEGRATION_ID)
    assert (request.method, str(request.url)) == (declared.method, API + path)


async def test_without_a_stack_no_header_names_one(wire: respx.MockRouter) -> None:
    """X-Grafana-URL is sent only if it was given."""
    wire.route().respond(json=GROUP)
    async with OnCallClient(url="https://oncall.example", token=TOKEN) as client:
        await client.alert_groups.get(GROUP_ID)
    request = wire.calls.last.request
    assert "x-grafana-url" not in request.headers
    assert str(request.url) == f"https://oncall.example/api/v1/alert_groups/{GROUP_ID}/"


async def test_the_command_that_removes_a_label_can_be_sent_with_its_ids(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Through `operations`, exactly as documented."""
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


async def test_members_that_the_models_do_not_know_are_accepted(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Newer servers add members, and states of groups."""
    reply = {**GROUP, "state": "snoozed", "severity": {"level": 1}, "labels": [LABEL]}
    _, group = await sent_by(
        wire, lambda: client.alert_groups.get(GROUP_ID), httpx.Response(200, json=reply)
    )
    snoozed = models.AlertGroupState("snoozed")
    assert group == attrs.evolve(GROUP_MODEL, state=snoozed, labels=(LABEL_MODEL,))
