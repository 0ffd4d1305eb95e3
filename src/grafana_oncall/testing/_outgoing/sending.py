"""Where webhooks are sent: to an application in this process, or by HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs
import httpx

from grafana_oncall.testing._server.arguments import Check
from grafana_oncall.testing._serving.asgi import App

from .answers import TIMEOUT, Answer, Cause, kept_content
from .rendering import WebhookRequest

_LAST_PORT: Final = 65535
_SECONDS: Final = TIMEOUT.total_seconds()
_HEADERS: Final = {
    "User-Agent": "python-requests/2.32.4",
    "Accept-Encoding": "gzip, deflate",
    "Accept": "*/*",
    "Connection": "keep-alive",
}
_logger: Final = logging.getLogger("grafana_oncall")


class _NotNamedError(ValueError):
    """A redirect leads to where nobody said that webhooks may be sent."""


class _AppTransport(httpx.AsyncBaseTransport):
    """Calls an application as a server does: it runs on when the client has given up."""

    def __init__(self, app: App) -> None:
        self._inner = httpx.ASGITransport(app)
        self._calls = set[asyncio.Task[httpx.Response]]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response; if the application fails, that is a 500."""
        call = asyncio.create_task(self._respond(request))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return await asyncio.shield(call)

    async def aclose(self) -> None:
        """Cancel what still runs."""
        await _cancel(self._calls)

    async def _respond(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except Exception:
            _logger.exception("The application that gets the webhooks for %s failed", request.url)
            return httpx.Response(500, text="Internal Server Error")


def _is_url(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host) and (url.port or 0) <= _LAST_PORT


URL = Check("an absolute URL of http or https", str, _is_url)


@attrs.define(eq=False)
class Target:
    """A URL below which webhooks are sent."""

    url: httpx.URL
    _client: httpx.AsyncClient
    _loop: asyncio.AbstractEventLoop = attrs.field(factory=asyncio.get_running_loop, init=False)
    tasks: set[asyncio.Task[None]] = attrs.field(factory=set[asyncio.Task[None]], init=False)
    """What is being sent."""
    _is_closed: bool = attrs.field(default=False, init=False)

    def covers(self, url: str | httpx.URL) -> bool:
        """Whether a URL is this one, or below it."""
        try:
            other = httpx.URL(url)
        except httpx.InvalidURL:
            return False
        return _origin(other) == _origin(self.url) and _is_below(other.path, self.url.path)

    def send(self, request: WebhookRequest, then: Callable[[Answer], None]) -> None:
        """Send a request in the loop of this target, and pass on the answer; in any thread."""
        self._loop.call_soon_threadsafe(self._start, request, then)

    async def aclose(self) -> None:
        """Cancel what is being sent, and begin nothing more."""
        self._is_closed = True
        await _cancel(self.tasks)

    def _start(self, request: WebhookRequest, then: Callable[[Answer], None]) -> None:
        if self._is_closed:
            return
        task = self._loop.create_task(self._send(request, then))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _send(self, request: WebhookRequest, then: Callable[[Answer], None]) -> None:
        then(await self._answer(request))

    async def _answer(self, request: WebhookRequest) -> Answer:
        try:
            async with asyncio.timeout(_SECONDS):
                response = await self._client.send(self._made(request), auth=request.basic)
            return Answer(status=response.status_code, content=_content(response))
        except TimeoutError:
            return Answer(status=None, content=self._timed_out(), repeats="after a timeout")
        except (httpx.HTTPError, ValueError) as error:
            repeats: Cause | None = None if _is_final(error) else "after a failure"
            return Answer(status=None, content=str(error), repeats=repeats)

    def _made(self, request: WebhookRequest) -> httpx.Request:
        return self._client.build_request(
            request.method,
            request.url,
            headers=[_header(name, request.headers[name]) for name in request.headers],
            content=None if request.body is None else request.body.encode(),
        )

    def _timed_out(self) -> str:
        port = self.url.port or {"http": 80}.get(self.url.scheme, 443)
        pool = f"{self.url.scheme.upper()}ConnectionPool(host={self.url.host!r}, port={port})"
        return f"{pool}: Read timed out. (read timeout={_SECONDS:g})"


@asynccontextmanager
async def opened(url: httpx.URL, app: App | None) -> AsyncGenerator[Target]:
    """Open what sends below a URL, and cancel what it still does at the end of the block."""
    # Proxies of the environment could take what was meant for this machine elsewhere.
    client = httpx.AsyncClient(
        transport=None if app is None else _AppTransport(app),
        follow_redirects=True,
        headers=_HEADERS,
        timeout=httpx.Timeout(None),  # `Target` has one for all of it
        trust_env=False,
        verify=app is None and url.scheme == "https",
    )
    target = Target(url, client)
    client.event_hooks = {"request": [_refusing_others(target)]}
    async with client:
        try:
            yield target
        finally:
            await target.aclose()


def _refusing_others(target: Target) -> Callable[[httpx.Request], Coroutine[Any, Any, None]]:
    async def refuse(request: httpx.Request) -> None:
        if not target.covers(request.url):
            raise _NotNamedError(f"it was redirected to {request.url}, outside of {target.url}")

    return refuse


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_below(path: str, parent: str) -> bool:
    if ".." in path.split("/"):  # of %2e%2e, which httpx leaves, and some servers resolve
        return False
    return path == parent or path.startswith(f"{parent.rstrip('/')}/")


def _header(name: str, value: Any) -> tuple[bytes, bytes]:
    if not isinstance(value, str) or {"\r", "\n"} & set(value):
        raise ValueError(f"Invalid header value {value!r} of {name!r}")
    return name.encode("ascii"), value.encode("latin-1")


def _content(response: httpx.Response) -> str:
    text = response.content.decode()
    try:
        return kept_content(json.dumps(json.loads(text)))
    except (RecursionError, ValueError):
        return kept_content(text)


def _is_final(error: BaseException | None) -> bool:
    """Whether the server does not try again: TLS failed, or the fake refused a redirect."""
    if error is None:
        return False
    return isinstance(error, ssl.SSLError | _NotNamedError) or _is_final(
        error.__cause__ or error.__context__
    )
