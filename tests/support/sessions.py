"""Sessions over a transport that responds at once and over real sockets; what servers send."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from grafana_oncall import OnCallClient, operations
from grafana_oncall._session.retry_policy import RetryPolicy

SECRET = "meow-meow-meow"
BASE = "https://oncall.test/prefix/api/v1/"
EMPTY = b'{"count":0,"results":[]}'
LIST = operations.list_integrations()


def made(transport: httpx.AsyncBaseTransport | None = None, **options: Any) -> OnCallClient:
    """Return a client that tries once."""
    settings: dict[str, Any] = {"url": BASE, "retry": RetryPolicy(max_attempts=1), "timeout": 5}
    return OnCallClient(token=SECRET, transport=transport, **(settings | options))


@asynccontextmanager
async def session(
    transport: httpx.AsyncBaseTransport | None = None, **options: Any
) -> AsyncGenerator[OnCallClient, None]:
    """Open such a client for the block."""
    async with made(transport, **options) as oncall:
        yield oncall


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncGenerator[str, None]:
    """The base URL of a server on a loopback socket; every handler has ended afterwards."""
    tasks: set[asyncio.Task[Any] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, which is what some tests are about
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1/"
    finally:
        server.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*(task for task in tasks if task))


async def received(reader: asyncio.StreamReader) -> bytes:
    """One whole request, as it arrived."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    return head + await reader.readexactly(sum(lengths))


def raw_response(content: bytes = EMPTY, status: str = "200 OK", *headers: str) -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


def responding(data: bytes) -> Handler:
    """A handler that reads a request, writes this, and closes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await received(reader)
        writer.write(data)
        await writer.drain()

    return handler


def always(response: Callable[[], httpx.Response]) -> httpx.MockTransport:
    """A transport with the same response to every request."""
    return httpx.MockTransport(lambda _: response())


def empty() -> httpx.Response:
    """An empty list."""
    return httpx.Response(200, content=EMPTY)


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Read until the client closes."""
    await reader.read()
