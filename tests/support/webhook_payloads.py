"""What the real server sends when something happens to an alert group, as observed."""

import json
from collections.abc import Mapping
from typing import Any, Final

TIME: Final = "2026-03-02T09:30:07.430444+00:00"
TIMED: Final = ("alert group created", "acknowledge", "resolve", "silence")
STATES: Final[Mapping[str, str]] = {
    "acknowledge": "acknowledged",
    "resolve": "resolved",
    "silence": "silenced",
}
ADA: Final = {"id": "UVMX6YI9VY9PV", "username": "ada", "email": "ada@example.com"}
GROUP: Final[Mapping[str, Any]] = {
    "id": "I68T24C13IFW1",
    "integration_id": "CFRPV98RPR1U8",
    "team_id": None,
    "route_id": "RIYGUJXCPFHXY",
    "alerts_count": 3,
    "state": "firing",
    "created_at": "2026-03-02T09:30:00Z",
    "resolved_at": None,
    "resolved_by": None,
    "acknowledged_at": None,
    "acknowledged_by": None,
    "labels": {"env": "staging"},
    "title": "Disk almost full",
    "permalinks": {"slack": None, "slack_app": None, "telegram": None, "web": "https://x.example"},
    "silenced_at": None,
    "last_alert": None,
}


def event(type_: str) -> dict[str, Any]:
    """Its first member: a time for some types, and an end for a silence."""
    made: dict[str, Any] = {"type": type_}
    if type_ in TIMED:
        made["time"] = TIME
    if type_ == "silence":
        made["until"] = "2026-03-02T12:30:07.430444+00:00"
    return made


def payload(
    type_: str = "escalation", *, group: str = GROUP["id"], **members: Any
) -> dict[str, Any]:
    """An event of this type, with other members where they are given."""
    state = STATES.get(type_, "firing")
    made: dict[str, Any] = {
        "event": event(type_),
        "user": ADA if type_ in STATES else None,
        "alert_group": {**GROUP, "id": group, "state": state},
        "alert_group_id": group,
        "alert_payload": {"title": "Disk almost full"},
        "integration": {
            "id": "CFRPV98RPR1U8",
            "type": "webhook",
            "name": "ci",
            "team": None,
            "labels": {},
        },
        "notified_users": [ADA],
        "users_to_be_notified": [],
        "alert_group_acknowledged_by": None,
        "alert_group_resolved_by": None,
        "webhook": {"id": "WHP7B1JJQGDFV", "name": "bot", "labels": {}},
    }
    return made | members


def body(type_: str = "escalation", **members: Any) -> bytes:
    """The same as the bytes of a request."""
    return json.dumps(payload(type_, **members)).encode()
