"""The fake responds only as openapi.yaml allows, and the check finds servers that do not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from grafana_oncall.testing import DEFAULT_TOKEN
from tests.contract.conformance import TAGS, drive, follow_links
from tests.contract.servers import (
    FLAVOURS,
    App,
    Flavour,
    Message,
    Receive,
    Reply,
    Send,
    afresh,
    alerting,
    spoiled,
)
from tests.contract.specification import LINKS, OPERATIONS
from tests.support.budget import HUNTING

CLOUD_ONLY = {"add_alert_group_label", "remove_alert_group_label"}
BROKEN = {"list_organizations"}
"""What the open-source engine always fails at."""
_CHANGES = ("create", "get", "update", "delete")
_WRITTEN = {
    each.tag: each.id.removeprefix("create_")
    for each in OPERATIONS.values()
    if each.id.startswith("create_")
}
"""The resources that requests create objects of: the tag, and the name of one object."""


EACH: Final[Sequence[Sequence[Flavour]]] = [[flavour] for flavour in FLAVOURS]
TURNS: Final = EACH if HUNTING else [FLAVOURS]
"""The flavours that take turns in one test; the long form tests each of them alone."""


def _name(flavours: Sequence[Flavour]) -> str:
    return "-".join(flavours)


@pytest.mark.parametrize(
    ("operation", "flavours"),
    [
        pytest.param(operation, flavours, id=f"{operation}-{_name(flavours)}")
        for operation in OPERATIONS
        for flavours in (EACH if operation in CLOUD_ONLY | BROKEN else TURNS)
    ],
)
def test_each_response_is_one_that_the_specification_allows(
    operation: str, flavours: Sequence[Flavour]
) -> None:
    """Examples, limits and random values, valid and invalid, in every state of a group."""
    report = drive(afresh(*flavours), operation)
    statuses = {status for _, status in report.responses}
    if flavours == ["oss"] and operation in BROKEN:
        assert statuses == {500}
        return
    assert report.faults == []
    if flavours == ["oss"] and operation in CLOUD_ONLY:
        assert statuses == {404}  # of the route
    else:
        assert {operation} == report.succeeded
        assert 403 in statuses
        assert 404 in statuses or "{" not in OPERATIONS[operation].path
        assert (
            400 in statuses
            or "400" not in OPERATIONS[operation].responses
            or (
                # only of a type that cannot be created, and of a default route
                operation in {"delete_integration", "delete_route"}
            )
        )


@pytest.mark.parametrize("flavours", [pytest.param(some, id=_name(some)) for some in TURNS])
@pytest.mark.parametrize(
    ("tags", "done"),
    [
        *(
            pytest.param([tag], {f"{verb}_{one}" for verb in _CHANGES}, id=tag)
            for tag, one in _WRITTEN.items()
        ),
        pytest.param(
            TAGS,
            {f"{verb}_alert_group" for verb in ("get", "acknowledge", "resolve", "delete")},
            id="alert groups and their integrations",
        ),
    ],
)
def test_what_was_listed_or_created_can_be_used(
    flavours: Sequence[Flavour], tags: Sequence[str], done: set[str]
) -> None:
    """Scenarios along the links: an id from a response is known, and unknown once deleted."""
    turns = itertools.cycle(flavours)
    linked = {operation for operation in LINKS if OPERATIONS[operation].tag in tags}
    report = follow_links(
        lambda: alerting(next(turns)),
        tags,
        until=lambda report: report.succeeded >= done and report.reached >= linked,
    )
    assert report.faults == []
    assert report.succeeded >= done
    starts = {f"list_{tag}" for tag in tags}
    starts |= {f"create_{one}" for tag, one in _WRITTEN.items() if tag in tags}
    assert report.reached - starts == linked - starts


def _text_for_a_number(reply: Reply) -> None:
    if reply.status == 200:
        reply.json = reply.json | {"alerts_count": "3"}


def _no_creation(reply: Reply) -> None:
    if reply.status == 200:
        reply.json = {name: value for name, value in reply.json.items() if name != "created_at"}


def _unknown_state(reply: Reply) -> None:
    if reply.status == 200:
        for group in (page := reply.json)["results"]:
            group["state"] = "burning"
        reply.json = page


def _conflict_by_status(reply: Reply) -> None:
    if reply.status == 400:
        reply.status = 409


def _plain_text(reply: Reply) -> None:
    if reply.status == 200:
        reply.headers["Content-Type"] = "text/plain"


def _half_a_throttle(reply: Reply) -> None:
    reply.status, reply.json = 429, {"detail": "Request was throttled."}
    reply.headers["Content-Type"] = "application/json"
    reply.headers["Retry-After"] = "soon"


def _message_under_another_name(reply: Reply) -> None:
    if reply.status == 404:
        reply.json = {"message": "Not found."}


def _crash(reply: Reply) -> None:
    if reply.status == 200:
        reply.status, reply.body = 500, b"<h1>Server Error (500)</h1>"
        reply.headers["Content-Type"] = "text/html"


@pytest.mark.parametrize(
    ("operation", "spoil", "found"),
    [
        pytest.param(
            *("get_alert_group", _text_for_a_number),
            {"JsonSchemaError"},
            id="a text for a number",
        ),
        pytest.param(
            *("get_alert_group", _no_creation), {"JsonSchemaError"}, id="a member is missing"
        ),
        pytest.param(
            *("list_alert_groups", _unknown_state), {"JsonSchemaError"}, id="a state on a page"
        ),
        pytest.param(
            *("acknowledge_alert_group", _conflict_by_status),
            {"UndefinedStatusCode"},
            id="an undocumented status",
        ),
        pytest.param(
            *("list_integrations", _plain_text), {"UndefinedContentType"}, id="another media type"
        ),
        pytest.param(
            *("list_integrations", _half_a_throttle),
            {"MissingHeaders", "JsonSchemaError"},
            id="a header is missing, another is no number",
        ),
        pytest.param(
            *("get_integration", _message_under_another_name),
            {"JsonSchemaError"},
            id="another shape of a refusal",
        ),
        pytest.param(*("silence_alert_group", _crash), {"Crash"}, id="a crash on good input"),
    ],
)
def test_a_response_that_the_specification_does_not_allow_is_found(
    operation: str, spoil: Callable[[Reply], None], found: set[str]
) -> None:
    """The same check, on a fake whose responses are changed."""
    report = drive(spoiled(afresh("cloud"), spoil), operation)
    assert {fault.partition(":")[0] for fault in report.faults} == found


def _open(app: App) -> App:
    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        token = (b"authorization", DEFAULT_TOKEN.encode())
        await app({**scope, "headers": [*scope.get("headers", []), token]}, receive, send)

    return wrapped


def test_a_server_that_requires_no_token_is_found() -> None:
    """It responds without a token as it does with one."""
    report = drive(_open(afresh("cloud")), "list_integrations")
    assert {fault.partition(":")[0] for fault in report.faults} == {"IgnoredAuth"}


def _undeletable(app: App) -> App:
    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        if scope.get("method") == "DELETE":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await app(scope, receive, send)

    return wrapped


def _forgetful(reply: Reply) -> None:
    if reply.status == 201:
        reply.json = reply.json | {"id": "CNOBODYKNOWS1"}


@pytest.mark.parametrize(
    ("make", "found"),
    [
        pytest.param(lambda: _undeletable(alerting("cloud")), "UseAfterFree", id="not deleted"),
        pytest.param(
            lambda: spoiled(alerting("cloud"), _forgetful),
            "EnsureResourceAvailability",
            id="not created",
        ),
    ],
)
def test_a_promised_effect_that_does_not_happen_is_found(
    make: Callable[[], App], found: str
) -> None:
    """A deletion or a creation that has no effect."""
    report = follow_links(make, ["integrations"], until=lambda _: False)
    assert {fault.partition(":")[0] for fault in report.faults} == {found}
