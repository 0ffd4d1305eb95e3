# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, AwareDatetime, UnsetType, seconds

from . import labels as labels_1


@attrs.frozen(kw_only=True)
class TitleTemplate(Serializable):
    """Template of a channel that shows a title only; null means the default.

    Attributes:
        title: Template of the title.
    """

    title: str | None = None
    """Template of the title."""


@attrs.frozen(kw_only=True)
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


@attrs.frozen(kw_only=True)
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


@attrs.frozen(kw_only=True)
class Templates(Serializable):
    """Jinja2 templates of an integration; null means the default.

    Attributes:
        grouping_key: What alerts of the same group have in common.
        resolve_signal: Whether an alert resolves its group.
        acknowledge_signal: Whether an alert acknowledges its group.
        source_link: URL of where the alert comes from.
        slack: How an alert looks in Slack.
        web: How an alert looks on the web.
        telegram: How an alert looks in Telegram.
        msteams: How an alert looks in Microsoft Teams.
        mattermost: How an alert looks in Mattermost.
        webhook: How an alert looks in a webhook.
        email: How an alert looks in an email.
        mobile_app: How an alert looks in the mobile app.
        sms: How an alert looks in an SMS.
        phone_call: How an alert looks in a phone call.
    """

    grouping_key: str | None = None
    """What alerts of the same group have in common."""
    resolve_signal: str | None = None
    """Whether an alert resolves its group."""
    acknowledge_signal: str | None = None
    """Whether an alert acknowledges its group."""
    source_link: str | None = None
    """URL of where the alert comes from."""
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
    """How an alert looks in a webhook."""
    email: MessageTemplate | None = None
    """How an alert looks in an email."""
    mobile_app: MessageTemplate | None = None
    """How an alert looks in the mobile app."""
    sms: TitleTemplate | None = None
    """How an alert looks in an SMS."""
    phone_call: TitleTemplate | None = None
    """How an alert looks in a phone call."""


@attrs.frozen(kw_only=True)
class SlackRoute(Serializable):
    """Where a route posts in Slack.

    Attributes:
        channel_id: Slack's id of the channel.
        enabled: Whether it posts there.
    """

    channel_id: str | None = None
    """Slack's id of the channel."""
    enabled: bool | None = None
    """Whether it posts there."""


@attrs.frozen(kw_only=True)
class ChannelRoute(Serializable):
    """Where a route posts in a channel other than Slack.

    Attributes:
        id: Id of the channel.
        enabled: Whether it posts there.
    """

    id: str | None = None
    """Id of the channel."""
    enabled: bool | None = None
    """Whether it posts there."""


@attrs.frozen(kw_only=True)
class DefaultRoute(Serializable):
    """The route for alerts that match no other.

    Attributes:
        id: Id of the route.
        escalation_chain_id: Id of the escalation chain that it starts.
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
    """Id of the escalation chain that it starts."""
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


@attrs.frozen(kw_only=True)
class Heartbeat(Serializable):
    """URL to call regularly; an alert is raised if the calls stop.

    Attributes:
        link: URL that the heartbeats are sent to.
    """

    link: str | None = None
    """URL that the heartbeats are sent to."""


@attrs.frozen(kw_only=True)
class MaintenanceStart(Serializable):
    """A maintenance to start.

    Attributes:
        mode: `debug` or `maintenance`.
        duration: How long it lasts.
    """

    mode: MaintenanceMode
    """`debug` or `maintenance`."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] = attrs.field(converter=seconds)
    """How long it lasts."""


@attrs.frozen(kw_only=True)
class Integration(Serializable):
    """A source of alerts.

    Attributes:
        id: Id of the integration.
        type: Type of the source of alerts; the open-source engine has fewer than Grafana
            Cloud.
        name: Unique within the team.
        description_short: Description of one line.
        team_id: Id of the team; null for none.
        link: URL that receives alerts. It is a secret.
        inbound_email: Email address that receives alerts.
        default_route: Where alerts go that match no other route.
        templates: How alerts look, are grouped and resolved.
        heartbeat: Where it reports that it is alive.
        maintenance_mode: The kind of the maintenance; null when there is none.
        maintenance_started_at: When the maintenance began.
        maintenance_end_at: When the maintenance ends.
        labels: Empty on the open-source engine, which ignores labels of integrations.
        dynamic_labels: Labels whose value is a Jinja2 template.
    """

    id: str
    """Id of the integration."""
    type: IntegrationType
    """Type of the source of alerts; the open-source engine has fewer than Grafana Cloud."""
    name: str | None = None
    """Unique within the team."""
    description_short: str | None = None
    """Description of one line."""
    team_id: str | None = None
    """Id of the team; null for none."""
    link: str | None = None
    """URL that receives alerts. It is a secret."""
    inbound_email: str | None = None
    """Email address that receives alerts."""
    default_route: DefaultRoute | None = None
    """Where alerts go that match no other route."""
    templates: Templates | None = None
    """How alerts look, are grouped and resolved."""
    heartbeat: Heartbeat | None = None
    """Where it reports that it is alive."""
    maintenance_mode: MaintenanceMode | None = None
    """The kind of the maintenance; null when there is none."""
    maintenance_started_at: AwareDatetime | None = None
    """When the maintenance began."""
    maintenance_end_at: AwareDatetime | None = None
    """When the maintenance ends."""
    labels: tuple[labels_1.Label, ...] = ()
    """Empty on the open-source engine, which ignores labels of integrations."""
    dynamic_labels: tuple[labels_1.Label, ...] = ()
    """Labels whose value is a Jinja2 template."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True)
class TitleTemplateInput(Serializable):
    """Template of a channel that shows a title only; null resets, absent ones are unchanged.

    Attributes:
        title: Template of the title.
    """

    title: str | None | UnsetType = UNSET
    """Template of the title."""


@attrs.frozen(kw_only=True)
class MessageTemplateInput(Serializable):
    """Templates of a channel without images; null resets, absent ones are unchanged.

    Attributes:
        title: Template of the title.
        message: Template of the text.
    """

    title: str | None | UnsetType = UNSET
    """Template of the title."""
    message: str | None | UnsetType = UNSET
    """Template of the text."""


@attrs.frozen(kw_only=True)
class RichTemplateInput(Serializable):
    """Templates of a channel with images; null resets, absent ones are unchanged.

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


