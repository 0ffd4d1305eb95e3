"""The httpx client that an OnCallClient makes for itself: its TLS, its proxy, its transport."""

from functools import cache
from ssl import SSLContext
from typing import Literal, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ._pool import Pool
from ._values import shown
from .errors import InvalidArgument

Transport: TypeAlias = httpx.AsyncBaseTransport | Literal["httpx", "aiohttp"]
"""What sends the requests of an httpx client."""


@cache
def _default_tls() -> SSLContext:
    # Reading the system's certificates takes about 100 ms, so all clients of a process share it.
    return httpx.create_ssl_context()


def check_kinds(*, http_client: object, transport: object) -> None:
    """Refuses objects that cannot send, before the first request shows it.

    A client that is not async would send a write before its result turns out not to be awaitable.
    """
    if not isinstance(http_client, httpx.AsyncClient | None):
        raise _unfit("http_client", http_client, "an httpx.AsyncClient")
    if not isinstance(transport, str | httpx.AsyncBaseTransport | None):
        raise _unfit("transport", transport, '"httpx", "aiohttp" or an httpx.AsyncBaseTransport')


def _unfit(argument: str, value: object, needed: str) -> InvalidArgument:
    cls = value if isinstance(value, type) else type(value)
    package = cls.__module__.partition(".")[0]
    name = cls.__name__ if package == "builtins" else f"{package}.{cls.__name__}"
    match value:
        case type():
            fault = f"{name}: the class itself was given"
        case httpx.AsyncClient():
            fault = f"{name}: http_client= takes it"
        case httpx.AsyncBaseTransport():
            fault = f"{name}: transport= takes it"
        case httpx.Client() | httpx.BaseTransport():
            fault = f"{name} is not async"
        case _ if package == "httpx2":
            fault = f"{name} is not supported yet"
        case _ if package == "aiohttp":
            fault = f'{name}: transport="aiohttp" sends through a session of its own'
        case _:
            fault = f"{name} cannot send"
    return InvalidArgument(f"{argument}: {fault}; {needed} is needed.", argument=argument)


def check_exclusive(
    *,
    http_client: httpx.AsyncClient | None,
    transport: Transport | None,
    verify: SSLContext | bool,
    proxy: httpx.Proxy | str | None,
) -> None:
    """Refuses what an httpx client or a transport of the user's own would pass by."""
    given = {
        "http_client": http_client,
        "transport": transport,
        "verify": None if verify is True else verify,
        "proxy": proxy,
    }
    owner = "http_client" if http_client is not None else "transport"
    if isinstance(given[owner], str | None):
        return
    for name, value in given.items():
        if name != owner and value is not None:
            message = f"Give {name}= or {owner}=, not both: the latter has its own."
            raise InvalidArgument(message, argument=name)


def make_http(
    *,
    base_url: str,
    max_connections: int,
    transport: Transport | None,
    verify: SSLContext | bool,
    proxy: httpx.Proxy | str | None,
) -> httpx.AsyncClient:
    """The client's own httpx: it keeps all its connections and follows no redirect."""
    if transport is None or isinstance(transport, str):
        transport = _named(
            "httpx" if transport is None else transport,
            _tls(verify),
            _proxy_for(base_url) if proxy is None else proxy,
            max_connections,
        )
    return httpx.AsyncClient(transport=transport)


def _tls(verify: object) -> SSLContext:
    if verify is True:
        return _default_tls()
    if verify is False or isinstance(verify, SSLContext):
        return httpx.create_ssl_context(verify)
    message = (
        f"verify={shown(verify)}: True, False or an ssl.SSLContext is needed, such as "
        "ssl.create_default_context(cafile=…)."
    )
    raise InvalidArgument(message, argument="verify")


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment, or the system, names for this URL."""
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    # What bypasses it is named with its port or without, and an IPv6 address without brackets.
    if not proxy or any(proxy_bypass(host) for host in (parts.netloc, parts.hostname or "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _named(
    name: str, tls: SSLContext, proxy: httpx.Proxy | str | None, max_connections: int
) -> httpx.AsyncBaseTransport:
    """The transport of this name; through a proxy, httpx always sends."""
    if name not in {"httpx", "aiohttp"}:
        message = f'transport={shown(name)}: "httpx", "aiohttp", or an httpx transport.'
        raise InvalidArgument(message, argument="transport")
    if name == "httpx":
        return _pool(tls, proxy)
    try:
        from ._transport import AiohttpTransport  # noqa: PLC0415  # an extra
    except ImportError as error:
        message = (
            "transport=\"aiohttp\" needs another package: pip install 'grafana-oncall-sdk[aiohttp]'"
        )
        raise InvalidArgument(message, argument="transport") from error
    if proxy is not None:
        return _pool(tls, proxy)
    return AiohttpTransport(tls=tls, limits=httpx.Limits(max_connections=max_connections))


def _pool(tls: SSLContext, proxy: httpx.Proxy | str | None) -> Pool:
    try:
        if proxy is not None and not isinstance(proxy, httpx.Proxy):
            proxy = httpx.Proxy(proxy)
        return Pool(tls=tls, proxy=proxy)
    except ImportError:
        fault = "a SOCKS proxy needs another package: pip install 'httpx[socks]'"
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        # What they say may repeat the password of a proxy.
        fault = f"nothing can be sent through it ({type(error).__name__})"
    message = f"proxy: {fault}; without proxy=, it is the one of the environment."
    raise InvalidArgument(message, argument="proxy")
