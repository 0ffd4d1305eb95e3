"""The fake as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol
from urllib.parse import quote

from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse
from grafana_oncall.testing.calls import Call, NoResponse, Server

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONNECTION = "grafana_oncall.testing.connection"
"""Key in the state of a scope for the server's `Connection`, which `serve` provides."""


class Connection(Protocol):
    """How to end a connection without a response, for which ASGI has no message."""

    def drop(self, *, reset: bool) -> None:
        """Close it with a TCP reset, or in an orderly way after what was sent so far."""
        ...


def asgi_app(server: Server) -> App:
    """Return an ASGI application for HTTP and lifespan."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await _respond(server, scope, receive, send)
        else:
            raise NotImplementedError(f"the fake speaks http, not {scope['type']}")

    return app


async def _lifespan(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _respond(server: Server, scope: Scope, receive: Receive, send: Send) -> None:
    body = await receive_body(receive)
    half = server.latency.total_seconds() / 2
    if body is None or await disconnects(receive, within=half):
        return
    call = server.exchange(request_of(scope, body))
    kind = None if call.fault is None else call.fault.kind
    if kind == "hang":
        await _wait_for_disconnect(receive)
    elif not await disconnects(receive, within=half):
        if call.response is not None:
            await send_response(call.response, send, more_body=kind == "truncate")
        if call.response is None or kind == "truncate":
            _connection(scope, call).drop(reset=kind == "reset")
            await _wait_for_disconnect(
                receive
            )  # a server may complain when the application ends before


async def send_response(response: FakeResponse, send: Send, *, more_body: bool = False) -> None:
    """Send a response, or with `more_body` its beginning, which `send_part` continues."""
    headers = dict(response.headers)
    if not more_body and response.status not in {204, 304}:
        headers.setdefault("Content-Length", str(len(response.body)))
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send_part(response.body, send, more_body=more_body)


async def send_part(body: bytes, send: Send, *, more_body: bool) -> None:
    """Send a part of a body."""
    await send({"type": "http.response.body", "body": body, "more_body": more_body})


def _connection(scope: Scope, call: Call) -> Connection:
    connection: Connection | None = scope.get("state", {}).get(CONNECTION)
    if connection is None:
        raise NoResponse(call)  # plain ASGI has no other way
    return connection


async def disconnects(receive: Receive, *, within: float) -> bool:
    """Whether the client disconnects within so many seconds."""
    if within == 0:
        return False
    try:
        async with asyncio.timeout(within):
            await _wait_for_disconnect(receive)
    except TimeoutError:
        return False
    return True


async def _wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def receive_body(receive: Receive) -> bytes | None:
    """Return the whole body, or `None` if the client disconnected before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def request_of(scope: Scope, body: bytes = b"") -> FakeRequest:
    """Return the request of a scope, with its body."""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    raw_path: bytes | None = scope.get("raw_path")
    path = quote(scope["path"]) if raw_path is None else raw_path.decode("ascii")
    return FakeRequest(scope["method"], path, scope["query_string"], headers, body)
