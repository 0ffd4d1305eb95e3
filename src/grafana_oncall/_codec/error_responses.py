"""Build the StatusError for a response outside 2xx, whatever shape its body has."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from math import ceil
from typing import Any, Final, cast
from urllib.parse import urlsplit

from grafana_oncall import errors
from grafana_oncall._core.request import API_ROOT, Request, Response
from grafana_oncall._core.text import printable
from grafana_oncall._core.types import UNSET

MAX_ERROR_BYTES: Final = 64 * 1024
"""An error response is read up to here; a longer one is quoted by its beginning, not parsed."""

_MOST_MESSAGES: Final = 100
_LONGEST_NAME: Final = 500

_MESSAGE_KEYS: Final = ("detail", "error", "non_field_errors")
_INVALID_TOKEN: Final = "Invalid token."  # noqa: S105  # the server's words
_SERVICE_ACCOUNT: Final = "Service accounts are not allowed"
_CONFLICT: Final = re.compile(r"Can't (?P<action>\w+) an? (?P<state>[\w ]+?) alert group")
_ALREADY: Final = {
    "acknowledge": "acknowledged",
    "unacknowledge": "unacknowledged",
    "resolve": "resolved",
    "unresolve": "unresolved",
    "unsilence": "unsilenced",
}
_NOT_OPEN: Final = "The shift swap request is not in a state which allows it to be taken"
_IS_THERE: Final = ("Label already exists", "Already on maintenance")
_NO_USER: Final = "user-not-found"
"""The server's words for an address of nobody, in a body and not in a path."""
_NOT_FOUND: Final = re.compile(
    rf"Not found\.|Label not found|{_NO_USER}|No \w+ matches the given query\."
)
"""OnCall's own words for an object that does not exist. Grafana and gateways have others, which
mean that the URL is wrong."""

SYNCING: Final = "Organization being synced"
"""The server's words when it sends 429 because it does not know the stack yet."""
_SYNCING_HINT: Final = (
    "the server does not know the stack of grafana_url= yet and is synchronizing it; "
    "check the URL, or wait a few minutes."
)
_WAIT: Final = re.compile(r"available in ([0-9.]+) second")
_SECONDS: Final = re.compile(r"\s*[0-9]{1,9}(\.[0-9]{1,9})?\s*")
"""OnCall sends whole seconds; some proxies send fractions."""

GATEWAY: Final[Mapping[int, bool]] = {
    407: False,  # a proxy requires credentials
    408: True,  # Envoy, for an idle stream, whichever side was slow
    421: False,  # meant for another host
    425: False,  # too early in the TLS handshake to be forwarded
    444: True,  # this, 460 and 499: nginx and load balancers, for clients that disconnected
    460: True,
    499: True,
    502: True,
    503: True,
    504: True,
}
"""Statuses that OnCall itself never sends, only proxies and gateways in front of it; and whether
the request may have been forwarded, and so have taken effect."""

_PAGES: Final = frozenset({401, 404, 429, 500})
"""Statuses that mean the same with a page of HTML as with JSON, whoever sends them."""

_ACKNOWLEDGED_HINT: Final = (
    "it was already acknowledged, and nothing was changed. It may have been resolved since, which "
    "the server does not say here: get() shows its state."
)
_GATEWAY_HINT: Final = (
    "retry later: the server is down or overloaded, and a proxy responded in its place."
)


def _is_gateway(response: Response, body: object) -> bool:
    """Whether a proxy or gateway responded in OnCall's place: with a redirect, or its own page.

    OnCall's errors are JSON, except for an unknown path (404) and its own crashes (500).
    """
    status = response.status
    # JSON that is nested too deeply to be parsed is still JSON.
    is_json = body is not UNSET or response.content.lstrip()[:1] in {b"{", b"["}
    is_page = not is_json and status >= 400 and status not in _PAGES
    return is_page or 300 <= status < 400 or status in GATEWAY


_BY_STATUS: Final[Mapping[int, type[errors.StatusError]]] = {
    401: errors.Unauthorized,
    403: errors.Forbidden,
    409: errors.Conflict,
    429: errors.RateLimited,
}
_HINTS: Final[Mapping[type[errors.StatusError], str]] = {
    errors.Unauthorized: (
        "check the token, which must be bare and complete, and grafana_url= (sent as "
        "X-Grafana-URL) if it is a service account's."
    ),
    errors.UserTokenRequired: (
        "pass a user's OnCall API key as user_token=, beside the service account's token=."
    ),
    errors.EndpointUnavailable: (
        "either url= is not that of the OnCall API, or this server lacks the endpoint "
        "(the open-source engine cannot add or remove labels of alert groups)."
    ),
    errors.NotFound: "check the id; a token sees only its own organization.",
    errors.Conflict: "check its state, which does not allow this action.",
    errors.ServerError: "check the arguments: the server also fails on bad ones. Or retry later.",
    errors.AlreadyInState: "it is already so; nothing is left to do.",
}


def error_from_response(
    request: Request[Any], response: Response, *, service_account: bool = False
) -> errors.StatusError:
    """Build the StatusError for a response outside 2xx, to a service account or to a user."""
    body = _json(response.content)
    messages = [*islice(_flattened(body), _MOST_MESSAGES)]
    fields = {name: tuple(texts) for name, texts in _fields(messages).items()}
    detail = printable(
        _location(response)
        or (_text(response) if body is UNSET else _detail(messages, response.content))
    )
    if detail == _INVALID_TOKEN and service_account and request.operation.needs_user:
        detail = f"{_SERVICE_ACCOUNT} (in the server's words: {_INVALID_TOKEN})"
    is_gateway = _is_gateway(response, body)
    kind = _kind(request, response, body, detail, is_gateway=is_gateway)
    return kind(
        status=response.status,
        detail=detail,
        fields=fields,
        operation=request.operation.id,
        method=request.operation.method,
        path=f"/{API_ROOT}{request.path}",
        hint=_hint(request, kind, detail, is_gateway=is_gateway),
        reset_after=_reset_after(response, detail) if response.status in {429, 503} else None,
        is_gateway=is_gateway,
    )


