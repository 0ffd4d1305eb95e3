"""The page of a fake without a browser: requests to it, and its stream of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, Self

import attrs
import httpx

from grafana_oncall.testing import FakeOnCall
from grafana_oncall.testing._page.app import page_app

HOST = "127.0.0.1:8080"
URL = f"http://{HOST}"
TOKEN = "the-token-of-the-page"
HERE = ("127.0.0.1", 50000)
"""The address of a browser on this machine."""


@attrs.define
class Page:
    """A fake with its page, as a browser sees it that has the page open."""

    fake: FakeOnCall
    app: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.app = page_app(self.fake, TOKEN)

    def http(self, client: tuple[str, int] = HERE) -> httpx.AsyncClient:
        """A client with this address, without headers of its own."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=client), base_url=URL
        )

    async def do(self, action: str, **details: Any) -> httpx.Response:
        """Press a button as the admin."""
        return await self.send(json.dumps({"do": action, "as": self.fake.user.id, **details}))

    async def send(self, content: str | bytes) -> httpx.Response:
        """Send this body from the page."""
        headers = {"X-Page-Token": TOKEN, "Origin": URL}
        async with self.http() as http:
            return await http.post("/_page/do", content=content, headers=headers)

    async def parts(self, query: str = "") -> dict[str, Any]:
        """What the page shows now, by the names of the parts."""
        async with Stream(self, query) as stream:
            return stream.events()


@attrs.define
class Stream:
    """The stream of events, as long as the block runs."""

    page: Page
    query: str = ""
    _received: asyncio.Queue[MutableMapping[str, Any]] = attrs.field(
        factory=asyncio.Queue[MutableMapping[str, Any]], init=False
    )
    _first: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _text: str = attrs.field(default="", init=False)
    _task: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    async def __aenter__(self) -> Self:
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/_page/events",
            "query_string": f"token={TOKEN}&{self.query}".encode(),
            "headers": [(b"host", HOST.encode())],
            "client": HERE,
        }
        await self._received.put({"type": "http.request"})
        self._task = asyncio.create_task(self.page.app(scope, self._received.get, self._send))
        await self._first.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._received.put({"type": "http.disconnect"})
        assert self._task is not None
        await self._task

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self._text += message.get("body", b"").decode()
        if "event: " in self._text:
            self._first.set()

    def events(self) -> dict[str, Any]:
        """The events since the last look, by name; each came once."""
        text, self._text = self._text, ""
        found: dict[str, Any] = {}
        for block in filter(None, text.removeprefix("retry: 500\n\n").split("\n\n")):
            name, data = block.split("\n")
            assert name not in found
            found[name.removeprefix("event: ")] = json.loads(data.removeprefix("data: "))
        return found
