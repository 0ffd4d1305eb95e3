"""Arguments as they are sent: filters in the query, delays, modes and inputs in the body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import respx

from grafana_oncall import FOREVER, NO_TEAM, OnCallClient, models
from tests.support.requests_sent import sent_by
from tests.support.samples import (
    API,
    GROUP_ID,
    INTEGRATION,
    INTEGRATION_ID,
    LABEL,
    LABEL_MODEL,
    one_page,
)


async def body_of(
    wire: respx.MockRouter,
    call: Callable[[], Awaitable[object]],
    body: Any = None,
    status: int = 200,
) -> bytes:
    """Return the body of the one request that a call sends."""
    response = httpx.Response(status) if body is None else httpx.Response(status, json=body)
    return (await sent_by(wire, call, response))[0].content


async def test_all_filters_of_alert_groups_are_sent_in_order(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Seven filters and `perpage`; several labels repeat the parameter; times are in UTC."""
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
async def test_a_filter_of_alert_groups_is_sent_as(
    wire: respx.MockRouter, client: OnCallClient, filters: dict[str, Any], query: str
) -> None:
    """Each spelling of a filter is sent the same way."""
    request, _ = await sent_by(
        wire, client.alert_groups.list(**filters).collect, httpx.Response(200, json=one_page())
    )
    assert request.url.query.decode() == query


async def test_the_filters_of_integrations_are_sent_in_order(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """`name` is sent verbatim, whatever it contains."""
    request, _ = await sent_by(
        wire,
        client.integrations.list(name="Grafana :blush: & co", perpage=3).collect,
        httpx.Response(200, json=one_page()),
    )
    assert str(request.url).partition("?")[0] == f"{API}integrations/"
    assert request.url.params.multi_items() == [("name", "Grafana :blush: & co"), ("perpage", "3")]


async def test_a_range_from_the_first_moment_is_sent_with_a_year_of_four_digits(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """`datetime.min` as "since ever"; the server refuses a year of fewer digits."""
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
    """Rounded up, never down."""
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
async def test_the_mode_of_a_deletion_is_always_sent_in_the_body(
    wire: respx.MockRouter, client: OnCallClient, options: dict[str, Any], body: bytes
) -> None:
    """In the query the server would ignore it, and wipe."""
    request, _ = await sent_by(
        wire, lambda: client.alert_groups.delete(GROUP_ID, **options), httpx.Response(204)
    )
    assert (request.content, request.url.query) == (body, b"")


async def test_an_integration_is_created_with_everything(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """The documented labels and dynamic labels, templates, and a default route."""
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
        status=201,
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
    """Null resets a member and its absence keeps it, so the two are never confused."""
    sent = await body_of(
        wire, lambda: client.integrations.update(INTEGRATION_ID, **changes), INTEGRATION
    )
    assert sent == body
