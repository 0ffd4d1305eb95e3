"""Settings of a client, as arguments or from the environment: URLs, tokens, numbers, transports."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from functools import cached_property
from typing import Any

import httpx
import pytest
import respx

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import InvalidArgument, ServerError
from tests.support.clients import KEY, made, timing_out
from tests.support.listing import Listing, settle
from tests.support.samples import API, BASE, GROUP, GROUP_ID, STACK
from tests.support.secrets_shown import shows


def fault(**settings: Any) -> InvalidArgument:
    """The error that a client with these settings raises."""
    with pytest.raises(InvalidArgument) as caught:
        made(**settings)
    assert not shows(str(caught.value), KEY)
    return caught.value


@pytest.mark.parametrize(
    ("url", "base"),
    [
        pytest.param("https://h.example", "https://h.example", id="bare"),
        pytest.param("https://h.example/", "https://h.example", id="a slash"),
        pytest.param("https://h.example/api/v1", "https://h.example", id="the API's root"),
        pytest.param("https://h.example/api/v1/", "https://h.example", id="and a slash"),
        pytest.param("https://h.example/oncall", "https://h.example/oncall", id="a prefix"),
        pytest.param("https://h.example/oncall/", "https://h.example/oncall", id="prefix, slash"),
        pytest.param(
            "https://h.example/oncall/api/v1/", "https://h.example/oncall", id="prefix and root"
        ),
        pytest.param("https://h.example/a/b-c/", "https://h.example/a/b-c", id="a long prefix"),
        pytest.param("https://h.example:8443/", "https://h.example:8443", id="a port"),
        pytest.param("http://127.0.0.1:8080", "http://127.0.0.1:8080", id="loopback"),
        pytest.param("http://localhost:8080/api/v1/", "http://localhost:8080", id="localhost"),
        pytest.param("http://[::1]:8080/", "http://[::1]:8080", id="IPv6"),
        pytest.param("http://127.9.9.9/", "http://127.9.9.9", id="all of loopback"),
        pytest.param("http://a.localhost/", "http://a.localhost", id="below localhost"),
        pytest.param("HTTPS://h.example/", "https://h.example", id="upper case"),
    ],
)
async def test_the_url_is_normalised(wire: respx.MockRouter, url: str, base: str) -> None:
    """It may be copied with or without the API's root, which is sent once."""
    wire.route().respond(json=GROUP)
    async with made(url=url) as client:
        await client.alert_groups.get(GROUP_ID)
    assert str(wire.calls.last.request.url) == f"{base}/api/v1/alert_groups/{GROUP_ID}/"


BAD_URLS = [
    pytest.param("", id="empty"),
    pytest.param(5, id="a number"),
    pytest.param(b"https://h.example", id="bytes"),
    pytest.param(httpx.URL("https://h.example"), id="a URL of httpx"),
    pytest.param(f"https://user:{KEY}@h.example", id="user and password"),
    pytest.param(f"https://{KEY}@h.example/", id="a user"),
    pytest.param("https://@h.example/", id="an empty user"),
    pytest.param(f"https://h.example/?token={KEY}", id="a query"),
    pytest.param("https://h.example/?", id="an empty query"),
    pytest.param("https://h.example/#top", id="a fragment"),
    pytest.param("https://h.example/#", id="an empty fragment"),
    pytest.param("h.example", id="no scheme"),
    pytest.param("h.example:8080", id="no scheme, a port"),
    pytest.param("//h.example", id="two slashes"),
    pytest.param("/oncall", id="a path"),
    pytest.param("ftp://h.example", id="ftp"),
    pytest.param("file:///etc/passwd", id="file"),
    pytest.param("https://", id="no host"),
    pytest.param("https:///oncall", id="no host, a path"),
    pytest.param("https://:8080", id="a port only"),
    pytest.param(" https://h.example", id="a space before"),
    pytest.param("https://h.example ", id="a space behind"),
    pytest.param("https://h. example", id="a space within"),
    pytest.param("https://h.example\n", id="a line end"),
    pytest.param("https://h.example/\r\nX: y", id="CR LF"),
    pytest.param("https://h.example\\@evil.example", id="a backslash"),
    pytest.param("https://münchen.example", id="not ASCII"),
    pytest.param("https://h.example:99999", id="a port too high"),
    pytest.param("https://h.example:abc", id="a port that is none"),
    pytest.param("https://[::1", id="half a bracket"),
]
PLAIN_HTTP = [
    pytest.param("http://engine.internal:8080", id="a name"),
    pytest.param("http://10.0.0.1", id="a private address"),
    pytest.param("http://128.0.0.1", id="beside loopback"),
    pytest.param("http://[2001:db8::1]", id="IPv6"),
    pytest.param("http://0.0.0.0", id="any address"),
    pytest.param("HTTP://h.example", id="upper case"),
    pytest.param("http://localhost.example", id="not localhost"),
    pytest.param("http://notlocalhost", id="not localhost either"),
    pytest.param("http://127.0.0.1.example", id="not an address"),
]