@attrs.frozen(kw_only=True)
class TemplatesInput(Serializable):
    """Jinja2 templates to set; null resets one or a whole block, absent ones are unchanged.

    Attributes:
        grouping_key: What alerts of the same group have in common.
        resolve_signal: Whether an alert resolves its group.
        acknowledge_signal: Whether an alert acknowledges its group.
        source_link: URL of where the alert comes from.
        slack: How an alert looks in Slack.
        web: How an alert looks on the web.
        telegram: How an alert looks in Telegram.
        msteams: How an alert looks in Microsoft Teams.
        mattermost: How an alert looks in Mattermost.
        webhook: How an alert looks in a webhook.
        email: How an alert looks in an email.
        mobile_app: How an alert looks in the mobile app.
        sms: How an alert looks in an SMS.
        phone_call: How an alert looks in a phone call.
    """

    grouping_key: str | None | UnsetType = UNSET
    """What alerts of the same group have in common."""
    resolve_signal: str | None | UnsetType = UNSET
    """Whether an alert resolves its group."""
    acknowledge_signal: str | None | UnsetType = UNSET
    """Whether an alert acknowledges its group."""
    source_link: str | None | UnsetType = UNSET
    """URL of where the alert comes from."""
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
    """How an alert looks in a webhook."""
    email: MessageTemplateInput | None | UnsetType = UNSET
    """How an alert looks in an email."""
    mobile_app: MessageTemplateInput | None | UnsetType = UNSET
    """How an alert looks in the mobile app."""
    sms: TitleTemplateInput | None | UnsetType = UNSET
    """How an alert looks in an SMS."""
    phone_call: TitleTemplateInput | None | UnsetType = UNSET
    """How an alert looks in a phone call."""


@attrs.frozen(kw_only=True)
class SlackRouteInput(Serializable):
    """Where a route posts in Slack.

    Attributes:
        channel_id: Slack's id of the channel.
        enabled: Whether it posts there.
    """

    channel_id: str | None | UnsetType = UNSET
    """Slack's id of the channel."""
    enabled: bool | UnsetType = UNSET
    """Whether it posts there."""


@attrs.frozen(kw_only=True)
class ChannelRouteInput(Serializable):
    """Where a route posts in a channel other than Slack.

    Attributes:
        id: Id of the channel.
        enabled: Whether it posts there.
    """

    id: str | None | UnsetType = UNSET
    """Id of the channel."""
    enabled: bool | UnsetType = UNSET
    """Whether it posts there."""


@attrs.frozen(kw_only=True)
class DefaultRouteInput(Serializable):
    """The route for alerts that match no other; a block cannot be null.

    Attributes:
        escalation_chain_id: Id of the escalation chain that it starts.
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
    """Id of the escalation chain that it starts."""
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


@attrs.frozen(kw_only=True)
class IntegrationCreate(Serializable):
    """An integration to create.

    Attributes:
        type: Such as `webhook`, `alertmanager` or `grafana`.
        name: Unique within the team; without it, the server generates one.
        description_short: Description of one line.
        team_id: Id of the team.
        labels: Static labels, such as `{"team": "SRE"}`.
        dynamic_labels: Labels whose values are Jinja2 templates, evaluated for each alert.
        templates: How alerts look; the Jinja2 syntax of each is checked.
        default_route: Where alerts go that match no other route.
    """

    type: IntegrationType
    """Such as `webhook`, `alertmanager` or `grafana`."""
    name: str | UnsetType = UNSET
    """Unique within the team; without it, the server generates one."""
    description_short: str | None | UnsetType = UNSET
    """Description of one line."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    labels: Sequence[labels_1.LabelInput] | UnsetType = UNSET
    """Static labels, such as `{"team": "SRE"}`."""
    dynamic_labels: Sequence[labels_1.DynamicLabelInput] | UnsetType = UNSET
    """Labels whose values are Jinja2 templates, evaluated for each alert."""
    templates: TemplatesInput | UnsetType = UNSET
    """How alerts look; the Jinja2 syntax of each is checked."""
    default_route: DefaultRouteInput | UnsetType = UNSET
    """Where alerts go that match no other route."""


@attrs.frozen(kw_only=True)
class IntegrationUpdate(Serializable):
    """Changes to an integration; absent members are unchanged.

    Attributes:
        name: New name, unique within the team.
        description_short: Description of one line; null empties it.
        team_id: Id of the new team; null for no team.
        labels: Static labels, which replace the current ones; an empty mapping removes them
            all.
        dynamic_labels: Dynamic labels, which replace the current ones; an empty mapping
            removes them all.
        templates: Templates to set or to reset.
        default_route: Parts of the default route to set.
    """

    name: str | UnsetType = UNSET
    """New name, unique within the team."""
    description_short: str | None | UnsetType = UNSET
    """Description of one line; null empties it."""
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
"""What becomes of the alerts while it lasts.

Known values, to which servers may add: 'debug', 'maintenance'.
"""
