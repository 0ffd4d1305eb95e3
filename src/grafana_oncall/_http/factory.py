"""Make the sender that an OnCallClient sends through: library, TLS and proxy."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from ssl import SSLContext
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from grafana_oncall._core.extras import install
from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import shown
from grafana_oncall.errors import InvalidArgument

from .libraries import HttpxClient, HttpxTransport, library_of
from .proxies import ProxyOption, ProxySource, refuse_plain_http
from .sender import Clocks, Connection, Sender, Target, clocks
from .tls import TrustStore, tls_for

if TYPE_CHECKING:
    from .pool import Pool

Transport: TypeAlias = HttpxTransport | Literal["httpx", "httpx2", "aiohttp"]
"""A transport of httpx or httpx2, or the name of what sends."""

_NAMES: Final = ("httpx", "httpx2", "aiohttp")
_BYTE: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HOST: Final = rf"((?!xn--)[a-z0-9._-]{{0,1000}}[a-z]|({_BYTE}\.){{3}}{_BYTE})"
_ORDINARY: Final = re.compile(rf"https?://{_HOST}(:[0-9]{{1,5}})?/[!-~]{{0,1000}}")
"""URLs that httpx accepts for certain: to ask it takes as long as the rest of making a client."""
_CHOICES: Final = '"httpx", "httpx2", "aiohttp", or an httpx.AsyncBaseTransport'


def _check_kinds(*, http_client: object, transport: object) -> None:
    """Reject objects that cannot send.

    A client that is not async would send a write before its result turns out not to be awaitable.
    """
    if http_client is not None and library_of(http_client, "AsyncClient") is None:
        raise _unfit("http_client", http_client, "an httpx.AsyncClient")
    if (
        not isinstance(transport, str | None)
        and library_of(transport, "AsyncBaseTransport") is None
    ):
        raise _unfit("transport", transport, _CHOICES)


def _unfit(argument: str, value: object, needed: str) -> InvalidArgument:
    cls = value if isinstance(value, type) else type(value)
    package = cls.__module__.partition(".")[0]
    name = cls.__name__ if package == "builtins" else f"{package}.{cls.__name__}"
    if isinstance(value, type):
        fault = f"{name}: the class itself was given"
    elif library_of(value, "AsyncClient"):
        fault = f"{name}: http_client= takes it"
    elif library_of(value, "AsyncBaseTransport"):
        fault = f"{name}: transport= takes it"
    elif library_of(value, "Client") or library_of(value, "BaseTransport"):
        fault = f"{name} is not async"
    elif package == "aiohttp":
        fault = f'{name}: transport="aiohttp" sends through a session of its own'
    else:
        fault = f"{name} cannot send"
    return InvalidArgument(f"{argument}: {fault}; {needed} is needed.", argument=argument)


def _check_exclusive(
    *,
    http_client: HttpxClient | None,
    transport: Transport | None,
    verify: SSLContext | bool,
    proxy: ProxyOption,
) -> None:
    """Reject options that a caller-supplied client or transport would ignore."""
    given = {
        "http_client": http_client,
        "transport": transport,
        "verify": None if verify is True else verify,
        "proxy": proxy if proxy.value is not None else None,
    }
    owner = "http_client" if http_client is not None else "transport"
    if isinstance(given[owner], str | None):
        return
    for name, value in given.items():
        if name != owner and value is not None:
            message = f"Give {name}= or {owner}=, not both: the latter has its own."
            raise InvalidArgument(message, argument=name)


def make_sender(
    target: Target,
    *,
    http_client: HttpxClient | None,
    transport: Transport | None,
    verify: SSLContext | bool,
    proxy: ProxyOption,
    allow_http: bool,
    max_connections: int,
    clocks: Clocks = clocks,
) -> Sender:
    """Return a sender through the caller's client or transport, or one of the SDK's own.

    The SDK's own keeps its connections open, but no cookies, and follows no redirects. Through a
    proxy, httpx sends in the place of aiohttp.
    """
    _check_url(target.base_url)
    _check_kinds(http_client=http_client, transport=transport)
    _check_exclusive(http_client=http_client, transport=transport, verify=verify, proxy=proxy)
    if http_client is not None:
        from .httpx_sender import HttpxSender  # noqa: PLC0415  # imports httpx

        return HttpxSender(target, http_client, owns_http=False)
    if transport is not None and not isinstance(transport, str):
        return _over(transport, library_of(transport, "AsyncBaseTransport"), target)
    if transport not in {None, *_NAMES}:
        message = f"transport={shown(transport)}: {_CHOICES}."
        raise InvalidArgument(message, argument="transport")
    name = transport or "httpx"
    if find_spec(name) is None:  # also where a proxy takes the place of aiohttp
        raise _missing(name)
    source = ProxySource.of(target.base_url, proxy)
    library = "httpx" if name == "aiohttp" else name
    made = source.proxy(library)
    if made.value is not None and not allow_http:
        refuse_plain_http(target.base_url, made.value.url.host)
    tls, store = tls_for(target.base_url, verify)
    make: Callable[[], Sender]
    if name == "aiohttp" and made.value is None:
        options = {"tls": tls, "max_connections": max_connections, "clocks": clocks}
        make = partial(_over_aiohttp, target, **options)
    else:
        pool = partial(_pool, library, tls, made, source, clocks)
        make = partial(_over_pool, library, target, pool)
        if made.value is not None:
            pool()  # it may need another package, which is reported now
    return LateSender(target, make, store)


def _over(transport: HttpxTransport, library: Any, target: Target) -> Sender:
    """Send through a client of the SDK's own over this transport."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy  # noqa: PLC0415  # as long as asyncio

    from .httpx_sender import HttpxSender  # noqa: PLC0415  # imports httpx
    from .pool import Pool  # noqa: PLC0415  # likewise

    # The API uses no cookies, but a proxy may set a new one with every response, and all of them
    # would be sent back for as long as the client lives.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    http = library.AsyncClient(transport=transport, cookies=no_cookies)
    opens = isinstance(transport, Pool)
    return HttpxSender(target, http, owns_http=True, opens_connections=opens)


