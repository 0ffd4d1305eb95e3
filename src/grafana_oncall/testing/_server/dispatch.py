"""Routing: from a request through authentication to its operation and response."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

import attrs

from grafana_oncall.testing._resources import integrations
from grafana_oncall.testing._resources.actions import act
from grafana_oncall.testing._resources.alert_groups import (
    add_label,
    delete_group,
    get_group,
    list_groups,
    remove_label,
)
from grafana_oncall.testing._resources.people import TEAMS, USERS, current_user

from .auth import authenticate, authorize
from .bodies import check_accepts_json
from .context import Context
from .responses import (
    FakeRequest,
    FakeResponse,
    RefusedError,
    crashed,
    empty_response,
    no_such_route,
)
from .state import Flavour, Role
from .world import World

_API = re.compile(r"(?:/[^/]+)*?(?P<path>/api/v1/(?P<rest>[^/].*?)/?)")
_ID = re.compile(r"[^/.]+")


@attrs.frozen(kw_only=True)
class Operation:
    """An operation of the API: name, required role, and handler."""

    name: str
    role: Role
    handler: Callable[[Context], FakeResponse]


@attrs.frozen(kw_only=True)
class Route:
    """A known path, and its operations by method."""

    path: str
    id: str
    operations: dict[str, Operation]

    def operation(self, method: str) -> Operation | None:
        """Return the operation of a method; HEAD is GET, without the body of its response."""
        return self.operations.get("GET" if method == "HEAD" else method)


def _operation(name: str, role: Role, handler: Callable[[Context], FakeResponse]) -> Operation:
    return Operation(name=name, role=role, handler=handler)


def _action(name: str) -> dict[str, Operation]:
    return {"POST": _operation(f"{name}_alert_group", "editor", partial(act, name))}


_UPDATE = _operation("update_integration", "admin", integrations.update_integration)
_TABLE: dict[tuple[str, ...], dict[str, Operation]] = {
    ("integrations",): {
        "GET": _operation("list_integrations", "viewer", integrations.INTEGRATIONS.list),
        "POST": _operation("create_integration", "admin", integrations.create_integration),
    },
    ("integrations", "{id}"): {
        "GET": _operation("get_integration", "viewer", integrations.INTEGRATIONS.get),
        "PUT": _UPDATE,
        "PATCH": _UPDATE,  # undocumented; PUT merges too, so they are the same
        "DELETE": _operation("delete_integration", "admin", integrations.delete_integration),
    },
    ("alert_groups",): {"GET": _operation("list_alert_groups", "viewer", list_groups)},
    ("alert_groups", "{id}"): {
        "GET": _operation("get_alert_group", "viewer", get_group),
        "DELETE": _operation("delete_alert_group", "editor", delete_group),
    },
    ("alert_groups", "{id}", "acknowledge"): _action("acknowledge"),
    ("alert_groups", "{id}", "unacknowledge"): _action("unacknowledge"),
    ("alert_groups", "{id}", "resolve"): _action("resolve"),
    ("alert_groups", "{id}", "unresolve"): _action("unresolve"),
    ("alert_groups", "{id}", "silence"): _action("silence"),
    ("alert_groups", "{id}", "unsilence"): _action("unsilence"),
    ("users",): {"GET": _operation("list_users", "viewer", USERS.list)},
    ("users", "current"): {"GET": _operation("get_current_user", "viewer", current_user)},
    ("users", "{id}"): {"GET": _operation("get_user", "viewer", USERS.get)},
    ("teams",): {"GET": _operation("list_teams", "viewer", TEAMS.list)},
    ("teams", "{id}"): {"GET": _operation("get_team", "viewer", TEAMS.get)},
}
_CLOUD_ONLY: dict[tuple[str, ...], dict[str, Operation]] = {
    ("alert_groups", "{id}", "labels"): {
        "POST": _operation("add_alert_group_label", "editor", add_label)
    },
    ("alert_groups", "{id}", "labels", "remove"): {
        "POST": _operation("remove_alert_group_label", "editor", remove_label)
    },
}
_KINDS = sorted({path[0].removesuffix("s") for path in _TABLE}, key=len, reverse=True)
_KIND = re.compile(f"_({'|'.join(_KINDS)})s?")
_TABLES = {"oss": _TABLE, "cloud": {**_TABLE, **_CLOUD_ONLY}}
OPERATION_NAMES = tuple(
    dict.fromkeys(
        operation.name
        for operations in _TABLES["cloud"].values()
        for operation in operations.values()
    )
)


def operation_name(name: str) -> str:
    """Return the full name of an operation, from that or a short one such as `"acknowledge"`.

    Raises:
        ValueError: No operation has this name, or several have this short name.
    """
    if name in OPERATION_NAMES:
        return name
    meant = [full for full in OPERATION_NAMES if _KIND.sub("", full) == name]
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
    table = _TABLES[flavour]
    shape = tuple(segments)
    if shape not in table:
        shape = (segments[0], *("{id}" for _ in segments[1:2]), *segments[2:])
    if shape not in table or (len(segments) > 1 and not _ID.fullmatch(named)):
        return None
    return Route(path=match["path"], id=named, operations=table[shape])


def respond(
    world: World, request: FakeRequest, route: Route | None, operation: Operation | None
) -> FakeResponse:
    """Process a request with all its effects, and return the response, which may be a refusal."""
    try:
        response = _middleware(request) or _run(world, request, route, operation)
    except RefusedError as refusal:
        response = refusal.response
    except RecursionError:
        response = crashed().response  # JSON is nested too deeply for the server, too
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
    grant = authenticate(request, world.grants, world.grafana_url, world.flavour)
    if operation is None:
        raise crashed()  # a wrong method is a 500 on the real server, not a 405
    authorize(grant, operation.role)
    world.throttle.admit(world.rate_limit, grant.user.id, now)
    if "\0" in route.id:
        raise crashed()  # the database refuses to look for it
    context = Context(
        world=world, grant=grant, now=now, request=request, path=route.path, id=route.id
    )
    return operation.handler(context)
