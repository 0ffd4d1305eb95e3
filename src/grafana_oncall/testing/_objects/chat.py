"""What OnCall knows of Slack."""

from __future__ import annotations

import attrs

from grafana_oncall._core.field_texts import DocumentedFields


@attrs.define(kw_only=True, eq=False)
class FakeSlackChannel(DocumentedFields):
    """A Slack channel; the API shows its name and its id in Slack only."""

    id: str
    """Id of the channel in OnCall."""
    name: str
    slack_id: str
    members: list[str] | None = None
    """Ids of the users in it, for steps that notify them; None if no test said."""


@attrs.define(kw_only=True, eq=False)
class FakeUserGroup(DocumentedFields):
    """A user group of Slack."""

    id: str
    name: str
    """Name of the group in Slack."""
    slack_handle: str
    """Handle of the group in Slack."""
    slack_id: str
    """Slack's id of the group."""
    members: list[str] | None = None
    """Ids of the users in it, for steps that notify them; None if no test said."""