@pytest.mark.parametrize("url", PLAIN_HTTP)
async def test_plain_http_carries_the_token_only_where_that_is_allowed(
    wire: respx.MockRouter, url: str
) -> None:
    """Refused when the client is made, with the option to allow it; loopback needs none."""
    error = fault(url=url)
    assert error.argument == "url"
    assert "allow_http=True" in str(error)
    wire.route().respond(json=GROUP)
    async with made(url=url, allow_http=True) as client:
        await client.alert_groups.get(GROUP_ID)
    assert str(wire.calls.last.request.url).startswith(f"{url.lower()}/api/v1/")


async def test_the_environment_cannot_allow_plain_http(wire: respx.MockRouter) -> None:
    """Only the program can."""
    environ = {**ENVIRONMENT, "GRAFANA_ONCALL_URL": "http://engine.internal"}
    with pytest.raises(InvalidArgument, match="allow_http"):
        OnCallClient.from_env(environ)
    wire.route().respond(json=GROUP)
    async with OnCallClient.from_env(environ, allow_http=True) as client:
        await client.alert_groups.get(GROUP_ID)


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize("argument", ["url", "grafana_url"])
def test_an_invalid_url_is_refused(argument: str, url: Any) -> None:
    """The error does not show it, because it may contain a password."""
    error = fault(**{argument: url})
    assert error.argument == argument
    assert str(error).startswith(f"{argument}: ")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://999.1.1.1", id="no IPv4 address"),
        pytest.param("https://[v1.x]", id="no IPv6 address"),
        pytest.param("https://xn--a", id="no IDNA"),
        pytest.param("https://h.example/" + "a" * 70_000, id="too long"),
    ],
)
def test_a_url_that_httpx_cannot_take_is_refused(url: str) -> None:
    """When the client is made, not by an httpx error at the first call."""
    assert fault(url=url).argument == "url"


async def test_the_stack_is_sent_without_its_slash(wire: respx.MockRouter) -> None:
    """As in the documentation."""
    wire.route().respond(json=GROUP)
    async with made(grafana_url=f"{STACK}/") as client:
        await client.alert_groups.get(GROUP_ID)
    assert wire.calls.last.request.headers["X-Grafana-URL"] == STACK


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param(None, id="None"),
        pytest.param(KEY.encode(), id="bytes"),
        pytest.param([KEY], id="a list"),
        pytest.param(f"Token {KEY}", id="another scheme word"),
        pytest.param("Bearer ", id="a scheme word alone"),
        pytest.param(f" {KEY}", id="a space before"),
        pytest.param(f"{KEY} ", id="a space behind"),
        pytest.param(f"{KEY}\n", id="a line end, as of a file"),
        pytest.param(f"{KEY}\r\nX-Evil: 1", id="CR LF"),
        pytest.param(f"{KEY}\x00", id="NUL"),
        pytest.param(f"{KEY}é", id="not ASCII"),
        pytest.param(f"{KEY}\ud800", id="a lone surrogate"),
    ],
)
def test_an_invalid_token_is_refused_without_showing_it(token: Any) -> None:
    """The message says what is wrong, but does not contain the token."""
    error = fault(token=token)
    assert error.argument == "token"
    assert str(error).startswith("token: ")


def test_a_client_needs_a_url() -> None:
    """None stands for an absent stack, not for an absent API."""
    assert fault(url=None).argument == "url"


def test_a_service_account_needs_its_stack() -> None:
    """Without it, the server would only say "Invalid token."."""
    error = fault(token=f"glsa_{KEY}")
    assert (error.argument, "glsa_" in str(error)) == ("grafana_url", True)
    made(token=f"glsa_{KEY}", grafana_url=STACK)


