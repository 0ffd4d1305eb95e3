# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, AwareDatetime, UnsetType, seconds

from . import labels as labels_1


@attrs.frozen(kw_only=True, weakref_slot=False)
class TitleTemplate(Serializable):
    """Template of a channel that shows a title only; null means the default.

    Attributes:
        title: Template of the title.
    """

    title: str | None = None
    """Template of the title."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class MessageTemplate(Serializable):
    """Templates of a channel without images; null means the default.

    Attributes:
        title: Template of the title.
        message: Template of the text.
    """

    title: str | None = None
    """Template of the title."""
    message: str | None = None
    """Template of the text."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class RichTemplate(Serializable):
    """Templates of a channel with images; null means the default.

    Attributes:
        title: Template of the title.
        message: Template of the text.
        image_url: Template of the URL of an image.
    """

    title: str | None = None
    """Template of the title."""
    message: str | None = None
    """Template of the text."""
    image_url: str | None = None
    """Template of the URL of an image."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class Templates(Serializable):
    """Jinja2 templates of an integration; null means the default.

    Attributes:
        grouping_key: Alerts for which this makes the same text join one group; an empty
            text joins none.
        resolve_signal: An alert resolves its group if this makes `true`, `ok` or `1`, in
            any case.
        acknowledge_signal: An alert acknowledges its group if this makes `true`, `ok` or
            `1`, in any case.
        source_link: URL of the alert in the monitoring system.
        slack: How an alert looks in Slack.
        web: How an alert looks on the web.
        telegram: How an alert looks in Telegram.
        msteams: How an alert looks in Microsoft Teams.
        mattermost: How an alert looks in Mattermost.
        webhook: How an alert looks in a notification by webhook.
        email: How an alert looks in an email.
        mobile_app: How an alert looks in the mobile app.
        sms: How an alert looks in an SMS.
        phone_call: How an alert looks in a phone call.
    """

    grouping_key: str | None = None
    """Alerts for which this makes the same text join one group; an empty text joins none."""
    resolve_signal: str | None = None
    """An alert resolves its group if this makes `true`, `ok` or `1`, in any case."""
    acknowledge_signal: str | None = None
    """An alert acknowledges its group if this makes `true`, `ok` or `1`, in any case."""
    source_link: str | None = None
    """URL of the alert in the monitoring system."""
    slack: RichTemplate | None = None
    """How an alert looks in Slack."""
    web: RichTemplate | None = None
    """How an alert looks on the web."""
    telegram: RichTemplate | None = None
    """How an alert looks in Telegram."""
    msteams: RichTemplate | None = None
    """How an alert looks in Microsoft Teams."""
    mattermost: RichTemplate | None = None
    """How an alert looks in Mattermost."""
    webhook: RichTemplate | None = None
    """How an alert looks in a notification by webhook."""
    email: MessageTemplate | None = None
    """How an alert looks in an email."""
    mobile_app: MessageTemplate | None = None
    """How an alert looks in the mobile app."""
    sms: TitleTemplate | None = None
    """How an alert looks in an SMS."""
    phone_call: TitleTemplate | None = None
    """How an alert looks in a phone call."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class SlackRoute(Serializable):
    """Where a route posts in Slack.

    Attributes:
        channel_id: Slack's id of the channel; null for none.
        enabled: Whether it posts there.
    """

    channel_id: str | None = None
    """Slack's id of the channel; null for none."""
    enabled: bool | None = None
    """Whether it posts there."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ChannelRoute(Serializable):
    """Whether and where a route notifies by a channel other than Slack.

    Attributes:
        id: Id of the channel, such as Telegram's; null for none.
        enabled: Whether it notifies by it.
    """

    id: str | None = None
    """Id of the channel, such as Telegram's; null for none."""
    enabled: bool | None = None
    """Whether it notifies by it."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class DefaultRoute(Serializable):
    """The route for alerts that match no other.

    Attributes:
        id: Id of the route.
        escalation_chain_id: Id of the escalation chain that it starts; null for none.
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

    id: str | None = None
    """Id of the route."""
    escalation_chain_id: str | None = None
    """Id of the escalation chain that it starts; null for none."""
    slack: SlackRoute | None = None
    """Where it posts in Slack."""
    telegram: ChannelRoute | None = None
    """Where it posts in Telegram."""
    msteams: ChannelRoute | None = None
    """Where it posts in Microsoft Teams."""
    mattermost: ChannelRoute | None = None
    """Where it posts in Mattermost."""
    mobile_app: ChannelRoute | None = None
    """Whether it notifies by the mobile app."""
    mobile_app_critical: ChannelRoute | None = None
    """Whether it notifies by the mobile app, as important notifications."""
    email: ChannelRoute | None = None
    """Whether it notifies by email."""
    webhook: ChannelRoute | None = None
    """Whether it notifies by webhooks."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class Heartbeat(Serializable):
    """What the source calls regularly: if the calls stop, for ten minutes unless set otherwise on the web, an alert is made.

    Attributes:
        link: URL to call by GET or POST. It is a secret.
    """

    link: str | None = None
    """URL to call by GET or POST. It is a secret."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class MaintenanceStart(Serializable):
    """A maintenance to start.

    Attributes:
        mode: `debug` does not escalate new alert groups; `maintenance` also attaches them
            to one maintenance group.
        duration: How long it lasts, as a timedelta (rounded up to seconds) or in whole
            seconds, from 1 second to 68 years.
    """

    mode: MaintenanceMode
    """`debug` does not escalate new alert groups; `maintenance` also attaches them to one
    maintenance group."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] = attrs.field(converter=seconds)
    """How long it lasts, as a timedelta (rounded up to seconds) or in whole seconds, from 1
    second to 68 years."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class Integration(Serializable):
    """A source of alerts.

    Attributes:
        id: Id of the integration.
        type: Type of the source of alerts; the open-source engine has fewer than Grafana
            Cloud.
        name: Unique within the team.
        description_short: One-line description; null for none.
        team_id: Id of the team; null for none.
        link: URL that receives alerts, which is a secret; null for types that receive none
            by HTTP.
        inbound_email: Email address that receives alerts; null for types that receive none
            by email.
        default_route: Where alerts go that match no other route.
        templates: How alerts look, are grouped and resolved.
        heartbeat: Where its source reports that it is alive; null for types without
            heartbeats.
        maintenance_mode: Mode of its maintenance; null if there is none.
        maintenance_started_at: When its maintenance began; null if there is none.
        maintenance_end_at: When its maintenance ends; null if there is none.
        labels: Static labels; empty on the open-source engine, which ignores labels of
            integrations.
        dynamic_labels: Labels whose values are Jinja2 templates; empty on the open-source
            engine.
    """

    id: str
    """Id of the integration."""
    type: IntegrationType
    """Type of the source of alerts; the open-source engine has fewer than Grafana Cloud."""
    name: str | None = None
    """Unique within the team."""
    description_short: str | None = None
    """One-line description; null for none."""
    team_id: str | None = None
    """Id of the team; null for none."""
    link: str | None = None
    """URL that receives alerts, which is a secret; null for types that receive none by HTTP."""
    inbound_email: str | None = None
    """Email address that receives alerts; null for types that receive none by email."""
    default_route: DefaultRoute | None = None
    """Where alerts go that match no other route."""
    templates: Templates | None = None
    """How alerts look, are grouped and resolved."""
    heartbeat: Heartbeat | None = None
    """Where its source reports that it is alive; null for types without heartbeats."""
    maintenance_mode: MaintenanceMode | None = None
    """Mode of its maintenance; null if there is none."""
    maintenance_started_at: AwareDatetime | None = None
    """When its maintenance began; null if there is none."""
    maintenance_end_at: AwareDatetime | None = None
    """When its maintenance ends; null if there is none."""
    labels: tuple[labels_1.Label, ...] = ()
    """Static labels; empty on the open-source engine, which ignores labels of integrations."""
    dynamic_labels: tuple[labels_1.Label, ...] = ()
    """Labels whose values are Jinja2 templates; empty on the open-source engine."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class TitleTemplateInput(Serializable):
    """Template of a channel that shows a title only; null resets it, absent it is unchanged.

    Attributes:
        title: Template of the title.
    """

    title: str | None | UnsetType = UNSET
    """Template of the title."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class MessageTemplateInput(Serializable):
    """Templates of a channel without images; null resets one, absent ones are unchanged.

    Attributes:
        title: Template of the title.
        message: Template of the text.
    """

    title: str | None | UnsetType = UNSET
    """Template of the title."""
    message: str | None | UnsetType = UNSET
    """Template of the text."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class RichTemplateInput(Serializable):
    """Templates of a channel with images; null resets one, absent ones are unchanged.

    Attributes:
        title: Template of the title.
        message: Template of the text.
        image_url: Template of the URL of an image.
    """

    title: str | None | UnsetType = UNSET
    """Template of the title."""
    message: str | None | UnsetType = UNSET
    """Template of the text."""
    image_url: str | None | UnsetType = UNSET
    """Template of the URL of an image."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class TemplatesInput(Serializable):
    """Jinja2 templates to set; null resets one or a whole block, absent ones are unchanged.

    Attributes:
        grouping_key: Alerts for which this makes the same text join one group; an empty
            text joins none.
        resolve_signal: An alert resolves its group if this makes `true`, `ok` or `1`, in
            any case.
        acknowledge_signal: An alert acknowledges its group if this makes `true`, `ok` or
            `1`, in any case.
        source_link: URL of the alert in the monitoring system.
        slack: How an alert looks in Slack.
        web: How an alert looks on the web.
        telegram: How an alert looks in Telegram.
        msteams: How an alert looks in Microsoft Teams.
        mattermost: How an alert looks in Mattermost.
        webhook: How an alert looks in a notification by webhook.
        email: How an alert looks in an email.
        mobile_app: How an alert looks in the mobile app.
        sms: How an alert looks in an SMS.
        phone_call: How an alert looks in a phone call.
    """

    grouping_key: str | None | UnsetType = UNSET
    """Alerts for which this makes the same text join one group; an empty text joins none."""
    resolve_signal: str | None | UnsetType = UNSET
    """An alert resolves its group if this makes `true`, `ok` or `1`, in any case."""
    acknowledge_signal: str | None | UnsetType = UNSET
    """An alert acknowledges its group if this makes `true`, `ok` or `1`, in any case."""
    source_link: str | None | UnsetType = UNSET
    """URL of the alert in the monitoring system."""
    slack: RichTemplateInput | None | UnsetType = UNSET
    """How an alert looks in Slack."""
    web: RichTemplateInput | None | UnsetType = UNSET
    """How an alert looks on the web."""
    telegram: RichTemplateInput | None | UnsetType = UNSET
    """How an alert looks in Telegram."""
    msteams: RichTemplateInput | None | UnsetType = UNSET
    """How an alert looks in Microsoft Teams."""
    mattermost: RichTemplateInput | None | UnsetType = UNSET
    """How an alert looks in Mattermost."""
    webhook: RichTemplateInput | None | UnsetType = UNSET
    """How an alert looks in a notification by webhook."""
    email: MessageTemplateInput | None | UnsetType = UNSET
    """How an alert looks in an email."""
    mobile_app: MessageTemplateInput | None | UnsetType = UNSET
    """How an alert looks in the mobile app."""
    sms: TitleTemplateInput | None | UnsetType = UNSET
    """How an alert looks in an SMS."""
    phone_call: TitleTemplateInput | None | UnsetType = UNSET
    """How an alert looks in a phone call."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class SlackRouteInput(Serializable):
    """Where a route posts in Slack.

    Attributes:
        channel_id: Slack's id of the channel; null for none.
        enabled: Whether it posts there.
    """

    channel_id: str | None | UnsetType = UNSET
    """Slack's id of the channel; null for none."""
    enabled: bool | UnsetType = UNSET
    """Whether it posts there."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ChannelRouteInput(Serializable):
    """Whether and where a route notifies by a channel other than Slack.

    Attributes:
        id: Id of the channel, such as Telegram's; null for none.
        enabled: Whether it notifies by it.
    """

    id: str | None | UnsetType = UNSET
    """Id of the channel, such as Telegram's; null for none."""
    enabled: bool | UnsetType = UNSET
    """Whether it notifies by it."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class DefaultRouteInput(Serializable):
    """The route for alerts that match no other; a block cannot be null.

    Attributes:
        escalation_chain_id: Id of the escalation chain that it starts; null for none.
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
    """Id of the escalation chain that it starts; null for none."""
    slack: SlackRouteInput | UnsetType = UNSET
    """Where it posts in Slack."""
    telegram: ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Telegram."""
    msteams: ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Microsoft Teams."""
    mattermost: ChannelRouteInput | UnsetType = UNSET
    """Where it posts in Mattermost."""
    mobile_app: ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by the mobile app."""
    mobile_app_critical: ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by the mobile app, as important notifications."""
    email: ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by email."""
    webhook: ChannelRouteInput | UnsetType = UNSET
    """Whether it notifies by webhooks."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class IntegrationCreate(Serializable):
    """An integration to create.

    Attributes:
        type: Such as `webhook`, `alertmanager` or `grafana`.
        name: Unique within the team, up to 150 characters; without it, the server generates
            one.
        description_short: One-line description.
        team_id: Id of the team; null for no team.
        labels: Static labels, such as `{"team": "SRE"}`.
        dynamic_labels: Labels whose values are Jinja2 templates, evaluated for each alert.
        templates: How alerts look; the Jinja2 syntax of each is checked.
        default_route: Where alerts go that match no other route.
    """

    type: IntegrationType
    """Such as `webhook`, `alertmanager` or `grafana`."""
    name: str | UnsetType = UNSET
    """Unique within the team, up to 150 characters; without it, the server generates one."""
    description_short: str | None | UnsetType = UNSET
    """One-line description."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team; null for no team."""
    labels: Sequence[labels_1.LabelInput] | UnsetType = UNSET
    """Static labels, such as `{"team": "SRE"}`."""
    dynamic_labels: Sequence[labels_1.DynamicLabelInput] | UnsetType = UNSET
    """Labels whose values are Jinja2 templates, evaluated for each alert."""
    templates: TemplatesInput | UnsetType = UNSET
    """How alerts look; the Jinja2 syntax of each is checked."""
    default_route: DefaultRouteInput | UnsetType = UNSET
    """Where alerts go that match no other route."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class IntegrationUpdate(Serializable):
    """Changes to an integration; absent members are unchanged.

    Attributes:
        name: New name, unique within the team, up to 150 characters.
        description_short: One-line description; null removes it.
        team_id: Id of the new team; null for no team.
        labels: Static labels, which replace the current ones; an empty mapping removes them
            all.
        dynamic_labels: Dynamic labels, which replace the current ones; an empty mapping
            removes them all.
        templates: Templates to set or to reset.
        default_route: Parts of the default route to set.
    """

    name: str | UnsetType = UNSET
    """New name, unique within the team, up to 150 characters."""
    description_short: str | None | UnsetType = UNSET
    """One-line description; null removes it."""
    team_id: str | None | UnsetType = UNSET
    """Id of the new team; null for no team."""
    labels: Sequence[labels_1.LabelInput] | UnsetType = UNSET
    """Static labels, which replace the current ones; an empty mapping removes them all."""
    dynamic_labels: Sequence[labels_1.DynamicLabelInput] | UnsetType = UNSET
    """Dynamic labels, which replace the current ones; an empty mapping removes them all."""
    templates: TemplatesInput | UnsetType = UNSET
    """Templates to set or to reset."""
    default_route: DefaultRouteInput | UnsetType = UNSET
    """Parts of the default route to set."""


if TYPE_CHECKING:
    IntegrationType: TypeAlias = (
        Literal[
            "alertmanager",
            "amazon_sns",
            "appdynamics",
            "curler",
            "datadog",
            "direct_paging",
            "elastalert",
            "fabric",
            "formatted_webhook",
            "grafana",
            "grafana_alerting",
            "heartbeat",
            "inbound_email",
            "jira",
            "kapacitor",
            "maintenance",
            "manual",
            "newrelic",
            "pagerduty",
            "pingdom",
            "prtg",
            "sentry",
            "sentry_platform",
            "servicenow",
            "slack_channel",
            "stackdriver",
            "uptimerobot",
            "webhook",
            "zabbix",
            "zendesk",
        ]
        | str
    )
else:
    IntegrationType = str
"""Type of the source of alerts; the open-source engine has fewer than Grafana Cloud.

