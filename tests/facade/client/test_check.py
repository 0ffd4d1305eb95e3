"""A client says in words what its settings and tokens are good for."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import attrs
import httpx
import pytest

from grafana_oncall import CheckReport
from grafana_oncall.errors import ClientStateError
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import KEY, made
from tests.support.samples import BASE, STACK
from tests.support.secrets_shown import shows

ACCOUNT = f"glsa_{KEY}"
ALL = (
    "user-settings",
    "alert-groups",
    "integrations",
    "escalation-chains",
    "schedules",
    "outgoing-webhooks",
    "chatops",
    "other-settings",
)
ADMIN: dict[str, Any] = {"id": "U1", "username": "ana", "role": "admin"}


class Server(httpx.MockTransport):
    """Answers by path; with an empty list where nothing is said."""

    def __init__(self, **by_path: httpx.Response | Exception) -> None:
        super().__init__(self._respond)
        self.by_path = by_path
        self.requests: list[httpx.Request] = []

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = request.url.path.removeprefix("/oncall/api/v1/").strip("/").replace("/", "_")
        default = ADMIN if name == "users_current" else {"count": 0, "results": []}
        response = self.by_path.get(
            name, self.by_path.get("rest", httpx.Response(200, json=default))
        )
        if isinstance(response, Exception):
            raise response
        return response


async def checked(server: httpx.AsyncBaseTransport, **settings: Any) -> CheckReport:
    """The report of a client with these settings."""
    async with made(transport=server, **settings) as client:
        return await client.check()


async def test_a_user_s_key_is_checked_by_eight_reads() -> None:
    """Each of one object at most, and none of them a write."""
    server = Server()
    report = await checked(server)
    assert report.ok
    assert (report.reachable, report.flavour, report.requests) == (True, "oss", 8)
    (token,) = report.tokens
    assert (token.name, token.kind, token.valid, token.user) == ("token", "user", True, "ana")
    assert (token.can_read, token.cannot_read, token.unknown, token.advice) == (ALL, (), (), ())
    assert {request.method for request in server.requests} == {"GET"}
    lists = [one for one in server.requests if not one.url.path.endswith("/current/")]
    assert {one.url.query for one in lists} == {b"perpage=1"}
    assert len(server.requests) == 8


async def test_a_service_account_has_no_user_and_is_told_what_it_lacks() -> None:
    """It is not asked for the current user, at which real servers fail."""
    server = Server()
    report = await checked(server, token=ACCOUNT, grafana_url=STACK)
    (token,) = report.tokens
    assert (token.kind, token.valid, token.user, token.role) == (
        "service_account",
        True,
        None,
        None,
    )
    assert (report.ok, report.grafana_url, report.requests) == (True, STACK, 8)
    assert "user_token=" in token.advice[0]
    assert "users/current" not in " ".join(str(one.url) for one in server.requests)


async def test_both_tokens_are_checked() -> None:
    """Each with its own requests."""
    server = Server()
    report = await checked(server, token=ACCOUNT, grafana_url=STACK, user_token=KEY)
    assert [(one.name, one.kind) for one in report.tokens] == [
        ("token", "service_account"),
        ("user_token", "user"),
    ]
    assert [one.headers["authorization"] for one in server.requests] == [ACCOUNT] * 8 + [KEY] * 8
    assert (report.requests, report.tokens[0].advice) == (16, ())


async def test_a_cloud_is_known_by_its_host_or_its_users() -> None:
    """Without a user to look at, the flavour is unknown."""
    phone = httpx.Response(200, json={**ADMIN, "phone_number": None})
    empty = httpx.Response(200, json={"count": 0, "results": []})
    assert (await checked(Server(users_current=phone))).flavour == "cloud"
    cloud = await checked(Server(), url="https://oncall-prod-eu.grafana.net/oncall")
    assert cloud.flavour == "cloud"
    unknown = await checked(Server(users=empty), token=ACCOUNT, grafana_url=STACK)
    assert unknown.flavour is None


def refusal(status: int, detail: str = "Forbidden.") -> httpx.Response:
    """A refusal of OnCall's."""
    return httpx.Response(status, json={"detail": detail})


async def test_a_wrong_token_is_found_out_by_one_request() -> None:
    """And not tried again."""
    server = Server(rest=refusal(403, "Invalid token."))
    report = await checked(server)
    (token,) = report.tokens
    assert (report.ok, report.reachable, token.valid, report.requests) == (False, True, False, 1)
    assert "check the token" in token.advice[0]
    assert "token: a user's OnCall API key, NOT valid" in str(report)


async def test_missing_permissions_are_named() -> None:
    """One line of advice for each."""
    report = await checked(Server(schedules=refusal(403), webhooks=refusal(403)))
    (token,) = report.tokens
    assert (report.ok, token.valid) == (False, True)
    assert token.cannot_read == ("schedules", "outgoing-webhooks")
    assert "grafana-irm-app.schedules:read" in token.advice[0]
    assert "  cannot read: schedules, outgoing-webhooks" in str(report).splitlines()


async def test_a_token_that_may_do_nothing_is_valid() -> None:
    """Everything is refused."""
    report = await checked(Server(rest=refusal(403)))
    assert (report.tokens[0].valid, report.tokens[0].cannot_read) == (True, ALL)


