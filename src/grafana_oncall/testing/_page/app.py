"""The fake with its page, as an ASGI application."""

from __future__ import annotations

from importlib.resources import files
from typing import get_args
from urllib.parse import parse_qs

import attrs

from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse, html_text
from grafana_oncall.testing._server.state import State
from grafana_oncall.testing._serving.asgi import (
    App,
    Receive,
    Scope,
    Send,
    asgi_app,
    disconnects,
    receive_body,
    request_of,
    send_part,
    send_response,
)
from grafana_oncall.testing.fake import FakeOnCall

from .actions import do
from .guard import is_from_this_machine, is_token, may_act
from .parts import parts
from .watched import Watched

_PACKAGE = "grafana_oncall.testing._page"
_EVENTS, _DO = "/_page/events", "/_page/do"
_FILES = {
    "/": ("page.html", "text/html"),
    "/_page/page.css": ("page.css", "text/css"),
    "/_page/page.js": ("page.js", "text/javascript"),
}
_TICK = 0.25
"""Seconds between two looks at the state, which may change in any thread and by any attribute."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page_app(fake: FakeOnCall, token: str) -> App:
    """Return an application that serves the fake, and at `/` its page to browsers.

    Args:
        fake: What it shows.
        token: What the page must send to see anything, and to act; no other site may know it.
    """
    server = Watched.of(fake)
    engine, page = asgi_app(server), _Page(server, token)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (page if _is_for_page(scope) else engine)(scope, receive, send)

    return app


def _is_for_page(scope: Scope) -> bool:
    """Whether it is for the page; other clients get from `/` what the engine has there."""
    path: str = scope["path"] if scope["type"] == "http" else ""
    if path != "/" and not path.startswith("/_page/"):
        return False
    request = request_of(scope)
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    is_near = is_from_this_machine(scope.get("client"), request.headers)
    return is_near and (wants_page or path != "/")


@attrs.frozen
class _Page:
    """The application of the page."""

    server: Watched
    token: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await receive_body(receive)
        if body is None:
            return
        request = request_of(scope, body)
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        if request.path == _EVENTS and is_token(query.get("token", ""), self.token):
            await self._stream(query.get("state"), receive, send)
        else:
            await send_response(_guarded(self._respond(request)), send)

    def _respond(self, request: FakeRequest) -> FakeResponse:
        match request.method, request.path:
            case "GET", path if path in _FILES:
                return self._file(*_FILES[path])
            case "POST", path if path == _DO and may_act(request.headers, self.token):
                return do(self.server, request.body)
            case _:
                return html_text(403, "Only the page itself may ask for this.")

    def _file(self, name: str, media_type: str) -> FakeResponse:
        text = (files(_PACKAGE) / name).read_text("utf-8").replace("{{token}}", self.token)
        return FakeResponse(200, {"Content-Type": f"{media_type}; charset=utf-8"}, text.encode())

    async def _stream(self, state: str | None, receive: Receive, send: Send) -> None:
        """Send what has changed as events, until the browser disconnects."""
        shown = next((each for each in get_args(State) if each == state), None)
        head = FakeResponse(200, {"Content-Type": "text/event-stream"}, b"retry: 500\n\n")
        await send_response(_guarded(head), send, more_body=True)
        sent: dict[str, str] = {}
        while True:
            now = parts(self.server, shown)
            events = [_event(name, data) for name, data in now.items() if sent.get(name) != data]
            await send_part("".join(events).encode(), send, more_body=True)
            if await disconnects(receive, within=_TICK):
                return
            sent = now


def _guarded(response: FakeResponse) -> FakeResponse:
    return attrs.evolve(response, headers={**response.headers, **_HEADERS})


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
