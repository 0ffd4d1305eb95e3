"""Grafana is asked for the URL of OnCall, and its answer is taken with care."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.errors import (
    DecodeError,
    EndpointUnavailable,
    Forbidden,
    InvalidArgument,
    OnCallError,
    ServerError,
    StatusError,
    TransportError,
    Unauthorized,
)
from tests.support.clients import KEY
from tests.support.samples import GROUP, GROUP_ID
from tests.support.secrets_shown import leaks

GRAFANA = "https://stack.example"
ONCALL = "https://oncall.example/oncall"
ACCOUNT = f"glsa_{KEY}"
IRM, OSS = "/api/plugins/grafana-irm-app/settings", "/api/plugins/grafana-oncall-app/settings"


def settings(url: object = ONCALL) -> httpx.Response:
    """Those of a plugin, as Grafana has them."""
    return httpx.Response(200, json={"id": "grafana-irm-app", "jsonData": {"onCallApiUrl": url}})


class Grafana(httpx.MockTransport):
    """Grafana and OnCall behind one transport."""

    def __init__(self, **responses: httpx.Response | Exception) -> None:
        super().__init__(self._respond)
        self.responses = responses
        self.requests: list[httpx.Request] = []
        self.closed = False

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host == "oncall.example":
            return httpx.Response(200, json=GROUP)
        name = {IRM: "irm", OSS: "oss"}[request.url.path.removeprefix("/sub")]
        response = self.responses.get(name, httpx.Response(404, json={"message": "not found"}))
        if isinstance(response, Exception):
            raise response
        return response

    async def aclose(self) -> None:
        """Remember it."""
        self.closed = True


async def found(grafana: Grafana, **options: Any) -> OnCallClient:
    """The client that is returned; its URL and token are given in full."""
    given: dict[str, Any] = {"grafana_url": GRAFANA, "token": ACCOUNT, **options}
    return await OnCallClient.discover(**given, transport=grafana)


async def test_the_url_is_that_of_grafana_s_plugin() -> None:
    """Grafana wants the scheme word, and OnCall does not."""
    grafana = Grafana(irm=settings())
    async with await found(grafana) as client:
        await client.alert_groups.get(GROUP_ID)
    asked, sent = grafana.requests
    assert (asked.method, str(asked.url)) == ("GET", f"{GRAFANA}{IRM}")
    assert asked.headers["authorization"] == f"Bearer {ACCOUNT}"
    assert "x-grafana-url" not in asked.headers
    assert str(sent.url).startswith(f"{ONCALL}/api/v1/alert_groups/")
    assert sent.headers["authorization"] == ACCOUNT
    assert sent.headers["x-grafana-url"] == GRAFANA


async def test_the_open_source_plugin_is_asked_if_there_is_no_other() -> None:
    """Also below a prefix, and with a token that comes from a function, with a scheme word."""
    grafana = Grafana(oss=settings(f"{ONCALL}/"))

    async def token() -> str:
        return f"Bearer {ACCOUNT}"

    async with await found(grafana, token=token, grafana_url=f"{GRAFANA}/sub/") as client:
        await client.alert_groups.get(GROUP_ID)
    assert [request.url.path for request in grafana.requests[:2]] == [f"/sub{IRM}", f"/sub{OSS}"]
    assert grafana.requests[1].headers["authorization"] == f"Bearer {ACCOUNT}"
    assert grafana.requests[2].headers["authorization"] == ACCOUNT


async def test_options_are_those_of_the_client() -> None:
    """And a transport of the caller's is still open for it."""
    grafana = Grafana(irm=settings())
    client = await found(grafana, timeout=7, user_token="a-user-s")
    assert not grafana.closed
    async with client:
        await client.alert_groups.get(GROUP_ID)
    assert {request.extensions["timeout"]["read"] for request in grafana.requests} == {7}
    assert grafana.closed


async def test_a_failure_that_passes_is_retried() -> None:
    """A gateway's, with the client's policy."""
    grafana = Grafana(irm=httpx.Response(502))
    with pytest.raises(ServerError) as caught:
        await found(grafana, retry=RetryPolicy(max_attempts=3))
    assert len(grafana.requests) == len(caught.value.attempts) == 3


