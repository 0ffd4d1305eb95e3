"""Requests to any endpoint below /api/v1/, which no builder of the specification makes."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias, cast
from urllib.parse import unquote

import attrs

from grafana_oncall._core.request import API_ROOT, Operation, Request
from grafana_oncall._core.text import is_sendable, shown
from grafana_oncall._core.types import UNSET
from grafana_oncall.errors import InvalidArgument

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
"""A method that may be sent."""

QueryValue: TypeAlias = str | int | Iterable[str | int]
"""Of a parameter; several values repeat the parameter, and a bool is `true` or `false`."""

_RETRY: Final[Mapping[str, Literal["safe", "missing", "never"]]] = {
    "GET": "safe",
    "POST": "never",
    "PUT": "never",
    "PATCH": "never",
    "DELETE": "missing",
}
_METHODS: Final = ", ".join(_RETRY)

_POISON: Final = (
    "the server answers it with a body that nothing reads, and that the next request on the "
    "connection would take for its own answer; send GET"
)
_UNSENDABLE: Final = {"HEAD": _POISON, "OPTIONS": "the server fails on it, with a 500"}

_PATH: Final = re.compile(r"(?:[A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")
"""One segment."""

_ID: Final = re.compile(r"[A-Z][A-Z0-9]{6,}")
"""What OnCall's ids look like; and no word of a path does."""

_DOCS: Final = "https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/"


def endpoint(
    method: object,
    path: object,
    *,
    query: object = None,
    body: object = UNSET,
    retry: object = None,
    as_user: bool = False,
) -> Request[Any]:
    """Return a request to any endpoint; raise InvalidArgument if it cannot be sent as it is."""
    verb, segments = _method(method), _segments(path)
    if verb == "GET" and body is not UNSET:
        message = "body: a GET has none, and servers do not read it; query= filters."
        raise InvalidArgument(message, argument="body")
    if retry not in {None, "same", "never"}:
        message = f'retry={shown(retry)}: "same" or "never" is needed.'
        raise InvalidArgument(message, argument="retry")
    # Names in metrics must not be as many as there are objects.
    name = "".join("{id}/" if _ID.fullmatch(one) else f"{one}/" for one in segments)
    operation = Operation(
        id=f"{verb} {name}",
        method=verb,
        path=name,
        permission="that this endpoint asks for",
        needs_user=as_user,
        success=200,
        retry=cast("Any", retry or _RETRY[verb]),
        check="look at what the server holds.",
        docs=_DOCS,
    )
    return Request(
        operation=operation,
        path="".join(f"{one}/" for one in segments),
        returns=cast("type[Any]", Any),
        query=tuple(_pairs(query)),
        body=_json(body),
    )


def _method(method: object) -> str:
    verb = method.upper() if isinstance(method, str) else ""
    if verb in _UNSENDABLE:
        raise InvalidArgument(f"method: no {verb}: {_UNSENDABLE[verb]}.", argument="method")
    if verb not in _RETRY:
        message = f"method={shown(method)}: one of {_METHODS} is needed."
        raise InvalidArgument(message, argument="method")
    return verb


def _segments(path: object) -> list[str]:
    """Return the segments of a path that stays below /api/v1/."""
    if not isinstance(path, str) or not path.strip("/"):
        raise _bad_path(path, "a path is needed")
    if "?" in path or "#" in path:
        raise _bad_path(path, "it must not have a query or a fragment; query= takes parameters")
    if path.startswith(("/", API_ROOT)) or "://" in path:
        raise _bad_path(path, f"it begins below /{API_ROOT}, without a slash or a host")
    segments = path.removesuffix("/").split("/")
    for segment in segments:
        if not _PATH.fullmatch(segment):
            fault = "each segment has ASCII letters, digits and punctuation, the rest as %XX"
            raise _bad_path(path, fault)
        plain = _unquoted(segment)
        if plain in {".", ".."} or "/" in plain or "\\" in plain or not plain.isprintable():
            raise _bad_path(path, f"{shown(segment)} does not stay in its place")
    return segments


def _unquoted(segment: str) -> str:
    """Undo percent-encoding as often as servers and proxies may, one after the other."""
    while (plain := unquote(segment)) != segment:
        segment = plain
    return segment


def _bad_path(path: object, fault: str) -> InvalidArgument:
    message = f"path={shown(path)}: {fault}, such as teams/ or alert_groups/I68T24C13IFW1/."
    return InvalidArgument(message, argument="path")


def _pairs(query: object) -> Iterator[tuple[str, str]]:
    if query is None:
        return
    if not isinstance(query, Mapping):
        message = f"query={shown(query)}: a mapping of parameters is needed."
        raise InvalidArgument(message, argument="query")
    for name, value in cast("Mapping[object, object]", query).items():
        if not isinstance(name, str) or not name or not is_sendable(name):
            message = f"query: {shown(name)} is no name of a parameter."
            raise InvalidArgument(message, argument="query")
        is_many = isinstance(value, list | tuple | set | frozenset)
        for one in cast("Iterable[object]", value) if is_many else (value,):
            yield name, _parameter(name, one)


def _parameter(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) < _LARGE:
        return str(int(value))
    if isinstance(value, str) and is_sendable(value):
        return str(value)
    message = f"query: {name}={shown(value)}: a text, a whole number or a bool, or a list of them."
    raise InvalidArgument(message, argument="query")


def _json(body: object) -> object:
    """Return a body of plain JSON as it is; models and the like as they are written."""
    problems: list[str] = []
    waiting: list[tuple[str, object, int]] = [("body", body, 0)]
    while waiting and len(problems) < _MOST_PROBLEMS:
        where, value, depth = waiting.pop()
        fault = _fault(value) if depth < _DEEPEST else "it is nested too deeply"
        if fault is not None:
            problems.append(f"{where}: {fault}")
        elif isinstance(value, Mapping):
            members = cast("Mapping[str, object]", value).items()
            waiting += [(f"{where}.{name}", member, depth + 1) for name, member in members]
        elif isinstance(value, list | tuple):
            items = enumerate(cast("list[object]", value))
            waiting += [(f"{where}[{number}]", item, depth + 1) for number, item in items]
    if problems:
        raise InvalidArgument("; ".join(problems), argument="body")
    return body


_LARGE: Final = 10**18
_DEEPEST: Final = 100
_MOST_PROBLEMS: Final = 10


def _fault(value: object) -> str | None:
    """Say why a value is not JSON, but for the values in it."""
    match value:
        case str():
            return None if is_sendable(value) else f"{shown(value)} has no encoding"
        case float():
            return None if math.isfinite(value) else f"{value} is no number of JSON"
        case Mapping():
            names = cast("Mapping[object, object]", value)
            odd = [name for name in names if not isinstance(name, str) or not is_sendable(name)]
            return f"{shown(odd[0])} is no name of a member" if odd else None
        case None | int() | list() | tuple():
            return None
        case _ if attrs.has(type(value)) or value is UNSET:
            return None
        case _:
            return f"{type(value).__name__} has no equivalent in JSON"
