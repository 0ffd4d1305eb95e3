"""What the server makes of a request: who sent it, whether they may, and what comes of it."""

from __future__ import annotations

from ._answers import FakeRequest, FakeResponse, RefusedError, crashed, no_such_route
from ._auth import authenticate, authorize
from ._context import Context
from ._routes import Operation, Route
from ._world import World


def answer(
    world: World, request: FakeRequest, route: Route | None, operation: Operation | None
) -> FakeResponse:
    """The answer, with all its effects on the world; refusals are answers too."""
    try:
        if route is None:
            raise no_such_route()
        return _run(world, request, route, operation)
    except RefusedError as refusal:
        return refusal.response


def _run(
    world: World, request: FakeRequest, route: Route, operation: Operation | None
) -> FakeResponse:
    now = world.settle()
    grant = authenticate(request, world.grants, world.grafana_url, world.flavour)
    if operation is None:
        raise crashed()  # a wrong method is a 500 on the real server, and no 405
    authorize(grant, operation.role)
    world.throttle.admit(world.rate_limit, grant.user.id, now)
    context = Context(
        world=world, grant=grant, now=now, request=request, path=route.path, id=route.id
    )
    return operation.handler(context)
