"""A router behind a real server, on a real socket."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from grafana_oncall.webhooks import Event, Router
from tests.support.asgi_server import serving
from tests.support.webhook_payloads import body

SECRET = "pässwörd-7"


def counting() -> tuple[Router, list[str]]:
    """A router, and the types that it handled; each takes a moment."""
    router, handled = Router(secret=SECRET, max_bytes=100_000), list[str]()

    @router.on()
    async def handle(event: Event) -> None:
        await asyncio.sleep(0.2)
        handled.append(event.type)

    return router, handled


async def test_a_router_is_an_application_of_its_own() -> None:
    """It responds at once; the shutdown waits for accepted events."""
    router, handled = counting()
    async with serving(router) as (host, port), httpx.AsyncClient() as client:
        headers = {b"Authorization": SECRET.encode()}
        for expected in ("Accepted.\n", "Duplicate.\n"):
            response = await client.post(f"http://{host}:{port}/", content=body(), headers=headers)
            assert (response.status_code, response.text) == (200, expected)
        refused = await client.post(f"http://{host}:{port}/", content=body())
        assert (refused.status_code, handled) == (401, [])
    assert handled == ["escalation"]
    assert not router.running


async def test_a_router_is_mounted_below_a_path_of_another_application() -> None:
    """Which has the lifespan, and passes requests on with a root_path, as frameworks do."""
    router, handled = counting()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            async with router:
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            assert scope["path"] == "/hooks/oncall"
            await router(scope | {"root_path": "/hooks"}, receive, send)

    async with serving(app) as (host, port), httpx.AsyncClient() as client:
        url, headers = f"http://{host}:{port}/hooks/oncall", {b"Authorization": SECRET.encode()}
        assert (await client.post(url, content=body(), headers=headers)).status_code == 200
    assert handled == ["escalation"]


async def said(address: tuple[str, int], *parts: bytes) -> bytes:
    """Return the server's response to these bytes, until it closes or sends no more."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(5):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


AUTHORIZATION = b"Authorization: %b\r\n" % SECRET.encode("latin-1")
START = b"POST / HTTP/1.1\r\nHost: bot\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(body())
CHUNK = b"%x\r\n%b\r\n" % (50_000, b" " * 50_000)


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        pytest.param([START + AUTHORIZATION + LENGTH + b"\r\n" + body()], 200, id="Latin-1"),
        pytest.param(
            [START + AUTHORIZATION + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK, CHUNK, CHUNK],
            413,
            id="chunks without an end",
        ),
        pytest.param(
            [START + AUTHORIZATION + b"Content-Length: 99999999999999\r\n\r\n", b"{"],
            413,
            id="large, as announced",
        ),
        pytest.param([START + AUTHORIZATION + b"Content-Length: -5\r\n\r\n"], 400, id="negative"),
        pytest.param(
            [START + AUTHORIZATION + LENGTH + b"Content-Length: 5\r\n\r\n" + body()],
            400,
            id="two lengths",
        ),
        pytest.param(
            [START + AUTHORIZATION + AUTHORIZATION + LENGTH + b"\r\n" + body()], 401, id="twice"
        ),
        pytest.param([START + b"X: y\r\n " + AUTHORIZATION + LENGTH + b"\r\n"], 401, id="folded"),
        pytest.param([START + b"Content-Length: 99999999999999\r\n\r\n"], 401, id="a stranger"),
    ],
)
async def test_hostile_requests_are_refused_and_the_next_one_is_accepted(
    parts: list[bytes], status: int
) -> None:
    """By the server or by the router, without waiting for what never arrives."""
    router, handled = counting()
    async with serving(router) as address:
        head = await said(address, *parts)
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert SECRET.encode("latin-1") not in head
        good = START + AUTHORIZATION + LENGTH + b"\r\n" + body("resolve")
        good = good.replace(LENGTH, b"Content-Length: %d\r\n" % len(body("resolve")))
        assert (await said(address, good)).startswith(b"HTTP/1.1 200 ")
    assert handled == [*(["escalation"] if status == 200 else []), "resolve"]


async def test_a_body_that_ends_early_is_no_event() -> None:
    """The client announces the whole body, and leaves."""
    router, handled = counting()
    async with serving(router) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(START + AUTHORIZATION + LENGTH + b"\r\n" + body()[:-5])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert handled == []
