"""The choice of a transport, which makes no difference on the wire."""

import asyncio
import gzip
import json
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import ModuleType
from typing import Any, Literal, cast

import attrs
import httpx
import httpx2
import pytest

from grafana_oncall import OnCallClient, RetryPolicy, models, operations
from grafana_oncall._http.libraries import library_of
from grafana_oncall.errors import (
    DecodeError,
    InvalidArgument,
    OnCallError,
    RateLimited,
    ServerError,
    StatusError,
    TransportError,
)
from tests.support.samples import GROUP, INTEGRATION
from tests.support.scripted import PAGE, Point, Scripted, keep, raw_response, serving

TOKEN = "tok-4f9a1c-must-not-be-seen"
Name = Literal["httpx", "httpx2", "aiohttp"]
NAMES: tuple[Name, ...] = ("httpx", "httpx2", "aiohttp")
each_transport = pytest.mark.parametrize("name", NAMES)


def made(server: Scripted, name: Name | None, **settings: Any) -> OnCallClient:
    """A client without retries."""
    given: dict[str, Any] = {"timeout": 5, "retry": RetryPolicy(max_attempts=1), **settings}
    return OnCallClient(url=server.url, token=TOKEN, transport=name, **given)


async def head_and_body(
    name: Name | None, call: Callable[[OnCallClient], Awaitable[object]], said: bytes
) -> list[bytes]:
    """Return the lines of a call's single request and its body, without the port."""
    server = Scripted(Point(2, raw_response(said)), keep)
    async with serving(server), made(server, name, grafana_url="https://a.example") as client:
        with suppress(OnCallError):  # the response may not fit this call
            await call(client)
        (request,) = server.requests
        return request.replace(server.url.removeprefix("http://").encode(), b"host").split(b"\r\n")


