# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.types import UNSET, UnsetType


@attrs.frozen(kw_only=True, weakref_slot=False)
class PagedUser(Serializable):
    """A user to page, by id or (Grafana Cloud only) by name.

    Attributes:
        important: Whether the user's rules for important notifications apply.
        id: Id of the user.
        username: Grafana Cloud only.
    """

    important: bool
    """Whether the user's rules for important notifications apply."""
    id: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Id of the user."""
    username: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Grafana Cloud only."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class EscalationCreate(Serializable):
    """Whom to page, and what for.

    Attributes:
        title: Title of the alert.
        message: Text of the alert.
        source_url: URL of where it comes from.
        users: The users to page.
        team: Id of the team; null for none.
        important_team_escalation: Whether the team's important notification rules are used.
        alert_group_id: Id of the alert group.
        metadata: Grafana Cloud only.
    """

    title: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Title of the alert."""
    message: str | None | UnsetType = UNSET
    """Text of the alert."""
    source_url: (
        Annotated[str, msgspec.Meta(pattern="^(https?|ftps?)://[^/]+")] | None | UnsetType
    ) = UNSET
    """URL of where it comes from."""
    users: Sequence[PagedUser] | UnsetType = UNSET
    """The users to page."""
    team: str | None | UnsetType = UNSET
    """Id of the team; null for none."""
    important_team_escalation: bool | UnsetType = UNSET
    """Whether the team's important notification rules are used."""
    alert_group_id: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Id of the alert group."""
    metadata: Mapping[str, Any] | UnsetType = attrs.field(default=UNSET, hash=False)
    """Grafana Cloud only."""
