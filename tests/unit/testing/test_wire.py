"""What every request passes before its operation: routes, bodies, tokens, roles, the rate limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grafana_oncall.testing import (
    OPERATION_NAMES,
    FakeOnCall,
    FakeRequest,
    RateLimit,
    VirtualClock,
)
from tests.support.fake_requests import ask

INVALID_TOKEN = (403, {"detail": "Invalid token."})


@pytest.mark.parametrize("prefix", ["", "/oncall", "/a/b"])
@pytest.mark.parametrize("tail", ["", "/"])
def test_every_route_responds_with_and_without_slash_and_prefix(
    fake: FakeOnCall, prefix: str, tail: str
) -> None:
    """No redirect."""
    group = fake.add_group()
    for method, path in [
        ("GET", "alert_groups"),
        ("GET", f"alert_groups/{group.id}"),
        ("POST", f"alert_groups/{group.id}/acknowledge"),
        ("GET", "integrations"),
    ]:
        request = FakeRequest(
            method, f"{prefix}/api/v1/{path}{tail}", "", {"AUTHORIZATION": fake.token}
        )
        assert fake.handle(request).status == 200


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("incidents/", id="not known"),
        pytest.param("alert_groups/I1/attach/", id="unknown action"),
        pytest.param("alert_groups/I.1/", id="a dot in the id"),
        pytest.param("alert_groups/I%2F1/", id="an encoded slash in the id"),
        pytest.param("alert_groups//", id="an empty id"),
        pytest.param("alert_groups//acknowledge/", id="an empty id with an action"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_unknown_route_is_the_html_page_even_without_a_token(
    fake: FakeOnCall, path: str
) -> None:
    """Django's, 179 bytes."""
    response = ask(fake, "GET", path, token="")
    assert (response.status, len(response.body)) == (404, 179)
    assert response.headers == {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize("path", ["/oncall/", "/api/v2/alert_groups/", "/api/v1"])
def test_another_version_is_an_unknown_route(fake: FakeOnCall, path: str) -> None:
    """So is a prefix alone."""
    assert fake.handle(FakeRequest("GET", path)).status == 404


def test_ids_are_case_sensitive(fake: FakeOnCall) -> None:
    """And a percent-encoded one is decoded."""
    group = fake.add_group(id="Iabc")
    assert ask(fake, "GET", "alert_groups/IABC/").json() == {"detail": "Not found."}
    assert ask(fake, "GET", "alert_groups/I%61bc/").json()["id"] == group.id


def test_a_wrong_method_is_a_500(fake: FakeOnCall) -> None:
    """For valid tokens."""
    response = ask(fake, "PATCH", "alert_groups/")
    assert (response.status, b"Server Error (500)" in response.body) == (500, True)
    assert fake.calls[-1].operation is None
    assert ask(fake, "PATCH", "alert_groups/", token="x").status == 403


@pytest.mark.parametrize("media_type", ["text/plain", ""])
@pytest.mark.parametrize("content", [b"{}", b"{"])
def test_the_body_must_say_that_it_is_json(
    fake: FakeOnCall, media_type: str, content: bytes
) -> None:
    """Before it is read."""
    headers = {"Content-Type": media_type}
    response = ask(fake, "POST", "integrations/", raw=content, headers=headers)
    text = f'Unsupported media type "{media_type}" in request.'
    assert (response.status, response.json()) == (415, {"detail": text})


@pytest.mark.parametrize("broken", [b"{", b'{"type": NaN}', b"\xff"])
def test_the_body_must_be_json(fake: FakeOnCall, broken: bytes) -> None:
    """As its media type says, however that is written."""
    headers = {"Content-Type": "application/JSON; charset=utf-8"}
    response = ask(fake, "POST", "integrations/", raw=broken, headers=headers)
    assert response.status == 400
    assert response.json()["detail"].startswith("JSON parse error - ")


def test_an_operation_that_needs_no_body_reads_none(fake: FakeOnCall) -> None:
    """Whatever it is."""
    path = f"alert_groups/{fake.add_group().id}/acknowledge/"
    assert ask(fake, "POST", path, raw=b"{", headers={"Content-Type": "text/plain"}).status == 200


def test_a_chunked_body_is_read_as_empty(fake: FakeOnCall) -> None:
    """200, and nothing changes."""
    integration = fake.add_integration(name="ci")
    chunked = {"Transfer-Encoding": "chunked"}
    response = ask(fake, "PUT", f"integrations/{integration.id}/", {"name": "x"}, headers=chunked)
    assert (response.status, response.json()["name"]) == (200, "ci")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("wrong", id="wrong"),
        pytest.param("Bearer fake-oncall-token", id="a scheme word"),
    ],
)
def test_a_token_is_alone_in_its_header(fake: FakeOnCall, token: str) -> None:
    """403, never 401."""
    response = ask(fake, "GET", "alert_groups/", token=token)
    assert (response.status, response.json()) == INVALID_TOKEN


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        pytest.param("viewer", (200, 403, 403), id="viewer"),
        pytest.param("editor", (200, 200, 403), id="editor"),
        pytest.param("admin", (200, 200, 201), id="admin"),
    ],
)
def test_a_role_reaches_so_far(fake: FakeOnCall, role: Any, statuses: tuple[int, int, int]) -> None:
    """Read, act on groups, write integrations."""
    fake.add_token("t", user="ana", role=role)
    group = fake.add_group()
    responses = [
        ask(fake, "GET", "integrations/", token="t"),
        ask(fake, "POST", f"alert_groups/{group.id}/acknowledge/", token="t"),
        ask(fake, "POST", "integrations/", {"type": "webhook"}, token="t"),
    ]
    assert tuple(response.status for response in responses) == statuses
    text = "You do not have permission to perform this action."
    assert all(a.json() == {"detail": text} for a in responses if a.status == 403)