def _hint(
    request: Request[Any], kind: type[errors.StatusError], detail: str, *, is_gateway: bool
) -> str | None:
    if SYNCING in detail:
        return _SYNCING_HINT
    if is_gateway and kind in {errors.ServerError, errors.Forbidden}:
        return _GATEWAY_HINT
    if kind is errors.Forbidden:
        return f"the owner of the token needs the permission {request.operation.permission}."
    if kind is errors.AlreadyInState and request.operation.id == "acknowledge_alert_group":
        return _ACKNOWLEDGED_HINT
    return _HINTS.get(kind)


def _kind(
    request: Request[Any], response: Response, body: object, detail: str, *, is_gateway: bool
) -> type[errors.StatusError]:
    status = response.status
    if detail == _INVALID_TOKEN and status == 403:
        return errors.Unauthorized
    if detail.startswith(_SERVICE_ACCOUNT):
        return errors.UserTokenRequired
    if status == 404:
        has_id = "{" in request.operation.path or detail == _NO_USER
        is_own = body is not UNSET and _NOT_FOUND.fullmatch(detail)
        return errors.NotFound if has_id and is_own else errors.EndpointUnavailable
    if status == 400 and not is_gateway:
        return _conflict(detail)
    other = errors.ServerError if status >= 500 or is_gateway else errors.BadRequest
    return _BY_STATUS.get(status, other if status >= 400 else errors.StatusError)


def _conflict(detail: str) -> type[errors.BadRequest]:
    found = _CONFLICT.search(detail)
    if detail.startswith(_IS_THERE) or (found and _ALREADY.get(found["action"]) == found["state"]):
        return errors.AlreadyInState
    return errors.Conflict if found or detail == _NOT_OPEN else errors.BadRequest


def _json(content: bytes) -> Any:
    """Return the parsed body; UNSET if it is not JSON, or too long."""
    if len(content) > MAX_ERROR_BYTES:
        return UNSET
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return UNSET


def _fields(messages: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Group messages by member, dotted where nested."""
    found: dict[str, list[str]] = {}
    for name, text in messages:
        if name and name not in _MESSAGE_KEYS:
            found.setdefault(printable(name), []).append(printable(text))
    return found


def _flattened(body: object) -> Iterator[tuple[str, str]]:
    """Yield every text with its dotted name; without recursion, because JSON may be deep."""
    waiting = [("", body)]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, dict):
            members = reversed(cast("dict[str, object]", node).items())
            # Cut, because every message below it repeats the name.
            waiting += [
                ((f"{name}.{key}" if name else key)[:_LONGEST_NAME], value)
                for key, value in members
            ]
        elif isinstance(node, list):
            waiting += [(name, value) for value in reversed(cast("list[object]", node))]
        elif node is not None:
            yield name, str(node)


def _detail(messages: Sequence[tuple[str, str]], content: bytes) -> str:
    """Join the messages of the server."""
    texts = [
        text if not name or name in _MESSAGE_KEYS else f"{name}: {text}" for name, text in messages
    ]
    return "; ".join(texts) or f"gave no reason: {errors.excerpt(content)}"


def _text(response: Response) -> str:
    """Return the visible text of a page of HTML, or of any other body."""
    if not response.content:
        return "gave no reason"
    page = response.content[:4096].decode("utf-8", "replace")
    words = html.unescape(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL))
    how = "without JSON" if len(response.content) <= MAX_ERROR_BYTES else "with more than 64 KiB"
    return f"responded {how}: {errors.excerpt(' '.join(words.split()).encode())}"


def _location(response: Response) -> str | None:
    """Describe a redirect, with its target if that is safe to show."""
    if response.status not in {301, 302, 303, 307, 308}:
        return None
    place = _place(response.headers.get("location", ""))
    to = f" to {place}" if place else ""
    return f"redirects{to}; redirects are not followed. Set url= to the OnCall API itself"


def _place(location: str) -> str | None:
    """Return a URL without user and query, or None if it may contain a password elsewhere."""
    try:
        target = urlsplit(location)
        host, _ = target.hostname, target.port
    except ValueError:
        return None
    if "@" in target.path or "\\" in location:
        return None
    if target.scheme in {"http", "https"} and host:
        return f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}"
    is_path = not target.scheme and not target.netloc and target.path.startswith("/")
    return target.path if is_path else None


def _reset_after(response: Response, detail: str) -> float | None:
    """Return the seconds to wait, rounded up, or None if the server does not say."""
    found = _WAIT.search(detail)
    retry, reset = response.headers.get("retry-after"), response.headers.get("ratelimit-reset")
    for text in (retry, reset, found[1] if found else None):
        if text is not None and _SECONDS.fullmatch(text):
            return float(ceil(float(text)))
    until = _date(retry)
    if until is None:
        return None
    # By the server's own clock, which may be days ahead of ours.
    now = _date(response.headers.get("date")) or response.received
    return max(0.0, (until - now).total_seconds())


def _date(text: str | None) -> datetime | None:
    """Parse an HTTP date; None if it is none."""
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):  # no date, or one beyond the calendar
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)
