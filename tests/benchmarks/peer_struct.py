"""The same models as `msgspec.Struct`: the lower bound of what Python can do."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]


class State(StrEnum):
    """The state of an alert group."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SILENCED = "silenced"


class StructKey(msgspec.Struct, kw_only=True, frozen=True):
    """The key of a label."""

    name: str
    id: str | None = None


class StructValue(msgspec.Struct, kw_only=True, frozen=True):
    """The value of a label."""

    name: str
    id: str | None = None


class StructLabel(msgspec.Struct, kw_only=True, frozen=True):
    """A label."""

    key: StructKey
    value: StructValue


class StructPermalinks(msgspec.Struct, kw_only=True, frozen=True):
    """Where a group can be read."""

    slack: str | None = None
    slack_app: str | None = None
    telegram: str | None = None
    web: str | None = None


class StructAlert(msgspec.Struct, kw_only=True, frozen=True):
    """An alert."""

    id: str
    alert_group_id: str | None = None
    created_at: AwareDatetime | None = None
    payload: Any = None


class StructGroup(msgspec.Struct, kw_only=True, frozen=True):
    """An alert group."""

    id: str
    integration_id: str
    alerts_count: int
    state: State
    created_at: AwareDatetime
    team_id: str | None = None
    route_id: str | None = None
    resolved_at: AwareDatetime | None = None
    resolved_by: str | None = None
    acknowledged_at: AwareDatetime | None = None
    acknowledged_by: str | None = None
    labels: tuple[StructLabel, ...] = ()
    title: str | None = None
    permalinks: StructPermalinks | None = None
    silenced_at: AwareDatetime | None = None
    last_alert: StructAlert | None = None
    alert_group_number: int | None = None
    root_alert_group_id: str | None = None
    dependent_alert_group_ids: tuple[str, ...] = ()


class StructPage(msgspec.Struct, kw_only=True, frozen=True):
    """A page of groups."""

    count: int
    results: list[StructGroup]
    next: str | None = None
    current_page_number: int | None = None
    total_pages: int | None = None


class StructTemplate(msgspec.Struct, kw_only=True):
    """The templates of a channel."""

    title: str | UnsetType | None = UNSET
    message: str | UnsetType | None = UNSET
    image_url: str | UnsetType | None = UNSET


class StructTemplates(msgspec.Struct, kw_only=True):
    """Templates."""

    grouping_key: str | UnsetType | None = UNSET
    resolve_signal: str | UnsetType | None = UNSET
    slack: StructTemplate | UnsetType | None = UNSET
    web: StructTemplate | UnsetType | None = UNSET
    telegram: StructTemplate | UnsetType | None = UNSET


class StructUpdate(msgspec.Struct, kw_only=True):
    """An update of an integration."""

    name: str | UnsetType = UNSET
    description_short: str | UnsetType | None = UNSET
    team_id: str | UnsetType | None = UNSET
    templates: StructTemplates | UnsetType = UNSET