def test_the_user_of_a_token_acts(fake: FakeOnCall) -> None:
    """Two tokens of one user are one user."""
    alice = fake.add_token("one", user="alice")
    assert fake.add_token("two", user="alice") is alice
    assert fake.add_token("three") is not alice
    assert fake.users[alice.id] is alice
    group = fake.add_group()
    ask(fake, "POST", f"alert_groups/{group.id}/resolve/", token="two")
    assert group.resolved_by == alice.id


@pytest.mark.parametrize(
    ("url", "status", "text"),
    [
        pytest.param("https://stack.example/", 200, "", id="the stack"),
        pytest.param(None, 403, "Organization not found.", id="none"),
        pytest.param("stack", 403, "Organization not found.", id="no URL"),
        pytest.param(
            "https://other.example", 429, "Organization being synced, please retry.", id="another"
        ),
    ],
)
def test_service_accounts_name_their_stack(url: str | None, status: int, text: str) -> None:
    """A stack that the server has not seen is synchronized first."""
    fake = FakeOnCall(grafana_url="https://stack.example")
    fake.add_token("glsa_robot", service_account=True)
    headers = {} if url is None else {"X-Grafana-URL": url}
    response = ask(fake, "GET", "integrations/", token="glsa_robot", headers=headers)
    assert response.status == status
    assert text in response.body.decode()
    assert ("RateLimit-Reset" in response.headers) == (status == 429)
    assert "Retry-After" not in response.headers


def test_an_unknown_service_account_is_refused(fake: FakeOnCall, oss: FakeOnCall) -> None:
    """The open-source engine does not need the stack's URL."""
    headers = {"X-Grafana-URL": "https://stack.example"}
    response = ask(fake, "GET", "integrations/", token="glsa_x", headers=headers)
    assert (response.status, response.json()) == INVALID_TOKEN
    oss.add_token("glsa_robot")
    assert ask(oss, "GET", "integrations/", token="glsa_robot").status == 200


def test_a_user_needs_no_stack(fake: FakeOnCall) -> None:
    """Any is accepted."""
    headers = {"X-Grafana-URL": "nonsense"}
    assert ask(fake, "GET", "integrations/", headers=headers).status == 200


@pytest.mark.parametrize(("token", "flag"), [("glsa_x", False), ("x", True)])
def test_the_prefix_makes_the_service_account(fake: FakeOnCall, token: str, flag: bool) -> None:  # noqa: FBT001  # the flag is the case
    """A contradiction is an error of the test's author."""
    with pytest.raises(ValueError, match="glsa_"):
        fake.add_token(token, service_account=flag)


def test_the_limit_is_per_user_and_slides(clock: VirtualClock) -> None:
    """Waiting the stated time works, one second less does not."""
    fake = FakeOnCall(clock=clock, rate_limit=RateLimit(requests=2, window=timedelta(seconds=60)))
    fake.add_token("second", user="admin")
    fake.add_token("other", user="other")
    assert ask(fake, "GET", "integrations/").status == 200
    clock.advance(timedelta(seconds=12))
    assert ask(fake, "GET", "alert_groups/", token="second").status == 200
    response = ask(fake, "GET", "integrations/")
    text = "Request was throttled. Expected available in 48 seconds."
    assert (response.status, response.json()) == (429, {"detail": text})
    assert response.headers["Retry-After"] == response.headers["RateLimit-Reset"] == "48"
    assert ask(fake, "GET", "integrations/", token="other").status == 200
    clock.advance(timedelta(seconds=47))
    assert "in 1 second." in ask(fake, "GET", "integrations/").json()["detail"]
    clock.advance(timedelta(seconds=1))
    response = ask(fake, "GET", "integrations/")
    assert (response.status, response.headers) == (200, {"Content-Type": "application/json"})


def test_a_rate_limit_is_300_a_minute_by_default() -> None:
    """As on the open-source engine."""
    assert RateLimit() == RateLimit(requests=300, window=timedelta(minutes=1))


def test_calls_are_recorded(fake: FakeOnCall) -> None:
    """Refused ones too."""
    ask(fake, "GET", "alert_groups/NONE/", query="x=1")
    call = fake.calls[-1]
    assert (call.method, call.path, call.operation, call.status) == (
        "GET",
        "/api/v1/alert_groups/NONE/",
        "get_alert_group",
        404,
    )
    assert call.request.query == "x=1"
    assert fake.token not in repr(call)


def test_each_operation_has_a_name_of_its_own() -> None:
    """Which selects faults and calls."""
    assert len(OPERATION_NAMES) == len(set(OPERATION_NAMES)) > 16


def test_the_same_seed_gives_the_same_ids() -> None:
    """And they resemble real ones."""
    one, two, other = (FakeOnCall(seed=seed).add_group().id for seed in (1, 1, 2))
    assert one == two != other
    assert one.startswith("I")
    assert 13 <= len(one) <= 15


def test_a_virtual_clock_moves_forward_only() -> None:
    """From an aware datetime."""
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(hours=1))
    assert clock() == clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="zero or more"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 1, 1))  # noqa: DTZ001  # the missing zone is the point


def test_the_real_time_is_the_default() -> None:
    """In UTC."""
    assert abs(FakeOnCall().now() - datetime.now(UTC)) < timedelta(minutes=1)
