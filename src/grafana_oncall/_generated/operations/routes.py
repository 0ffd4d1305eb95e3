# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.routes import Route, RouteCreate, RouteUpdate

LIST_ROUTES: Final = Operation(
    id="list_routes",
    method="GET",
    path="routes/",
    permission="grafana-irm-app.integrations:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/routes/",
)


def list_routes(
    *,
    integration_id: str | UnsetType = UNSET,
    routing_regex: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[Route]]:
    """List routes, by integration and then by position; the default route is the last one.

    `GET /api/v1/routes/`
    """
    return Request(
        operation=LIST_ROUTES,
        path="routes/",
        returns=Page[Route],
        query=query(
            ("integration_id", integration_id),
            ("routing_regex", routing_regex),
            ("page", page),
            ("perpage", perpage),
        ),
    )


CREATE_ROUTE: Final = Operation(
    id="create_route",
    method="POST",
    path="routes/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the routes of the integration.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/routes/",
)


def create_route(body: RouteCreate) -> Request[Route]:
    """Add a route to an integration.

    `POST /api/v1/routes/`

    Without a `position` it becomes the last one before the default route; with one, those from
    there on move by one. An alert takes the first route that it matches.

    Not idempotent: a repeat adds the route once more.
    """
    return Request(operation=CREATE_ROUTE, path="routes/", returns=Route, body=body)


GET_ROUTE: Final = Operation(
    id="get_route",
    method="GET",
    path="routes/{route_id}/",
    permission="grafana-irm-app.integrations:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/routes/",
)


def get_route(route_id: str | Route) -> Request[Route]:
    """Get one route.

    `GET /api/v1/routes/{route_id}/`
    """
    return Request(
        operation=GET_ROUTE,
        path=f"routes/{segment('route_id', route_id, ID, Route)}/",
        returns=Route,
    )


UPDATE_ROUTE: Final = Operation(
    id="update_route",
    method="PUT",
    path="routes/{route_id}/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the route and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/routes/",
)


def update_route(route_id: str | Route, body: RouteUpdate) -> Request[Route]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/routes/{route_id}/`

    A `position` moves the route there, and those between by one. The server can also swap two
    routes (`manual_order`); that is not offered, because a repeat would swap them back.

    The default route of an integration is the one in `integration.default_route`: a change here
    shows there. It matches whatever its expression says.
    """
    return Request(
        operation=UPDATE_ROUTE,
        path=f"routes/{segment('route_id', route_id, ID, Route)}/",
        returns=Route,
        body=body,
    )


DELETE_ROUTE: Final = Operation(
    id="delete_route",
    method="DELETE",
    path="routes/{route_id}/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the route; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/routes/",
)


def delete_route(route_id: str | Route) -> Request[None]:
    """Delete a route.

    `DELETE /api/v1/routes/{route_id}/`

    The others keep their positions.
    """
    return Request(
        operation=DELETE_ROUTE,
        path=f"routes/{segment('route_id', route_id, ID, Route)}/",
        returns=type(None),
    )
