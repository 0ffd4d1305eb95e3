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


@attrs.define(kw_only=True, eq=False)
class FakeWebhook(DocumentedFields):
    """A request that the server would send when something happens; the fake sends none."""

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
    """What came back to it."""

    @property
    def team_id(self) -> str | None:
        """The team, as the filter of the list names it."""
        return self.team
