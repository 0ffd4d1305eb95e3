"""From the body of a webhook to an event, and to the changes that a watcher would report."""

from __future__ import annotations

import json
import pickle
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from operator import attrgetter
from typing import Any, get_args

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall import OnCallClient, changes
from grafana_oncall.errors import InvalidArgument, OnCallError
from grafana_oncall.models import AlertGroup, AlertGroupState, EventAlertGroup, WebhookEvent
from grafana_oncall.testing import FakeOnCall
from grafana_oncall.webhooks import Event, EventName, EventType, NotAnEvent, parse
from grafana_oncall.webhooks.events import MEANINGS, outlined
from tests.support import virtual_time
from tests.support.budget import budget
from tests.support.webhook_payloads import ADA, GROUP, body, payload

WHEN = datetime(2026, 3, 2, 9, 30, 7, 430444, tzinfo=UTC)


def test_events_are_hashable_and_can_be_written_as_json() -> None:
    """Although payloads and responses can be any JSON."""
    content = body("silence", responses={"WH2": {"ok": True}}, external_id="X1")
    event = parse(content)
    assert {event, parse(content)} == {event}
    assert event.to_dict()["responses"] == {"WH2": {"ok": True}}


def test_an_event_has_what_the_server_sends() -> None:
    """Every member, typed."""
    event = parse(body("silence", responses={"WH2": {"ok": True}}, external_id="X1"))
    assert isinstance(event, WebhookEvent)
    assert (event.type, event.time) == (EventType.SILENCE, WHEN)
    assert event.until == datetime(2026, 3, 2, 12, 30, 7, 430444, tzinfo=UTC)
    assert event.user is not None
    assert attrs.asdict(event.user) == ADA
    assert [attrs.asdict(user) for user in event.notified_users] == [ADA]
    assert event.users_to_be_notified == ()
    assert event.alert_group.title == "Disk almost full"
    assert event.alert_group.state is AlertGroupState.SILENCED
    assert (event.alert_group_id, event.labels) == (GROUP["id"], {"env": "staging"})
    assert event.integration is not None
    assert (event.integration.type, event.integration.team) == ("webhook", None)
    assert event.webhook is not None
    assert event.webhook.name == "bot"
    assert (event.responses, event.external_id) == ({"WH2": {"ok": True}}, "X1")
    assert event.raw == body("silence", responses={"WH2": {"ok": True}}, external_id="X1")


@pytest.mark.parametrize(
    "member",
    [
        *("user", "alert_payload", "integration", "alert_group_acknowledged_by"),
        *("alert_group_resolved_by", "webhook", "responses", "external_id"),
    ],
)
@pytest.mark.parametrize("absent", [True, False])
def test_a_member_that_is_absent_or_null_is_none(member: str, *, absent: bool) -> None:
    """Servers without labels omit some, and perhaps no user has acted."""
    made = payload() | {member: None}
    if absent:
        del made[member]
    assert getattr(parse(json.dumps(made).encode()), member) is None


def test_only_three_members_are_needed() -> None:
    """The type, the group, and its id."""
    needed = ("id", "integration_id", "alerts_count", "state", "created_at")
    least = {
        "event": {"type": "escalation"},
        "alert_group": {name: GROUP[name] for name in needed},
        "alert_group_id": GROUP["id"],
    }
    event = parse(json.dumps(least).encode())
    assert (event.time, event.until, event.labels, event.notified_users) == (None, None, {}, ())


@pytest.mark.parametrize(
    "alert_payload",
    [
        "",
        "text",
        7,
        None,
        pytest.param([], id="no item"),
        pytest.param([{"a": [1]}], id="list"),
        pytest.param({"a": {"b": 1.5}}, id="object"),
    ],
)
def test_the_payload_of_an_alert_is_any_json(alert_payload: Any) -> None:
    """Whatever a monitoring system sent."""
    assert parse(body(alert_payload=alert_payload)).alert_payload == alert_payload