@pytest.mark.parametrize(
    "timeout",
    [
        pytest.param(0, id="zero"),
        pytest.param(-1, id="negative"),
        pytest.param(None, id="None, which httpx takes for ever"),
        pytest.param(math.inf, id="infinity"),
        pytest.param(math.nan, id="NaN"),
        pytest.param(True, id="True"),
        pytest.param("30", id="a string"),
        pytest.param(timedelta(0), id="no time"),
        pytest.param(timedelta(days=2), id="two days"),
        pytest.param(httpx.Timeout(30), id="a Timeout of httpx"),
    ],
)
def test_a_timeout_is_finite_and_above_zero(timeout: Any) -> None:
    """Nothing hangs for ever."""
    assert fault(timeout=timeout).argument == "timeout"


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        pytest.param({}, 30.0, id="by default"),
        pytest.param({"timeout": 5}, 5.0, id="seconds"),
        pytest.param({"timeout": 0.5}, 0.5, id="a fraction"),
        pytest.param({"timeout": timedelta(minutes=2)}, 120.0, id="timedelta"),
    ],
)
async def test_a_timeout_applies_to_every_part_of_a_request(
    wire: respx.MockRouter, settings: dict[str, Any], seconds: float
) -> None:
    """Connecting, reading, writing, and waiting for a connection."""
    wire.route().respond(json=GROUP)
    async with httpx.AsyncClient(timeout=None) as http:  # noqa: S113  # the SDK sets its own
        for client in (made(**settings), made(**settings, http_client=http)):
            async with client:
                await client.alert_groups.get(GROUP_ID)
            assert set(wire.calls.last.request.extensions["timeout"].values()) == {seconds}


@pytest.mark.parametrize("argument", ["max_connections", "max_response_bytes", "retry_budget"])
@pytest.mark.parametrize("number", [0, -1, 1.5, "2", True, None])
def test_a_limit_is_whole_and_above_zero(argument: str, number: Any) -> None:
    """None does not mean that there is no limit; it would fail in the middle of a call."""
    assert fault(**{argument: number}).argument == argument


@pytest.mark.parametrize(
    ("owner", "other"),
    [
        pytest.param("http_client", {"transport": httpx.MockTransport(timing_out)}, id="transport"),
        pytest.param("http_client", {"transport": "aiohttp"}, id="name of a transport"),
        pytest.param("http_client", {"verify": False}, id="TLS"),
        pytest.param("http_client", {"proxy": "http://proxy.test"}, id="proxy"),
        pytest.param("transport", {"verify": False}, id="TLS of a transport"),
        pytest.param("transport", {"proxy": "http://proxy.test"}, id="proxy of a transport"),
    ],
)
async def test_settings_that_would_be_ignored_are_refused(
    owner: str, other: dict[str, Any]
) -> None:
    """The user's own httpx client or transport has its own TLS settings and proxies."""
    async with httpx.AsyncClient() as http:
        mine = {"http_client": http, "transport": httpx.MockTransport(timing_out)}[owner]
        error = fault(**{owner: mine}, **other)
    assert {error.argument} == {*other}
    assert f"{owner}=" in str(error)


async def test_no_more_requests_are_in_flight_than_there_are_connections(
    wire: respx.MockRouter,
) -> None:
    """The others wait before they reach httpx's pool, which never queues them."""
    listing = Listing(wire, "a")
    listing.hold(1)
    async with made(max_connections=2) as client, asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(client.alert_groups.list().collect())
        await settle()
        assert listing.in_flight == 2
        listing.release(1)
    assert (len(listing.asked), listing.most_in_flight) == (5, 2)


ENVIRONMENT = {
    "GRAFANA_ONCALL_URL": BASE,
    "GRAFANA_ONCALL_ACCESS_TOKEN": KEY,
    "GRAFANA_URL": STACK,
}


