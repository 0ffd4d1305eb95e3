"""Lists, reads and deletions of alert groups; pages and filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.fake_requests import ask, ids


def listed(fake: FakeOnCall, query: str = "") -> list[str]:
    """The ids of a page."""
    return ids(ask(fake, "GET", "alert_groups/", query=query))


def test_a_group_has_every_key_of_the_real_response(fake: FakeOnCall) -> None:
    """Detail and list show the same."""
    team = fake.add_team("SRE")
    group = fake.add_group(
        integration=fake.add_integration(team_id=team), labels={"env": "prod"}, alerts_count=3
    )
    shown = ask(fake, "GET", f"alert_groups/{group.id}/").json()
    assert shown == {
        "id": group.id,
        "integration_id": group.integration.id,
        "team_id": team,
        "route_id": group.integration.default_route["id"],
        "alerts_count": 3,
        "state": "firing",
        "created_at": "2026-03-02T09:30:00Z",
        "resolved_at": None,
        "resolved_by": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "labels": [{"key": {"id": "env", "name": "env"}, "value": {"id": "prod", "name": "prod"}}],
        "title": "Memory above 90% threshold",
        "permalinks": group.permalinks,
        "silenced_at": None,
        "last_alert": {
            "id": group.last_alert_id,
            "alert_group_id": group.id,
            "created_at": "2026-03-02T09:30:00Z",
            "payload": {"message": "Memory above 90% threshold"},
        },
        "alert_group_number": 1,
        "root_alert_group_id": None,
        "dependent_alert_group_ids": [],
    }
    assert set(group.permalinks) == {"slack", "slack_app", "telegram", "web"}
    assert ask(fake, "GET", "alert_groups/").json()["results"] == [shown]


def test_the_nullable_keys_can_all_be_null(fake: FakeOnCall) -> None:
    """A group without alerts has no last one."""
    group = fake.add_group(title=None, alerts_count=0)
    group.route_id = None
    shown = ask(fake, "GET", f"alert_groups/{group.id}").json()
    assert [shown[key] for key in ("title", "last_alert", "route_id", "team_id")] == [None] * 4


def test_a_fraction_of_a_second_is_shown_only_when_there_is_one(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Six digits, or none."""
    clock.advance(timedelta(microseconds=1500))
    group = fake.add_group()
    shown = ask(fake, "GET", f"alert_groups/{group.id}").json()
    assert shown["created_at"] == "2026-03-02T09:30:00.001500Z"


def test_an_empty_list_is_one_empty_page(fake: FakeOnCall) -> None:
    """The whole envelope."""
    assert ask(fake, "GET", "alert_groups/").json() == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
        "page_size": 50,
        "current_page_number": 1,
        "total_pages": 1,
    }


def test_the_newest_group_comes_first(fake: FakeOnCall, clock: VirtualClock) -> None:
    """By start, not by the order of creation."""
    old = fake.add_group(started_at=clock.now() - timedelta(hours=1))
    new = fake.add_group()
    older = fake.add_group(started_at=clock.now() - timedelta(hours=2))
    assert listed(fake) == [new.id, old.id, older.id]


@pytest.mark.parametrize(
    ("page", "number"),
    [
        pytest.param("2", 2, id="the second"),
        pytest.param("99", 3, id="past the end"),
        pytest.param("0", 1, id="zero"),
        pytest.param("-1", 1, id="negative"),
        pytest.param("abc", 1, id="a word"),
        pytest.param("", 1, id="empty"),
    ],
)
def test_no_page_number_is_an_error(fake: FakeOnCall, page: str, number: int) -> None:
    """Past the end, the last page is repeated."""
    for _ in range(120):
        fake.add_group()
    response = ask(fake, "GET", "alert_groups/", query=f"page={page}")
    shown = response.json()
    assert (response.status, shown["current_page_number"], shown["total_pages"]) == (200, number, 3)
    assert len(shown["results"]) == (20 if number == 3 else 50)


