"""Events that Grafana OnCall pushes by its outgoing webhooks: parsed, checked and dispatched.

    router = Router(secret=os.environ["WEBHOOK_SECRET"])

    @router.on("escalation")
    async def page(event: Event) -> None:
        print("call for help:", event.alert_group.title)

The router is an ASGI application: `uvicorn bot:router` serves it. It can also be mounted at any
path of another application, whose lifespan then runs `async with router:`. In Grafana OnCall, add
an outgoing webhook with the method POST that forwards the whole payload to its URL and sends the
secret as its Authorization header.
"""

from grafana_oncall._generated.models.webhooks import EventType
from grafana_oncall.errors import NotAnEvent

from .events import Event, EventName, parse
from .handlers import Handler, OnError
from .intake import HandOn
from .router import Router

__all__ = [
    "Event",
    "EventName",
    "EventType",
    "HandOn",
    "Handler",
    "NotAnEvent",
    "OnError",
    "Router",
    "parse",
]


def __dir__() -> list[str]:
    return sorted(__all__)
