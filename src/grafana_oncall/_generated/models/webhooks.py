# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, AwareDatetime, OpenStrEnum, UnsetType

from . import alert_groups


class EventType(OpenStrEnum):
    """What happened to an alert group.

    A webhook for status changes says which change it was."""

    ESCALATION = "escalation"
    ALERT_GROUP_CREATED = "alert group created"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    UNRESOLVE = "unresolve"
    UNACKNOWLEDGE = "unacknowledge"
    PERSONAL_NOTIFICATION = "personal notification"


@attrs.frozen(kw_only=True, weakref_slot=False)
class EventHeader(Serializable):
    """What happened, and when.

    Attributes:
        type: What happened.
        time: When it happened; of escalation and personal notification, when it was sent,
            if at all. Null for unacknowledge, unresolve and unsilence.
        until: When a silence ends; null for a silence without end.
    """

    type: EventType
    """What happened."""
    time: AwareDatetime | None = None
    """When it happened; of escalation and personal notification, when it was sent, if at all.
    Null for unacknowledge, unresolve and unsilence."""
    until: AwareDatetime | None = None
    """When a silence ends; null for a silence without end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class EventUser(Serializable):
    """A user in the payload of a webhook.

    Attributes:
        id: Id of the user.
        username: Login name in Grafana.
        email: Email address.
    """

    id: str
    """Id of the user."""
    username: str | None = None
    """Login name in Grafana."""
    email: str | None = None
    """Email address."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class EventAlertGroup(Serializable):
    """An alert group in the payload of a webhook. It may have changed since the event.

    Attributes:
        id: Id of the alert group.
        integration_id: Id of the integration, which may be deleted by now.
        alerts_count: Number of alerts in it.
        state: What it is now: firing, acknowledged, resolved or silenced.
        created_at: When its first alert arrived.
        team_id: Id of the team; null for none.
        route_id: Id of the route that its alerts took; null if it is deleted.
        resolved_at: When it was resolved; null if it is not.
        resolved_by: Id of the user who resolved it; null if an alert or an escalation step
            did.
        acknowledged_at: When it was acknowledged, which a resolved group still shows; null
            if it was not.
        acknowledged_by: Id of the user who acknowledged it; null if an alert did.
        labels: Values by key, where the API has a list; a server without labels sends an
            empty list.
        title: Title, made of the first alert; null after a wipe.
        permalinks: Links to it.
        silenced_at: When it was last silenced; null if it is not. Until when is not shown.
        last_alert: Its latest alert; null if it has none.
    """

    id: str
    """Id of the alert group."""
    integration_id: str
    """Id of the integration, which may be deleted by now."""
    alerts_count: int
    """Number of alerts in it."""
    state: alert_groups.AlertGroupState
    """What it is now: firing, acknowledged, resolved or silenced."""
    created_at: AwareDatetime
    """When its first alert arrived."""
    team_id: str | None = None
    """Id of the team; null for none."""
    route_id: str | None = None
    """Id of the route that its alerts took; null if it is deleted."""
    resolved_at: AwareDatetime | None = None
    """When it was resolved; null if it is not."""
    resolved_by: str | None = None
    """Id of the user who resolved it; null if an alert or an escalation step did."""
    acknowledged_at: AwareDatetime | None = None
    """When it was acknowledged, which a resolved group still shows; null if it was not."""
    acknowledged_by: str | None = None
    """Id of the user who acknowledged it; null if an alert did."""
    labels: Any = None
    """Values by key, where the API has a list; a server without labels sends an empty list."""
    title: str | None = None
    """Title, made of the first alert; null after a wipe."""
    permalinks: alert_groups.Permalinks | None = None
    """Links to it."""
    silenced_at: AwareDatetime | None = None
    """When it was last silenced; null if it is not. Until when is not shown."""
    last_alert: alert_groups.Alert | None = None
    """Its latest alert; null if it has none."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class EventIntegration(Serializable):
    """The integration of an alert group in the payload of a webhook.

    Attributes:
        id: Id of the integration.
        type: Such as webhook, alertmanager or grafana.
        name: Name and type of the integration, such as `ci - Webhook`.
        team: Name of its team; null for none.
        labels: Values by key; absent on a server without labels.
    """

    id: str
    """Id of the integration."""
    type: str | None = None
    """Such as webhook, alertmanager or grafana."""
    name: str | None = None
    """Name and type of the integration, such as `ci - Webhook`."""
    team: str | None = None
    """Name of its team; null for none."""
    labels: Any = None
    """Values by key; absent on a server without labels."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class EventWebhook(Serializable):
    """The webhook that was triggered.

    Attributes:
        id: Id of the webhook.
        name: Name of the webhook.
        labels: Values by key; absent on a server without labels.
    """

    id: str
    """Id of the webhook."""
    name: str | None = None
    """Name of the webhook."""
    labels: Any = None
    """Values by key; absent on a server without labels."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class WebhookEvent(Serializable):
    """What an outgoing webhook sends when something happens to an alert group.

    Attributes:
        event: What happened, and when.
        alert_group: The alert group when the event was sent, which may be some time after
            it.
        alert_group_id: Id of the alert group.
        user: The user who did it, or who is notified personally; null if no user did.
        alert_payload: Payload of the group's first alert; any JSON.
        integration: The integration that the alert group comes from.
        notified_users: The users who have been notified of the group.
        users_to_be_notified: The users whom steps of the escalation name or find on call,
            notified or not; not those of teams or user groups.
        alert_group_acknowledged_by: The user who acknowledged the group; null if none did.
        alert_group_resolved_by: The user who resolved the group; null if none did.
        webhook: The webhook that was triggered; absent on a server without labels.
        responses: The latest responses to other webhooks for the group, by webhook id;
            absent if there are none.
        external_id: Id of the alert group in another system that it is connected to.
    """

    event: EventHeader
    """What happened, and when."""
    alert_group: EventAlertGroup
    """The alert group when the event was sent, which may be some time after it."""
    alert_group_id: str
    """Id of the alert group."""
    user: EventUser | None = None
    """The user who did it, or who is notified personally; null if no user did."""
    alert_payload: Any = attrs.field(default=None, hash=False)
    """Payload of the group's first alert; any JSON."""
    integration: EventIntegration | None = None
    """The integration that the alert group comes from."""
    notified_users: tuple[EventUser, ...] = ()
    """The users who have been notified of the group."""
    users_to_be_notified: tuple[EventUser, ...] = ()
    """The users whom steps of the escalation name or find on call, notified or not; not those of
    teams or user groups."""
    alert_group_acknowledged_by: EventUser | None = None
    """The user who acknowledged the group; null if none did."""
    alert_group_resolved_by: EventUser | None = None
    """The user who resolved the group; null if none did."""
    webhook: EventWebhook | None = None
    """The webhook that was triggered; absent on a server without labels."""
    responses: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """The latest responses to other webhooks for the group, by webhook id; absent if there are
    none."""
    external_id: str | None = None
    """Id of the alert group in another system that it is connected to."""


