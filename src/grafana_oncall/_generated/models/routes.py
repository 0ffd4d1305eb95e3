# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, UnsetType

from . import integrations


@attrs.frozen(kw_only=True, weakref_slot=False)
class Route(Serializable):
    """Where the alerts of an integration go that match an expression.

    Attributes:
        id: Id of the route.
        integration_id: Id of the integration.
        position: Place among the routes of the integration, from 0; there may be gaps.
        is_the_last_route: Whether it is the default route, which has a position of its own.
        escalation_chain_id: Null if nothing escalates.
        routing_type: How alerts are matched.
        routing_regex: The expression; null on the default route.
        slack: Where it posts in Slack.
        telegram: Where it posts in Telegram.
        msteams: Where it posts in Microsoft Teams.
        mattermost: Where it posts in Mattermost.
        mobile_app: Whether it notifies by the mobile app.
        mobile_app_critical: Whether it notifies by the mobile app, as important
            notifications.
        email: Whether it notifies by email.
        webhook: Whether it notifies by webhooks.
    """

    id: str
    """Id of the route."""
    integration_id: str
    """Id of the integration."""
    position: int
    """Place among the routes of the integration, from 0; there may be gaps."""
    is_the_last_route: bool
    """Whether it is the default route, which has a position of its own."""
    escalation_chain_id: str | None = None
    """Null if nothing escalates."""
    routing_type: RoutingType | None = None
    """How alerts are matched."""
    routing_regex: str | None = None
    """The expression; null on the default route."""
    slack: integrations.SlackRoute | None = None
    """Where it posts in Slack."""
    telegram: integrations.ChannelRoute | None = None
    """Where it posts in Telegram."""
    msteams: integrations.ChannelRoute | None = None
    """Where it posts in Microsoft Teams."""
    mattermost: integrations.ChannelRoute | None = None
    """Where it posts in Mattermost."""
    mobile_app: integrations.ChannelRoute | None = None
    """Whether it notifies by the mobile app."""
    mobile_app_critical: integrations.ChannelRoute | None = None
    """Whether it notifies by the mobile app, as important notifications."""
    email: integrations.ChannelRoute | None = None
    """Whether it notifies by email."""
    webhook: integrations.ChannelRoute | None = None
    """Whether it notifies by webhooks."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class RouteCreate(Serializable):
    """A route to add to an integration.

    Attributes:
        integration_id: Id of the integration.
        escalation_chain_id: Id of the escalation chain; null escalates nothing.
        routing_regex: The expression, which the alert's payload as JSON must match
            somewhere.
        routing_type: How the expression is read; `regex` by default.
        position: Place among the routes of the integration, from 0; -1, the default, is the
            end.
        slack: Where it posts in Slack.
        telegram: Where it posts in Telegram.
        msteams: Where it posts in Microsoft Teams.
        mattermost: Where it posts in Mattermost.
        mobile_app: Whether it notifies by the mobile app.
        mobile_app_critical: Whether it notifies by the mobile app, as important
            notifications.
        email: Whether it notifies by email.
        webhook: Whether it notifies by webhooks.
    """

    integration_id: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the integration."""
    escalation_chain_id: str | None
    """Id of the escalation chain; null escalates nothing."""
    routing_regex: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    """The expression, which the alert's payload as JSON must match somewhere."""
    routing_type: RoutingType | UnsetType = UNSET
    """How the expression is read; `regex` by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place among the routes of the integration, from 0; -1, the default, is the end."""
    slack: integrations.SlackRouteInput | UnsetType = UNSET
    """Where it posts in Slack."""
    telegram: integrations.ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Telegram."""
    msteams: integrations.ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Microsoft Teams."""
    mattermost: integrations.ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Mattermost."""
    mobile_app: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by the mobile app."""
    mobile_app_critical: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by the mobile app, as important notifications."""
    email: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by email."""
    webhook: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by webhooks."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class RouteUpdate(Serializable):
    """Changes to a route; absent members are unchanged, those of blocks as well.

    Attributes:
        escalation_chain_id: Id of the new escalation chain; null for none.
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
    """

    escalation_chain_id: str | None | UnsetType = UNSET
    """Id of the new escalation chain; null for none."""
    routing_regex: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)] | UnsetType = UNSET
    """The new expression."""
    routing_type: RoutingType | UnsetType = UNSET
    """How the expression is read."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """New place among the routes of the integration, from 0; -1 is the end."""
    slack: integrations.SlackRouteInput | UnsetType = UNSET
    """Where it posts in Slack."""
    telegram: integrations.ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Telegram."""
    msteams: integrations.ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Microsoft Teams."""
    mattermost: integrations.ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Mattermost."""
    mobile_app: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by the mobile app."""
    mobile_app_critical: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by the mobile app, as important notifications."""
    email: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by email."""
    webhook: integrations.ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by webhooks."""


if TYPE_CHECKING:
    RoutingType: TypeAlias = Literal["regex", "jinja2", "labels"] | str
else:
    RoutingType = str
"""How the expression of a route is read.

Known values, to which servers may add: 'regex', 'jinja2', 'labels'.
"""
