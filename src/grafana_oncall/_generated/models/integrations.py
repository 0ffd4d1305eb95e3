# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.types import UNSET, AwareDatetime, UnsetType, seconds

from . import labels as labels_1


@attrs.frozen(kw_only=True)
class TitleTemplate(Serializable):
    """Template of a channel that shows a title only; null means the default."""

    title: str | None = None


@attrs.frozen(kw_only=True)
class MessageTemplate(Serializable):
    """Templates of a channel without images; null means the default."""

    title: str | None = None
    message: str | None = None


@attrs.frozen(kw_only=True)
class RichTemplate(Serializable):
    """Templates of a channel with images; null means the default."""

    title: str | None = None
    message: str | None = None
    image_url: str | None = None


@attrs.frozen(kw_only=True)
class Templates(Serializable):
    """Jinja2 templates of an integration; null means the default."""

    grouping_key: str | None = None
    resolve_signal: str | None = None
    acknowledge_signal: str | None = None
    source_link: str | None = None
    slack: RichTemplate | None = None
    web: RichTemplate | None = None
    telegram: RichTemplate | None = None
    msteams: RichTemplate | None = None
    mattermost: RichTemplate | None = None
    webhook: RichTemplate | None = None
    email: MessageTemplate | None = None
    mobile_app: MessageTemplate | None = None
    sms: TitleTemplate | None = None
    phone_call: TitleTemplate | None = None


@attrs.frozen(kw_only=True)
class SlackRoute(Serializable):
    """Where a route posts in Slack."""

    channel_id: str | None = None
    enabled: bool | None = None


@attrs.frozen(kw_only=True)
class ChannelRoute(Serializable):
    """Where a route posts in a channel other than Slack."""

    id: str | None = None
    enabled: bool | None = None


@attrs.frozen(kw_only=True)
class DefaultRoute(Serializable):
    """The route for alerts that match no other."""

    id: str | None = None
    escalation_chain_id: str | None = None
    slack: SlackRoute | None = None
    telegram: ChannelRoute | None = None
    msteams: ChannelRoute | None = None
    mattermost: ChannelRoute | None = None
    mobile_app: ChannelRoute | None = None
    mobile_app_critical: ChannelRoute | None = None
    email: ChannelRoute | None = None
    webhook: ChannelRoute | None = None


@attrs.frozen(kw_only=True)
class Heartbeat(Serializable):
    """URL to call regularly; an alert is raised if the calls stop."""

    link: str | None = None


@attrs.frozen(kw_only=True)
class MaintenanceStart(Serializable):
    """A maintenance to start."""

    mode: MaintenanceMode
    """`debug` or `maintenance`."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] = attrs.field(converter=seconds)
    """How long it lasts."""


@attrs.frozen(kw_only=True)
class Integration(Serializable):
    """A source of alerts."""

    id: str
    type: IntegrationType
    """Type of the source of alerts; the open-source engine has fewer than Grafana Cloud."""
    name: str | None = None
    description_short: str | None = None
    team_id: str | None = None
    link: str | None = None
    """URL that receives alerts. It is a secret."""
    inbound_email: str | None = None
    """Email address that receives alerts."""
    default_route: DefaultRoute | None = None
    templates: Templates | None = None
    heartbeat: Heartbeat | None = None
    maintenance_mode: MaintenanceMode | None = None
    maintenance_started_at: AwareDatetime | None = None
    maintenance_end_at: AwareDatetime | None = None
    labels: tuple[labels_1.Label, ...] = ()
    """Empty on the open-source engine, which ignores labels of integrations."""
    dynamic_labels: tuple[labels_1.Label, ...] = ()
    """Labels whose value is a Jinja2 template."""

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True)
class TitleTemplateInput(Serializable):
    """Template of a channel that shows a title only; null resets, absent ones are unchanged."""

    title: str | None | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class MessageTemplateInput(Serializable):
    """Templates of a channel without images; null resets, absent ones are unchanged."""

    title: str | None | UnsetType = UNSET
    message: str | None | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class RichTemplateInput(Serializable):
    """Templates of a channel with images; null resets, absent ones are unchanged."""

    title: str | None | UnsetType = UNSET
    message: str | None | UnsetType = UNSET
    image_url: str | None | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class TemplatesInput(Serializable):
    """Jinja2 templates to set; null resets one or a whole block, absent ones are unchanged."""

    grouping_key: str | None | UnsetType = UNSET
    resolve_signal: str | None | UnsetType = UNSET
    acknowledge_signal: str | None | UnsetType = UNSET
    source_link: str | None | UnsetType = UNSET
    slack: RichTemplateInput | None | UnsetType = UNSET
    web: RichTemplateInput | None | UnsetType = UNSET
    telegram: RichTemplateInput | None | UnsetType = UNSET
    msteams: RichTemplateInput | None | UnsetType = UNSET
    mattermost: RichTemplateInput | None | UnsetType = UNSET
    webhook: RichTemplateInput | None | UnsetType = UNSET
    email: MessageTemplateInput | None | UnsetType = UNSET
    mobile_app: MessageTemplateInput | None | UnsetType = UNSET
    sms: TitleTemplateInput | None | UnsetType = UNSET
    phone_call: TitleTemplateInput | None | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class SlackRouteInput(Serializable):
    """Where a route posts in Slack."""

    channel_id: str | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class ChannelRouteInput(Serializable):
    """Where a route posts in a channel other than Slack."""

    id: str | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class DefaultRouteInput(Serializable):
    """The route for alerts that match no other; a block cannot be null."""

    escalation_chain_id: str | None | UnsetType = UNSET
    slack: SlackRouteInput | UnsetType = UNSET
    telegram: ChannelRouteInput | UnsetType = UNSET
    msteams: ChannelRouteInput | UnsetType = UNSET
    mattermost: ChannelRouteInput | UnsetType = UNSET
    mobile_app: ChannelRouteInput | UnsetType = UNSET
    mobile_app_critical: ChannelRouteInput | UnsetType = UNSET
    email: ChannelRouteInput | UnsetType = UNSET
    webhook: ChannelRouteInput | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class IntegrationCreate(Serializable):
    """An integration to create."""

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
    """Changes to an integration; absent members are unchanged."""

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
