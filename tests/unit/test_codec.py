"""Requests to bytes, and answers to values: real ones, strange ones, and any bytes at all."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args, get_origin

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall import UNSET, Page, Request, Response, operations
from grafana_oncall._codec import decode, encode, holds
from grafana_oncall.errors import DecodeError, InvalidArgument, OnCallError
from grafana_oncall.models import (
    Alert,
    AlertGroup,
    AlertGroupDelete,
    AlertGroupSilence,
    AlertGroupState,
    AttachedLabelInput,
    AttachedNameInput,
    ChannelRoute,
    DefaultRoute,
    DefaultRouteInput,
    DeleteMode,
    DynamicLabelInput,
    DynamicValueInput,
    Heartbeat,
    Integration,
    IntegrationCreate,
    IntegrationUpdate,
    Label,
    LabelInput,
    LabelKey,
    LabelKeyInput,
    LabelValue,
    LabelValueInput,
    MessageTemplate,
    Permalinks,
    RichTemplate,
    RichTemplateInput,
    SlackRoute,
    SlackRouteInput,
    Templates,
    TemplatesInput,
    TitleTemplate,
)

LABEL = LabelInput(key=LabelKeyInput(name="severity"), value=LabelValueInput(name="critical"))
ATTACHED = AttachedLabelInput(
    key=AttachedNameInput(name="severity", id="severity"), value=AttachedNameInput(name="critical")
)

REQUESTS: tuple[Request[Any], ...] = (
    operations.list_integrations(),
    operations.create_integration(IntegrationCreate(type="webhook")),
    operations.get_integration("A"),
    operations.update_integration("A", IntegrationUpdate()),
    operations.delete_integration("A"),
    operations.list_alert_groups(),
    operations.get_alert_group("A"),
    operations.delete_alert_group("A"),
    operations.acknowledge_alert_group("A"),
    operations.unacknowledge_alert_group("A"),
    operations.resolve_alert_group("A"),
    operations.unresolve_alert_group("A"),
    operations.silence_alert_group("A", AlertGroupSilence(delay=60)),
    operations.unsilence_alert_group("A"),
    operations.add_alert_group_label("A", LABEL),
    operations.remove_alert_group_label("A", ATTACHED),
)
BY_ID = [pytest.param(request, id=request.operation.id) for request in REQUESTS]
NOTHING_DUE = [pytest.param(r, id=r.operation.id) for r in REQUESTS if r.returns is type(None)]
BODY_DUE = [pytest.param(r, id=r.operation.id) for r in REQUESTS if r.returns is not type(None)]

GET = operations.get_alert_group("A")
LIST = operations.list_alert_groups()


def answered(content: bytes | str, status: int = 200) -> Response:
    """An answer without headers, as most are."""
    data = content.encode() if isinstance(content, str) else content
    return Response(status=status, headers={}, content=data)


def test_every_operation_is_tested_here() -> None:
    """A new one must be added to REQUESTS."""
    assert tuple(request.operation for request in REQUESTS) == operations.OPERATIONS


# What real servers answer, and the documents.

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
    labels=[Label(key=LabelKey(id="env", name="env"), value=LabelValue(id="prod", name="Prod"))],
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
    labels=[],
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
    labels=[Label(key=LabelKey(name="team"), value=LabelValue(name="SRE"))],
    dynamic_labels=[
        Label(key=LabelKey(id="s", name="s"), value=LabelValue(name="{{ payload.s }}"))
    ],
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
def test_real_answers_become_exact_models(
    request_: Request[Any], content: str, value: object
) -> None:
    """Whether 200 or 201."""
    assert decode(request_, answered(content)) == value
    assert decode(request_, answered(content, 201)) == value


def test_a_page_carries_its_place_in_the_list_and_its_bytes() -> None:
    """The envelope of real servers."""
    content = (
        '{"count": 101, "next": "http://in:8080/api/v1/alert_groups/?page=3", "previous": "x",'
        f' "results": [{REAL_GROUP}, {WIPED_GROUP}], "page_size": 50,'
        ' "current_page_number": 2, "total_pages": 3}'
    ).encode()
    assert decode(operations.list_alert_groups(page=2), answered(content)) == Page(
        results=[REAL_GROUP_VALUE, WIPED_GROUP_VALUE],
        count=101,
        number=2,
        total_pages=3,
        next="http://in:8080/api/v1/alert_groups/?page=3",
        raw=content,
    )


def test_a_page_without_number_is_the_one_that_was_asked_for() -> None:
    """A server may leave out what is not needed."""
    page = decode(operations.list_alert_groups(page=4), answered('{"count":0,"results":[]}'))
    assert (page.number, page.total_pages, page.next, list(page.results)) == (4, None, None, [])


def test_unknown_members_are_accepted_everywhere_and_stay_in_the_raw_bytes() -> None:
    """A server may add members at any time."""
    group = json.loads(REAL_GROUP)
    extra = {"new_thing": {"a": [1]}}
    for node in (group, group["labels"][0], group["labels"][0]["key"], group["last_alert"]):
        node.update(extra)
    content = json.dumps({"count": 1, "results": [group], **extra}).encode()
    page = decode(LIST, answered(content))
    assert list(page.results) == [REAL_GROUP_VALUE]
    assert json.loads(page.raw)["new_thing"] == extra["new_thing"]
    assert json.loads(page.raw)["results"][0]["last_alert"]["new_thing"] == {"a": [1]}


GROUP: dict[str, Any] = {
    "id": "A",
    "integration_id": "B",
    "alerts_count": 1,
    "state": "firing",
    "created_at": "2026-11-22T01:21:13Z",
}


def group(**members: Any) -> str:
    """The least group, with some members as given."""
    return json.dumps(GROUP | members)


def test_absent_members_read_as_none_or_empty() -> None:
    """Only five are always there."""
    value = decode(GET, answered(group()))
    assert value == AlertGroup(
        id="A",
        integration_id="B",
        alerts_count=1,
        state=AlertGroupState.FIRING,
        created_at=datetime(2026, 11, 22, 1, 21, 13, tzinfo=UTC),
    )
    assert (value.labels, value.title, value.last_alert) == ((), None, None)


@pytest.mark.parametrize("state", ["firing", "new"])
def test_both_spellings_of_firing_are_one_member(state: str) -> None:
    """Whichever a server answers."""
    assert decode(GET, answered(group(state=state))).state is AlertGroupState.FIRING


def test_an_unknown_state_survives() -> None:
    """As a string that decodes, pickles, and is encoded as it was."""
    value = decode(GET, answered(group(state="hibernating")))
    assert isinstance(value.state, AlertGroupState)
    assert value.state == "hibernating"
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301  # our own bytes
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
    created = decode(GET, answered(group(created_at=text))).created_at
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
    cases: list[tuple[Request[Any], str, str]] = [
        (GET, group(created_at=text), "$.created_at"),
        (
            LIST,
            json.dumps({"count": 1, "results": [GROUP, GROUP | {"created_at": text}]}),
            "$.results[1].created_at",
        ),
    ]
    for request, content, path in cases:
        with pytest.raises(DecodeError) as info:
            decode(request, answered(content))
        assert info.value.path == path


WRONG = [
    pytest.param({"id": None}, "$.id", id="null for a string"),
    pytest.param({"id": 1}, "$.id", id="number for a string"),
    pytest.param({"id": ["A"]}, "$.id", id="list for a string"),
    pytest.param({"alerts_count": "1"}, "$.alerts_count", id="string for a number"),
    pytest.param({"alerts_count": 1.5}, "$.alerts_count", id="fraction for a whole number"),
    pytest.param({"alerts_count": True}, "$.alerts_count", id="bool for a number"),
    pytest.param({"alerts_count": None}, "$.alerts_count", id="null for a number"),
    pytest.param({"state": 1}, "$.state", id="number for an enum"),
    pytest.param({"state": None}, "$.state", id="null for an enum"),
    pytest.param({"title": 5}, "$.title", id="number for a nullable string"),
    pytest.param({"title": {}}, "$.title", id="object for a nullable string"),
    pytest.param({"resolved_at": 5}, "$.resolved_at", id="number for a nullable time"),
    pytest.param({"labels": None}, "$.labels", id="null for a list"),
    pytest.param({"labels": {}}, "$.labels", id="object for a list"),
    pytest.param({"labels": "x"}, "$.labels", id="string for a list"),
    pytest.param({"labels": [None]}, "$.labels[0]", id="null in a list"),
    pytest.param({"labels": [{"key": {"name": "a"}}]}, "$.labels[0]", id="a member is missing"),
    pytest.param(
        {
            "labels": [
                {"key": {"name": "a"}, "value": {"name": "b"}},
                {"key": {"name": "a"}, "value": {"name": 2}},
            ]
        },
        "$.labels[1].value.name",
        id="deep in a list",
    ),
    pytest.param({"permalinks": []}, "$.permalinks", id="list for an object"),
    pytest.param({"permalinks": {"web": 1}}, "$.permalinks.web", id="in a nullable object"),
    pytest.param({"last_alert": {"id": None}}, "$.last_alert.id", id="null in an object"),
    pytest.param({"last_alert": {}}, "$.last_alert", id="an object without its id"),
]


@pytest.mark.parametrize(("members", "path"), WRONG)
def test_a_wrong_type_is_refused_with_its_path(members: dict[str, Any], path: str) -> None:
    """Null is not "None", and 1 is not "1"; alone and on a page."""
    with pytest.raises(DecodeError, match=r"^get_alert_group: 200, but ") as info:
        decode(GET, answered(group(**members)))
    assert info.value.path == path
    assert f" at {path}. It begins " in str(info.value)
    page = {"count": 3, "results": [GROUP, GROUP, GROUP | members]}
    with pytest.raises(DecodeError) as info:
        decode(LIST, answered(json.dumps(page)))
    assert info.value.path == path.replace("$", "$.results[2]")


@pytest.mark.parametrize("name", GROUP)
def test_a_missing_member_is_refused(name: str) -> None:
    """Every one of the five, by name."""
    content = json.dumps({key: value for key, value in GROUP.items() if key != name})
    with pytest.raises(DecodeError, match=rf"missing required field `{name}` at \$") as info:
        decode(GET, answered(content))
    assert info.value.path == "$"


@pytest.mark.parametrize(
    ("envelope", "path"),
    [
        pytest.param({"count": None, "results": []}, "$.count", id="count null"),
        pytest.param({"count": "1", "results": []}, "$.count", id="count string"),
        pytest.param({"count": 1}, "$", id="no results"),
        pytest.param({"results": []}, "$", id="no count"),
        pytest.param({"count": 1, "results": None}, "$.results", id="results null"),
        pytest.param({"count": 1, "results": {}}, "$.results", id="results object"),
        pytest.param({"count": 1, "results": [[]]}, "$.results[0]", id="item list"),
        pytest.param({"count": 1, "results": [], "next": 2}, "$.next", id="next number"),
        pytest.param(
            {"count": 1, "results": [], "current_page_number": "1"},
            "$.current_page_number",
            id="page number string",
        ),
        pytest.param(
            {"count": 1, "results": [], "total_pages": 1.5}, "$.total_pages", id="pages fraction"
        ),
        pytest.param([], "$", id="a bare list"),
        pytest.param(None, "$", id="null"),
    ],
)
@pytest.mark.parametrize("request_", [LIST, operations.list_integrations()])
def test_an_envelope_that_is_none_is_refused(
    request_: Request[Any], envelope: object, path: str
) -> None:
    """With the path in it."""
    with pytest.raises(DecodeError) as info:
        decode(request_, answered(json.dumps(envelope)))
    assert (info.value.operation, info.value.path) == (request_.operation.id, path)


def test_an_envelope_may_be_null_where_it_says_nothing() -> None:
    """Neither number nor total is needed."""
    content = '{"count":1,"results":[],"next":null,"current_page_number":null,"total_pages":null}'
    assert decode(LIST, answered(content)).number == 1


HTML = "<!doctype html>\n<title>Sign in</title><form>…</form>"
DEEP = 100_000
NONSENSE = [
    pytest.param(b"meow", "'meow'", id="no json"),
    pytest.param(HTML.encode(), "'<!doctype html>\\\\n<title>Sign in", id="html"),
    pytest.param(b'{"id": "A", "alerts_co', '\'{"id": "A", "alerts_co\'', id="truncated"),
    pytest.param(b"{", "'{'", id="one brace"),
    pytest.param(b" ", "' '", id="blank"),
    pytest.param(b"{} {}", "'{} {}'", id="two documents"),
    pytest.param(b"\xff\xfe\0", r"'\\ufffd\\ufffd\\x00'", id="bytes"),
    pytest.param(b"\xef\xbb\xbf{}", r"'\\ufeff{}'", id="byte order mark"),
    pytest.param(b"[" * DEEP, "'" + r"\[" * 120 + "'…", id="open lists"),
    pytest.param(b'{"a":' * DEEP, "'" + '{"a":' * 24 + "'…", id="open objects"),
    pytest.param(b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}", "", id="nested in an unknown member"),
    pytest.param(b"'single'", "\"'single'\"", id="single quotes"),
    pytest.param(b"NaN", "'NaN'", id="not a number"),
    pytest.param(b"\x1b[31m", r"'\\x1b\[31m'", id="terminal colours"),
]


@pytest.mark.parametrize(("content", "begins"), NONSENSE)
@pytest.mark.parametrize("request_", BY_ID)
def test_nonsense_is_one_error_for_every_operation(
    request_: Request[Any], content: bytes, begins: str
) -> None:
    """It names operation and status and shows the first bytes; an action is no exception."""
    match = f"(?s)^{request_.operation.id}: 200, but .* It begins {begins}"
    with pytest.raises(DecodeError, match=match) as info:
        decode(request_, answered(content))
    assert (info.value.operation, info.value.status) == (request_.operation.id, 200)
    assert info.value.content == content
    assert info.value.__cause__ is not None
    assert str(info.value).isprintable()
    assert len(str(info.value)) < 600


def test_bytes_that_are_no_json_have_no_path() -> None:
    """A path is for JSON of another shape."""
    with pytest.raises(DecodeError, match="it is not JSON") as info:
        decode(GET, answered("meow"))
    assert info.value.path is None


@pytest.mark.parametrize(
    ("content", "path"),
    [
        pytest.param("9" * 5000, "$", id="bare"),
        pytest.param(group(alerts_count=0).replace("0,", "9" * 5000 + ",", 1), None, id="member"),
        pytest.param(group(last_alert=0)[:-2] + '{"id":"x","payload":1e999}}', None, id="payload"),
        pytest.param(group(last_alert=0)[:-2] + "9" * 5000 + "}", None, id="for an object"),
    ],
)
def test_huge_numbers_are_decode_errors(content: str, path: str | None) -> None:
    """Python's limit of digits is no affair of the caller."""
    with pytest.raises(DecodeError) as info:
        decode(GET, answered(content))
    assert path is None or info.value.path == path


