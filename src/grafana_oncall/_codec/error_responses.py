"""Pure: a refused answer to the error that says why, in all the shapes in which servers say it."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Final, cast
from urllib.parse import urlsplit

from grafana_oncall import errors
from grafana_oncall._core.request import API_ROOT, Request, Response
from grafana_oncall._core.text import printable
from grafana_oncall._core.types import UNSET

MOST_BYTES: Final = 64 * 1024
"""Of a refused answer, so many are read; a longer one is told by its beginning, and not parsed."""

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
_HAS_LABEL: Final = "Label already exists"
SYNCING: Final = "Organization being synced"
"""The server's words where it answers 429 because it does not know the stack yet."""
_SYNCING_HINT: Final = (
    "the server does not know the stack of grafana_url= yet, and is learning it; "
    "check the URL, or wait some minutes."
)
_WAIT: Final = re.compile(r"available in (\d+) second")

GATEWAY: Final[Mapping[int, bool]] = {
    407: False,  # a proxy wants credentials first
    408: True,  # Envoy says so to a stream that went idle, whoever was slow
    421: False,  # meant for another host
    425: False,  # too early in the handshake to be passed on
    444: True,  # nginx, HAProxy and load balancers note the next three for clients that went away
    460: True,
    499: True,
    502: True,
    503: True,
    504: True,
}
"""Statuses that OnCall never gives, only what stands in front of it, with whatever body; and
whether the request may have been passed on, and so have had its effect."""

_PAGES: Final = frozenset({401, 404, 429, 500})
"""Statuses that mean the same with a page of HTML as with JSON, whoever gives them."""

_ACKNOWLEDGED_HINT: Final = (
    "it was acknowledged before, and nothing was changed. It may have been resolved since, which "
    "the server does not say here: get() tells its state."
)
_GATEWAY_HINT: Final = "try later: the server is down or overloaded, and a proxy answers for it."


def _is_gateway(response: Response, body: object) -> bool:
    """Whether a proxy or gateway answers in OnCall's place: it redirects, or has a page of its own.

    OnCall gives its reasons in JSON, with two exceptions: an unknown path (404), and what it did
    not foresee (500).
    """
    status = response.status
    is_json = body is not UNSET or response.content.lstrip()[:1] in {b"{", b"["}  # too deep
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
        "give the token bare and unabridged, and grafana_url= (sent as X-Grafana-URL) "
        "if it is a service account's."
    ),
    errors.UserTokenRequired: "use a user's OnCall API key instead of a service account token.",
    errors.EndpointUnavailable: (
        "either url= is not that of the OnCall API, or this server lacks the endpoint "
        "(labels of alert groups exist on Grafana Cloud only)."
    ),
    errors.NotFound: "check the id; a token sees only its own organization.",
    errors.Conflict: "look at the present state: it does not allow this action.",
    errors.ServerError: "check the arguments, as the server also fails on bad ones; or try later.",
    errors.AlreadyInState: "it is so already; nothing is left to do.",
}


def error_from_response(request: Request[Any], response: Response) -> errors.StatusError:
    """The error that an answer outside 2xx stands for."""
    body = _json(response.content)
    messages = [*islice(_flattened(body), _MOST_MESSAGES)]
    fields = {name: tuple(texts) for name, texts in _fields(messages).items()}
    detail = printable(
        _location(response)
        or (_text(response) if body is UNSET else _detail(messages, response.content))
    )
    is_gateway = _is_gateway(response, body)
    kind = _kind(response, body, detail, is_gateway=is_gateway)
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
        return f"whose token it is needs the permission {request.operation.permission}."
    if kind is errors.AlreadyInState and request.operation.id == "acknowledge_alert_group":
        return _ACKNOWLEDGED_HINT
    return _HINTS.get(kind)


def _kind(
    response: Response, body: object, detail: str, *, is_gateway: bool
) -> type[errors.StatusError]:
    status = response.status
    if detail == _INVALID_TOKEN and status == 403:
        return errors.Unauthorized
    if detail.startswith(_SERVICE_ACCOUNT):
        return errors.UserTokenRequired
    if status == 404:
        return errors.EndpointUnavailable if body is UNSET else errors.NotFound
    if status == 400 and not is_gateway:
        return _conflict(detail)
    other = errors.ServerError if status >= 500 or is_gateway else errors.BadRequest
    return _BY_STATUS.get(status, other if status >= 400 else errors.StatusError)


def _conflict(detail: str) -> type[errors.BadRequest]:
    found = _CONFLICT.search(detail)
    if _HAS_LABEL in detail or (found and _ALREADY.get(found["action"]) == found["state"]):
        return errors.AlreadyInState
    return errors.Conflict if found else errors.BadRequest


def _json(content: bytes) -> Any:
    """The parsed body, UNSET where it is not JSON, or too much of it to be the server's words."""
    if len(content) > MOST_BYTES:
        return UNSET
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return UNSET


def _fields(messages: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Messages by member, dotted where nested."""
    found: dict[str, list[str]] = {}
    for name, text in messages:
        if name and name not in _MESSAGE_KEYS:
            found.setdefault(printable(name), []).append(printable(text))
    return found


def _flattened(body: object) -> Iterator[tuple[str, str]]:
    """Every text in order, with its dotted name. Not recursive: a parser may go deeper than us."""
    waiting = [("", body)]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, dict):
            members = reversed(cast("dict[str, object]", node).items())
            # Cut, for every message below it repeats the name.
            waiting += [
                ((f"{name}.{key}" if name else key)[:_LONGEST_NAME], value)
                for key, value in members
            ]
        elif isinstance(node, list):
            waiting += [(name, value) for value in reversed(cast("list[object]", node))]
        elif node is not None:
            yield name, str(node)


def _detail(messages: Sequence[tuple[str, str]], content: bytes) -> str:
    """What the server said."""
    told = [
        text if not name or name in _MESSAGE_KEYS else f"{name}: {text}" for name, text in messages
    ]
    return "; ".join(told) or f"gave no reason: {errors.excerpt(content)}"


def _text(response: Response) -> str:
    """The visible words of a page of HTML, or of whatever else came."""
    if not response.content:
        return "gave no reason"
    page = response.content[:4096].decode("utf-8", "replace")
    words = html.unescape(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL))
    how = "without JSON" if len(response.content) <= MOST_BYTES else "more than 64 KiB"
    return f"answered {how}: {errors.excerpt(' '.join(words.split()).encode())}"


def _location(response: Response) -> str | None:
    """That it redirects, and where to if that is safe to show."""
    if response.status not in {301, 302, 303, 307, 308}:
        return None
    place = _place(response.headers.get("location", ""))
    to = f" to {place}" if place else ""
    return f"redirects{to}; redirects are not followed. Set url= to the OnCall API itself"


def _place(location: str) -> str | None:
    """A URL without user and query; None for any that may hide a password elsewhere."""
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
    """Seconds to wait, None where the server does not say."""
    found = _WAIT.search(detail)
    retry, reset = response.headers.get("retry-after"), response.headers.get("ratelimit-reset")
    for told in (retry, reset, found[1] if found else None):
        if told is not None and re.fullmatch(r"\s*[0-9]{1,9}\s*", told):
            return float(told)
    until = _date(retry)
    if until is None:
        return None
    # By the clock that the date was taken from: the server's own may be days ahead of ours.
    now = _date(response.headers.get("date")) or response.received
    return max(0.0, (until - now).total_seconds())


def _date(text: str | None) -> datetime | None:
    """An HTTP date, None where it is none."""
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):  # no date, or one beyond the calendar
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)