def test_what_this_release_does_not_know_is_accepted() -> None:
    """Members at every level, an event type and a state; the raw body has all of them."""
    made = payload("promoted", new={"a": 1})
    made["alert_group"] |= {"state": "dreaming", "mood": "good"}
    made["event"]["mood"] = "good"
    event = parse(json.dumps(made).encode())
    assert (event.type, event.alert_group.state) == ("promoted", "dreaming")
    assert isinstance(event.type, EventType)
    assert json.loads(event.raw) == made
    assert event.changes == ()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, id="an object"),
        pytest.param(
            [{"key": {"id": "k", "name": "a"}, "value": {"id": "v", "name": "1"}}],
            {"a": "1"},
            id="the list of the API",
        ),
        pytest.param([], {}, id="an empty list"),
        pytest.param(None, {}, id="null"),
        pytest.param({"a": 1, "b": None, "c": "3"}, {"c": "3"}, id="values that are no text"),
        pytest.param([7, {"key": "a"}, {"key": {"name": 1}, "value": {"name": 2}}], {}, id="other"),
        pytest.param("env=staging", {}, id="text"),
    ],
)
def test_labels_are_read_in_both_forms(labels: Any, expected: dict[str, str]) -> None:
    """An object, or the API's list where labels are off; they never fail an event."""
    event = parse(body(alert_group={**GROUP, "labels": labels}))
    assert event.labels == expected
    assert {label.key.name: label.value.name for label in event.group.labels} == expected


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("alert group created", changes.Created),
        ("acknowledge", changes.Acknowledged),
        ("unacknowledge", changes.Unacknowledged),
        ("resolve", changes.Resolved),
        ("unresolve", changes.Unresolved),
        ("silence", changes.Silenced),
        ("unsilence", changes.Unsilenced),
    ],
)
def test_an_event_is_the_change_that_a_watcher_reports(
    type_: str, kind: type[changes.Change]
) -> None:
    """Of the same class, without the state before."""
    event = parse(body(type_))
    (change,) = event.changes
    assert type(change) is kind
    assert (change.id, change.before, change.after) == (GROUP["id"], None, event.group)


@pytest.mark.parametrize("type_", ["escalation", "personal notification", "unheard of", ""])
def test_an_event_that_changes_no_state_is_not_a_change(type_: str) -> None:
    """A bot can register for these events."""
    assert parse(body(type_)).changes == ()


def test_every_event_type_has_a_meaning_and_a_name() -> None:
    """A new one needs a decision: retries of state changes are dropped."""
    assert MEANINGS.keys() == set(EventType)
    assert set(get_args(get_args(EventName)[1])) == set(EventType)


def test_a_group_enters_a_state_by_every_change_but_its_creation() -> None:
    """Retries of these are told from another event by the state change in between."""
    changing = {kind for kind in EventType if parse(body(kind.value)).changes}
    entering = {kind for kind, meaning in MEANINGS.items() if meaning.enters_state}
    assert changing - entering == {EventType.ALERT_GROUP_CREATED}
    assert entering < changing


def test_the_group_of_an_event_has_every_member_of_the_apis_group() -> None:
    """But for those that Grafana Cloud has added to its responses."""
    names = [{field.name for field in attrs.fields(cls)} for cls in (AlertGroup, EventAlertGroup)]
    added = {"alert_group_number", "root_alert_group_id", "dependent_alert_group_ids"}
    assert names[0] == names[1] | added


