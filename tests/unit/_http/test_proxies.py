"""Proxies: which one is used for a URL, and which are refused."""

import sys
import urllib.request
from typing import Any

import httpx
import httpx2
import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.proxies import ProxySource
from grafana_oncall.errors import InvalidArgument
from tests.support.scripted import Point, Scripted, keep, raw_response, serving

each_sender = pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])
ELSEWHERE = "0.0.0.0"  # noqa: S104  # nothing is bound to it
"""An address that is not known to be this machine's, and leads to it all the same."""


def made(url: str, **settings: Any) -> OnCallClient:
    """A client without retries."""
    once = RetryPolicy(max_attempts=1)
    given: dict[str, Any] = {"timeout": 5, "retry": once, "allow_http": True, **settings}
    return OnCallClient(url=url, token="tok-1", **given)


async def call(client: OnCallClient) -> None:
    """Make a call that succeeds."""
    assert await client.alert_groups.list().count() == 7


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all proxies from the environment."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        pytest.param({"HTTP_PROXY": "http://{}"}, "proxy", id="of the scheme"),
        pytest.param({"ALL_PROXY": "http://{}"}, "proxy", id="of all schemes"),
        pytest.param({"HTTP_PROXY": "{}"}, "proxy", id="an address"),
        pytest.param({"HTTPS_PROXY": "http://{}"}, "server", id="of another scheme"),
        pytest.param({"HTTP_PROXY": ""}, "server", id="an empty one"),
        pytest.param({"HTTP_PROXY": "{}", "NO_PROXY": ELSEWHERE}, "server", id="bypassed"),
        pytest.param({"HTTP_PROXY": "{}", "NO_PROXY": "*"}, "server", id="bypassed by all"),
        pytest.param({"HTTP_PROXY": "{}", "NO_PROXY": ".test"}, "proxy", id="others bypass"),
        pytest.param({"HTTP_PROXY": "{}", "NO_PROXY": "0.0.0.0/8"}, "server", id="a network"),
        pytest.param({"HTTP_PROXY": "{}", "NO_PROXY": "x, 0.1.2.3/8"}, "server", id="by a host"),
        pytest.param({"HTTP_PROXY": "{}", "NO_PROXY": "10.0.0.0/8"}, "proxy", id="another network"),
        pytest.param({"HTTP_PROXY": "{}", "NO_PROXY": "::/0,0/33,/,a/8"}, "proxy", id="no network"),
    ],
)
@each_sender
async def test_the_environment_names_a_proxy(
    environment: dict[str, str], asked: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As usual: by scheme or for all, except for some hosts."""
    without_proxies(monkeypatch)
    async with (
        serving(Scripted(Point(2, raw_response()), keep)) as server,
        serving(Scripted(Point(2, raw_response()), keep)) as proxy,
    ):
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value.format(proxy.url.removeprefix("http://")))
        url = server.url.replace("127.0.0.1", ELSEWHERE)
        async with made(url, transport=transport) as client:
            await call(client)
    assert {"proxy": proxy.exchanges, "server": server.exchanges}[asked] == 1
    assert proxy.exchanges + server.exchanges == 1


@pytest.mark.parametrize(
    ("excepted", "host"),
    [
        ("*.corp.test", "a.corp.test"),
        ("*.corp.test", "a.b.corp.test"),
        ("x, *.CORP.test ,y", "a.corp.test"),
        ("corp.test", "a.corp.test"),
    ],
)
def test_a_suffix_bypasses_the_proxy(
    excepted: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With or without the star."""
    assert not is_proxied(excepted, f"http://{host}:1", monkeypatch)


@pytest.mark.parametrize(
    ("excepted", "host"), [("*.corp.test", "corp.test"), ("*.corp.test", "a.corp.test.example")]
)
def test_other_hosts_do_not_bypass_the_proxy(
    excepted: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The star stands for at least one name, and the rest must be the end."""
    assert is_proxied(excepted, f"http://{host}:1", monkeypatch)


def is_proxied(excepted: str, url: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a request would go to the proxy of the environment."""
    without_proxies(monkeypatch)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", excepted)
    return ProxySource.of(url, Secret(None)).value.value is not None


@pytest.mark.parametrize("excepted", ["::", "[::]", "[::]:1", "localhost, ::", "::/64"])
def test_an_ipv6_address_bypasses_the_proxy(excepted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without brackets, or as part of a network."""
    assert not is_proxied(excepted, "http://[::]:1", monkeypatch)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("allowed", [True, False])
async def test_requests_to_this_machine_do_not_go_to_a_proxy_of_the_environment(
    host: str, *, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain http is safe within the machine, but the path to a proxy would show the token."""
    without_proxies(monkeypatch)
    async with (
        serving(Scripted(Point(2, raw_response()), keep)) as server,
        serving(Scripted(Point(2, raw_response()), keep)) as proxy,
    ):
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        url = server.url.replace("127.0.0.1", host)
        async with made(url, allow_http=allowed) as client:
            await call(client)
    assert (server.exchanges, proxy.exchanges) == (1, 0)


@pytest.mark.parametrize(
    "proxy", ["http://proxy.test:3128", "https://10.0.0.1", httpx.Proxy("http://h")]
)
def test_plain_http_through_a_proxy_elsewhere_must_be_allowed(proxy: httpx.Proxy | str) -> None:
    """Even if the host behind it is named localhost."""
    with pytest.raises(InvalidArgument, match=r"^proxy: plain http .* allow_http=True") as refused:
        made("http://localhost:8080", proxy=proxy, allow_http=False)
    assert refused.value.argument == "proxy"
    made("http://localhost:8080", proxy=proxy)
    made("https://localhost:8080", proxy=proxy, allow_http=False)
    made("http://localhost:8080", proxy="http://127.0.0.1:3128", allow_http=False)


@pytest.mark.parametrize(
    "proxy",
    [
        pytest.param("http://user:hunter2@[::1", id="no URL"),
        pytest.param(b"http://user:hunter2@127.0.0.1", id="bytes"),
    ],
)
@each_sender
def test_an_invalid_proxy_is_refused_when_the_client_is_made(proxy: Any, transport: str) -> None:
    """The error does not show its password."""
    with pytest.raises(InvalidArgument, match=r"^proxy: nothing can be sent through it") as refused:
        made("http://localhost", proxy=proxy, transport=transport)
    assert refused.value.argument == "proxy"
    assert "hunter2" not in str(refused.value)


@each_sender
@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
async def test_a_proxy_may_be_an_object_of_either_library(library: Any, transport: str) -> None:
    """Whichever library sends; the password is kept."""
    async with serving(Scripted(Point(2, raw_response()), keep)) as server:
        proxy = library.Proxy(server.url, auth=("user", "hunter2"), headers={"x-a": "b"})
        async with made("http://oncall.test", proxy=proxy, transport=transport) as client:
            await call(client)
    sent = server.requests[0].lower()
    assert b"proxy-authorization: basic dxnlcjpodw50zxiy\r\n" in sent
    assert b"x-a: b\r\n" in sent


SCHEMES = r"http, https, socks5 or socks5h is needed\.$"


@each_sender
@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        ("ftp://user:hunter2@127.0.0.1", "its scheme is ftp; "),
        ("socks://127.0.0.1:1080", "its scheme is socks; "),
        ("user:hunter2@127.0.0.1", "it has no scheme; "),
        ("", "it has no scheme; "),
    ],
)
def test_a_proxy_of_another_scheme_is_refused(proxy: str, message: str, transport: str) -> None:
    """The error lists the supported schemes."""
    with pytest.raises(InvalidArgument, match=f"^proxy: {message}{SCHEMES}") as refused:
        made("http://localhost", proxy=proxy, transport=transport)
    assert refused.value.argument == "proxy"
    assert "hunter2" not in str(refused.value)


@each_sender
@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"])
def test_the_variable_of_an_invalid_proxy_is_named(
    variable: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GNOME sets one that few programs can use."""
    without_proxies(monkeypatch)
    monkeypatch.setenv(variable, "socks://127.0.0.1:1080/")
    words = rf"^proxy \(from {variable}\): its scheme is socks; {SCHEMES}"
    with pytest.raises(InvalidArgument, match=words) as refused:
        made("https://oncall.test", transport=transport)
    assert refused.value.argument == "proxy"


def test_a_change_of_the_systems_settings_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a program runs, a laptop comes to another network; Linux has no such settings."""
    without_proxies(monkeypatch)
    settings: dict[str, str] = {}
    monkeypatch.setattr(urllib.request, "getproxies", lambda: settings)
    made("https://oncall.test")
    settings["https"] = "socks://127.0.0.1:1080/"
    with pytest.raises(InvalidArgument, match=r"^proxy \(from the system's settings\): its scheme"):
        made("https://oncall.test")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")  # which goes first
    made("https://oncall.test")


def test_a_cgi_program_ignores_a_variable_that_may_be_a_header(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A web server makes HTTP_PROXY of the header Proxy of whoever sends a request."""
    without_proxies(monkeypatch)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    assert ProxySource.of("http://oncall.test", Secret(None)).value.value is not None
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    assert ProxySource.of("http://oncall.test", Secret(None)).value.value is None


@pytest.mark.parametrize("variable", ["ALL_PROXY", "http_proxy"])
def test_the_error_for_a_proxy_that_needs_a_package_names_it(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It also says where the proxy may come from; no cause shows its password."""
    without_proxies(monkeypatch)
    monkeypatch.setenv(variable, "socks5://user:hunter2@127.0.0.1")
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(InvalidArgument, match=rf"from {variable}\): .*httpx\[socks\]") as refused:
        made("http://oncall.test")
    assert "hunter2" not in str(refused.value)
    assert refused.value.__context__ is None
