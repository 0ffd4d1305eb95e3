"""How users are notified."""

from __future__ import annotations

import attrs

from grafana_oncall._core.field_texts import DocumentedFields


@attrs.define(kw_only=True, eq=False)
class FakePersonalNotificationRule(DocumentedFields):
    """A step in notifying a user."""

    id: str
    user_id: str
    type: str
    important: bool = False
    position: int = 0
    duration: int = 300
    """In seconds; only shown of the type `wait`."""