async def test_the_group_of_an_event_equals_the_apis_response() -> None:
    """Built from the fake's response, with labels in the form of webhooks."""
    fake = FakeOnCall(clock=virtual_time.now)
    made = fake.add_group(title="Disk", labels={"team": "SRE", "env": "prod"})
    url = "https://oncall.test"
    async with httpx.AsyncClient(transport=fake.transport(), base_url=url) as http:
        path = f"/api/v1/alert_groups/{made.id}/"
        item = (await http.get(path, headers={"Authorization": fake.token})).json()
    async with OnCallClient(url=url, token=fake.token, transport=fake.transport()) as client:
        group = await client.alert_groups.get(made.id)
    event = parse(body("resolve", alert_group=item | {"labels": {"team": "SRE", "env": "prod"}}))
    assert attrs.evolve(event.group, labels=()) == attrs.evolve(
        group, labels=(), alert_group_number=None
    )
    assert changes.Snapshot.of(event.group) == changes.Snapshot.of(group)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        pytest.param({"event": None}, "$.event", id="event null"),
        pytest.param({"event": {}}, "$.event", id="no type"),
        pytest.param({"event": {"type": 7}}, "$.event.type", id="type that is no text"),
        pytest.param(
            {"event": {"type": "resolve", "time": "2026-03-02T09:30:07"}},
            "$.event.time",
            id="naive time",
        ),
        pytest.param({"event": {"type": "silence", "until": 7}}, "$.event.until", id="no time"),
        pytest.param({"alert_group": []}, "$.alert_group", id="group that is a list"),
        pytest.param(
            {"alert_group": {**GROUP, "alerts_count": "3"}}, "$.alert_group.alerts_count", id="text"
        ),
        pytest.param({"alert_group_id": None}, "$.alert_group_id", id="no id"),
        pytest.param(
            {"event": {"type": 7}, "notified_users": None},
            "$.event.type",
            id="beside what is repaired",
        ),
    ],
)
def test_json_of_another_shape_is_refused_with_its_path(members: dict[str, Any], path: str) -> None:
    """The message says what to do, without any part of the body."""
    with pytest.raises(NotAnEvent, match=r"^This is not an event .* Hint: let the webhook") as info:
        parse(body(**members))
    assert info.value.path == path
    assert f" at {path}." in str(info.value)
    assert "Disk almost full" not in str(info.value)
    copy = pickle.loads(pickle.dumps(info.value))  # noqa: S301  # our own
    assert (str(copy), copy.path, copy.reason) == (
        *(str(info.value), info.value.path, info.value.reason),
    )


GROUP_LINKS = {"slack": 5, "web": "http://x"}


@pytest.mark.parametrize(
    ("members", "path", "read"),
    [
        pytest.param({"notified_users": None}, "notified_users", (), id="null for a list"),
        pytest.param({"external_id": 5}, "external_id", None, id="a number for text"),
        pytest.param({"user": {"id": 1}}, "user", None, id="the id of a user"),
        pytest.param({"user": "ada"}, "user", None, id="text for an object"),
        pytest.param(
            {"user": {**ADA, "email": []}}, "user.username", ADA["username"], id="a part of a user"
        ),
        pytest.param(
            {"users_to_be_notified": [{}, 7, None]}, "users_to_be_notified", (), id="no users"
        ),
        pytest.param({"responses": []}, "responses", None, id="a list for an object"),
        pytest.param({"webhook": 7, "integration": []}, "webhook", None, id="two at once"),
        pytest.param(
            {"alert_group": {**GROUP, "permalinks": GROUP_LINKS}},
            "alert_group.permalinks.web",
            "http://x",
            id="a link",
        ),
        pytest.param(
            {"alert_group": {**GROUP, "last_alert": {"id": 7}}},
            "group.last_alert",
            None,
            id="the last alert",
        ),
    ],
)
def test_an_invalid_optional_member_affects_nothing_else(
    members: dict[str, Any], path: str, read: object
) -> None:
    """It is treated as absent, and is still in the raw body."""
    event = parse(body("resolve", **members))
    assert attrgetter(path)(event) == read
    assert (event.type, event.time) == (EventType.RESOLVE, WHEN)
    assert event.alert_group.title == "Disk almost full"
    assert event.raw == body("resolve", **members)


@pytest.mark.parametrize(
    ("number", "read"),
    [
        pytest.param(b"1e999", inf, id="a float"),
        pytest.param(b"-1e999", -inf, id="a negative one"),
        pytest.param(b"1" * 5000, inf, id="digits"),
    ],
)
@pytest.mark.parametrize("user", [ADA, 7])
def test_a_number_in_a_payload_that_no_float_can_hold_is_infinite(
    number: bytes, read: float, user: object
) -> None:
    """As Python reads it; the rest of the payload, and the raw body, are as they were sent."""
    given = {"value": "N", "title": "Full", "large": 10**400, "small": 0.1}
    content = body("resolve", alert_payload=given, user=user).replace(b'"N"', number)
    event = parse(content)
    assert (event.alert_payload, event.raw) == (given | {"value": read}, content)
    assert outlined(content) == attrs.evolve(event, alert_payload=None)