@pytest.mark.parametrize(
    ("query", "length", "announced"),
    [
        pytest.param("perpage=7", 7, 7, id="smaller"),
        pytest.param("perpage=120", 120, 100, id="larger than it admits"),
        pytest.param("perpage=0", 50, 50, id="zero"),
        pytest.param("perpage=x", 50, 50, id="a word"),
        pytest.param("per_page=7&limit=7&page_size=7", 50, 50, id="other names"),
    ],
)
def test_perpage_sets_the_length_of_a_page(
    fake: FakeOnCall, query: str, length: int, announced: int
) -> None:
    """The response reports a number of its own."""
    for _ in range(130):
        fake.add_group()
    shown = ask(fake, "GET", "alert_groups/", query=query).json()
    assert (len(shown["results"]), shown["page_size"]) == (length, announced)


def test_links_lead_to_the_servers_own_address_with_sorted_encoded_parameters(
    fake: FakeOnCall,
) -> None:
    """`previous` of the second page has no page number at all."""
    for _ in range(3):
        fake.add_group(labels={"team": "a b"})
    query = "state=new&perpage=1&label=team:a%20b&page=2"
    shown = ask(fake, "GET", "alert_groups", query=query).json()
    base = "http://engine.internal:8080/oncall/api/v1/alert_groups?label=team%3Aa+b"
    assert shown["next"] == f"{base}&page=3&perpage=1&state=new"
    assert shown["previous"] == f"{base}&perpage=1&state=new"


def test_previous_of_the_second_page_may_have_no_query(fake: FakeOnCall) -> None:
    """And no question mark."""
    fake = FakeOnCall(page_size=1, base_url="https://oncall.example/")
    fake.add_group()
    fake.add_group()
    shown = ask(fake, "GET", "alert_groups/", query="page=2").json()
    assert (shown["next"], shown["previous"]) == (
        None,
        "https://oncall.example/api/v1/alert_groups/",
    )


