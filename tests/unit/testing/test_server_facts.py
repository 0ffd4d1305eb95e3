"""What real servers do: facts that need no module of their own; each test quotes its fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    NoResponse,
    RateLimit,
    VirtualClock,
    error,
)
from tests.support.fake_requests import ask, ids

ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "alert_groups", None),
    ("GET", "alert_groups/I1", None),
    ("POST", "alert_groups/I1/acknowledge", {}),
    ("POST", "alert_groups/I1/unacknowledge", {}),
    ("POST", "alert_groups/I1/resolve", {}),
    ("POST", "alert_groups/I1/unresolve", {}),
    ("POST", "alert_groups/I1/silence", {"delay": 1}),
    ("POST", "alert_groups/I1/unsilence", {}),
    ("POST", "alert_groups/I1/labels", {"key": {"name": "a"}, "value": {"name": "x"}}),
    ("POST", "alert_groups/I1/labels/remove", {"key": {"name": "a"}, "value": {"name": "x"}}),
    ("DELETE", "alert_groups/I1", {}),
    ("GET", "integrations", None),
    ("POST", "integrations", {"type": "webhook"}),
    ("GET", "integrations/C1", None),
    ("PUT", "integrations/C1", {}),
    ("PATCH", "integrations/C1", {}),
    ("DELETE", "integrations/C1", {}),
]


def furnish(fake: FakeOnCall) -> None:
    """Create what `ROUTES` refers to."""
    fake.add_group(id="I1", integration=fake.add_integration(id="C1"))
    fake.add_label("a", "x")


def test_every_route_responds_with_and_without_the_slash_for_every_method() -> None:
    """“Every `/api/v1` route responses with and without the trailing slash, for every method”."""
    responses = []
    for tail in ("", "/"):
        fake = FakeOnCall(clock=VirtualClock())
        furnish(fake)
        statuses = [ask(fake, method, path + tail, body) for method, path, body in ROUTES]
        responses.append([(response.status, response.body) for response in statuses])
    assert responses[0] == responses[1]
    done = [status for status, _ in responses[0]]
    assert done == [200] * 8 + [201, 204, 204, 200, 201, 200, 200, 200, 204]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "alert_groups/", id="create a group"),
        pytest.param("PUT", "alert_groups/I1/", id="update a group"),
        pytest.param("PATCH", "alert_groups/I1/", id="change a group"),
        pytest.param("GET", "alert_groups/I1/acknowledge/", id="get an action"),
        pytest.param("DELETE", "alert_groups/I1/labels/", id="delete labels"),
        pytest.param("DELETE", "integrations/", id="delete all integrations"),
        pytest.param("POST", "integrations/C1/", id="post to an integration"),
    ],
)
def test_a_wrong_method_is_a_500_and_no_405(fake: FakeOnCall, method: str, path: str) -> None:
    """“A wrong method is a 500 HTML page, not 405”."""
    furnish(fake)
    response = ask(fake, method, path, {})
    assert (response.status, response.headers["Content-Type"][:9]) == (500, "text/html")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "integrations/", {"type": ["webhook"]}, id="a list as type"),
        pytest.param(
            "PUT", "integrations/C1/", {"templates": {"web": {"title": 5}}}, id="a number"
        ),
        pytest.param("POST", "alert_groups/I1/silence/", {"delay": 10**12}, id="delay of 10**12"),
        pytest.param("GET", "integrations/%00", {}, id="NUL"),
        pytest.param("PUT", "integrations/C1/", {"name": "\ud800"}, id="half a character"),
    ],
)
def test_some_bad_input_is_a_500_and_changes_nothing(
    fake: FakeOnCall, method: str, path: str, body: Any
) -> None:
    """“Some bad *input* is a 500 HTML page too”."""
    furnish(fake)
    before = fake.to_json()
    path, _, query = path.partition("?")
    response = ask(fake, method, path, body, query=query)
    assert (response.status, response.headers["Content-Type"][:9]) == (500, "text/html")
    assert fake.to_json() == before


def test_a_body_that_is_not_called_json_is_a_415(fake: FakeOnCall) -> None:
    """“`Content-Type: text/plain` or none: 415. Malformed JSON: 400”."""
    plain = {"Content-Type": "text/plain"}
    for headers in (plain, {}):
        response = ask(fake, "POST", "integrations/", raw=b'{"type": "webhook"}', headers=headers)
        assert response.status == 415
    assert ask(fake, "POST", "integrations/", headers=plain).status == 400  # nothing to read
    malformed = {"Content-Type": "application/json"}
    assert ask(fake, "POST", "integrations/", raw=b"{,}", headers=malformed).status == 400


def test_a_url_of_70_kb_is_a_reset(fake: FakeOnCall) -> None:
    """“A 5 kB URL is fine, 70 kB is a TCP reset”."""
    assert ask(fake, "GET", "alert_groups/", query="x=" + "y" * 5_000).status == 200
    fake.faults.add(error(503, "not yet"))
    with pytest.raises(NoResponse, match=r"\(reset\)"):
        ask(fake, "GET", "alert_groups/", query="x=" + "y" * 70_000)
    assert not fake.calls[-1].applied
    assert ask(fake, "GET", "alert_groups/").status == 503  # the fault is not used up


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        pytest.param("GET", "alert_groups/I404", {}, {"detail": "Not found."}, id="detail"),
        pytest.param(
            "POST",
            "integrations",
            {"type": "webhook", "team_id": "T404"},
            {"team_id": ["Object does not exist"]},
            id="field and list",
        ),
        pytest.param(
            "GET",
            "alert_groups?state=firing",
            {},
            {"state": "Must be one of the following: new, acknowledged, resolved, silenced"},
            id="field and text",
        ),
        pytest.param(
            "POST",
            "integrations",
            [],
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
            id="non_field_errors",
        ),
        pytest.param("DELETE", "alert_groups/I1", {"mode": "x"}, "Invalid mode", id="bare text"),
    ],
)
def test_errors_come_in_several_shapes(
    fake: FakeOnCall, method: str, path: str, body: Any, expected: Any
) -> None:
    """“Error bodies come in seven shapes”; five of them from these operations."""
    furnish(fake)
    path, _, query = path.partition("?")
    response = ask(fake, method, path, body, query=query)
    assert response.status in {400, 404}
    assert response.json() == expected


@pytest.mark.parametrize(
    "body", [{"error": "no-such-user"}, ["no", "never"]], ids=["error", "list"]
)
def test_other_shapes_of_errors_can_be_scripted(fake: FakeOnCall, body: Any) -> None:
    """“`{"error": str}`, …, a bare JSON list”: other operations have them, and these by a fault."""
    group = fake.add_group()
    fake.faults.add(error(400, body), operation="resolve_alert_group")
    response = ask(fake, "POST", f"alert_groups/{group.id}/resolve/")
    assert (response.status, response.json(), group.state) == (400, body, "firing")
    assert response.headers == {"Content-Type": "application/json"}
    with pytest.raises(ValueError, match="from 400 to 599"):
        error(200, body)


def test_a_stack_that_is_not_known_yet_is_synced() -> None:
    """“429 …, with `RateLimit-Reset: 350` and **no Retry-After**”."""
    fake = FakeOnCall(grafana_url="https://stack.example")
    fake.add_token("glsa_robot")
    headers = {"X-Grafana-URL": "https://other.example"}
    response = ask(fake, "GET", "alert_groups/", token="glsa_robot", headers=headers)
    assert (response.status, response.json()) == (
        429,
        {"detail": "Organization being synced, please retry."},
    )
    assert response.headers == {"Content-Type": "application/json", "RateLimit-Reset": "350"}


def needs(method: str, path: str) -> Any:
    """The role that a route requires."""
    if method == "GET":
        return "viewer"
    return "admin" if path.startswith("integrations") else "editor"


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_each_operation_needs_its_role(fake: FakeOnCall, method: str, path: str, body: Any) -> None:
    """“Writes need the Admin role, else 403”, actions an editor's; “with another text”."""
    furnish(fake)
    fake.groups["I1"].labels = [("a", "x")]
    roles: list[Any] = ["viewer", "editor", "admin"]
    refused = {"detail": "You do not have permission to perform this action."}
    for role in roles[: roles.index(needs(method, path))]:
        fake.add_token("t", user=role, role=role)
        response = ask(fake, method, path, body, token="t")
        assert (response.status, response.json()) == (403, refused)
    fake.add_token("t", user="allowed", role=needs(method, path))
    assert ask(fake, method, path, body, token="t").status != 403


