"""The routes of integrations."""

from __future__ import annotations

from typing import Any

import attrs

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall.testing._server.state import FakeIntegration

from .references import refers_to


@attrs.define(kw_only=True, eq=False)
class FakeRoute(DocumentedFields):
    """Where the alerts of an integration go that match an expression, or that match no other.

    `settings` have the shape of a default route in the API. Those of the default route are
    `integration.default_route` itself.
    """

    id: str
    integration_id: str = attrs.field(metadata=refers_to(FakeIntegration, "deleted"))
    settings: dict[str, Any]
    """Where it posts and whom it notifies, as in the API."""
    position: int = 0
    routing_type: str = "regex"
    routing_regex: str | None = None
    is_default: bool = False
    """Whether it takes the alerts that match no other route."""

    @property
    def escalation_chain_id(self) -> str | None:
        """The chain that it leads to."""
        chain_id: str | None = self.settings["escalation_chain_id"]
        return chain_id


def default_route(integration: FakeIntegration) -> FakeRoute:
    """Return the default route of an integration, for the list of routes."""
    return FakeRoute(
        id=integration.default_route["id"],
        integration_id=integration.id,
        settings=integration.default_route,
        is_default=True,
    )
