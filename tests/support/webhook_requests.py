"""Requests to a router, as a server passes them on: through httpx, or message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx

from grafana_oncall.webhooks import Event, Router
from tests.support.webhook_payloads import body

SECRET = "Bearer s3cr3t-must-not-be-seen"
URL = "http://bot.example/oncall/"


async def post(router: Router, content: bytes | None = None, **headers: str) -> httpx.Response:
    """Post an event, with the secret unless another Authorization is given."""
    return await ask(router, "POST", content, **headers)


async def ask(
    router: Router, method: str, content: bytes | None = None, **headers: str
) -> httpx.Response:
    """Send a request with any method."""
    given = {"Authorization": SECRET} | {
        name.replace("_", "-"): one for name, one in headers.items()
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(router)) as client:
        made = body() if content is None else content
        return await client.request(method, URL, content=made, headers=given)


class Exchange:
    """One request at the level of ASGI, whose messages the test makes."""

    def __init__(
        self, *messages: dict[str, Any], headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        self.waiting = list(messages)
        self.sent: list[Any] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "root_path": "/oncall",
            "headers": [(b"authorization", SECRET.encode()), *headers],
        }

    async def receive(self) -> dict[str, Any]:
        """The next message; none ever comes after the last."""
        if not self.waiting:
            await asyncio.Event().wait()
        return self.waiting.pop(0)

    async def send(self, message: Any) -> None:
        """Record a message of the response."""
        self.sent.append(message)

    async def run(self, router: Router) -> int | None:
        """The status of the response; None when there is none."""
        await router(self.scope, self.receive, self.send)
        return self.sent[0]["status"] if self.sent else None


def chunk(content: bytes, *, more: bool = False) -> dict[str, Any]:
    """A part of a body."""
    return {"type": "http.request", "body": content, "more_body": more}


class Recorder:
    """A handler that records what it receives, takes a while, and may fail."""

    def __init__(self, seconds: float = 0, error: BaseException | None = None) -> None:
        self.begun: list[Event] = []
        self.ended: list[Event] = []
        self._seconds = seconds
        self._error = error

    async def __call__(self, event: Event) -> None:
        """Handle an event."""
        self.begun.append(event)
        await asyncio.sleep(self._seconds)
        if self._error is not None:
            raise self._error
        self.ended.append(event)