def test_all_tokens_of_a_user_and_all_endpoints_share_one_limit(clock: VirtualClock) -> None:
    """“Two tokens of one user share it, one bucket for all endpoints”."""
    fake = FakeOnCall(clock=clock, rate_limit=RateLimit(requests=len(ROUTES)))
    furnish(fake)
    fake.add_token("second", user="admin")
    for number, (method, path, body) in enumerate(ROUTES):
        token = "second" if number % 2 else fake.token
        assert ask(fake, method, path, body, token=token).status != 429
    assert {ask(fake, "GET", "integrations", token=t).status for t in ("second", fake.token)} == {
        429
    }
    fake.rate_limit = None
    assert ask(fake, "GET", "integrations").status == 200


def test_integrations_come_in_pages_too(fake: FakeOnCall) -> None:
    """“The envelope”, “`perpage=N` works”, “past the end gives the last page again”."""
    made = [fake.add_integration().id for _ in range(3)]
    response = ask(fake, "GET", "integrations/", query="perpage=2&page=9")
    assert ids(response) == made[2:]
    base = "http://engine.internal:8080/oncall/api/v1/integrations/"
    assert {**response.json(), "results": []} == {
        "count": 3,
        "next": None,
        "previous": f"{base}?perpage=2",
        "results": [],
        "page_size": 2,
        "current_page_number": 2,
        "total_pages": 2,
    }


