"""The same models in pydantic v2."""

from datetime import datetime
from typing import Any

import pydantic

from .peer_struct import State


class ModelNamed(pydantic.BaseModel):
    """The key or the value of a label."""

    id: str
    name: str


class ModelLabel(pydantic.BaseModel):
    """A label."""

    key: ModelNamed
    value: ModelNamed


class ModelPermalinks(pydantic.BaseModel):
    """Where a group can be read."""

    slack: str | None = None
    slack_app: str | None = None
    telegram: str | None = None
    web: str | None = None


class ModelAlert(pydantic.BaseModel):
    """An alert."""

    id: str
    alert_group_id: str | None = None
    created_at: datetime | None = None
    payload: Any = None


class ModelGroup(pydantic.BaseModel):
    """An alert group."""

    id: str
    integration_id: str
    alerts_count: int
    state: State
    created_at: datetime
    team_id: str | None = None
    route_id: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    labels: list[ModelLabel] = []
    title: str | None = None
    permalinks: ModelPermalinks | None = None
    silenced_at: datetime | None = None
    last_alert: ModelAlert | None = None
    alert_group_number: int | None = None
    root_alert_group_id: str | None = None
    dependent_alert_group_ids: tuple[str, ...] = ()


class ModelPage(pydantic.BaseModel):
    """A page of groups."""

    count: int
    results: list[ModelGroup]
    next: str | None = None
    current_page_number: int | None = None
    total_pages: int | None = None


class ModelTemplate(pydantic.BaseModel):
    """The templates of a channel."""

    title: str | None = None
    message: str | None = None
    image_url: str | None = None


class ModelTemplates(pydantic.BaseModel):
    """Templates."""

    grouping_key: str | None = None
    resolve_signal: str | None = None
    slack: ModelTemplate | None = None
    web: ModelTemplate | None = None
    telegram: ModelTemplate | None = None


class ModelUpdate(pydantic.BaseModel):
    """An update of an integration."""

    name: str | None = None
    description_short: str | None = None
    team_id: str | None = None
    templates: ModelTemplates | None = None
