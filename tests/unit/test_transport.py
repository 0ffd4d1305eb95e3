"""The choice of a transport, and that nobody can tell from the wire which one was chosen."""

import gzip
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal, cast

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient, RetryPolicy, models, operations
from grafana_oncall.errors import (
    DecodeError,
    InvalidArgument,
    OnCallError,
    StatusError,
    TransportError,
)
from tests.e2e.scripted import PAGE, Point, Scripted, answer, keep, serving
from tests.facade.samples import GROUP, INTEGRATION

TOKEN = "tok-4f9a1c-must-not-be-seen"
Name = Literal["httpx", "aiohttp"]
BOTH: tuple[Name, ...] = ("httpx", "aiohttp")
each_transport = pytest.mark.parametrize("name", BOTH)


def made(server: Scripted, name: Name | None, **settings: Any) -> OnCallClient:
    """A client that tries once."""
    given: dict[str, Any] = {"timeout": 5, "retry": RetryPolicy(attempts=1), **settings}
    return OnCallClient(url=server.url, token=TOKEN, transport=name, **given)


async def head_and_body(
    name: Name | None, call: Callable[[OnCallClient], Awaitable[object]], said: bytes
) -> list[bytes]:
    """Every line of the one request that a call makes, and its body; but for the port."""
    server = Scripted(Point(2, answer(said)), keep)
    async with serving(server), made(server, name, grafana_url="https://a.example") as client:
        with suppress(OnCallError):  # the answer may be none to this call
            await call(client)
        (request,) = server.requests
        return request.replace(server.url.removeprefix("http://").encode(), b"host").split(b"\r\n")


ODD = 'a/b?c=d&e #%20+~"ü'

CALLS: dict[str, tuple[Callable[[OnCallClient], Awaitable[object]], object]] = {
    "a read": (lambda client: client.alert_groups.get("I1"), GROUP),
    "a list with filters": (
        lambda client: client.alert_groups.list(state="new", labels={"team": "S R+E&é"}).count(),
        None,
    ),
    "an odd id": (
        lambda client: client.send(
            attrs.evolve(
                operations.get_alert_group("I1"), path="alert_groups/I%2F1%3F%C3%BC~'(a);b/"
            )
        ),
        GROUP,
    ),
    "an odd query": (
        lambda client: client.send(
            attrs.evolve(operations.list_integrations(), query=(("name", ODD), ("name", "")))
        ),
        None,
    ),
    "a write without a body": (lambda client: client.alert_groups.acknowledge("I1"), ""),
    "a write with one": (lambda client: client.alert_groups.silence("I1", 60), ""),
    "an update of 100 kB": (
        lambda client: client.send(
            operations.update_integration("I1", models.IntegrationUpdate(name="ü" * 50_000))
        ),
        INTEGRATION,
    ),
    "a deletion with a body": (lambda client: client.alert_groups.delete("I1", mode="wipe"), ""),
}


@pytest.mark.parametrize("call", CALLS)
async def test_the_same_bytes_are_sent(call: str) -> None:
    """Request line, headers in their order, and body; with a length, and never chunked."""
    send, said = CALLS[call]
    body = PAGE if said is None else json.dumps(said).encode() if said else b""
    usual, fast = [await head_and_body(name, send, body) for name in BOTH]
    assert fast == usual
    assert not any(b"transfer-encoding" in line.lower() for line in fast)


async def test_a_deletion_without_a_body_says_so() -> None:
    """The one difference: aiohttp adds a length of 0, and so leaves nobody in doubt."""
    usual, fast = [
        await head_and_body(name, lambda client: client.integrations.delete("I1"), b"")
        for name in BOTH
    ]
    fast.remove(b"Content-Length: 0")
    assert fast == usual


@each_transport
async def test_answers_are_decompressed_once(name: Name) -> None:
    """By httpx, whichever transport it was."""
    squeezed = answer(gzip.compress(PAGE), b"Content-Encoding: gzip")
    server = Scripted(Point(2, squeezed), keep)
    async with serving(server), made(server, name) as client:
        assert await client.alert_groups.list().count() == 7


@each_transport
async def test_what_is_not_compressed_as_it_says_is_no_answer(name: Name) -> None:
    """It was sent, and perhaps done."""
    server = Scripted(Point(2, answer(PAGE, b"Content-Encoding: gzip")), keep)
    async with serving(server), made(server, name) as client:
        with pytest.raises(TransportError) as failed:
            await client.alert_groups.list().count()
    assert failed.value.sent


