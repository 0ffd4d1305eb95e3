"""The documentation's sample responses, written by hand, and the values that they decode to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from grafana_oncall import models

BASE = "https://oncall.example/oncall"
API = f"{BASE}/api/v1/"
TOKEN = "meowmeowmeow"
STACK = "https://your-stack.grafana.net"

GROUP_ID = "I68T24C13IFW1"
INTEGRATION_ID = "CFRPV98RPR1U8"

RICH_NULLS = {"title": None, "message": None, "image_url": None}

GROUP: dict[str, Any] = {
    "id": GROUP_ID,
    "integration_id": INTEGRATION_ID,
    "route_id": "RIYGUJXCPFHXY",
    "alerts_count": 3,
    "state": "resolved",
    "created_at": "2020-05-19T12:37:01.430444Z",
    "resolved_at": "2020-05-19T13:37:01.429805Z",
    "acknowledged_at": None,
    "acknowledged_by": None,
    "resolved_by": "UCGEIXI1MR1NZ",
    "title": "Memory above 90% threshold",
    "permalinks": {
        "slack": "https://ghostbusters.slack.com/archives/C1H9RESGA/p135854651500008",
        "telegram": "https://t.me/c/5354/1234?thread=1234",
    },
    "silenced_at": "2020-05-19T13:37:01.429805Z",
    "last_alert": {
        "id": "AA74DN7T4JQB6",
        "alert_group_id": GROUP_ID,
        "created_at": "2020-05-11T20:08:43Z",
        "payload": {
            "state": "alerting",
            "title": "[Alerting] Test notification",
            "ruleId": 0,
            "message": "Someone is testing the alert notification within Grafana.",
            "ruleUrl": "https://oncall.example/",
            "ruleName": "Test notification",
            "evalMatches": [
                {"tags": None, "value": 100, "metric": "High value"},
                {"tags": None, "value": 200, "metric": "Higher Value"},
            ],
        },
    },
}
GROUP_MODEL = models.AlertGroup(
    id=GROUP_ID,
    integration_id=INTEGRATION_ID,
    route_id="RIYGUJXCPFHXY",
    alerts_count=3,
    state=models.AlertGroupState.RESOLVED,
    created_at=datetime(2020, 5, 19, 12, 37, 1, 430444, tzinfo=UTC),
    resolved_at=datetime(2020, 5, 19, 13, 37, 1, 429805, tzinfo=UTC),
    acknowledged_at=None,
    acknowledged_by=None,
    resolved_by="UCGEIXI1MR1NZ",
    title="Memory above 90% threshold",
    permalinks=models.Permalinks(
        slack="https://ghostbusters.slack.com/archives/C1H9RESGA/p135854651500008",
        telegram="https://t.me/c/5354/1234?thread=1234",
    ),
    silenced_at=datetime(2020, 5, 19, 13, 37, 1, 429805, tzinfo=UTC),
    last_alert=models.Alert(
        id="AA74DN7T4JQB6",
        alert_group_id=GROUP_ID,
        created_at=datetime(2020, 5, 11, 20, 8, 43, tzinfo=UTC),
        payload=GROUP["last_alert"]["payload"],
    ),
)

INTEGRATION: dict[str, Any] = {
    "id": INTEGRATION_ID,
    "name": "Grafana :blush:",
    "team_id": None,
    "link": "https://oncall.example/integrations/v1/grafana/mReAoNwDm0eMwKo1mTeTwYo/",
    "inbound_email": None,
    "type": "grafana",
    "default_route": {
        "id": "RVBE4RKQSCGJ2",
        "escalation_chain_id": "F5JU6KJET33FE",
        "slack": {"channel_id": "CH23212D"},
    },
    "templates": {
        "grouping_key": None,
        "resolve_signal": None,
        "acknowledge_signal": None,
        "source_link": None,
        "slack": RICH_NULLS,
        "web": RICH_NULLS,
        "sms": {"title": None},
        "phone_call": {"title": None},
        "telegram": RICH_NULLS,
        "mobile_app": {"title": None, "message": None},
        "email": {"title": None, "message": None},
        "msteams": RICH_NULLS,
    },
}
INTEGRATION_MODEL = models.Integration(
    id=INTEGRATION_ID,
    name="Grafana :blush:",
    team_id=None,
    link="https://oncall.example/integrations/v1/grafana/mReAoNwDm0eMwKo1mTeTwYo/",
    inbound_email=None,
    type="grafana",
    default_route=models.DefaultRoute(
        id="RVBE4RKQSCGJ2",
        escalation_chain_id="F5JU6KJET33FE",
        slack=models.SlackRoute(channel_id="CH23212D"),
    ),
    templates=models.Templates(
        slack=models.RichTemplate(),
        web=models.RichTemplate(),
        sms=models.TitleTemplate(),
        phone_call=models.TitleTemplate(),
        telegram=models.RichTemplate(),
        mobile_app=models.MessageTemplate(),
        email=models.MessageTemplate(),
        msteams=models.RichTemplate(),
    ),
)

LABEL: dict[str, Any] = {
    "key": {"id": "severity", "name": "severity"},
    "value": {"id": "critical", "name": "critical"},
}
LABEL_MODEL = models.Label(
    key=models.LabelKey(id="severity", name="severity"),
    value=models.LabelValue(id="critical", name="critical"),
)


def one_page(*items: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a list that has one page."""
    return {
        "count": len(items),
        "next": None,
        "previous": None,
        "results": list(items),
        "current_page_number": 1,
        "page_size": 50,
        "total_pages": 1,
    }
