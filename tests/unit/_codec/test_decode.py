"""Responses of real servers and of the documentation become exact models."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from grafana_oncall import Page, Request, operations
from grafana_oncall._codec.decode import contains, decode, encode
from grafana_oncall.errors import DecodeError
from grafana_oncall.models import (
    Alert,
    AlertGroup,
    AlertGroupDelete,
    AlertGroupState,
    ChannelRoute,
    DefaultRoute,
    DeleteMode,
    Heartbeat,
    Integration,
    Label,
    LabelKey,
    LabelValue,
    MessageTemplate,
    Permalinks,
    RichTemplate,
    SlackRoute,
    Templates,
    TitleTemplate,
)
from tests.support.responses import GET, GROUP, LABEL, LIST, group, response_of

REAL_GROUP = """{
  "id": "IW6ZHR6W3ZT4I", "integration_id": "CUWHSWQ2HXSNE", "team_id": null,
  "route_id": "RP8H8W2EPAE3R", "alerts_count": 2, "state": "firing",
  "created_at": "2026-11-22T01:21:13Z", "resolved_at": null, "resolved_by": null,
  "acknowledged_at": "2026-11-22T01:22:14.052311Z", "acknowledged_by": "UCGEIXI1MR1NZ",
  "labels": [{"key": {"id": "env", "name": "env"}, "value": {"id": "prod", "name": "Prod"}}],
  "title": "Memory above 90% threshold",
  "permalinks": {"slack": null, "slack_app": null, "telegram": null,
                 "web": "http://grafana/a/grafana-oncall-app/alert-groups/IW6ZHR6W3ZT4I"},
  "silenced_at": null,
  "last_alert": {"id": "AWJQSGEYYUFGH", "alert_group_id": "IW6ZHR6W3ZT4I",
                 "created_at": "2026-11-22T01:21:13.000100Z",
                 "payload": {"deep": [{"a": [1, 2.5, null, true, "x"]}], "message": "\u2603"}}
}"""
REAL_GROUP_VALUE = AlertGroup(
    id="IW6ZHR6W3ZT4I",
    integration_id="CUWHSWQ2HXSNE",
    team_id=None,
    route_id="RP8H8W2EPAE3R",
    alerts_count=2,
    state=AlertGroupState.FIRING,
    created_at=datetime(2026, 11, 22, 1, 21, 13, tzinfo=UTC),
    acknowledged_at=datetime(2026, 11, 22, 1, 22, 14, 52311, tzinfo=UTC),
    acknowledged_by="UCGEIXI1MR1NZ",
    labels=(Label(key=LabelKey(id="env", name="env"), value=LabelValue(id="prod", name="Prod")),),
    title="Memory above 90% threshold",
    permalinks=Permalinks(web="http://grafana/a/grafana-oncall-app/alert-groups/IW6ZHR6W3ZT4I"),
    last_alert=Alert(
        id="AWJQSGEYYUFGH",
        alert_group_id="IW6ZHR6W3ZT4I",
        created_at=datetime(2026, 11, 22, 1, 21, 13, 100, tzinfo=UTC),
        payload={"deep": [{"a": [1, 2.5, None, True, "x"]}], "message": "\u2603"},
    ),
)
DOCUMENTED_GROUP = """{
  "id": "I68T24C13IFW1", "integration_id": "CFRPV98RPR1U8", "route_id": "RIYGUJXCPFHXY",
  "alerts_count": 3, "state": "resolved", "created_at": "2020-05-19T12:37:01.430444Z",
  "resolved_at": "2020-05-19T13:37:01.429805Z", "acknowledged_at": null, "acknowledged_by": null,
  "resolved_by": "UCGEIXI1MR1NZ", "title": "Memory above 90% threshold",
  "permalinks": {"slack": "https://g.slack.com/archives/C1/p1", "telegram": "https://t.me/c/1"},
  "silenced_at": "2020-05-19T13:37:01.429805Z",
  "last_alert": {"id": "AA74DN7T4JQB6", "alert_group_id": "I68T24C13IFW1",
                 "created_at": "2020-05-11T20:08:43Z",
                 "payload": {"state": "alerting", "ruleId": 0,
                             "evalMatches": [{"tags": null, "value": 100, "metric": "High"}]}}
}"""
DOCUMENTED_GROUP_VALUE = AlertGroup(
    id="I68T24C13IFW1",
    integration_id="CFRPV98RPR1U8",
    route_id="RIYGUJXCPFHXY",
    alerts_count=3,
    state=AlertGroupState.RESOLVED,
    created_at=datetime(2020, 5, 19, 12, 37, 1, 430444, tzinfo=UTC),
    resolved_at=datetime(2020, 5, 19, 13, 37, 1, 429805, tzinfo=UTC),
    resolved_by="UCGEIXI1MR1NZ",
    title="Memory above 90% threshold",
    permalinks=Permalinks(slack="https://g.slack.com/archives/C1/p1", telegram="https://t.me/c/1"),
    silenced_at=datetime(2020, 5, 19, 13, 37, 1, 429805, tzinfo=UTC),
    last_alert=Alert(
        id="AA74DN7T4JQB6",
        alert_group_id="I68T24C13IFW1",
        created_at=datetime(2020, 5, 11, 20, 8, 43, tzinfo=UTC),
        payload={
            "state": "alerting",
            "ruleId": 0,
            "evalMatches": [{"tags": None, "value": 100, "metric": "High"}],
        },
    ),
)
WIPED_GROUP = """{
  "id": "IW", "integration_id": "CU", "team_id": null, "route_id": null, "alerts_count": 1,
  "state": "resolved", "created_at": "2026-11-22T01:21:13.000001Z",
  "resolved_at": "2026-11-22T02:21:13.5Z", "resolved_by": null, "acknowledged_at": null,
  "acknowledged_by": null, "labels": [], "title": null,
  "permalinks": {"slack": null, "slack_app": null, "telegram": null, "web": null},
  "silenced_at": null,
  "last_alert": {"id": "A", "alert_group_id": "IW", "created_at": "2026-11-22T01:21:13Z",
                 "payload": {}}
}"""
WIPED_GROUP_VALUE = AlertGroup(
    id="IW",
    integration_id="CU",
    alerts_count=1,
    state=AlertGroupState.RESOLVED,
    created_at=datetime(2026, 11, 22, 1, 21, 13, 1, tzinfo=UTC),
    resolved_at=datetime(2026, 11, 22, 2, 21, 13, 500_000, tzinfo=UTC),
    labels=(),
    permalinks=Permalinks(),
    last_alert=Alert(
        id="A",
        alert_group_id="IW",
        created_at=datetime(2026, 11, 22, 1, 21, 13, tzinfo=UTC),
        payload={},
    ),
)
OPEN_SOURCE_INTEGRATION = """{
  "id": "CUWHSWQ2HXSNE", "name": "ci", "description_short": null, "team_id": null,
  "link": "http://oncall/integrations/v1/webhook/mReAoNw/", "type": "webhook",
  "inbound_email": null, "maintenance_mode": null, "maintenance_started_at": null,
  "maintenance_end_at": "2026-11-22T02:00:00Z",
  "heartbeat": {"link": "http://oncall/integrations/v1/webhook/mReAoNw/heartbeat/"},
  "default_route": {
    "id": "RP8H8W2EPAE3R", "escalation_chain_id": null,
    "slack": {"channel_id": null, "enabled": true}, "telegram": {"id": null, "enabled": false},
    "mobile_app": {"id": null, "enabled": false}, "email": {"id": null, "enabled": false},
    "mobile_app_critical": {"id": null, "enabled": false}, "webhook": {"id": "W", "enabled": true}},
  "templates": {
    "grouping_key": "{{ payload.id }}", "resolve_signal": null, "acknowledge_signal": null,
    "source_link": null, "slack": {"title": "x", "message": null, "image_url": null},
    "web": {"title": null, "message": null, "image_url": null}, "sms": {"title": null},
    "phone_call": {"title": null}, "email": {"title": null, "message": "y"},
    "webhook": {"title": null, "message": null, "image_url": "z"}}
}"""
OPEN_SOURCE_INTEGRATION_VALUE = Integration(
    id="CUWHSWQ2HXSNE",
    type="webhook",
    name="ci",
    link="http://oncall/integrations/v1/webhook/mReAoNw/",
    maintenance_end_at=datetime(2026, 11, 22, 2, tzinfo=UTC),
    heartbeat=Heartbeat(link="http://oncall/integrations/v1/webhook/mReAoNw/heartbeat/"),
    default_route=DefaultRoute(
        id="RP8H8W2EPAE3R",
        slack=SlackRoute(enabled=True),
        telegram=ChannelRoute(enabled=False),
        mobile_app=ChannelRoute(enabled=False),
        mobile_app_critical=ChannelRoute(enabled=False),
        email=ChannelRoute(enabled=False),
        webhook=ChannelRoute(id="W", enabled=True),
    ),
    templates=Templates(
        grouping_key="{{ payload.id }}",
        slack=RichTemplate(title="x"),
        web=RichTemplate(),
        sms=TitleTemplate(),
        phone_call=TitleTemplate(),
        email=MessageTemplate(message="y"),
        webhook=RichTemplate(image_url="z"),
    ),
)
CLOUD_INTEGRATION = """{
  "id": "CFRPV98RPR1U8", "name": "Grafana :blush:", "team_id": null,
  "link": "https://oncall/integrations/v1/grafana/mReAoNwDm0eMwKo1mTeTwYo/",
  "inbound_email": "x@oncall.example", "type": "grafana",
  "default_route": {"id": "RVBE4RKQSCGJ2", "escalation_chain_id": "F5JU6KJET33FE",
                    "slack": {"channel_id": "CH23212D"}},
  "templates": {"grouping_key": null, "slack": {"title": null}, "msteams": {"title": "t"}},
  "labels": [{"key": {"name": "team"}, "value": {"name": "SRE"}}],
  "dynamic_labels": [{"key": {"id": "s", "name": "s"}, "value": {"name": "{{ payload.s }}"}}]
}"""
CLOUD_INTEGRATION_VALUE = Integration(
    id="CFRPV98RPR1U8",
    type="grafana",
    name="Grafana :blush:",
    link="https://oncall/integrations/v1/grafana/mReAoNwDm0eMwKo1mTeTwYo/",
    inbound_email="x@oncall.example",
    default_route=DefaultRoute(
        id="RVBE4RKQSCGJ2",
        escalation_chain_id="F5JU6KJET33FE",
        slack=SlackRoute(channel_id="CH23212D"),
    ),
    templates=Templates(slack=RichTemplate(), msteams=RichTemplate(title="t")),
    labels=(Label(key=LabelKey(name="team"), value=LabelValue(name="SRE")),),
    dynamic_labels=(
        Label(key=LabelKey(id="s", name="s"), value=LabelValue(name="{{ payload.s }}")),
    ),
)


@pytest.mark.parametrize(
    ("request_", "content", "value"),
    [
        pytest.param(GET, REAL_GROUP, REAL_GROUP_VALUE, id="a group of a real server"),
        pytest.param(GET, DOCUMENTED_GROUP, DOCUMENTED_GROUP_VALUE, id="the documented group"),
        pytest.param(GET, WIPED_GROUP, WIPED_GROUP_VALUE, id="a group after a wipe"),
        pytest.param(
            operations.get_integration("A"),
            OPEN_SOURCE_INTEGRATION,
            OPEN_SOURCE_INTEGRATION_VALUE,
            id="an integration of open source",
        ),
        pytest.param(
            operations.get_integration("A"),
            CLOUD_INTEGRATION,
            CLOUD_INTEGRATION_VALUE,
            id="an integration of Cloud",
        ),
        pytest.param(
            operations.add_alert_group_label("A", LABEL),
            '{"key":{"id":"k","name":"severity"},"value":{"id":"v","name":"critical"}}',
            Label(key=LabelKey(id="k", name="severity"), value=LabelValue(id="v", name="critical")),
            id="a label",
        ),
    ],
)
def test_real_responses_become_exact_models(
    request_: Request[Any], content: str, value: object
) -> None:
    """With the status of its operation, requested by their ids."""
    path = request_.path.replace("/A/", f"/{getattr(value, 'id', 'A')}/")
    request_ = attrs.evolve(request_, path=path)
    assert decode(request_, response_of(content, request_.operation.success)) == value


def test_a_page_carries_its_place_in_the_list_and_its_bytes() -> None:
    """In the envelope of real servers."""
    content = (
        '{"count": 101, "next": "http://in:8080/api/v1/alert_groups/?page=3", "previous": "x",'
        f' "results": [{REAL_GROUP}, {WIPED_GROUP}], "page_size": 50,'
        ' "current_page_number": 2, "total_pages": 3}'
    ).encode()
    assert decode(operations.list_alert_groups(page=2), response_of(content)) == Page(
        results=[REAL_GROUP_VALUE, WIPED_GROUP_VALUE],
        count=101,
        number=2,
        total_pages=3,
        next="http://in:8080/api/v1/alert_groups/?page=3",
        raw=content,
    )


def test_a_page_without_a_number_is_the_requested_one() -> None:
    """A server may leave out what is not needed."""
    page = decode(operations.list_alert_groups(page=4), response_of('{"count":0,"results":[]}'))
    assert (page.number, page.total_pages, page.next, list(page.results)) == (4, None, None, [])


def test_unknown_members_are_accepted_everywhere_and_stay_in_the_raw_bytes() -> None:
    """A server may add members at any time."""
    group = json.loads(REAL_GROUP)
    extra = {"new_thing": {"a": [1]}}
    for node in (group, group["labels"][0], group["labels"][0]["key"], group["last_alert"]):
        node.update(extra)
    content = json.dumps({"count": 1, "results": [group], **extra}).encode()
    page = decode(LIST, response_of(content))
    assert list(page.results) == [REAL_GROUP_VALUE]
    assert json.loads(page.raw)["new_thing"] == extra["new_thing"]
    assert json.loads(page.raw)["results"][0]["last_alert"]["new_thing"] == {"a": [1]}


def test_absent_members_read_as_none_or_empty() -> None:
    """Only five are always present."""
    value = decode(GET, response_of(group()))
    assert value == AlertGroup(
        id="A",
        integration_id="B",
        alerts_count=1,
        state=AlertGroupState.FIRING,
        created_at=datetime(2026, 11, 22, 1, 21, 13, tzinfo=UTC),
    )
    assert (value.labels, value.title, value.last_alert) == ((), None, None)


@pytest.mark.parametrize("labels", [None, [None]], ids=["null", "a null in a list"])
def test_null_reads_as_empty_where_a_list_belongs(labels: object) -> None:
    """As if it were absent; alone, and in one item of a page."""
    assert decode(GET, response_of(group(labels=labels))).labels == ()
    content = f"""{{"count": 2, "results": [{REAL_GROUP}, {group(labels=labels)}]}}"""
    known, other = decode(LIST, response_of(content)).results
    assert (known, other.labels) == (REAL_GROUP_VALUE, ())
    nulls: dict[str, Any] = {"labels": labels, "dynamic_labels": None}
    content = json.dumps(json.loads(CLOUD_INTEGRATION) | {"id": "A"} | nulls)
    integration = decode(operations.get_integration("A"), response_of(content))
    assert (integration.labels, integration.dynamic_labels) == ((), ())


@pytest.mark.parametrize("state", ["firing", "new"])
def test_both_spellings_of_firing_are_one_member(state: str) -> None:
    """Whichever one a server sends."""
    assert decode(GET, response_of(group(state=state))).state is AlertGroupState.FIRING


def test_an_unknown_state_survives() -> None:
    """As a string that decodes, pickles, and is encoded unchanged."""
    value = decode(GET, response_of(group(state="hibernating")))
    assert isinstance(value.state, AlertGroupState)
    assert value.state == "hibernating"
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301  # the test's own bytes
    body = AlertGroupDelete(mode=DeleteMode("shred"))
    assert encode(operations.delete_alert_group("A", body)) == b'{"mode":"shred"}'


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-11-22T01:21:13Z", (13, 0, 0), id="no fraction"),
        pytest.param("2026-11-22T01:21:13.000001Z", (13, 1, 0), id="six digits"),
        pytest.param("2026-11-22T01:21:13.5Z", (13, 500_000, 0), id="one digit"),
        pytest.param("2026-11-22T01:21:13.123456789Z", (13, 123_457, 0), id="nine digits"),
        pytest.param("2026-11-22T01:21:13+00:00", (13, 0, 0), id="offset zero"),
        pytest.param("2026-11-22T01:21:13+05:30", (13, 0, 330), id="offset"),
        pytest.param("2026-11-22T01:21:13-11:00", (13, 0, -660), id="negative offset"),
    ],
)
def test_timestamps_are_aware(text: str, moment: tuple[int, int, int]) -> None:
    """With `Z` or an offset, with a fraction or without."""
    second, microsecond, minutes = moment
    zone = timezone(timedelta(minutes=minutes))
    created = decode(GET, response_of(group(created_at=text))).created_at
    assert created == datetime(2026, 11, 22, 1, 21, second, microsecond, tzinfo=zone)
    assert created.utcoffset() == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T01:21:13",
        "2026-11-22",
        "2026-13-22T01:21:13Z",
        "2026-11-22T25:21:13Z",
        "yesterday",
        "",
        "1764000000",
        1764000000,
        1.5,
        None,
        True,
    ],
)
def test_a_timestamp_that_is_none_is_refused(text: object) -> None:
    """A naive one is off by hours wherever it is read."""
    with pytest.raises(DecodeError) as info:
        decode(GET, response_of(group(created_at=text)))
    assert info.value.path == "$.created_at"
    page = {"count": 1, "results": [GROUP, GROUP | {"created_at": text}]}
    with pytest.raises(DecodeError) as info:
        decode(LIST, response_of(json.dumps(page)))
    assert info.value.path == "$.results[1].created_at"


def test_an_envelope_may_be_null_where_it_says_nothing() -> None:
    """Neither number nor total is required."""
    content = '{"count":1,"results":[],"next":null,"current_page_number":null,"total_pages":null}'
    assert decode(LIST, response_of(content)).number == 1


@pytest.mark.parametrize(
    ("kept", "asked", "holding"),
    [
        pytest.param("{}", None, False, id="nothing was asked"),
        pytest.param('{"a":1}', "{}", True, id="an empty request"),
        pytest.param('{"a":1,"b":2}', '{"a":1}', True, id="more than asked"),
        pytest.param('{"a":1}', '{"a":1,"b":2}', False, id="less than asked"),
        pytest.param('{"a":2}', '{"a":1}', False, id="another value"),
        pytest.param('{"a":null}', '{"a":null}', True, id="null"),
        pytest.param("{}", '{"a":null}', False, id="absent is not null"),
        pytest.param('{"a":{"b":1,"c":2}}', '{"a":{"b":1}}', True, id="nested"),
        pytest.param('{"a":null}', '{"a":{"b":1}}', False, id="null for an object"),
        pytest.param('{"a":[{"n":1},{"n":2}]}', '{"a":[{"n":2},{"n":1}]}', True, id="any order"),
        pytest.param('{"a":[{"n":1},{"n":2}]}', '{"a":[{"n":1}]}', False, id="more items"),
        pytest.param('{"a":[{"n":1}]}', '{"a":[{"n":2}]}', False, id="other items"),
        pytest.param('{"a":{}}', '{"a":[]}', False, id="object for a list"),
        pytest.param(
            '{"a":"2026-12-10T08:00:00.000000Z"}',
            '{"a":"2026-12-10T09:00:00+01:00"}',
            True,
            id="a moment in another form",
        ),
        pytest.param(
            '{"a":"2026-12-10T09:00:00.000001Z"}',
            '{"a":"2026-12-10T09:00:00Z"}',
            False,
            id="another moment",
        ),
        pytest.param('{"a":"2026-12-10"}', '{"a":"20261210"}', False, id="texts like dates"),
        pytest.param('{"a":"x"}', '{"a":"y"}', False, id="other texts"),
    ],
)
def test_a_response_holds_what_was_requested(
    kept: str, asked: str | None, *, holding: bool
) -> None:
    """Whatever the server added."""
    assert contains(kept.encode(), None if asked is None else asked.encode()) is holding