def test_a_library_that_a_thread_is_importing_just_now_is_not_looked_into(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As httpx is by the first request of another client; of httpx2, there are objects already."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200))
    monkeypatch.setitem(sys.modules, "httpx", ModuleType("httpx"))
    assert library_of(transport, "AsyncBaseTransport") is httpx2


@each_transport
async def test_a_first_request_for_which_there_is_no_thread_was_never_sent(name: Name) -> None:
    """It may be retried, as any other; the next one, for which there is one, is sent."""
    server, none = Scripted(Point(1, raw_response()), keep), ThreadPoolExecutor()
    none.shutdown()
    async with serving(server), made(server, name) as client:
        asyncio.get_running_loop().set_default_executor(none)
        with pytest.raises(TransportError, match="cannot schedule new futures") as caught:
            await client.alert_groups.list().count()
        assert not caught.value.sent
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        assert await client.alert_groups.list().count() == 7


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
    """Request line, headers in any order, and body; with a length, and never chunked."""
    send, said = CALLS[call]
    body = PAGE if said is None else json.dumps(said).encode() if said else b""
    usual, newer, fast = [await head_and_body(name, send, body) for name in NAMES]
    assert newer == usual
    assert (fast[0], fast[-1], sorted(fast)) == (usual[0], usual[-1], sorted(usual))
    assert not any(b"transfer-encoding" in line.lower() for line in usual)


async def test_a_deletion_without_a_body_says_so() -> None:
    """The one difference: aiohttp adds a length of 0, which is more explicit."""
    usual, newer, fast = [
        await head_and_body(name, lambda client: client.integrations.delete("I1"), b"")
        for name in NAMES
    ]
    fast.remove(b"Content-Length: 0")
    assert fast == newer == usual


@each_transport
async def test_responses_are_decompressed_once(name: Name) -> None:
    """With either transport."""
    squeezed = raw_response(gzip.compress(PAGE), b"Content-Encoding: gzip")
    server = Scripted(Point(2, squeezed), keep)
    async with serving(server), made(server, name) as client:
        assert await client.alert_groups.list().count() == 7


@each_transport
async def test_a_response_that_is_not_compressed_as_announced_is_refused(name: Name) -> None:
    """The request was sent, and perhaps applied."""
    server = Scripted(Point(2, raw_response(PAGE, b"Content-Encoding: gzip")), keep)
    async with serving(server), made(server, name) as client:
        with pytest.raises(TransportError) as failed:
            await client.alert_groups.list().count()
    assert failed.value.sent


@each_transport
async def test_nothing_but_gzip_is_requested(name: Name) -> None:
    """Also with the user's own client, which would accept more."""
    server = Scripted(Point(2, raw_response()), keep)
    async with (
        serving(server),
        httpx.AsyncClient() as http,
        made(server, name) as client,
        made(server, None, http_client=http) as other,
    ):
        for each_client in (client, other):
            assert await each_client.alert_groups.list().count() == 7
    for request in server.requests:
        assert request.lower().count(b"accept-encoding: gzip\r\n") == 1


def bomb(*levels: int) -> bytes:
    """Zeros, compressed once for each number, which is the level of compression."""
    content = bytes(50 * 1024 * 1024)
    for level in levels:
        content = gzip.compress(content, level)
    return content


BOMBS = {
    "gzip": (bomb(9), "larger than max_response_bytes=1048576"),
    "gzip, gzip": (bomb(9, 9), "encoded as 'gzip, gzip'"),
    "br": (b"\x1b\x03", "encoded as 'br'"),
    "zstd": (b"\x28\xb5\x2f\xfd", "encoded as 'zstd'"),
    "deflate": (zlib.compress(bytes(50 * 1024 * 1024)), "encoded as 'deflate'"),
}


@each_transport
@pytest.mark.parametrize("encoding", BOMBS)
async def test_a_few_bytes_take_no_more_memory_than_the_limit(encoding: str, name: Name) -> None:
    """However compressed: 200 bytes can expand to 50 megabytes, 2 kB to 2 gigabytes."""
    content, message = BOMBS[encoding]
    server = Scripted(
        Point(2, raw_response(content, f"Content-Encoding: {encoding}".encode())), keep
    )
    async with serving(server), made(server, name, max_response_bytes=1024 * 1024) as client:
        tracemalloc.start()
        try:
            with pytest.raises(DecodeError, match=message) as refused:
                await client.alert_groups.list().count()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    assert len(refused.value.content) <= 120


@each_transport
@pytest.mark.parametrize(
    ("status", "kind"), [("429 Too Many Requests", RateLimited), ("503 Unavailable", ServerError)]
)
@pytest.mark.parametrize("encoding", [*BOMBS, ""])
async def test_a_refusal_is_reported_by_its_status_whatever_its_body_is(
    encoding: str, status: str, kind: type[StatusError], name: Name
) -> None:
    """Only the beginning of the body is read."""
    content = BOMBS[encoding][0] if encoding else b"[" + b"[]," * 5_000_000 + b"0]"
    head = f"HTTP/1.1 {status}\r\nRetry-After: 0\r\nContent-Length: {len(content)}\r\n"
    head += f"Content-Encoding: {encoding}\r\n\r\n"
    server = Scripted(Point(2, head.encode() + content), keep)
    retry = RetryPolicy(max_attempts=1, deadline=0)
    async with serving(server), made(server, name, retry=retry) as client:
        tracemalloc.start()
        try:
            with pytest.raises(kind):
                await client.alert_groups.list().count()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 24 * 1024 * 1024  # the server's own copies


async def test_a_response_that_a_hook_has_read_is_limited_as_well() -> None:
    """Httpx has decompressed it."""

    async def read(response: httpx.Response) -> None:
        await response.aread()

    squeezed = raw_response(gzip.compress(PAGE + b" " * 5000), b"Content-Encoding: gzip")
    server = Scripted(Point(2, squeezed), keep)
    async with (
        serving(server),
        httpx.AsyncClient(event_hooks={"response": [read]}) as http,
        made(server, None, http_client=http) as client,
        made(server, None, http_client=http, max_response_bytes=5000) as narrow,
    ):
        assert await client.alert_groups.list().count() == 7
        with pytest.raises(DecodeError, match="max_response_bytes=5000"):
            await narrow.alert_groups.list().count()


@each_transport
async def test_headers_are_passed_on_as_they_came(name: Name) -> None:
    """Including long and repeated ones."""
    lines = [b"X-Long: " + b"x" * 50_000, b"X-Two: a", b"X-Two: b", b"Set-Cookie: shard=3"]
    server = Scripted(Point(2, raw_response(PAGE, *lines)), keep)
    async with serving(server), made(server, name) as client:
        headers = (await client.send(operations.list_alert_groups())).response.headers
    assert (len(headers["x-long"]), headers["x-two"]) == (50_000, "a, b")
    assert headers["set-cookie"] == "shard=3"


@each_transport
async def test_no_cookie_is_sent_back(name: Name) -> None:
    """A proxy that sets a new one with each response would make requests grow for ever."""
    lines = [b"Set-Cookie: csrf=1; Path=/", b"Set-Cookie: shard=3; Domain=127.0.0.1"]
    server = Scripted(Point(2, raw_response(PAGE, *lines)), keep)
    async with serving(server), made(server, name) as client:
        for _ in range(3):
            await client.send(operations.list_alert_groups())
    assert len(server.requests) == 3
    assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_the_users_own_client_keeps_its_cookies() -> None:
    """A proxy may require them."""
    server = Scripted(Point(2, raw_response(PAGE, b"Set-Cookie: shard=3")), keep)
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
    """The token is for one host only."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    server = Scripted(Point(2, moved), keep)
    async with serving(server), made(server, name) as client:
        with pytest.raises(StatusError, match="302"):
            await client.alert_groups.list().count()
    assert server.exchanges == 1


@each_transport
async def test_a_large_response_is_not_read_to_its_end(name: Name) -> None:
    """Nor is its connection reused, because the rest of the body is still on it."""
    server = Scripted(Point(2, raw_response(b"x" * 5_000_000)), keep)
    async with serving(server), made(server, name, max_response_bytes=100_000) as client:
        for _ in range(2):
            with pytest.raises(DecodeError, match="max_response_bytes"):
                await client.alert_groups.list().count()
    assert server.connections == 2


@each_transport
async def test_one_connection_serves_one_call_after_the_other(name: Name) -> None:
    """Connections are kept."""
    server = Scripted(Point(2, raw_response()), keep)
    async with serving(server), made(server, name) as client:
        assert [await client.alert_groups.list().count() for _ in range(5)] == [7] * 5
    assert (server.connections, server.exchanges) == (1, 5)


async def test_httpx_is_the_default() -> None:
    """Merely installing aiohttp changes nothing."""
    usual, unnamed = [
        await head_and_body(name, lambda client: client.integrations.delete("I1"), b"")
        for name in ("httpx", None)
    ]
    assert b"Content-Length: 0" not in unnamed  # which aiohttp would send
    assert unnamed == usual


@pytest.mark.parametrize("given", ["requests", "", "AIOHTTP"])
def test_another_name_is_refused(given: str) -> None:
    """The error lists the known names."""
    with pytest.raises(InvalidArgument, match='"httpx2", "aiohttp", or an httpx') as refused:
        OnCallClient(url="https://oncall.test", token=TOKEN, transport=cast("Any", given))
    assert refused.value.argument == "transport"


def test_without_aiohttp_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, when the client is made."""
    monkeypatch.delitem(sys.modules, "grafana_oncall._http.aiohttp_sender", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(InvalidArgument, match=r"pip install '\.\[aiohttp\]'"):
        OnCallClient(url="https://oncall.test", token=TOKEN, transport="aiohttp")


@pytest.mark.parametrize("url", ["https://localhost:1", "http://localhost:1"])
def test_what_the_first_client_and_its_first_request_need_is_imported_in_a_thread(url: str) -> None:
    """It takes longer than a busy event loop can stand still; aiohttp waits until it is needed."""
    code = """
import asyncio, sys, threading
from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import TransportError

NAMES = {
    "aiohttp.client": "aiohttp",
    "anyio._backends._asyncio": "anyio",
    "grafana_oncall.resources.alert_groups": "groups",
    "httpcore": "httpcore",
}

class Finder:
    def find_spec(name, path, target=None):
        if name in NAMES:
            imported[NAMES[name]] = threading.current_thread()

async def main():
    for name in ("httpx", "aiohttp"):
        settings = {"transport": name, "retry": RetryPolicy(max_attempts=1)}
        async with OnCallClient(url=sys.argv[1], token="t", **settings) as client:
            client.alert_groups
            print(name, *sorted(imported))
            try:
                await client.alert_groups.get("I1")
            except TransportError:
                print(name, *sorted(imported))

imported = {}
sys.meta_path.insert(0, Finder)
asyncio.run(main())
assert threading.main_thread() not in imported.values(), imported
"""
    done = subprocess.run(
        [sys.executable, "-c", code, url], check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.splitlines() == [
        "httpx groups",
        "httpx anyio groups httpcore",
        "aiohttp anyio groups httpcore",
        "aiohttp aiohttp anyio groups httpcore",
    ]


def test_a_client_over_a_given_transport_starts_no_thread() -> None:
    """In virtual time, the time that a thread takes would pass."""
    code = """
import asyncio, sys, threading
from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall

async def main():
    fake = FakeOnCall()
    settings = {"token": fake.token, "transport": fake.transport()}
    async with OnCallClient(url="https://oncall.test", **settings) as client:
        assert await client.alert_groups.list().count() == 0
    assert threading.active_count() == 1

asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("source", ["argument", "environment"])
async def test_a_proxy_is_never_bypassed(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Httpx uses it, also where aiohttp was requested."""
    for variable in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    async with serving(Scripted(Point(2, raw_response()), keep)) as proxy:
        settings: dict[str, Any] = {"allow_http": True}
        if source == "argument":
            settings["proxy"] = proxy.url
        else:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
        target = Scripted(url="http://oncall.internal")
        async with made(target, "aiohttp", **settings) as client:
            assert await client.alert_groups.list().count() == 7
    assert proxy.requests[0].startswith(b"GET http://oncall.internal/api/v1/alert_groups/")
