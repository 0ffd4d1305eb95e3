"""Make the httpx client that an OnCallClient sends through: TLS, proxy and transport."""

from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from typing import Literal, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import shown
from grafana_oncall.errors import InvalidArgument

from .pool import Pool
from .urls import is_loopback

Transport: TypeAlias = httpx.AsyncBaseTransport | Literal["httpx", "aiohttp"]
"""An httpx transport, or the name of one."""

ProxyOption: TypeAlias = Secret[httpx.Proxy | str | None]
"""The value of proxy=, which may contain a password."""


@cache
def _default_tls() -> SSLContext:
    # Loading the system's certificates takes about 100 ms, so all clients of a process share it.
    return httpx.create_ssl_context()


def _check_kinds(*, http_client: object, transport: object) -> None:
    """Reject objects that cannot send.

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


def _check_exclusive(
    *,
    http_client: httpx.AsyncClient | None,
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


def make_http(
    *,
    http_client: httpx.AsyncClient | None,
    transport: Transport | None,
    verify: SSLContext | bool,
    proxy: ProxyOption,
    base_url: str,
    allow_http: bool,
    max_connections: int,
) -> httpx.AsyncClient:
    """Return the caller's client, or one of the SDK's own.

    The SDK's own keeps its connections open, but no cookies, and follows no redirects.
    """
    _check_kinds(http_client=http_client, transport=transport)
    _check_exclusive(http_client=http_client, transport=transport, verify=verify, proxy=proxy)
    if http_client is not None:
        return http_client
    if transport is None or isinstance(transport, str):
        tls = _tls(verify)
        made = _made_proxy(proxy)
        if made.value is None:
            made = _made_proxy(_proxy_from_environment(base_url))
        elif not allow_http:
            _refuse_plain_http(base_url, made.value.url.host)
        transport = _transport(
            "httpx" if transport is None else transport, tls, made, max_connections
        )
    # The API uses no cookies, but a proxy may set a new one with every response, and all of them
    # would be sent back for as long as the client lives.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(transport=transport, cookies=no_cookies)


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


def _proxy_from_environment(url: str) -> ProxyOption:
    """Return the proxy that the environment, or the system, sets for this URL.

    None for this machine's own addresses: no proxy is meant for those, and over plain http, which
    is allowed to this machine only, the token would cross the network.
    """
    parts, proxies = urlsplit(url), Secret(getproxies())
    host = parts.hostname or ""
    proxy = Secret(proxies.value.get(parts.scheme) or proxies.value.get("all"))
    # no_proxy may name a host with its port or without, and an IPv6 address without brackets.
    bypassed = is_loopback(host) or any(proxy_bypass(name) for name in (parts.netloc, host))
    if not proxy.value or bypassed:
        return Secret(None)
    return Secret(proxy.value if "://" in proxy.value else f"http://{proxy.value}")


def _refuse_plain_http(url: str, proxy_host: str) -> None:
    if url.startswith("http:") and not is_loopback(proxy_host):
        message = (
            "proxy: plain http would show the token to the network on the way to the proxy, and to "
            "the proxy. Use https in url=, or allow_http=True where both are trusted."
        )
        raise InvalidArgument(message, argument="proxy")


def _transport(
    name: str, tls: SSLContext, proxy: Secret[httpx.Proxy | None], max_connections: int
) -> httpx.AsyncBaseTransport:
    """Return the transport of this name; through a proxy, httpx always sends."""
    if name not in {"httpx", "aiohttp"}:
        message = f'transport={shown(name)}: "httpx", "aiohttp", or an httpx transport.'
        raise InvalidArgument(message, argument="transport")
    if name == "httpx":
        return _pool(tls, proxy)
    try:
        from .aiohttp_transport import AiohttpTransport  # noqa: PLC0415  # an extra
    except ImportError as error:
        message = (
            "transport=\"aiohttp\" needs another package: pip install 'grafana-oncall-sdk[aiohttp]'"
        )
        raise InvalidArgument(message, argument="transport") from error
    if proxy.value is not None:
        return _pool(tls, proxy)
    return AiohttpTransport(tls=tls, limits=httpx.Limits(max_connections=max_connections))


def _made_proxy(proxy: ProxyOption) -> Secret[httpx.Proxy | None]:
    if proxy.value is None or isinstance(proxy.value, httpx.Proxy):
        return Secret(proxy.value)
    try:
        return Secret(httpx.Proxy(proxy.value))
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        # Its text is not shown: it may repeat the password of the proxy.
        fault = f"nothing can be sent through it ({type(error).__name__})"
    raise _bad_proxy(fault)


def _pool(tls: SSLContext, proxy: Secret[httpx.Proxy | None]) -> Pool:
    try:
        return Pool(tls=tls, proxy=proxy.value)
    except ImportError:
        fault = "a SOCKS proxy needs another package: pip install 'httpx[socks]'"
    raise _bad_proxy(fault)


def _bad_proxy(fault: str) -> InvalidArgument:
    message = f"proxy: {fault}. Without proxy=, the environment's is used."
    return InvalidArgument(message, argument="proxy")