class HttpMethod(OpenStrEnum):
    """Method of the request that a webhook sends. GET, DELETE and OPTIONS have no body."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"
    OPTIONS = "OPTIONS"
    PATCH = "PATCH"


@attrs.frozen(kw_only=True, weakref_slot=False)
class Webhook(Serializable):
    """A request that the server sends when something happens to an alert group.

    Attributes:
        id: Id of the webhook.
        name: Name of the webhook.
        is_webhook_enabled: Whether it is sent.
        team: Id of the team; null for none.
        data: The body, a Jinja2 template, if `forward_all` is false.
        username: User name for basic authentication.
        password: Sixteen asterisks if there is one, else null.
        authorization_header: Sixteen asterisks if there is one, else null.
        trigger_template: A Jinja2 template: the webhook is sent only if this makes `true`,
            in any case, or `1`.
        headers: Further headers: a JSON object as text, or a Jinja2 template that makes
            one.
        url: Where to send; a Jinja2 template.
        forward_all: Whether the body is the whole event.
        http_method: Method of the request.
        trigger_type: Which event it is sent for.
        integration_filter: Ids of the integrations whose groups it is sent for; null for
            all.
        preset: Its purpose, which decides some other members; null for none.
    """

    id: str
    """Id of the webhook."""
    name: str
    """Name of the webhook."""
    is_webhook_enabled: bool | None = None
    """Whether it is sent."""
    team: str | None = None
    """Id of the team; null for none."""
    data: str | None = None
    """The body, a Jinja2 template, if `forward_all` is false."""
    username: str | None = attrs.field(default=None, repr=False)
    """User name for basic authentication."""
    password: str | None = attrs.field(default=None, repr=False)
    """Sixteen asterisks if there is one, else null."""
    authorization_header: str | None = attrs.field(default=None, repr=False)
    """Sixteen asterisks if there is one, else null."""
    trigger_template: str | None = None
    """A Jinja2 template: the webhook is sent only if this makes `true`, in any case, or `1`."""
    headers: str | None = None
    """Further headers: a JSON object as text, or a Jinja2 template that makes one."""
    url: str | None = None
    """Where to send; a Jinja2 template."""
    forward_all: bool | None = None
    """Whether the body is the whole event."""
    http_method: HttpMethod | None = None
    """Method of the request."""
    trigger_type: TriggerType | None = None
    """Which event it is sent for."""
    integration_filter: tuple[str, ...] | None = None
    """Ids of the integrations whose groups it is sent for; null for all."""
    preset: Preset | None = None
    """Its purpose, which decides some other members; null for none."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class WebhookCreate(Serializable):
    """An outgoing webhook to create.

    Attributes:
        name: Unique in the organization, up to 100 characters.
        url: Where to send; a Jinja2 template.
        http_method: Method of the request.
        trigger_type: What a webhook is sent for: `escalation` by a step of an escalation
            chain, `status change` for any change of state. The last four are known to Grafana
            Cloud only.
        is_webhook_enabled: Whether it is sent at all, by default true.
        team: Id of the team; without it, the current team of the user, usually none.
        data: The body, a Jinja2 template, if `forward_all` is false.
        forward_all: Whether the body is the whole event, by default true.
        username: User name for basic authentication.
        password: Password for basic authentication.
        authorization_header: Value of the header Authorization, unless there are a user
            name and a password.
        headers: Further headers, as a mapping, or as a Jinja2 template that makes a JSON
            object.
        trigger_template: A Jinja2 template: the webhook is sent only if this makes `true`,
            in any case, or `1`.
        integration_filter: Ids of the integrations whose groups it is sent for; null for
            all.
        preset: Grafana Cloud only: the open-source engine refuses any.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """Unique in the organization, up to 100 characters."""
    url: Annotated[str, msgspec.Meta(min_length=1)]
    """Where to send; a Jinja2 template."""
    http_method: HttpMethod
    """Method of the request."""
    trigger_type: TriggerType
    """What a webhook is sent for: `escalation` by a step of an escalation chain, `status change`
    for any change of state. The last four are known to Grafana Cloud only."""
    is_webhook_enabled: bool | UnsetType = UNSET
    """Whether it is sent at all, by default true."""
    team: str | None | UnsetType = UNSET
    """Id of the team; without it, the current team of the user, usually none."""
    data: str | None | UnsetType = UNSET
    """The body, a Jinja2 template, if `forward_all` is false."""
    forward_all: bool | UnsetType = UNSET
    """Whether the body is the whole event, by default true."""
    username: str | None | UnsetType = attrs.field(default=UNSET, repr=False)
    """User name for basic authentication."""
    password: str | None | UnsetType = attrs.field(default=UNSET, repr=False)
    """Password for basic authentication."""
    authorization_header: str | None | UnsetType = attrs.field(default=UNSET, repr=False)
    """Value of the header Authorization, unless there are a user name and a password."""
    headers: str | None | UnsetType = UNSET
    """Further headers, as a mapping, or as a Jinja2 template that makes a JSON object."""
    trigger_template: str | None | UnsetType = UNSET
    """A Jinja2 template: the webhook is sent only if this makes `true`, in any case, or `1`."""
    integration_filter: Sequence[str] | None | UnsetType = UNSET
    """Ids of the integrations whose groups it is sent for; null for all."""
    preset: Preset | UnsetType = UNSET
    """Grafana Cloud only: the open-source engine refuses any."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class WebhookUpdate(Serializable):
    """Changes to an outgoing webhook; absent members are unchanged, but see `update`.

    Attributes:
        name: Unique in the organization, up to 100 characters.
        url: Where to send; a Jinja2 template.
        http_method: Method of the request.
        trigger_type: What a webhook is sent for: `escalation` by a step of an escalation
            chain, `status change` for any change of state. The last four are known to Grafana
            Cloud only.
        is_webhook_enabled: Whether it is sent at all.
        team: Id of the team; null for no team.
        data: The body, a Jinja2 template, if `forward_all` is false.
        forward_all: Whether the body is the whole event.
        username: User name for basic authentication.
        password: Password for basic authentication. Sixteen asterisks, as in responses,
            keep the present one.
        authorization_header: Value of the header Authorization, unless there are a user
            name and a password. Sixteen asterisks, as in responses, keep the present one.
        headers: Further headers, as a mapping, or as a Jinja2 template that makes a JSON
            object.
        trigger_template: A Jinja2 template: the webhook is sent only if this makes `true`,
            in any case, or `1`.
        integration_filter: Ids of the integrations whose groups it is sent for; null for
            all.
        preset: Grafana Cloud only: the open-source engine refuses any.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    """Unique in the organization, up to 100 characters."""
    url: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Where to send; a Jinja2 template."""
    http_method: HttpMethod | UnsetType = UNSET
    """Method of the request."""
    trigger_type: TriggerType | UnsetType = UNSET
    """What a webhook is sent for: `escalation` by a step of an escalation chain, `status change`
    for any change of state. The last four are known to Grafana Cloud only."""
    is_webhook_enabled: bool | UnsetType = UNSET
    """Whether it is sent at all."""
    team: str | None | UnsetType = UNSET
    """Id of the team; null for no team."""
    data: str | None | UnsetType = UNSET
    """The body, a Jinja2 template, if `forward_all` is false."""
    forward_all: bool | UnsetType = UNSET
    """Whether the body is the whole event."""
    username: str | None | UnsetType = attrs.field(default=UNSET, repr=False)
    """User name for basic authentication."""
    password: str | None | UnsetType = attrs.field(default=UNSET, repr=False)
    """Password for basic authentication. Sixteen asterisks, as in responses, keep the present
    one."""
    authorization_header: str | None | UnsetType = attrs.field(default=UNSET, repr=False)
    """Value of the header Authorization, unless there are a user name and a password. Sixteen
    asterisks, as in responses, keep the present one."""
    headers: str | None | UnsetType = UNSET
    """Further headers, as a mapping, or as a Jinja2 template that makes a JSON object."""
    trigger_template: str | None | UnsetType = UNSET
    """A Jinja2 template: the webhook is sent only if this makes `true`, in any case, or `1`."""
    integration_filter: Sequence[str] | None | UnsetType = UNSET
    """Ids of the integrations whose groups it is sent for; null for all."""
    preset: Preset | UnsetType = UNSET
    """Grafana Cloud only: the open-source engine refuses any."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class WebhookResponse(Serializable):
    """What a webhook sent, and what came back.

    Attributes:
        timestamp: When it was sent.
        url: Where it was sent, or what is wrong with the template of the URL.
        request_trigger: What `trigger_template` made, or what is wrong with it.
        request_headers: The headers that the webhook sets, as the text of a JSON object,
            with the value of Authorization masked; or what is wrong with them.
        request_data: The body that was sent, or what is wrong with its template; null if
            there was none.
        status_code: Status of the response; null if none came.
        content: The body of the response, of up to 50,000 bytes; or why none came.
        event_data: The event, as the text of a JSON object.
    """

    timestamp: AwareDatetime
    """When it was sent."""
    url: str | None = None
    """Where it was sent, or what is wrong with the template of the URL."""
    request_trigger: str | None = None
    """What `trigger_template` made, or what is wrong with it."""
    request_headers: str | None = None
    """The headers that the webhook sets, as the text of a JSON object, with the value of
    Authorization masked; or what is wrong with them."""
    request_data: str | None = None
    """The body that was sent, or what is wrong with its template; null if there was none."""
    status_code: int | None = None
    """Status of the response; null if none came."""
    content: str | None = None
    """The body of the response, of up to 50,000 bytes; or why none came."""
    event_data: str | None = None
    """The event, as the text of a JSON object."""


if TYPE_CHECKING:
    TriggerType: TypeAlias = (
        Literal[
            "escalation",
            "alert group created",
            "acknowledge",
            "resolve",
            "silence",
            "unsilence",
            "unresolve",
            "unacknowledge",
            "status change",
            "personal notification",
            "resolution note added",
            "incident declared",
            "incident changed",
            "incident resolved",
        ]
        | str
    )
else:
    TriggerType = str
"""What a webhook is sent for: `escalation` by a step of an escalation chain, `status change` for any change of state. The last four are known to Grafana Cloud only.

Known values, to which servers may add: 'escalation', 'alert group created', 'acknowledge', 'resolve', 'silence', 'unsilence', 'unresolve', 'unacknowledge', 'status change', 'personal notification', 'resolution note added', 'incident declared', 'incident changed', 'incident resolved'.
"""


if TYPE_CHECKING:
    Preset: TypeAlias = (
        Literal[
            "simple_webhook",
            "advanced_webhook",
            "incident_webhook",
            "grafana_assistant",
            "grafana_sift",
        ]
        | str
    )
else:
    Preset = str
"""Purpose of a webhook, which decides some of its members.

Known values, to which servers may add: 'simple_webhook', 'advanced_webhook', 'incident_webhook', 'grafana_assistant', 'grafana_sift'.
"""