def _check_url(url: str) -> None:
    """Raise InvalidArgument if nothing can be sent to the URL."""
    if _ORDINARY.fullmatch(url):
        return
    import httpx  # noqa: PLC0415  # which takes longer than all the rest

    try:
        httpx.URL(url).host  # noqa: B018  # decodes it
    except (httpx.InvalidURL, ValueError) as error:
        # Its text is not shown: it may repeat parts of the URL.
        message = f"url: nothing can be sent there ({type(error).__name__})."
        raise InvalidArgument(message, argument="url") from None


def _imported(module: str, extra: str) -> Any:
    """Import what an extra brings; raise InvalidArgument with its name if it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(extra) from error


def _missing(extra: str) -> InvalidArgument:
    message = f'transport="{extra}" needs another package: {install(extra)}'
    return InvalidArgument(message, argument="transport")


def _over_aiohttp(target: Target, **options: Any) -> Sender:
    """Send through aiohttp, whose import takes three times as long as that of httpx."""
    sender: Sender = _imported(f"{__package__}.aiohttp_sender", "aiohttp").AiohttpSender(
        target, **options
    )
    return sender


def _over_pool(library: str, target: Target, pool: Callable[[], "Pool"]) -> Sender:
    from .pool import import_backend  # noqa: PLC0415  # imports httpx

    import_backend()
    return _over(pool(), _imported(library, library), target)


def _pool(
    library: str, tls: SSLContext, proxy: Secret[Any], source: ProxySource, clocks: Clocks
) -> "Pool":
    from .pool import Pool  # noqa: PLC0415  # imports httpx

    try:
        return Pool(_imported(library, library), tls=tls, proxy=proxy.value, clocks=clocks)
    except ImportError:
        fault = f"a SOCKS proxy needs another package: pip install '{library}[socks]'"
    raise source.error(fault)


class LateSender:
    """Sends through another sender, which is made in a thread before the first request.

    A program may have a thousand clients that are not used yet; and the first one of a process
    imports much, and loads the trusted certificates, while the event loop has other work.
    """

    opens_connections = True

    def __init__(
        self, target: Target, make: Callable[[], Sender], store: TrustStore | None
    ) -> None:
        self._target = target
        self._make = make
        self._store = store
        self._sender: Sender | None = None
        self._making = Lock()

    def send(
        self, request: Request[Any], timeout: float, token: Secret[str] | None = None
    ) -> Awaitable[tuple[Response, Connection | None]]:
        """Send a request once; raise an OnCallError whatever goes wrong."""
        # Without a coroutine of its own, which each request would pass through.
        send = self._first if self._sender is None else self._sender.send
        return send(request, timeout, token)

    async def _first(
        self, request: Request[Any], timeout: float, token: Secret[str] | None
    ) -> tuple[Response, Connection | None]:
        sender = await self._ready(request)
        return await sender.send(request, timeout, token)

    async def _ready(self, request: Request[Any]) -> Sender:
        try:
            if self._store is not None:
                await self._store.load()
            return await asyncio.to_thread(self._made)
        except (OSError, RuntimeError) as error:  # no thread, no file descriptor
            words = f"{type(error).__name__} {error}"
            failure = self._target.transport_error(
                request, words, sent=False, timed_out=False, cause=error
            )
        raise failure

    def _made(self) -> Sender:
        with self._making:  # the first requests of several tasks may come here at once
            self._sender = self._sender or self._make()
        return self._sender

    async def aclose(self) -> None:
        """Close the connections, if there are any."""
        if self._sender is not None:
            await self._sender.aclose()