async def test_what_a_server_lacks_or_fails_at_is_unknown() -> None:
    """The rest is looked at."""
    lacking = httpx.Response(404, html="<h1>Not Found")
    report = await checked(Server(user_groups=lacking, users_current=refusal(500, "oops")))
    (token,) = report.tokens
    assert token.unknown == ("user-settings", "chatops")
    assert (token.valid, report.reachable, report.requests, token.user) == (True, True, 8, None)
    assert any("500 oops" in one for one in token.advice)


STRANGERS: list[Any] = [
    pytest.param(httpx.ConnectError("refused"), "no response from", id="no connection"),
    pytest.param(httpx.Response(502), "a proxy responded", id="a gateway"),
    pytest.param(httpx.Response(302, headers={"location": "/login"}), "redirects", id="a redirect"),
    pytest.param(httpx.Response(200, html="<h1>Log in"), "page of HTML", id="a login page"),
    pytest.param(httpx.Response(404, html="<h1>"), "url= is not that", id="another server"),
]


@pytest.mark.parametrize(("response", "words"), STRANGERS)
async def test_a_server_that_is_not_there_is_asked_once(response: Any, words: str) -> None:
    """Nothing is raised, and the report says what to do."""
    report = await checked(Server(rest=response))
    assert (report.ok, report.reachable, report.requests) == (False, False, 1)
    assert words in report.advice[0]
    assert report.tokens[0].valid is None
    assert "NOT reachable" in str(report)


async def test_a_rate_limit_ends_the_check() -> None:
    """It does not wait; what is known so far is reported."""
    throttled = httpx.Response(429, json={"detail": "Slow down."}, headers={"retry-after": "48"})
    report = await checked(Server(integrations=throttled))
    (token,) = report.tokens
    assert (report.requests, token.can_read) == (3, ("user-settings", "alert-groups"))
    assert token.unknown == ("integrations",)
    assert "429" in token.advice[-1]


async def test_a_server_that_goes_away_meanwhile_ends_it_too() -> None:
    """It was reachable."""
    report = await checked(Server(integrations=httpx.ReadTimeout("slow")))
    assert (report.reachable, report.requests) == (True, 3)


@pytest.mark.parametrize(("seconds", "words"), [(3600, "behind"), (-90, "ahead of")])
async def test_a_wrong_clock_is_noticed(seconds: int, words: str) -> None:
    """By the date of the responses."""

    def respond(_: httpx.Request) -> httpx.Response:
        date = datetime.now(UTC) + timedelta(seconds=seconds)
        return httpx.Response(200, json=ADMIN, headers={"date": format_datetime(date, usegmt=True)})

    report = await checked(httpx.MockTransport(respond))
    assert report.clock_skew == pytest.approx(seconds, abs=2)
    assert re.search(rf"this machine's clock is \d+ s {words} the server's", str(report))
    assert "clock" in report.advice[0]


@pytest.mark.parametrize("date", ["", "today", "Mon, 99 Mar 2026 09:30:00 GMT"])
async def test_a_date_that_is_none_says_nothing(date: str) -> None:
    """Nor does a server without one."""
    response = httpx.Response(200, json=ADMIN, headers={"date": date})
    assert (await checked(Server(rest=response))).clock_skew is None


@pytest.mark.parametrize("user", [None, [], "x", {"username": 5, "role": []}, {"results": 1}])
async def test_a_user_of_another_shape_is_no_user(user: object) -> None:
    """The check does not fail."""
    response = httpx.Response(200, json=user)
    report = await checked(Server(users_current=response))
    assert report.tokens[0].user is None
    await checked(Server(users=response), token=ACCOUNT, grafana_url=STACK)


async def test_a_function_that_fails_is_reported() -> None:
    """No request is made for its token, but for the other one."""

    def token() -> str:
        raise ConnectionError("vault is sealed")

    server = Server()
    report = await checked(server, token=token, user_token=lambda: KEY)
    first, second = report.tokens
    assert (first.kind, first.valid, second.valid, report.requests) == (None, None, True, 8)
    assert "vault is sealed" in first.advice[0]
    assert "token: no token, not checked" in str(report)


async def test_a_report_can_be_written_down() -> None:
    """As JSON and in words, and no secret is in it."""
    echo = httpx.Response(403, json={"detail": f"not for {KEY}"})
    report = await checked(Server(schedules=echo))
    assert json.loads(report.to_json()) == report.to_dict()
    plain = report.to_dict()
    assert plain["tokens"][0]["cannot_read"] == ["schedules"]
    assert str(report).splitlines()[0] == f"{BASE}/api/v1/: reachable, open source"
    assert not shows(f"{report} {report!r} {plain}", KEY)
    assert hash(report) == hash(attrs.evolve(report))
    frozen: Any = report
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        frozen.reachable = False


async def test_a_closed_client_is_not_checked() -> None:
    """This is the caller's mistake, and no finding."""
    client = made(transport=Server())
    await client.aclose()
    with pytest.raises(ClientStateError):
        await client.check()


@pytest.mark.parametrize("role", ["admin", "editor", "viewer", "none"])
async def test_the_fake_is_checked_like_a_server(fake: FakeOnCall, role: Any) -> None:
    """What it lacks is unknown."""
    fake.add_token("user", user="vi", role=role)
    report = await checked(fake.transport(), token="user")
    (token,) = report.tokens
    assert token.valid
    assert bool(token.cannot_read) == (role == "none")
    if role != "none":
        assert (token.user, token.role) == ("vi", role)
        assert {"user-settings", "alert-groups", "integrations"} <= {*token.can_read}
