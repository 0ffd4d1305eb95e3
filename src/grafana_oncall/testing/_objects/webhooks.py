"""Outgoing webhooks, and what came back to them."""

from __future__ import annotations

from datetime import datetime

import attrs

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall.testing._server.state import FakeIntegration

from .references import refers_to


@attrs.define(kw_only=True, eq=False)
class FakeWebhookResponse(DocumentedFields):
    """What a webhook sent at some time, and what came back."""

    timestamp: datetime
    url: str | None
    request_trigger: str | None
    request_headers: str | None
    request_data: str | None
    status_code: int | None
    content: str | None
    event_data: str | None
    trigger_type: str
    """What it was sent for, which the API does not show."""
    group: str | None = None
    """Id of the alert group, which the API does not show."""


@attrs.define(kw_only=True, eq=False)
class FakeWebhook(DocumentedFields):
    """A request that the server sends when something happens to an alert group."""

    id: str
    name: str
    is_webhook_enabled: bool | None = True
    team: str | None = None
    data: str | None = None
    username: str | None = attrs.field(default=None, repr=False)
    password: str | None = attrs.field(default=None, repr=False)
    authorization_header: str | None = attrs.field(default=None, repr=False)
    trigger_template: str | None = None
    headers: str | None = None
    url: str
    forward_all: bool = True
    http_method: str
    trigger_type: str
    integration_filter: list[str] = attrs.field(
        factory=list[str], metadata=refers_to(FakeIntegration, "dropped")
    )
    preset: str | None = None
    responses: list[FakeWebhookResponse] = attrs.field(factory=list[FakeWebhookResponse])
    """What came back to it, the latest 10,000."""

    @property
    def team_id(self) -> str | None:
        """The team, as the filter of the list names it."""
        return self.team


@attrs.define(kw_only=True, eq=False)
class WebhookRun:
    """A webhook that has been triggered and will be sent in a moment, or once more."""

    id: str
    webhook: str
    """Id of the webhook."""
    group: str
    """Id of the alert group."""
    type: str
    """What happened, such as `"acknowledge"`."""
    user: str | None
    """Id of the user who did it, or who is notified."""
    attempt: int = 1


@attrs.frozen(kw_only=True)
class WebhookDelivery(DocumentedFields):
    """An outgoing webhook was triggered: what was sent, and what came of it."""

    webhook: str
    """Id of the webhook."""
    group: str
    """Id of the alert group."""
    event: str
    """What it was about, such as `"acknowledge"`."""
    at: datetime
    """When it was sent, or would have been."""
    attempt: int = 1
    """1 to 4: the server repeats what got no response."""
    method: str
    """HTTP method."""
    url: str
    """Where it was sent; the template, if that was not rendered."""
    body: str | None = attrs.field(default=None, repr=False)
    """What was sent; None for nothing."""
    status: int | None = None
    """Status of the response; None if there is none."""
    reason: str | None = None
    """Why there is no response."""
