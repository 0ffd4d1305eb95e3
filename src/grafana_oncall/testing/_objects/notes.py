"""Notes about alert groups."""

from __future__ import annotations

from datetime import datetime

import attrs

from grafana_oncall._core.field_texts import DocumentedFields


@attrs.define(kw_only=True, eq=False)
class FakeResolutionNote(DocumentedFields):
    """A note about an alert group, with which it goes."""

    id: str
    alert_group_id: str
    author: str | None
    """Id of a user; a service account is no author."""
    source: str = "Web"
    created_at: datetime
    text: str
