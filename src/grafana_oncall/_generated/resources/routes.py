# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of routes: a method for each operation."""

from __future__ import annotations

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.integrations import (
    ChannelRouteInput,
    ChannelRouteLike,
    SlackRouteInput,
    SlackRouteLike,
)
from ..models.routes import Route, RouteCreate, RouteUpdate, RoutingType
from ..operations import routes as operations


class Routes(Resource):
    """Where the alerts of an integration go.

    Writes need the Admin role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/routes/
    """

    def list(
        self,
        *,
        integration_id: str | None = None,
        routing_regex: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[Route]:
        """List routes, by integration and then by position; the default route is the last one.

        Args:
            integration_id: Id of the integration; an unknown one matches nothing.
            routing_regex: Exact expression of the route.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_routes(
            integration_id=arguments.identifier("integration_id", integration_id),
            routing_regex=arguments.text_filter("routing_regex", routing_regex),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def create(
        self,
        *,
        integration_id: str,
        escalation_chain_id: str | None,
        routing_regex: str,
        routing_type: RoutingType | UnsetType = UNSET,
        position: int | UnsetType = UNSET,
        slack: SlackRouteLike | UnsetType = UNSET,
        telegram: ChannelRouteLike | UnsetType = UNSET,
        msteams: ChannelRouteLike | UnsetType = UNSET,
        mattermost: ChannelRouteLike | UnsetType = UNSET,
        mobile_app: ChannelRouteLike | UnsetType = UNSET,
        mobile_app_critical: ChannelRouteLike | UnsetType = UNSET,
        email: ChannelRouteLike | UnsetType = UNSET,
        webhook: ChannelRouteLike | UnsetType = UNSET,
    ) -> Route:
        """Add a route to an integration.

        Without a `position` it becomes the last one before the default route; with one, those
        from there on move by one. An alert takes the first route that it matches.

        Not idempotent: a repeat adds the route once more.

        Args:
            integration_id: Id of the integration.
            escalation_chain_id: Id of the escalation chain; None escalates nothing.
            routing_regex: The expression, which the alert's payload as JSON must match
                somewhere.
            routing_type: How the expression is read; `regex` by default.
            position: Place among the routes of the integration, from 0; -1, the default, is
                the end.
            slack: Where it posts in Slack.
            telegram: Where it posts in Telegram.
            msteams: Where it posts in Microsoft Teams.
            mattermost: Where it posts in Mattermost.
            mobile_app: Whether it notifies by the mobile app.
            mobile_app_critical: Whether it notifies by the mobile app, as important
                notifications.
            email: Whether it notifies by email.
            webhook: Whether it notifies by webhooks.

        Raises:
            BadRequest: The integration, the escalation chain or a channel does not exist, or
                the expression is no regular expression of Python.
            OutcomeUnknown: There was no response, so the route may exist now.
        """
        body = bodies.body(
            RouteCreate,
            integration_id=arguments.filled("integration_id", integration_id),
            escalation_chain_id=escalation_chain_id,
            routing_regex=arguments.filled("routing_regex", routing_regex),
            routing_type=(
                routing_type
                if routing_type is UNSET
                else arguments.filled("routing_type", routing_type)
            ),
            position=position,
            slack=(slack if slack is UNSET else bodies.nested("slack", slack, SlackRouteInput)),
            telegram=(
                telegram
                if telegram is UNSET
                else bodies.nested("telegram", telegram, ChannelRouteInput)
            ),
            msteams=(
                msteams
                if msteams is UNSET
                else bodies.nested("msteams", msteams, ChannelRouteInput)
            ),
            mattermost=(
                mattermost
                if mattermost is UNSET
                else bodies.nested("mattermost", mattermost, ChannelRouteInput)
            ),
            mobile_app=(
                mobile_app
                if mobile_app is UNSET
                else bodies.nested("mobile_app", mobile_app, ChannelRouteInput)
            ),
            mobile_app_critical=(
                mobile_app_critical
                if mobile_app_critical is UNSET
                else bodies.nested("mobile_app_critical", mobile_app_critical, ChannelRouteInput)
            ),
            email=(email if email is UNSET else bodies.nested("email", email, ChannelRouteInput)),
            webhook=(
                webhook
                if webhook is UNSET
                else bodies.nested("webhook", webhook, ChannelRouteInput)
            ),
        )
        return await self._session.send(operations.create_route(body))

    async def get(self, route_id: str | Route) -> Route:
        """Get one route.

        Args:
            route_id: Id of the route, or the object.

        Raises:
            NotFound: There is no such route, or its integration is deleted.
        """
        return await self._session.send(operations.get_route(route_id))

    async def update(
        self,
        route_id: str | Route,
        *,
        escalation_chain_id: str | None | UnsetType = UNSET,
        routing_regex: str | UnsetType = UNSET,
        routing_type: RoutingType | UnsetType = UNSET,
        position: int | UnsetType = UNSET,
        slack: SlackRouteLike | UnsetType = UNSET,
        telegram: ChannelRouteLike | UnsetType = UNSET,
        msteams: ChannelRouteLike | UnsetType = UNSET,
        mattermost: ChannelRouteLike | UnsetType = UNSET,
        mobile_app: ChannelRouteLike | UnsetType = UNSET,
        mobile_app_critical: ChannelRouteLike | UnsetType = UNSET,
        email: ChannelRouteLike | UnsetType = UNSET,
        webhook: ChannelRouteLike | UnsetType = UNSET,
    ) -> Route:
        """Change the members that are given, and keep the others.

        A `position` moves the route there, and those between by one. The server can also swap
        two routes (`manual_order`); that is not offered, because a repeat would swap them back.

        The default route of an integration is the one in `integration.default_route`: a change
        here shows there. It matches whatever its expression says.

        With only one of `routing_type` and `routing_regex`, reads the route first and sends the
        other as it is, because the server would reset it or refuse the change. If another
        program changes it between the two requests, that change is undone.

        Args:
            route_id: Id of the route, or the object.
            escalation_chain_id: Id of the new escalation chain; None for none.
            routing_regex: The new expression.
            routing_type: How the expression is read.
            position: New place among the routes of the integration, from 0; -1 is the end.
            slack: Where it posts in Slack.
            telegram: Where it posts in Telegram.
            msteams: Where it posts in Microsoft Teams.
            mattermost: Where it posts in Mattermost.
            mobile_app: Whether it notifies by the mobile app.
            mobile_app_critical: Whether it notifies by the mobile app, as important
                notifications.
            email: Whether it notifies by email.
            webhook: Whether it notifies by webhooks.

        Raises:
            NotFound: There is no such route, or its integration is deleted.
            BadRequest: The escalation chain or a channel does not exist, the expression does
                not fit its type, or the server refuses None for `escalation_chain_id`, as the
                open-source engine does: it takes a chain away only in
                `integrations.update(default_route=…)`.
        """
        body = bodies.body(
            RouteUpdate,
            escalation_chain_id=escalation_chain_id,
            routing_regex=(
                routing_regex
                if routing_regex is UNSET
                else arguments.filled("routing_regex", routing_regex)
            ),
            routing_type=(
                routing_type
                if routing_type is UNSET
                else arguments.filled("routing_type", routing_type)
            ),
            position=position,
            slack=(slack if slack is UNSET else bodies.nested("slack", slack, SlackRouteInput)),
            telegram=(
                telegram
                if telegram is UNSET
                else bodies.nested("telegram", telegram, ChannelRouteInput)
            ),
            msteams=(
                msteams
                if msteams is UNSET
                else bodies.nested("msteams", msteams, ChannelRouteInput)
            ),
            mattermost=(
                mattermost
                if mattermost is UNSET
                else bodies.nested("mattermost", mattermost, ChannelRouteInput)
            ),
            mobile_app=(
                mobile_app
                if mobile_app is UNSET
                else bodies.nested("mobile_app", mobile_app, ChannelRouteInput)
            ),
            mobile_app_critical=(
                mobile_app_critical
                if mobile_app_critical is UNSET
                else bodies.nested("mobile_app_critical", mobile_app_critical, ChannelRouteInput)
            ),
            email=(email if email is UNSET else bodies.nested("email", email, ChannelRouteInput)),
            webhook=(
                webhook
                if webhook is UNSET
                else bodies.nested("webhook", webhook, ChannelRouteInput)
            ),
        )
        body = await self._merged(
            body, operations.get_route(route_id), ["routing_type", "routing_regex"], together=True
        )
        request = operations.update_route(route_id, body)
        return await self._change(request, operations.get_route(route_id))

    async def delete(self, route_id: str | Route) -> None:
        """Delete a route.

        The others keep their positions.

        Args:
            route_id: Id of the route, or the object.

        Raises:
            NotFound: There is no such route, or its integration is deleted.
            BadRequest: It is the default route of its integration.
        """
        return await self._session.send(operations.delete_route(route_id))
