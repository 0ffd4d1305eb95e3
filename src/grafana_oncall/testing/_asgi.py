"""The door for ASGI servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from grafana_oncall.testing._answers import FakeRequest, FakeResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def asgi_app(handle: Callable[[FakeRequest], FakeResponse]) -> App:
    """An ASGI application that speaks HTTP and lifespan."""

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _answer(handle, scope, receive, send)
        else:
            raise NotImplementedError(f"the fake speaks http, not {scope['type']}")

    return app


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(
    handle: Callable[[FakeRequest], FakeResponse],
    scope: MutableMapping[str, Any],
    receive: Receive,
    send: Send,
) -> None:
    body = await _read(receive)
    if body is None:
        return
    response = handle(_request(scope, body))
    headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]
    if response.status != 204:
        headers.append((b"Content-Length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or `None` when the client left before it was complete."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _request(scope: MutableMapping[str, Any], body: bytes) -> FakeRequest:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    raw_path: bytes | None = scope.get("raw_path")
    path = quote(scope["path"]) if raw_path is None else raw_path.decode("ascii")
    return FakeRequest(scope["method"], path, scope["query_string"], headers, body)