def test_pages_move_while_groups_change(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Acknowledging while listing `state=new` skips groups."""
    made = [fake.add_group(started_at=clock.now() - timedelta(hours=n)).id for n in range(4)]
    first = listed(fake, "state=new&perpage=2")
    for each in first:
        ask(fake, "POST", f"alert_groups/{each}/acknowledge/")
    assert first == made[:2]
    assert listed(fake, "state=new&perpage=2&page=2") == made[2:]
    assert ask(fake, "GET", "alert_groups/", query="state=new").json()["count"] == 2


def test_filters_by_identity(fake: FakeOnCall) -> None:
    """An unknown one gives an empty list, of several the last counts, empty ones do not."""
    one = fake.add_group()
    two = fake.add_group(integration=fake.add_integration())
    assert listed(fake, f"id={one.id}") == [one.id]
    assert listed(fake, f"id={one.id}&id={two.id}") == [two.id]
    assert listed(fake, f"integration_id={two.integration_id}") == [two.id]
    assert listed(fake, f"route_id={one.route_id}") == [one.id]
    assert listed(fake, "route_id=NONE") == []
    assert listed(fake, f"id={one.id.lower()}") == []
    assert len(listed(fake, "id=&integration_id=&started_at=&state=&team_id=&label=&x=1")) == 2


@pytest.mark.parametrize(
    ("given", "state"),
    [
        pytest.param("new", "firing", id="new is firing"),
        pytest.param("ACKnowledged", "acknowledged", id="any case"),
        pytest.param("resolved", "resolved", id="resolved"),
        pytest.param("silenced", "silenced", id="silenced"),
    ],
)
def test_groups_are_filtered_by_state(fake: FakeOnCall, given: str, state: str) -> None:
    """One group in each state, one found."""
    states: list[Any] = ["firing", "acknowledged", "resolved", "silenced"]
    groups = {name: fake.add_group(state=name).id for name in states}
    assert listed(fake, f"state={given}") == [groups[state]]


def test_firing_is_no_state_to_filter_by(fake: FakeOnCall) -> None:
    """Although responses contain it."""
    response = ask(fake, "GET", "alert_groups/", query="state=firing")
    text = "Must be one of the following: new, acknowledged, resolved, silenced"
    assert (response.status, response.json()) == (400, {"state": text})


def test_a_filter_by_labels_requires_all_of_them(fake: FakeOnCall) -> None:
    """All must match, letter by letter; what is not `key:value` filters nothing."""
    both = fake.add_group(labels={"team": "SRE", "env": "prod"})
    one = fake.add_group(labels={"team": "SRE"})
    assert set(listed(fake, "label=team:SRE")) == {both.id, one.id}
    assert listed(fake, "label=team:SRE&label=env:prod") == [both.id]
    assert listed(fake, "label=team:sre") == []
    for malformed in ("team", "team=Payments", "a:b:c"):
        assert len(listed(fake, f"label={quote(malformed)}")) == 2


def test_groups_are_filtered_by_team(fake: FakeOnCall) -> None:
    """`null` means none; a team that does not exist is an error."""
    team = fake.add_team("SRE")
    with_team = fake.add_group(integration=fake.add_integration(team_id=team))
    without = fake.add_group(integration=fake.add_integration())
    assert listed(fake, f"team_id={team}") == [with_team.id]
    assert listed(fake, "team_id=null") == [without.id]
    response = ask(fake, "GET", "alert_groups/", query="team_id=T404")
    assert response.status == 400
    assert response.json()["team_id"][0].startswith("Select a valid choice.")


def test_the_bounds_of_started_at_are_inclusive(fake: FakeOnCall) -> None:
    """To the second."""
    group = fake.add_group(started_at=datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC))
    assert listed(fake, "started_at=2026-03-01T12:00:00_2026-03-01T12:00:00") == [group.id]
    assert listed(fake, "started_at=2026-03-01T12:00:01_2026-03-02T12:00:00") == []


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("2026-03-01T12:00:00Z_2026-03-01T13:00:00Z", id="Z"),
        pytest.param("2026-03-01T12:00:00+00:00_2026-03-01T13:00:00+00:00", id="offset"),
        pytest.param("2026-03-01T12:00:00.5_2026-03-01T13:00:00.5", id="fraction"),
        pytest.param("2026-03-01T12:00:00_", id="open"),
        pytest.param("2026-03-01T12:00:00", id="one end"),
        pytest.param("2026-03-01T13:00:00_2026-03-01T12:00:00", id="reversed"),
    ],
)
def test_other_ranges_are_refused(fake: FakeOnCall, given: str) -> None:
    """All with one text."""
    response = ask(fake, "GET", "alert_groups/", query=f"started_at={quote(given)}")
    assert (response.status, response.json()) == (400, {"detail": "Invalid range value"})


def test_cloud_looks_back_thirty_days_by_default(
    fake: FakeOnCall, oss: FakeOnCall, clock: VirtualClock
) -> None:
    """The open-source engine has no such limit."""
    started = clock.now() - timedelta(days=31)
    for server in (fake, oss):
        server.add_group(started_at=started)
    assert (len(listed(fake)), len(listed(oss))) == (0, 1)
    assert len(listed(fake, "started_at=2026-01-01T00:00:00_2026-03-01T00:00:00")) == 1


def test_children_and_maintenance_incidents_are_listed_too(fake: FakeOnCall) -> None:
    """The integration of a maintenance incident cannot be read."""
    root = fake.add_group()
    child = fake.add_group(root=root)
    incident = fake.add_group(maintenance=True)
    assert set(listed(fake)) == {root.id, child.id, incident.id}
    assert ask(fake, "GET", f"integrations/{incident.integration_id}/").status == 404


@pytest.mark.parametrize(
    ("body", "query"),
    [
        pytest.param({"mode": "wipe"}, "", id="wipe"),
        pytest.param({}, "", id="an empty object"),
        pytest.param(None, "mode=delete", id="a mode in the query"),
    ],
)
def test_these_deletes_wipe(
    fake: FakeOnCall, clock: VirtualClock, body: dict[str, str] | None, query: str
) -> None:
    """The group stays; its content is removed a little later."""
    group = fake.add_group(state="silenced", labels={"team": "SRE"})
    path = f"alert_groups/{group.id}/"
    response = (
        ask(fake, "DELETE", path, query=query)
        if body is None
        else ask(fake, "DELETE", path, body, query=query)
    )
    assert (response.status, response.body) == (204, b"")
    assert fake.groups[group.id].title is not None
    clock.advance(timedelta(seconds=1))
    shown = ask(fake, "GET", path).json()
    assert (shown["state"], shown["title"], shown["last_alert"]["payload"]) == (
        "resolved",
        None,
        {},
    )
    assert shown["resolved_at"] == "2026-03-02T09:30:00.100000Z"
    assert len(shown["labels"]) == 1
    assert ask(fake, "DELETE", path).status == 204


def test_a_deletion_happens_later(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Until then it may be repeated; afterwards it is a 404."""
    root = fake.add_group()
    child = fake.add_group(root=root)
    path = f"alert_groups/{root.id}/"
    for _ in range(2):
        assert ask(fake, "DELETE", path, {"mode": "delete"}).status == 204
    assert ask(fake, "GET", path).status == 200
    clock.advance(timedelta(seconds=0.3))
    assert ask(fake, "GET", path).status == 404
    assert ask(fake, "DELETE", path, {"mode": "delete"}).json() == {"detail": "Not found."}
    assert child.root is None


def test_nothing_is_deleted_while_the_workers_are_down(clock: VirtualClock) -> None:
    """Pending deletions happen when they are back."""
    fake = FakeOnCall(clock=clock, delete_delay=None, wipe_delay=None)
    gone, wiped = fake.add_group(), fake.add_group()
    ask(fake, "DELETE", f"alert_groups/{gone.id}/", {"mode": "delete"})
    ask(fake, "DELETE", f"alert_groups/{wiped.id}/")
    clock.advance(timedelta(days=1))
    assert len(fake.groups) == 2
    assert wiped.title is not None
    assert (fake.delete_delay, fake.wipe_delay) == (None, None)
    fake.delete_delay = fake.wipe_delay = timedelta(0)
    assert list(fake.groups) == [wiped.id]
    assert wiped.title is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param({"mode": "burn"}, "Invalid mode", id="unknown mode"),
        pytest.param({"mode": None}, "Invalid mode", id="null"),
        pytest.param(["delete"], "A dict with a `mode` key is expected", id="a list"),
    ],
)
def test_other_modes_are_refused_with_a_bare_string(fake: FakeOnCall, body: Any, text: str) -> None:
    """One of the seven shapes of errors."""
    response = ask(fake, "DELETE", f"alert_groups/{fake.add_group().id}/", body)
    assert (response.status, response.json()) == (400, text)


def test_only_grafana_cloud_shows_numbers_and_attached_groups(
    fake: FakeOnCall, oss: FakeOnCall
) -> None:
    """And searches for numbers and titles, in any case."""
    names = ("alert_group_number", "root_alert_group_id", "dependent_alert_group_ids")
    for server in (fake, oss):
        root = server.add_group(title="Disk full", id="I1")
        server.add_group(title="Other", id="I2", root=root)
    shown = [ask(fake, "GET", f"alert_groups/{name}/").json() for name in ("I1", "I2")]
    assert [[one[name] for name in names] for one in shown] == [
        [1, None, ["I2"]],
        [2, "I1", []],
    ]
    assert not {*names} & ask(oss, "GET", "alert_groups/I1/").json().keys()
    for text, found in (("DISK", ["I1"]), ("2", ["I2"]), ("fax", []), ("", ["I1", "I2"])):
        assert ids(ask(fake, "GET", "alert_groups/", query=f"search={text}")) == found
        assert ids(ask(oss, "GET", "alert_groups/", query=f"search={text}")) == ["I1", "I2"]