def test_a_lone_surrogate_is_a_decode_error() -> None:
    """It is no character, and could not be printed."""
    with pytest.raises(DecodeError):
        decode(GET, answered(group(title="\ud800")))


@pytest.mark.parametrize("request_", BODY_DUE)
@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_empty_body_where_one_is_due_is_an_error(request_: Request[Any], status: int) -> None:
    """An empty success says nothing."""
    match = rf"^{request_.operation.id}: {status}, but the body is empty.*It begins ''\."
    with pytest.raises(DecodeError, match=match):
        decode(request_, answered(b"", status))


@pytest.mark.parametrize("request_", NOTHING_DUE)
@pytest.mark.parametrize(
    ("status", "content"),
    [(200, b""), (204, b""), (202, b""), (200, b"{}"), (200, b"null"), (200, b'{"detail":"ok"}')],
)
def test_nothing_or_json_is_success_where_nothing_is_due(
    request_: Request[Any], status: int, content: bytes
) -> None:
    """Real servers answer an empty 200; JSON that nobody asked for does no harm."""
    assert decode(request_, answered(content, status)) is None


@pytest.mark.parametrize("request_", NOTHING_DUE)
@pytest.mark.parametrize("content", [b'"\xff"', b'{"detail":"\xff"}', b'{"\xff":1}'])
def test_bytes_within_a_string_are_no_json_either(request_: Request[Any], content: bytes) -> None:
    """Where nothing is due, nobody would look into the strings otherwise."""
    with pytest.raises(DecodeError, match="it is not JSON"):
        decode(request_, answered(content))