@each_transport
async def test_headers_are_handed_on_as_they_came(name: Name) -> None:
    """Long ones and repeated ones."""
    lines = [b"X-Long: " + b"x" * 50_000, b"X-Two: a", b"X-Two: b", b"Set-Cookie: shard=3"]
    server = Scripted(Point(2, answer(PAGE, *lines)), keep)
    async with serving(server), made(server, name) as client:
        headers = (await client.send(operations.list_alert_groups())).response.headers
    assert (len(headers["x-long"]), headers["x-two"]) == (50_000, "a, b")
    assert headers["set-cookie"] == "shard=3"


@each_transport
async def test_no_cookie_is_sent_back(name: Name) -> None:
    """A proxy that sets a new one with each answer would make all requests grow for ever."""
    lines = [b"Set-Cookie: csrf=1; Path=/", b"Set-Cookie: shard=3; Domain=127.0.0.1"]
    server = Scripted(Point(2, answer(PAGE, *lines)), keep)
    async with serving(server), made(server, name) as client:
        for _ in range(3):
            await client.send(operations.list_alert_groups())
    assert len(server.requests) == 3
    assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_the_users_own_client_keeps_its_cookies() -> None:
    """They may be what lets it through a proxy."""
    server = Scripted(Point(2, answer(PAGE, b"Set-Cookie: shard=3")), keep)
    async with (
        serving(server),
        httpx.AsyncClient(cookies={"door": "open"}) as http,
        made(server, None, http_client=http) as client,
    ):
        for _ in range(2):
            await client.send(operations.list_alert_groups())
    first, second = (request.lower() for request in server.requests)
    assert b"cookie: door=open\r\n" in first
    assert b"door=open" in second
    assert b"shard=3" in second


@each_transport
async def test_redirects_are_not_followed(name: Name) -> None:
    """The token is for one host."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    server = Scripted(Point(2, moved), keep)
    async with serving(server), made(server, name) as client:
        with pytest.raises(StatusError, match="302"):
            await client.alert_groups.list().count()
    assert server.exchanges == 1


@each_transport
async def test_a_large_answer_is_not_read_to_its_end(name: Name) -> None:
    """Nor is its connection used again, on which the rest of it waits."""
    server = Scripted(Point(2, answer(b"x" * 5_000_000)), keep)
    async with serving(server), made(server, name, max_response_bytes=100_000) as client:
        for _ in range(2):
            with pytest.raises(DecodeError, match="max_response_bytes"):
                await client.alert_groups.list().count()
    assert server.connections == 2


@each_transport
async def test_one_connection_serves_one_call_after_the_other(name: Name) -> None:
    """They are kept."""
    server = Scripted(Point(2, answer()), keep)
    async with serving(server), made(server, name) as client:
        assert [await client.alert_groups.list().count() for _ in range(5)] == [7] * 5
    assert (server.connections, server.exchanges) == (1, 5)


async def test_no_name_is_httpx() -> None:
    """Installing aiohttp changes nothing by itself."""
    usual, unnamed = [
        await head_and_body(name, lambda client: client.integrations.delete("I1"), b"")
        for name in ("httpx", None)
    ]
    assert b"Content-Length: 0" not in unnamed  # which aiohttp would send
    assert unnamed == usual


@pytest.mark.parametrize("given", ["requests", "", "AIOHTTP"])
def test_another_name_is_refused(given: str) -> None:
    """With the names that there are."""
    with pytest.raises(InvalidArgument, match='"httpx", "aiohttp", or an httpx') as refused:
        OnCallClient(url="https://oncall.test", token=TOKEN, transport=cast("Any", given))
    assert refused.value.argument == "transport"


def test_without_aiohttp_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, when the client is made."""
    monkeypatch.delitem(sys.modules, "grafana_oncall._transport", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(InvalidArgument, match=r"pip install 'grafana-oncall-sdk\[aiohttp\]'"):
        OnCallClient(url="https://oncall.test", token=TOKEN, transport="aiohttp")


def test_aiohttp_is_imported_when_it_is_asked_for() -> None:
    """It takes thrice the time of httpx."""
    code = """
import sys
from grafana_oncall import OnCallClient
OnCallClient(url="https://oncall.test", token="t")
assert "aiohttp" not in sys.modules
OnCallClient(url="https://oncall.test", token="t", transport="aiohttp")
assert "aiohttp" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("told", ["argument", "environment"])
async def test_a_proxy_is_never_passed_by(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Httpx goes through it, also where aiohttp was asked for."""
    for variable in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    async with serving(Scripted(Point(2, answer()), keep)) as proxy:
        settings: dict[str, Any] = {"allow_http": True}
        if told == "argument":
            settings["proxy"] = proxy.url
        else:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
        target = Scripted(url="http://oncall.internal")
        async with made(target, "aiohttp", **settings) as client:
            assert await client.alert_groups.list().count() == 7
    assert proxy.requests[0].startswith(b"GET http://oncall.internal/api/v1/alert_groups/")
