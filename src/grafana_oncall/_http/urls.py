"""What a client is made with, checked: the API's URL, the stack's URL, the token, the timeout."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from grafana_oncall._core.request import API_ROOT
from grafana_oncall.errors import InvalidArgument


def api_url(url: str, *, allow_http: bool = False) -> str:
    """The base of every request: `https://host/prefix/api/v1/`, whatever part of it was given."""
    checked = _checked_url("url", url)
    parts = urlsplit(checked)
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname or ""):
        message = (
            "url: plain http would show the token to the network. Use https, "
            "or allow_http=True where the network is trusted."
        )
        raise InvalidArgument(message, argument="url")
    base = checked.removesuffix("/api/v1")
    if "/api/v1/" in base:
        raise InvalidArgument("url: give it up to /api/v1, and nothing behind.", argument="url")
    return f"{base}/{API_ROOT}"


def is_loopback(host: str) -> bool:
    """Whether it is a name or an address of this very machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def stack_url(url: str) -> str:
    """The value of X-Grafana-URL."""
    return _checked_url("grafana_url", url)


def _checked_url(name: str, url: object) -> str:
    """An absolute http(s) URL without trailing slash; raises InvalidArgument for any other."""
    if not isinstance(url, str) or not url:
        raise InvalidArgument(f"{name}: a URL is needed.", argument=name)
    fault = _url_fault(url)
    if fault:
        # The URL is not shown: it may carry a password.
        raise InvalidArgument(f"{name}: {fault}", argument=name)
    return url.rstrip("/")


def _url_fault(url: str) -> str | None:
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        return "it contains a space, a backslash, a control character or a non-ASCII character."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is not a URL: its host or its port cannot be read."
    if parts.scheme not in {"http", "https"} or not host:
        return "it must begin with https:// or http:// and name a host."
    if "@" in parts.netloc:
        return "it must not contain a user name or password."
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "it must not have a query or a fragment."
    return None