REFUSALS: list[Any] = [
    pytest.param(httpx.Response(401, json={"message": "Invalid"}), Unauthorized, "glsa_", id="401"),
    pytest.param(httpx.Response(403, json={"message": "x"}), Forbidden, "needs a role", id="403"),
    pytest.param(
        httpx.Response(404, json={"message": "Plugin not found"}),
        EndpointUnavailable,
        r"404 message: Plugin not found \(GET /api/plugins/grafana-irm-app/settings\).*installed",
        id="404",
    ),
    pytest.param(
        httpx.Response(302, headers={"location": "https://evil.example/login"}),
        StatusError,
        "redirects to https://evil.example/login .*set grafana_url= to",
        id="a redirect",
    ),
    pytest.param(httpx.Response(200, html="<h1>"), DecodeError, "not JSON.*login", id="HTML"),
    pytest.param(httpx.Response(200, text="Hi"), DecodeError, "no settings.*login", id="a text"),
    pytest.param(httpx.Response(200, content=b"{"), DecodeError, "not JSON", id="half of it"),
    pytest.param(httpx.Response(200), DecodeError, "no settings at", id="nothing"),
    pytest.param(httpx.Response(200, json=[]), DecodeError, "no settings", id="a list"),
    pytest.param(httpx.Response(200, json={}), DecodeError, "no URL.*connect", id="no jsonData"),
    pytest.param(
        httpx.Response(200, json={"jsonData": {}}), DecodeError, "onCallApiUrl", id="no key"
    ),
    pytest.param(
        httpx.Response(200, json={"jsonData": [ONCALL]}), DecodeError, "no URL", id="another shape"
    ),
    pytest.param(settings(None), DecodeError, "no URL of OnCall", id="null"),
    pytest.param(settings(""), DecodeError, "no URL of OnCall", id="an empty text"),
    pytest.param(settings(5), DecodeError, "no URL of OnCall", id="a number"),
    pytest.param(settings("http://oncall.example"), DecodeError, "plain http", id="plain http"),
    pytest.param(settings("oncall.example"), DecodeError, "must begin with https", id="no scheme"),
    pytest.param(settings("file:///etc"), DecodeError, "must begin with https", id="a file"),
    pytest.param(settings("https://a:b@h"), DecodeError, "user name", id="a password"),
    pytest.param(settings("https://h\r\nX: y"), DecodeError, "contains a space", id="a line break"),
    pytest.param(settings("https://h?x"), DecodeError, "must not have a query", id="a query"),
    pytest.param(httpx.ConnectError("down"), TransportError, "no response from stack", id="down"),
    pytest.param(
        httpx.Response(400, json={"message": f"no {ACCOUNT}"}), StatusError, r"\(token\)", id="echo"
    ),
]


@pytest.mark.parametrize(("response", "kind", "words"), REFUSALS)
async def test_each_failure_says_what_to_do(
    response: httpx.Response | Exception, kind: type[OnCallError], words: str
) -> None:
    """It names the operation; nothing is sent to OnCall, and the token is not shown."""
    grafana = Grafana(irm=response)
    once = RetryPolicy(max_attempts=1)
    with pytest.raises(kind, match=rf"(?s)^discover: .*{words}") as caught:
        await found(grafana, retry=once)
    assert leaks(caught.value.with_traceback(None), KEY) == []
    assert {request.url.host for request in grafana.requests} == {"stack.example"}


async def test_plain_http_must_be_allowed() -> None:
    """For Grafana as well as for OnCall; not on this machine."""
    grafana = Grafana(irm=settings("http://oncall.example"))
    with pytest.raises(InvalidArgument, match="grafana_url: plain http"):
        await found(grafana, grafana_url="http://stack.example")
    assert not grafana.requests
    client = await found(grafana, grafana_url="http://stack.example", allow_http=True)
    assert repr(client) == "OnCallClient(url='http://oncall.example/api/v1/')"
    local = Grafana(irm=settings("http://localhost:8080"))
    assert "localhost" in repr(await found(local, grafana_url="http://localhost:3000"))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        pytest.param({"url": ONCALL}, "url: it is what is looked for", id="the URL"),
        pytest.param({"grafana_url": None}, "grafana_url: a URL is needed", id="no Grafana"),
        pytest.param({"grafana_url": "stack"}, "grafana_url: it must begin", id="no URL"),
        pytest.param({"token": ""}, "token: a non-empty string", id="no token"),
        pytest.param({"user_token": ACCOUNT}, "user_token: ", id="another wrong token"),
        pytest.param({"timeout": 0}, "timeout=0", id="another wrong setting"),
        pytest.param({"allow_http": "no"}, "allow_http='no'", id="no bool"),
    ],
)
async def test_settings_are_checked_before_anything_is_sent(
    options: dict[str, Any], fault: str
) -> None:
    """All of them."""
    grafana = Grafana(irm=settings())
    with pytest.raises(InvalidArgument, match=fault):
        await found(grafana, **options)
    assert not grafana.requests


@pytest.mark.parametrize("provoke", [{"irm": settings("ftp://x")}, {"irm": httpx.Response(401)}])
async def test_no_traceback_shows_the_token(provoke: dict[str, httpx.Response]) -> None:
    """Nor those of the SDK's own frames."""
    discover: Callable[..., Any] = OnCallClient.discover
    with pytest.raises(OnCallError) as caught:
        await discover(grafana_url=GRAFANA, token=ACCOUNT, transport=Grafana(**provoke))
    assert leaks(caught.value, KEY) == []