def test_a_new_group_while_paging_repeats_one(fake: FakeOnCall, clock: VirtualClock) -> None:
    """“Pages move: a new group while paging repeats one item”."""
    made = [fake.add_group(started_at=clock.now() - timedelta(hours=n)).id for n in range(4)]
    first = ids(ask(fake, "GET", "alert_groups/", query="perpage=2"))
    fake.add_group(started_at=clock.now())
    second = ids(ask(fake, "GET", "alert_groups/", query="perpage=2&page=2"))
    assert (first, second) == (made[:2], made[1:3])


def test_of_several_values_the_last_counts(fake: FakeOnCall) -> None:
    """“`integration_id`, `route_id`, `id`: unknown gives count 0; repeated means the last one”."""
    one = fake.add_group(integration=fake.add_integration())
    two = fake.add_group(integration=fake.add_integration())
    names: list[Callable[[Any], str]] = [
        lambda group: f"id={group.id}",
        lambda group: f"route_id={group.route_id}",
        lambda group: f"integration_id={group.integration_id}",
    ]
    for name in names:
        query = f"{name(one)}&{name(two)}"
        assert ids(ask(fake, "GET", "alert_groups/", query=query)) == [two.id]
        unknown = f"{query}&{name(one).partition('=')[0]}=NONE"
        assert ask(fake, "GET", "alert_groups/", query=unknown).json()["count"] == 0


def test_children_incidents_and_groups_of_deleted_integrations_are_listed(fake: FakeOnCall) -> None:
    """“Attached child groups, groups of deleted integrations, maintenance incidents”."""
    furnish(fake)
    child = fake.add_group(root=fake.groups["I1"])
    incident = fake.add_group(maintenance=True)
    ask(fake, "DELETE", "integrations/C1/")
    assert set(ids(ask(fake, "GET", "alert_groups/"))) == {"I1", child.id, incident.id}
    assert ids(ask(fake, "GET", "alert_groups/", query="integration_id=C1")) == ["I1", child.id]


def test_each_action_sets_and_clears_its_fields(fake: FakeOnCall, clock: VirtualClock) -> None:
    """“resolve keeps the acknowledge fields and clears `silenced_at`”, and the other effects."""
    group = fake.add_group(state="silenced")
    shown = []
    for name in ("resolve", "unresolve", "silence", "unsilence", "acknowledge", "resolve"):
        ask(fake, "POST", f"alert_groups/{group.id}/{name}/", {"delay": -1})
        shown_group = ask(fake, "GET", f"alert_groups/{group.id}/").json()
        moments = [shown_group[f"{past}_at"] for past in ("acknowledged", "resolved", "silenced")]
        shown.append((shown_group["state"], [moment is not None for moment in moments]))
        clock.advance(timedelta(minutes=1))
    assert shown == [
        ("resolved", [False, True, False]),
        ("firing", [False, False, False]),
        ("silenced", [False, False, True]),
        ("firing", [False, False, False]),
        ("acknowledged", [True, False, False]),
        ("resolved", [True, True, False]),
    ]


def test_null_is_allowed_for_team_and_description(fake: FakeOnCall) -> None:
    """“`team_id: null` and `description_short: null` are allowed”."""
    made = fake.add_integration(id="C1", team_id=fake.add_team("SRE"))
    made.description_short = "short"
    body = {"team_id": None, "description_short": None}
    shown = ask(fake, "PUT", "integrations/C1/", body).json()
    assert (shown["team_id"], shown["description_short"]) == (None, None)


def test_a_value_with_a_colon_cannot_be_filtered(fake: FakeOnCall) -> None:
    """“A value with `:` cannot be filtered”: the entry is dropped, and all groups are shown."""
    fake.add_group(labels={"url": "http://x"})
    fake.add_group()
    response = ask(fake, "GET", "alert_groups/", query="label=url:http://x")
    assert response.json()["count"] == 2


def test_nothing_is_announced_on_2xx(clock: VirtualClock) -> None:
    """“Nothing is announced on 2xx”: no header shows how much of the limit is left."""
    fake = FakeOnCall(clock=clock, rate_limit=RateLimit(requests=1))
    request = FakeRequest("GET", "/api/v1/alert_groups/", "", {"Authorization": fake.token})
    assert fake.handle(request).headers == {"Content-Type": "application/json"}