@pytest.mark.parametrize("number", [b"1", b"1e999"])
def test_the_deepest_payload_that_an_outline_skips_can_be_parsed(number: bytes) -> None:
    """Or what was accepted would fail when it is handled."""

    def nested(depth: int) -> bytes:
        return body(alert_payload="N").replace(b'"N"', b"[" * depth + number + b"]" * depth)

    def is_refused(depth: int) -> bool:
        try:
            outlined(nested(depth))
        except NotAnEvent:
            return True
        return False

    refused = bisect_left(range(100_000), x=True, key=is_refused)
    content = nested(refused - 1)
    assert attrs.evolve(parse(content), alert_payload=None) == outlined(content)


@pytest.mark.parametrize("payload", [None, 7, {"alerts": [{"status": "firing"}]}])
@pytest.mark.parametrize("user", [ADA, 7])
def test_an_outline_is_the_event_without_its_payload(payload: object, user: object) -> None:
    """Also where another member is of another type than documented."""
    content = body("resolve", alert_payload=payload, user=user)
    event = parse(content)
    assert event.alert_payload == payload
    assert outlined(content) == attrs.evolve(event, alert_payload=None)
    assert outlined(content).key == event.key


def test_the_valid_ones_of_several_users_are_kept() -> None:
    """In a list with an item of another shape."""
    event = parse(body(notified_users=[ADA, {}, ADA | {"username": 7}]))
    assert [(each.id, each.username) for each in event.notified_users] == [
        (ADA["id"], ADA["username"]),
        (ADA["id"], None),
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="truncated"),
        pytest.param(b"{} {}", id="two documents"),
        pytest.param(b"key=value", id="a form"),
        pytest.param(b"\xff\xfe", id="bytes"),
        pytest.param(body().replace(b"Disk", b"\xff\xfe"), id="not UTF-8 within a string"),
        pytest.param(body(alert_payload=0)[:-1] + b',"x":"\xff"}', id="nor in what is unknown"),
        pytest.param(b"[" * 100_000, id="open lists"),
        pytest.param(
            body().replace(b'"alert_payload": {', b'"alert_payload": ' + b'{"a":' * 50_000),
            id="deep",
        ),
        pytest.param(body()[:-1] + b', "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", id="unknown"),
        pytest.param(body(external_id="\ud800"), id="half a surrogate pair"),
        pytest.param(body(alert_payload="\ud800"), id="half a pair in the payload"),
        pytest.param(body(alert_payload=0).replace(b" 0", b" 01"), id="no number"),
        pytest.param(body(alert_payload=0).replace(b" 0", b' "\\x"'), id="no escape"),
        pytest.param(body(responses={"WH2": 0}).replace(b" 0", b" 1e999"), id="infinity"),
    ],
)
@pytest.mark.parametrize("read", [parse, outlined])
def test_what_is_not_json_is_refused(content: bytes, read: Callable[[bytes], Event]) -> None:
    """With one short error, which has no path if there is no place."""
    with pytest.raises(NotAnEvent) as info:
        read(content)
    assert str(info.value).isprintable()
    assert len(str(info.value)) < 400


@pytest.mark.parametrize(
    "given_body",
    ["{}", None, pytest.param(bytearray(b"{}"), id="bytearray"), pytest.param({}, id="dict")],
)
def test_a_body_is_bytes(given_body: Any) -> None:
    """A mistake of the caller is not blamed on the sender."""
    with pytest.raises(InvalidArgument, match="body="):
        parse(given_body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NEAR = st.builds(
    lambda members, group, event: (
        payload() | members | {"alert_group": {**GROUP, **group}, "event": {"type": "a"} | event}
    ),
    st.dictionaries(st.sampled_from([*payload(), "responses"]), JSON, max_size=2),
    st.dictionaries(st.sampled_from([*GROUP]), JSON, max_size=2),
    st.dictionaries(st.sampled_from(["type", "time", "until"]), JSON | st.datetimes().map(str)),
)


@settings(max_examples=budget(80, hunt=5000), deadline=None)
@given(content=st.binary() | st.builds(lambda made: json.dumps(made).encode(), JSON | NEAR))
def test_any_body_is_an_event_or_raises_one_error(content: bytes) -> None:
    """And every attribute of an event can be read."""
    try:
        event = parse(content)
    except OnCallError as error:
        assert type(error) is NotAnEvent  # noqa: PT017  # both ends are allowed
        return
    assert isinstance(event, Event)
    assert event.group.id == event.alert_group.id
    assert all(change.after == event.group for change in event.changes)
