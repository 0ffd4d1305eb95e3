"""Routing: from a request through authentication to its operation and response."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import get_args
from urllib.parse import unquote

import attrs

from grafana_oncall.testing._ingest import links
from grafana_oncall.testing._resources import alerts, organizations, paging
from grafana_oncall.testing._resources.actions import ACTIONS, act
from grafana_oncall.testing._resources.alert_groups import (
    add_label,
    delete_group,
    get_group,
    list_groups,
    remove_label,
)
from grafana_oncall.testing._resources.collection import singular

from .auth import Grant, authenticate, authorize
from .bodies import check_accepts_json
from .context import Context, Operation
from .populate import COLLECTIONS
from .responses import (
    FakeRequest,
    FakeResponse,
    RefusedError,
    crashed,
    detail,
    empty_response,
    no_such_route,
)
from .state import Flavour
from .world import World

_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Vary": "Origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What the framework of the open-source engine adds to every response."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_API = re.compile(r"(?:/[^/]+)*?(?P<path>/api/v1/(?P<rest>[^/].*?)/?)")
_ID = re.compile(r"[^/.]+")


@attrs.frozen(kw_only=True)
class Route:
    """A known path, and its operations by method."""

    path: str
    id: str
    operations: dict[str, Operation]

    @property
    def allow(self) -> str:
        """Its methods, in the order in which the server names them."""
        named = [method for method in _METHODS if self.operation(method) is not None]
        return ", ".join([*named, "OPTIONS"])

    def operation(self, method: str) -> Operation | None:
        """Return the operation of a method; HEAD is GET, without the body of its response."""
        return self.operations.get("GET" if method == "HEAD" else method)


def _on_group(
    name: str, path: str, handler: Callable[[Context], FakeResponse], *, cloud_only: bool = False
) -> Operation:
    path = f"alert_groups/{{id}}/{path}"
    return Operation(name, "POST", path, "editor", handler, cloud_only)


_OPERATIONS = (
    *(operation for collection in COLLECTIONS for operation in collection.operations()),
    *alerts.OPERATIONS,
    *organizations.OPERATIONS,
    *paging.OPERATIONS,
    Operation("list_alert_groups", "GET", "alert_groups", "viewer", list_groups),
    Operation("get_alert_group", "GET", "alert_groups/{id}", "viewer", get_group),
    Operation("delete_alert_group", "DELETE", "alert_groups/{id}", "editor", delete_group),
    *(_on_group(f"{name}_alert_group", name, partial(act, name)) for name in ACTIONS),
    _on_group("add_alert_group_label", "labels", add_label, cloud_only=True),
    _on_group("remove_alert_group_label", "labels/remove", remove_label, cloud_only=True),
)
OPERATION_NAMES = tuple(operation.name for operation in _OPERATIONS)
"""The operations that faults and recorded calls name, such as `acknowledge_alert_group`."""
_RESOURCES = {operation.path.split("/")[0] for operation in _OPERATIONS}
_NOUNS = sorted(_RESOURCES | {*map(singular, _RESOURCES)}, key=len, reverse=True)
_NOUN = re.compile(f"_({'|'.join(_NOUNS)})")


def _table(flavour: Flavour) -> dict[str, dict[str, Operation]]:
    """Return the operations of a flavour by path, then by method."""
    table: dict[str, dict[str, Operation]] = {}
    for operation in _OPERATIONS:
        if flavour == "cloud" or not operation.cloud_only:
            methods = table.setdefault(operation.path, {})
            methods[operation.method] = operation
            if operation.method == "PUT":
                methods["PATCH"] = operation  # undocumented; a few fields tell them apart
    return table


_TABLES = {flavour: _table(flavour) for flavour in get_args(Flavour)}


def operation_name(name: str) -> str:
    """Return the full name of an operation, from that or a short one such as `"acknowledge"`.

    Raises:
        ValueError: No operation has this name, or several have this short name.
    """
    if name in OPERATION_NAMES:
        return name
    meant = [full for full in OPERATION_NAMES if _NOUN.sub("", full) == name]
    match meant:
        case [full]:
            return full
        case []:
            raise ValueError(f"no operation is called {name!r}: {', '.join(OPERATION_NAMES)}")
        case _:
            raise ValueError(f"{name!r} is short for several operations: {', '.join(meant)}")


def find_route(path: str, flavour: Flavour) -> Route | None:
    """Return the route of a path, with or without a prefix and a trailing slash."""
    # Decoded before it is split, as in WSGI, where an id with %2F is two segments.
    match = _API.fullmatch(unquote(path))
    if match is None:
        return None
    segments = match["rest"].split("/")
    named = segments[1] if len(segments) > 1 else ""
    table, shape = _TABLES[flavour], match["rest"]
    if shape not in table:
        shape = "/".join([segments[0], *("{id}" for _ in segments[1:2]), *segments[2:]])
    if shape not in table or (len(segments) > 1 and not _ID.fullmatch(named)):
        return None
    return Route(path=match["path"], id=named, operations=table[shape])


def respond(
    world: World, request: FakeRequest, route: Route | None, operation: Operation | None
) -> FakeResponse:
    """Process a request with all its effects, and return the response, which may be a refusal."""
    try:
        response = (
            _middleware(request)
            or links.answer(world, request)
            or _run(world, request, route, operation)
        )
    except RefusedError as refusal:
        response = refusal.response
    except RecursionError:
        response = crashed().response  # JSON is nested too deeply for the server, too
    if world.flavour == "oss":
        allow = {} if route is None else {"Allow": route.allow}
        response = attrs.evolve(response, headers={**response.headers, **_ALWAYS, **allow})
    if request.method != "HEAD":
        return response
    length = {"Content-Length": str(len(response.body))}
    return attrs.evolve(response, headers={**response.headers, **length}, body=b"")


def _middleware(request: FakeRequest) -> FakeResponse | None:
    """Return the response to what is no request to the API."""
    if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
        return empty_response(200)  # a browser's preflight, whatever the path
    if request.method in {"GET", "HEAD"} and request.path in {"", "/"}:
        return FakeResponse(200, {"Content-Type": "text/html; charset=utf-8"}, b"Ok")
    return None


def _run(
    world: World, request: FakeRequest, route: Route | None, operation: Operation | None
) -> FakeResponse:
    if route is None:
        raise no_such_route()
    check_accepts_json(request)
    now = world.apply_due()
    if operation is not None and operation.has_own_token:
        grant = Grant.of("", next(iter(world.grants.values())).user, "none")
        return operation.handler(_context(world, request, route, grant, now))
    grant = authenticate(request, world.grants, world.grafana_url, world.flavour)
    if operation is None:
        raise _wrong_method(request, route)
    authorize(grant, operation.role, needs_user=operation.needs_user)
    world.throttle.admit(
        world.rate_limit,
        grant.user.id,
        now,
        quota=operation.quota,
        has_reset=operation.has_reset,
    )
    if "\0" in route.id:
        raise crashed()  # the database refuses to look for it
    return operation.handler(_context(world, request, route, grant, now))


def _context(
    world: World, request: FakeRequest, route: Route, grant: Grant, now: datetime
) -> Context:
    return Context(world=world, grant=grant, now=now, request=request, path=route.path, id=route.id)


def _wrong_method(request: FakeRequest, route: Route) -> RefusedError:
    if any(operation.is_plain for operation in route.operations.values()):
        return detail(405, f'Method "{request.method}" not allowed.')
    return crashed()  # on the real server, a 500
