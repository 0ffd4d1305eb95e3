"""The same models as openapi-python-client writes them: `from_dict`, over the json of Python."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Self, TypeVar, cast

import attrs
from msgspec import UNSET, UnsetType

from .peer_struct import State

T = TypeVar("T")


def _one(source: dict[str, Any], name: str, made: Callable[[Any], T]) -> T | UnsetType | None:
    value = source.pop(name, UNSET)
    return value if value is None or value is UNSET else made(value)


@attrs.define
class DictNamed:
    """The key or the value of a label."""

    id: str
    name: str
    additional_properties: dict[str, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def from_dict(cls, source: dict[str, Any]) -> Self:
        """From parsed JSON."""
        d = dict(source)
        made = cls(id=d.pop("id"), name=d.pop("name"))
        made.additional_properties = d
        return made


@attrs.define
class DictLabel:
    """A label."""

    key: DictNamed
    value: DictNamed
    additional_properties: dict[str, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def from_dict(cls, source: dict[str, Any]) -> Self:
        """From parsed JSON."""
        d = dict(source)
        made = cls(key=DictNamed.from_dict(d.pop("key")), value=DictNamed.from_dict(d.pop("value")))
        made.additional_properties = d
        return made


@attrs.define
class DictPermalinks:
    """The links to a group."""

    slack: str | UnsetType | None = UNSET
    slack_app: str | UnsetType | None = UNSET
    telegram: str | UnsetType | None = UNSET
    web: str | UnsetType | None = UNSET
    additional_properties: dict[str, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def from_dict(cls, source: dict[str, Any]) -> Self:
        """From parsed JSON."""
        d = dict(source)
        made = cls(
            slack=_one(d, "slack", str),
            slack_app=_one(d, "slack_app", str),
            telegram=_one(d, "telegram", str),
            web=_one(d, "web", str),
        )
        made.additional_properties = d
        return made


@attrs.define
class DictAlert:
    """An alert."""

    id: str
    alert_group_id: str | UnsetType | None = UNSET
    created_at: datetime | UnsetType | None = UNSET
    payload: Any = UNSET
    additional_properties: dict[str, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def from_dict(cls, source: dict[str, Any]) -> Self:
        """From parsed JSON."""
        d = dict(source)
        made = cls(
            id=d.pop("id"),
            alert_group_id=_one(d, "alert_group_id", str),
            created_at=_one(d, "created_at", datetime.fromisoformat),
            payload=d.pop("payload", UNSET),
        )
        made.additional_properties = d
        return made


@attrs.define
class DictGroup:
    """An alert group."""

    id: str
    integration_id: str
    alerts_count: int
    state: State
    created_at: datetime
    labels: list[DictLabel]
    team_id: str | UnsetType | None = UNSET
    route_id: str | UnsetType | None = UNSET
    resolved_at: datetime | UnsetType | None = UNSET
    resolved_by: str | UnsetType | None = UNSET
    acknowledged_at: datetime | UnsetType | None = UNSET
    acknowledged_by: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    permalinks: DictPermalinks | UnsetType | None = UNSET
    silenced_at: datetime | UnsetType | None = UNSET
    last_alert: DictAlert | UnsetType | None = UNSET
    alert_group_number: int | UnsetType | None = UNSET
    root_alert_group_id: str | UnsetType | None = UNSET
    dependent_alert_group_ids: list[str] | UnsetType | None = UNSET
    additional_properties: dict[str, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def from_dict(cls, source: dict[str, Any]) -> Self:
        """From parsed JSON."""
        d = dict(source)
        made = cls(
            id=d.pop("id"),
            integration_id=d.pop("integration_id"),
            alerts_count=d.pop("alerts_count"),
            state=State(d.pop("state")),
            created_at=datetime.fromisoformat(d.pop("created_at")),
            labels=[DictLabel.from_dict(one) for one in d.pop("labels", [])],
            team_id=_one(d, "team_id", str),
            route_id=_one(d, "route_id", str),
            resolved_at=_one(d, "resolved_at", datetime.fromisoformat),
            resolved_by=_one(d, "resolved_by", str),
            acknowledged_at=_one(d, "acknowledged_at", datetime.fromisoformat),
            acknowledged_by=_one(d, "acknowledged_by", str),
            title=_one(d, "title", str),
            permalinks=_one(d, "permalinks", DictPermalinks.from_dict),
            silenced_at=_one(d, "silenced_at", datetime.fromisoformat),
            last_alert=_one(d, "last_alert", DictAlert.from_dict),
            alert_group_number=_one(d, "alert_group_number", int),
            root_alert_group_id=_one(d, "root_alert_group_id", str),
            dependent_alert_group_ids=_one(d, "dependent_alert_group_ids", list),
        )
        made.additional_properties = d
        return made


@attrs.define
class DictPage:
    """A page of groups."""

    count: int
    results: list[DictGroup]
    next: str | UnsetType | None = UNSET
    additional_properties: dict[str, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def from_dict(cls, source: dict[str, Any]) -> Self:
        """From parsed JSON."""
        d = dict(source)
        made = cls(
            count=d.pop("count"),
            results=[DictGroup.from_dict(one) for one in d.pop("results")],
            next=_one(d, "next", str),
        )
        made.additional_properties = d
        return made

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """From a response, as the generated client reads it."""
        return cls.from_dict(cast("dict[str, Any]", json.loads(content)))
