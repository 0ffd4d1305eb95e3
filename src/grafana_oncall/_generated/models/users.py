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


@attrs.frozen(kw_only=True, weakref_slot=False)
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


@attrs.frozen(kw_only=True, weakref_slot=False)
class User(Serializable):
    """A user of the organization.

    Attributes:
        id: Id of the user.
        username: Login name in Grafana.
        role: Role in Grafana.
        grafana_id: Id of the user in Grafana, a number.
        email: Email address.
        is_phone_number_verified: Whether the phone number is verified; only then do calls
            and text messages reach the user.
        timezone: Name of the time zone, such as Europe/Berlin; null if it is not known.
        teams: Ids of the user's teams.
        slack: The account in Slack; null for none.
        phone_number: Phone number; null if there is none, or it may not be seen. Grafana
            Cloud only.
        phone_number_status: `available`, `private` or `not_configured`. Grafana Cloud only.
    """

    id: str
    """Id of the user."""
    username: str
    """Login name in Grafana."""
    role: UserRole
    """Role in Grafana."""
    grafana_id: int | None = None
    """Id of the user in Grafana, a number."""
    email: str | None = None
    """Email address."""
    is_phone_number_verified: bool | None = None
    """Whether the phone number is verified; only then do calls and text messages reach the user."""
    timezone: str | None = None
    """Name of the time zone, such as Europe/Berlin; null if it is not known."""
    teams: tuple[str, ...] = ()
    """Ids of the user's teams."""
    slack: SlackUser | None = None
    """The account in Slack; null for none."""
    phone_number: str | None = None
    """Phone number; null if there is none, or it may not be seen. Grafana Cloud only."""
    phone_number_status: str | None = None
    """`available`, `private` or `not_configured`. Grafana Cloud only."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)