Known values, to which servers may add: 'alertmanager', 'amazon_sns', 'appdynamics', 'curler', 'datadog', 'direct_paging', 'elastalert', 'fabric', 'formatted_webhook', 'grafana', 'grafana_alerting', 'heartbeat', 'inbound_email', 'jira', 'kapacitor', 'maintenance', 'manual', 'newrelic', 'pagerduty', 'pingdom', 'prtg', 'sentry', 'sentry_platform', 'servicenow', 'slack_channel', 'stackdriver', 'uptimerobot', 'webhook', 'zabbix', 'zendesk'.
"""


if TYPE_CHECKING:
    MaintenanceMode: TypeAlias = Literal["debug", "maintenance"] | str
else:
    MaintenanceMode = str
"""What a maintenance does with new alert groups: `debug` does not escalate them; `maintenance` also attaches them to one maintenance group.

Known values, to which servers may add: 'debug', 'maintenance'.
"""


ChannelRouteLike: TypeAlias = ChannelRouteInput | ChannelRoute | Mapping[str, Any] | None
"""A `ChannelRouteInput`, a mapping of its shape, or what was read: a `ChannelRoute`, or None for the defaults.
"""


DefaultRouteLike: TypeAlias = DefaultRouteInput | DefaultRoute | Mapping[str, Any] | None
"""A `DefaultRouteInput`, a mapping of its shape, or what was read: a `DefaultRoute`, or None for the defaults.
"""


SlackRouteLike: TypeAlias = SlackRouteInput | SlackRoute | Mapping[str, Any] | None
"""A `SlackRouteInput`, a mapping of its shape, or what was read: a `SlackRoute`, or None for the defaults.
"""


TemplatesLike: TypeAlias = TemplatesInput | Templates | Mapping[str, Any] | None
"""A `TemplatesInput`, a mapping of its shape, or what was read: a `Templates`, or None for the defaults.
"""