@pytest.mark.parametrize("request_", NOTHING_DUE)
@pytest.mark.parametrize("content", [b"{}", b" ", HTML.encode()])
def test_a_204_with_a_body_is_an_error(request_: Request[Any], content: bytes) -> None:
    """It is not what it says."""
    with pytest.raises(DecodeError, match="204, but a body came where there is none"):
        decode(request_, answered(content, 204))


# Any answer at all.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NEAR = st.builds(
    lambda members, drop: {k: v for k, v in {**GROUP, **members}.items() if k != drop},
    st.dictionaries(st.sampled_from([field.name for field in attrs.fields(AlertGroup)]), JSON),
    st.sampled_from([*GROUP, ""]),
)
PAGES = st.fixed_dictionaries(
    {"count": JSON | st.integers(), "results": st.lists(NEAR | JSON, max_size=2) | JSON},
    optional={"next": JSON, "current_page_number": JSON, "total_pages": JSON},
)
LABELS = st.fixed_dictionaries({"key": JSON | NEAR, "value": JSON | st.just({"name": "x"})})
CONTENT = st.binary() | st.builds(
    lambda value: json.dumps(value).encode(), JSON | NEAR | PAGES | LABELS
)
STATUS = st.sampled_from([200, 200, 200, 201, 204, 206, 302, 400, 403, 404, 429, 500, 599])