async def test_settings_come_from_the_environment(
    wire: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the names that the Terraform provider reads; options are passed to the client."""
    wire.route().respond(json=GROUP)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    async with OnCallClient.from_env(timeout=7) as client:
        await client.alert_groups.get(GROUP_ID)
    request = wire.calls.last.request
    assert str(request.url) == f"{API}alert_groups/{GROUP_ID}/"
    assert request.headers["Authorization"] == KEY
    assert request.headers["X-Grafana-URL"] == STACK
    assert request.extensions["timeout"]["read"] == 7


@pytest.mark.parametrize("environ", [{}, ENVIRONMENT], ids=["alone", "instead of a variable"])
async def test_arguments_override_the_environment(
    wire: respx.MockRouter, environ: dict[str, str]
) -> None:
    """Then its variable need not be set."""
    wire.route().respond(json=GROUP)
    async with OnCallClient.from_env(
        environ, url="https://other.example", token="another-token", grafana_url=f"{STACK}.eu"
    ) as client:
        await client.alert_groups.get(GROUP_ID)
    request = wire.calls.last.request
    assert request.url.host == "other.example"
    assert request.headers["Authorization"] == "another-token"
    assert request.headers["X-Grafana-URL"] == f"{STACK}.eu"


async def test_a_stack_from_the_environment_can_be_overridden(wire: respx.MockRouter) -> None:
    """None is a value like any other."""
    wire.route().respond(json=GROUP)
    async with OnCallClient.from_env(ENVIRONMENT, grafana_url=None) as client:
        await client.alert_groups.get(GROUP_ID)
    assert "x-grafana-url" not in wire.calls.last.request.headers


@pytest.mark.parametrize("name", ["GRAFANA_ONCALL_URL", "GRAFANA_ONCALL_ACCESS_TOKEN"])
@pytest.mark.parametrize("value", [pytest.param({}, id="missing"), pytest.param("", id="empty")])
def test_the_error_names_a_missing_or_empty_variable(name: str, value: Any) -> None:
    """Not the argument that it stands for."""
    environ = {key: text for key, text in ENVIRONMENT.items() if key != name}
    if value == "":
        environ[name] = ""
    with pytest.raises(InvalidArgument, match=name) as caught:
        OnCallClient.from_env(environ)
    assert caught.value.argument == name
    assert f"pass {'url' if name.endswith('URL') else 'token'}=." in str(caught.value)
    assert not shows(str(caught.value), KEY)


@pytest.mark.parametrize("value", [None, ""])
async def test_the_stack_may_be_missing_or_empty(wire: respx.MockRouter, value: str | None) -> None:
    """Then no header names one."""
    wire.route().respond(json=GROUP)
    environ = {name: text for name, text in ENVIRONMENT.items() if name != "GRAFANA_URL"}
    if value is not None:
        environ["GRAFANA_URL"] = value
    async with OnCallClient.from_env(environ) as client:
        await client.alert_groups.get(GROUP_ID)
    assert "x-grafana-url" not in wire.calls.last.request.headers


def test_a_service_account_from_the_environment_needs_its_stack_too() -> None:
    """The same rule applies."""
    with pytest.raises(InvalidArgument, match="grafana_url"):
        OnCallClient.from_env(
            {"GRAFANA_ONCALL_URL": BASE, "GRAFANA_ONCALL_ACCESS_TOKEN": f"glsa_{KEY}"}
        )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("retry", 3, id="a number as the retry policy"),
        pytest.param("verify", "/etc/ca.pem", id="the path of a certificate"),
        pytest.param("verify", None, id="no value for whether to verify"),
        pytest.param("rate_limit_storage", "redis://localhost", id="a storage for no rate limit"),
        pytest.param("on_event", "print", id="the name of a listener"),
        pytest.param("random", 0.5, id="a number as the random function"),
    ],
)
def test_a_setting_that_would_fail_later_is_refused_at_once(setting: str, value: Any) -> None:
    """Neither ignored nor raised in the middle of the first failure."""
    with pytest.raises(InvalidArgument, match=setting) as refused:
        OnCallClient(url="https://oncall.test", token="any", **{setting: value})
    assert refused.value.argument == setting


def test_options_of_the_wrong_type_are_refused() -> None:
    """Where they are passed."""
    client = OnCallClient(url="https://oncall.test", token="any")
    wrong: Any = "no"
    with pytest.raises(InvalidArgument, match="background="):
        client.with_options(background=wrong)
    with pytest.raises(InvalidArgument, match="retry="):
        client.with_options(retry=wrong)


async def test_the_options_of_a_view_apply_though_the_client_was_used_before(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """A view makes its own resources, also where the client has made its own already."""
    route = wire.route().respond(json=GROUP)
    await client.alert_groups.get(GROUP_ID)
    route.respond(503)
    view = client.with_options(retry=RetryPolicy(max_attempts=1))
    with pytest.raises(ServerError) as caught:
        await view.alert_groups.get(GROUP_ID)
    assert len(caught.value.attempts) == 1
    assert view.alert_groups is not client.alert_groups
    assert view.integrations is not client.integrations


def test_a_view_keeps_what_a_subclass_added_but_not_what_it_derived_from_the_client() -> None:
    """Otherwise a resource of the subclass would send with the client's options."""

    class TeamClient(OnCallClient):
        team = ""

        @cached_property
        def sender(self) -> object:
            return self.send

    client = TeamClient(url="https://oncall.test", token="any")
    client.team = "SRE"
    assert client.sender == client.send
    view = client.with_options(timeout=3)
    assert (view.team, view.sender) == ("SRE", view.send)
    assert view.sender != client.sender
