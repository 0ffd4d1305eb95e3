"""A fake Grafana OnCall server for tests: in memory, stateful, as strict as a real one.

```python
fake = FakeOnCall(clock=VirtualClock())
group = fake.add_group(title="Disk almost full", labels={"team": "SRE"})
async with httpx.AsyncClient(transport=fake.transport(), base_url="https://oncall.test") as http:
    await http.post(
        f"/api/v1/alert_groups/{group.id}/acknowledge/", headers={"Authorization": fake.token}
    )
assert group.state == "acknowledged"
assert fake.calls[-1].operation == "acknowledge_alert_group"
```

Faults are scripted. Here the response to the first acknowledgement is lost; then a proxy responds
503 for two seconds of the fake's clock.

```python
fake.faults.add(reset(applied=True), operation="acknowledge_alert_group")
fake.faults.add(status(503), lasting=timedelta(seconds=2))
```

`fake.add_alert(integration, payload)` takes an alert in, as a POST to the integration's link does,
and returns its group. `fake.event(group, "acknowledge")` returns the body that an outgoing webhook
posts, to test webhook handlers.

In pytest, use the fixtures `oncall_server`, `oncall_client` and others; `oncall_clock`, a
`LoopClock`, runs the server and the event loop in virtual time.

`serve(fake)` serves it on a socket, and so does `python -m grafana_oncall.testing --port 8080`.
`--save` and `--load`, or `to_json` and `from_json`, write its state and read it back. It shares no
code with the client, because a bug in shared code would cancel out.
"""

from grafana_oncall.testing._objects.chat import FakeSlackChannel, FakeUserGroup
from grafana_oncall.testing._objects.escalation import FakeEscalationChain, FakeEscalationPolicy
from grafana_oncall.testing._objects.notes import FakeResolutionNote
from grafana_oncall.testing._objects.notifications import FakePersonalNotificationRule
from grafana_oncall.testing._objects.pages import EscalationRecord, Page
from grafana_oncall.testing._objects.routes import FakeRoute
from grafana_oncall.testing._objects.schedules import FakeSchedule, FakeShift, FakeSpan
from grafana_oncall.testing._objects.swaps import FakeShiftSwap
from grafana_oncall.testing._objects.webhooks import (
    FakeWebhook,
    FakeWebhookResponse,
    WebhookDelivery,
)
from grafana_oncall.testing._server.dispatch import OPERATION_NAMES
from grafana_oncall.testing._server.rate_limit import RateLimit
from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse
from grafana_oncall.testing._server.state import (
    FakeAlert,
    FakeAlertGroup,
    FakeIntegration,
    FakeUser,
)
from grafana_oncall.testing._serving.serve import serve

from .calls import Call, Calls, NoResponse
from .clock import Follower, LoopClock, Stuck, VirtualClock, VirtualTimeLoop
from .factory import Factory, seed_storm
from .fake import DEFAULT_TOKEN, FakeOnCall
from .faults import Fault, Faults, error, hang, html, refuse, reset, status, throttle, truncate
from .store_check import check_store
from .stores import MemoryStore

__all__ = [
    "DEFAULT_TOKEN",
    "OPERATION_NAMES",
    "Call",
    "Calls",
    "EscalationRecord",
    "Factory",
    "FakeAlert",
    "FakeAlertGroup",
    "FakeEscalationChain",
    "FakeEscalationPolicy",
    "FakeIntegration",
    "FakeOnCall",
    "FakePersonalNotificationRule",
    "FakeRequest",
    "FakeResolutionNote",
    "FakeResponse",
    "FakeRoute",
    "FakeSchedule",
    "FakeShift",
    "FakeShiftSwap",
    "FakeSlackChannel",
    "FakeSpan",
    "FakeUser",
    "FakeUserGroup",
    "FakeWebhook",
    "FakeWebhookResponse",
    "Fault",
    "Faults",
    "Follower",
    "LoopClock",
    "MemoryStore",
    "NoResponse",
    "Page",
    "RateLimit",
    "Stuck",
    "VirtualClock",
    "VirtualTimeLoop",
    "WebhookDelivery",
    "check_store",
    "error",
    "hang",
    "html",
    "refuse",
    "reset",
    "seed_storm",
    "serve",
    "status",
    "throttle",
    "truncate",
]


def __dir__() -> list[str]:
    return sorted(__all__)