def is_of(value: object, returns: Any) -> bool:
    """Whether a value is what the request says that it returns."""
    if get_origin(returns) is Page:
        item = get_args(returns)[0]
        return isinstance(value, Page) and all(isinstance(one, item) for one in value.results)
    return isinstance(value, returns)


@pytest.mark.parametrize("request_", BY_ID)
@settings(max_examples=60, deadline=None)
@given(content=CONTENT, status=STATUS)
def test_any_answer_is_a_value_or_an_error_of_ours(
    request_: Request[Any], content: bytes, status: int
) -> None:
    """Never a KeyError, a JSONDecodeError, a RecursionError, or a value of another type."""
    try:
        value = decode(request_, answered(content, status))
    except OnCallError as error:
        assert request_.operation.id in str(error)  # noqa: PT017  # both ends are allowed
        return
    assert is_of(value, request_.returns)


# Bodies.

TEMPLATES = TemplatesInput(grouping_key=None, slack=RichTemplateInput(title=None), sms=None)


@pytest.mark.parametrize(
    ("request_", "content"),
    [
        pytest.param(GET, None, id="a GET has none"),
        pytest.param(operations.acknowledge_alert_group("A"), None, id="an action has none"),
        pytest.param(operations.delete_alert_group("A"), None, id="a body that is not given"),
        pytest.param(
            operations.delete_alert_group("A", AlertGroupDelete()), b"{}", id="no member given"
        ),
        pytest.param(
            operations.delete_alert_group("A", AlertGroupDelete(mode=DeleteMode.WIPE)),
            b'{"mode":"wipe"}',
            id="an enum",
        ),
        pytest.param(
            operations.silence_alert_group("A", AlertGroupSilence(delay=10800)),
            b'{"delay":10800}',
            id="the documented silence",
        ),
        pytest.param(
            operations.create_integration(IntegrationCreate(type="grafana")),
            b'{"type":"grafana"}',
            id="the documented creation",
        ),
        pytest.param(
            operations.update_integration("A", IntegrationUpdate(team_id=None)),
            b'{"team_id":null}',
            id="null is null",
        ),
        pytest.param(
            operations.update_integration("A", IntegrationUpdate(templates=TEMPLATES)),
            b'{"templates":{"grouping_key":null,"slack":{"title":null},"sms":null}}',
            id="null resets and absent keeps",
        ),
        pytest.param(
            operations.update_integration(
                "A",
                IntegrationUpdate(
                    default_route=DefaultRouteInput(slack=SlackRouteInput(enabled=False))
                ),
            ),
            b'{"default_route":{"slack":{"enabled":false}}}',
            id="false is not absent",
        ),
        pytest.param(
            operations.create_integration(
                IntegrationCreate(
                    type="webhook",
                    name='"\u2603\n',
                    labels=(LABEL,),
                    dynamic_labels=[
                        DynamicLabelInput(
                            key=LabelKeyInput(name="s"), value=DynamicValueInput(name="{{ p }}")
                        )
                    ],
                )
            ),
            b'{"dynamic_labels":[{"key":{"name":"s"},"value":{"name":"{{ p }}"}}],'
            b'"labels":[{"key":{"name":"severity"},"value":{"name":"critical"}}],'
            b'"name":"\\"\xe2\x98\x83\\n","type":"webhook"}',
            id="labels and characters",
        ),
        pytest.param(
            operations.create_integration(IntegrationCreate(type="", labels=())),
            b'{"labels":[],"type":""}',
            id="empty is not absent",
        ),
        pytest.param(
            operations.add_alert_group_label("A", LABEL),
            b'{"key":{"name":"severity"},"value":{"name":"critical"}}',
            id="the documented label",
        ),
        pytest.param(
            operations.remove_alert_group_label("A", ATTACHED),
            b'{"key":{"id":"severity","name":"severity"},"value":{"name":"critical"}}',
            id="an attached label",
        ),
    ],
)
def test_bodies_are_exact_bytes(request_: Request[Any], content: bytes | None) -> None:
    """UNSET members are left out, None is null; a slotted class has its members in A-Z order."""
    assert encode(request_) == content


def test_a_plain_mapping_is_a_body_too() -> None:
    """For what the models do not know yet."""
    request = attrs.evolve(
        operations.create_integration(IntegrationCreate(type="x")), body={"a": 1}
    )
    assert encode(request) == b'{"a":1}'
    assert encode(attrs.evolve(request, body=UNSET)) is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(IntegrationCreate(type="\ud800"), id="a lone surrogate"),
        pytest.param({"type": object()}, id="nothing that JSON has"),
    ],
)
def test_a_body_that_json_cannot_hold_is_an_error_of_ours(body: Any) -> None:
    """Before anything is sent."""
    request = attrs.evolve(operations.create_integration(IntegrationCreate(type="x")), body=body)
    match = r"^create_integration: no JSON can be made of the body: .*\.$"
    with pytest.raises(InvalidArgument, match=match) as info:
        encode(request)
    assert info.value.argument == "body"
    assert str(info.value).isprintable()


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
    ],
)
def test_an_answer_holds_what_was_asked_for(kept: str, asked: str | None, *, holding: bool) -> None:
    """Whatever the server added."""
    assert holds(kept.encode(), None if asked is None else asked.encode()) is holding
