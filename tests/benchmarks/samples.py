"""What is decoded, encoded and served: groups as real servers send them, pages of 50."""

import json
from typing import Any, Final

PER_PAGE: Final = 50
GROUPS: Final = 10_000
SCHEDULES: Final = 50


def group_id(number: int) -> str:
    """The id of a group, as real servers make them."""
    return f"I{number:012d}"


def members(number: int, *, cloud: bool = True) -> dict[str, Any]:
    """An acknowledged group with two labels and its last alert: 1.2 kB."""
    at = f"2026-11-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00.123456Z"
    return {
        "id": group_id(number),
        "integration_id": "CFRPV98RPR1U8",
        "team_id": "TDVY3LZIWWKXS",
        "route_id": "RIYGUJXCPFHXY",
        "alerts_count": 1 + number % 7,
        "state": "acknowledged",
        "created_at": at,
        "resolved_at": None,
        "resolved_by": None,
        "acknowledged_at": at,
        "acknowledged_by": "UCGEIXI1MR1NZ",
        "labels": [
            {
                "key": {"id": "K1", "name": "team"},
                "value": {"id": "V1", "name": "SRE"},
            },
            {
                "key": {"id": "K2", "name": "severity"},
                "value": {"id": "V2", "name": "critical"},
            },
        ],
        "title": f"[firing:1] DiskFull on node-{number} (storage critical)",
        "permalinks": {
            "slack": f"https://example.slack.com/archives/C0123/p{number}",
            "slack_app": None,
            "telegram": None,
            "web": f"https://stack.grafana.net/a/grafana-oncall-app/alert-groups/{number}",
        },
        "silenced_at": None,
        "last_alert": {
            "id": f"A{number:012d}",
            "alert_group_id": group_id(number),
            "created_at": at,
            "payload": {
                "alerts": [
                    {
                        "status": "firing",
                        "labels": {"alertname": "DiskFull"},
                        "startsAt": at,
                        "fingerprint": f"{number:016x}",
                    }
                ],
                "commonLabels": {"alertname": "DiskFull", "instance": f"node-{number}"},
                "groupKey": '{}:{alertname="DiskFull"}',
                "receiver": "oncall",
            },
        },
        **(_CLOUD if cloud else {}),
    }


_CLOUD: Final[dict[str, Any]] = {
    "alert_group_number": 4711,
    "root_alert_group_id": None,
    "dependent_alert_group_ids": [],
}
"""What Grafana Cloud says of a group, and the open-source engine does not."""


def group(number: int) -> bytes:
    """The response with one group."""
    return _json(members(number))


def page(
    number: int, *, groups: int = GROUPS, per_page: int = PER_PAGE, cloud: bool = True
) -> bytes:
    """The response with a page of a list of this many groups; pages count from 1."""
    shown = range((number - 1) * per_page, number * per_page)
    total = groups // per_page
    following = f"https://oncall.test/api/v1/alert_groups/?page={number + 1}"
    return _json(
        {
            "count": groups,
            "next": following if number < total else None,
            "previous": None,
            "results": [members(one, cloud=cloud) for one in shown],
            "page_size": per_page,
            "current_page_number": number,
            "total_pages": total,
        }
    )


def schedule_id(number: int) -> str:
    """The id of a schedule."""
    return f"S{number:012d}"


def schedule(number: int) -> bytes:
    """The response with a schedule, on which the first user is on call."""
    return _json(
        {
            "id": schedule_id(number),
            "name": f"Schedule {number}",
            "type": "web",
            "team_id": None,
            "on_call_now": [_USER],
            "slack": None,
        }
    )


_USER: Final = "U000000000001"


def users() -> bytes:
    """The response with the only page of users."""
    user = {"id": _USER, "email": "a@example.com", "username": "a", "role": "editor", "slack": None}
    return _json({"count": 1, "next": None, "previous": None, "results": [user]})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
