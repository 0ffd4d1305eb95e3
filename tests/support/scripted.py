"""A server on a loopback socket that fails exactly where a test wants it to, and counts."""

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs

PAGE: Final = b'{"count": 7, "next": null, "results": []}'
"""An empty list whose count says otherwise: a client that returns 7 got this response."""

Writer = asyncio.StreamWriter
Fault = Callable[["Scripted", Writer], Awaitable[None]]


def raw_response(body: bytes = PAGE, *headers: bytes) -> bytes:
    """A whole 200, after which the connection is kept."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", *headers]
    lines += [b"Content-Length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


@attrs.frozen
class Point:
    """How far an exchange goes before its fault."""

    reads: int
    """How much of the request: 0 nothing, 1 its headers, 2 its body as well."""
    says: bytes = b""
    """What is sent in response."""


async def close(_: "Scripted", writer: Writer) -> None:
    """The server hangs up."""
    writer.close()


async def reset(_: "Scripted", writer: Writer) -> None:
    """The server hangs up with an RST, as one that crashes does."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def stall(server: "Scripted", _: Writer) -> None:
    """The server sends nothing more."""
    await server.over.wait()


@attrs.define(eq=False)
class Scripted:
    """Serves the first `good` exchanges; each one after them fails at the point."""

    point: Point = Point(2)
    fault: Fault = close
    good: int = 0
    url: str = ""
    """Where it serves."""
    exchanges: int = 0
    """Requests, complete or not."""
    connections: int = 0
    requests: list[bytes] = attrs.field(factory=list[bytes], repr=False)
    """Those that were read whole; the last one is the one that meets the fault."""
    open: dict[Writer, asyncio.StreamReader] = attrs.field(
        factory=dict[Writer, asyncio.StreamReader]
    )
    over: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def converse(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        """Serve one connection."""
        self.connections += 1
        self.open[writer] = reader
        try:
            while not writer.is_closing():
                await self._exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, as it may
        finally:
            writer.close()
            self.open.pop(writer)

    async def _exchange(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n") if self.good or self.point.reads else b""
        good = self.exchanges < self.good
        point = Point(2, raw_response()) if good else self.point
        self.exchanges += 1
        if point.reads == 2:
            self.requests.append(head + await reader.readexactly(_length(head)))
        writer.write(point.says)
        if not good:
            await self.fault(self, writer)

    @property
    def connected(self) -> int:
        """Connections that the client has not closed."""
        return sum(not reader.at_eof() for reader in self.open.values())

    def say(self, surplus: bytes) -> None:
        """Send this on all connections, without a turn of the loop."""
        for writer in self.open:
            writer.write(surplus)

    def hang_up(self) -> None:
        """Close all connections at once, without a turn of the loop."""
        for writer in self.open:
            # A socket of uvloop can only be shut down as a copy.
            with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as copy:
                copy.shutdown(socket.SHUT_RDWR)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def keep(_: Scripted, __: Writer) -> None:
    """No fault: the next exchange may follow."""


@asynccontextmanager
async def serving(
    server: Scripted, *, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Scripted]:
    """Run the server; its handlers have ended afterwards."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: Writer) -> None:
        task: asyncio.Task[Any] | None = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        await server.converse(reader, writer)

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()
        server.over.set()
        for writer in server.open:
            writer.transport.abort()
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks)
