# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.types import UNSET, UnsetType


@attrs.frozen(kw_only=True)
class PagedUser(Serializable):
    """A user to page, by id or (Grafana Cloud only) by name."""

    important: bool
    """Whether the user's rules for important notifications apply."""
    id: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    username: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Grafana Cloud only."""


@attrs.frozen(kw_only=True)
class EscalationCreate(Serializable):
    """Whom to page, and what for."""

    title: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    message: str | None | UnsetType = UNSET
    source_url: (
        Annotated[str, msgspec.Meta(pattern="^(https?|ftps?)://[^/]+")] | None | UnsetType
    ) = UNSET
    users: Sequence[PagedUser] | UnsetType = UNSET
    team: str | None | UnsetType = UNSET
    """Id of the team; null for none."""
    important_team_escalation: bool | UnsetType = UNSET
    alert_group_id: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    metadata: Mapping[str, Any] | UnsetType = attrs.field(default=UNSET, hash=False)
    """Grafana Cloud only."""
