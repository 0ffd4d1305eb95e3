# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

import attrs

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import OpenStrEnum


class UserRole(OpenStrEnum):
    """Role of a user in the organization."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"
    NONE = "none"


@attrs.frozen(kw_only=True)
class SlackUser(Serializable):
    """The Slack account of a user.

    Attributes:
        user_id: Slack's id of the user.
        team_id: Slack's id of the workspace.
    """

    user_id: str
    """Slack's id of the user."""
    team_id: str
    """Slack's id of the workspace."""


@attrs.frozen(kw_only=True)
class User(Serializable):
    """A user of the organization.

    Attributes:
        id: Id of the user.
        username: Login name in Grafana.
        role: Role in Grafana.
        grafana_id: Number of the user in Grafana.
        email: Email address.
        is_phone_number_verified: Whether phone calls and SMS reach the user.
        timezone: Such as Europe/Berlin.
        teams: Ids of the user's teams.
        slack: The account in Slack; null for none.
        phone_number: Grafana Cloud only; null if it may not be seen.
        phone_number_status: Grafana Cloud only: available, private or not_configured.
    """

    id: str
    """Id of the user."""
    username: str
    """Login name in Grafana."""
    role: UserRole
    """Role in Grafana."""
    grafana_id: int | None = None
    """Number of the user in Grafana."""
    email: str | None = None
    """Email address."""
    is_phone_number_verified: bool | None = None
    """Whether phone calls and SMS reach the user."""
    timezone: str | None = None
    """Such as Europe/Berlin."""
    teams: tuple[str, ...] = ()
    """Ids of the user's teams."""
    slack: SlackUser | None = None
    """The account in Slack; null for none."""
    phone_number: str | None = None
    """Grafana Cloud only; null if it may not be seen."""
    phone_number_status: str | None = None
    """Grafana Cloud only: available, private or not_configured."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)
