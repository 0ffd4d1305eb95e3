"""The proxy to send through: given, or of the environment."""

import os
import re
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from ipaddress import ip_address, ip_network
from typing import Any, Final, Protocol, Self, TypeAlias, cast
from urllib import request
from urllib.parse import urlsplit

import attrs

from grafana_oncall._core.secret import Secret
from grafana_oncall.errors import InvalidArgument

from .libraries import library_of
from .urls import is_loopback

_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_KINDS: Final = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_VARIABLES: Final = (*_KINDS, *map(str.upper, _KINDS), "REQUEST_METHOD")
"""Those on which the proxies depend; the last one says that HTTP_PROXY may be a header's."""
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class HttpxProxy(Protocol):
    """A `Proxy` of httpx or httpx2."""

    url: Any
    auth: Any
    headers: Any
    ssl_context: Any


ProxyOption: TypeAlias = Secret[HttpxProxy | str | None]
"""The value of proxy=, which may contain a password."""


@attrs.frozen
class ProxySource:
    """What names the proxy: the argument, or a variable of the environment."""

    value: ProxyOption
    name: str = "proxy"
    """As errors name it."""

    @classmethod
    def of(cls, url: str, given: ProxyOption) -> Self:
        """Return what names the proxy for this URL: the environment, unless one is given.

        None for this machine's own addresses: no proxy of the environment is meant for those, and
        over plain http, which is allowed to this machine only, the token would cross the network.
        """
        if given.value is not None:
            return cls(given)
        proxies = Secret(_proxies())
        if not proxies.value or is_loopback(urlsplit(url).hostname or ""):
            return cls(given)
        parts = urlsplit(url)
        scheme = parts.scheme if proxies.value.get(parts.scheme) else "all"
        proxy = Secret(proxies.value.get(scheme))
        if not proxy.value or _is_bypassed(parts.netloc, parts.hostname or "", proxies):
            return cls(given)
        value = proxy.value if "://" in proxy.value else f"http://{proxy.value}"
        return cls(Secret(value), f"proxy (from {_variable(scheme)})")

    def proxy(self, package: str) -> Secret[Any]:
        """Return the proxy as an object of the class of httpx or httpx2, or None."""
        value = self.value.value
        if value is None:
            return Secret(None)
        library: Any = import_module(package)
        if isinstance(value, library.Proxy):
            return Secret(value)
        fault = _scheme_fault(value) if isinstance(value, str) else None
        if fault is None:
            try:
                return Secret(_converted(self.value, library))
            except (library.InvalidURL, TypeError, ValueError) as error:
                # Its text is not shown: it may repeat the password of the proxy.
                fault = f"nothing can be sent through it ({type(error).__name__})"
        del value
        raise self.error(fault)

    def error(self, fault: str) -> InvalidArgument:
        """Return the error of a proxy that cannot be used."""
        return InvalidArgument(f"{self.name}: {fault}.", argument="proxy")


def _proxies() -> dict[str, str]:
    """Return the proxies of the environment; if it has none, those of the system."""
    found = _proxies_of(tuple(map(os.environ.get, _VARIABLES)))
    has_settings = request.getproxies is not request.getproxies_environment
    return request.getproxies() if has_settings and not found else found


@lru_cache(maxsize=1)
def _proxies_of(_: tuple[str | None, ...]) -> dict[str, str]:
    """Return what these variables say: reading the whole environment takes 50 µs."""
    return request.getproxies_environment()


def refuse_plain_http(url: str, proxy_host: str) -> None:
    """Raise InvalidArgument if the token would cross the network in clear text."""
    if url.startswith("http:") and not is_loopback(proxy_host):
        message = (
            "proxy: plain http would show the token to the network on the way to the proxy, and to "
            "the proxy. Use https in url=, or allow_http=True where both are trusted."
        )
        raise InvalidArgument(message, argument="proxy")


def _scheme_fault(url: str) -> str | None:
    """Say what is wrong with the scheme, without showing what may be a password."""
    scheme = _SCHEME.match(url)
    if scheme is not None and scheme[1].lower() in _SCHEMES:
        return None
    fault = "it has no scheme" if scheme is None else f"its scheme is {scheme[1]}"
    return f"{fault}; {', '.join(_SCHEMES[:-1])} or {_SCHEMES[-1]} is needed"


def _converted(proxy: ProxyOption, library: Any) -> Any:
    if library_of(proxy.value, "Proxy") is None:
        return library.Proxy(proxy.value)
    other = cast("HttpxProxy", proxy.value)
    options = {"headers": dict(other.headers), "ssl_context": other.ssl_context}
    return library.Proxy(str(other.url), auth=other.auth, **options)


def _variable(scheme: str) -> str:
    """Return the name of the variable that sets the proxy; the system may have settings too."""
    lower = f"{scheme}_proxy"
    names = [name for name in (lower, lower.upper()) if os.environ.get(name)]
    return names[0] if names else "the system's settings"


def _is_bypassed(netloc: str, host: str, proxies: Secret[dict[str, str]]) -> bool:
    """Whether NO_PROXY, or the system, excepts this host.

    It may name a host with its port or without, and an IPv6 address without brackets. The standard
    library knows names, suffixes and `*`; most programs also know `*.suffix` and networks.
    """
    if any(map(request.proxy_bypass, (netloc, host))):
        return True
    entries = proxies.value.get("no", "").lower().split(",")
    return any(_excepts(entry.strip(), host) for entry in entries)


def _excepts(entry: str, host: str) -> bool:
    if entry.startswith("*."):
        return host.endswith(entry[1:])
    with suppress(ValueError):  # no network, or no address
        return "/" in entry and ip_address(host) in ip_network(entry, strict=False)
    return False
