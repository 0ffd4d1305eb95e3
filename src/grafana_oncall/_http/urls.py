"""Validation of url= and grafana_url=."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from grafana_oncall._core.request import API_ROOT
from grafana_oncall.errors import InvalidArgument


def api_url(url: str, *, allow_http: bool = False) -> str:
    """Return the base URL of all requests, `https://host/prefix/api/v1/`, from any part of it."""
    base = base_url("url", url, allow_http=allow_http).removesuffix("/api/v1")
    if "/api/v1/" in base:
        raise InvalidArgument("url: it must end at /api/v1, with nothing after it.", argument="url")
    return f"{base}/{API_ROOT}"


def base_url(name: str, url: str, *, allow_http: bool) -> str:
    """Return a URL to which a token may be sent, without its trailing slash."""
    checked = _checked_url(name, url)
    parts = urlsplit(checked)
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname or ""):
        message = (
            f"{name}: plain http would show the token to the network. Use https, "
            "or allow_http=True where the network is trusted."
        )
        raise InvalidArgument(message, argument=name)
    return checked


def is_loopback(host: str) -> bool:
    """Whether a host is a name or an address of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def stack_url(url: str | None) -> str | None:
    """Return the value of X-Grafana-URL."""
    return None if url is None else _checked_url("grafana_url", url)


def stack_missing() -> InvalidArgument:
    """Return the error for a service account token without the URL of its stack."""
    message = (
        "grafana_url: a URL is needed, that of the Grafana stack (in the environment: "
        "GRAFANA_URL). By it, OnCall finds the stack of a service account token (glsa_…)."
    )
    return InvalidArgument(message, argument="grafana_url")


def _checked_url(name: str, url: object) -> str:
    """Return an absolute http(s) URL without its trailing slash."""
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
        return "it is not a valid URL: its host or port cannot be parsed."
    if parts.scheme not in {"http", "https"} or not host:
        return "it must begin with https:// or http:// and name a host."
    if "@" in parts.netloc:
        return "it must not contain a user name or password."
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "it must not have a query or a fragment."
    return None
