"""Async Python client of the Grafana OnCall HTTP API.

```python
async with OnCallClient(url="https://oncall.example", token="…") as client:
    firing = client.alert_groups.list(state="new", labels={"team": "SRE"})
    async for group in firing:
        print(group.id, group.title)
    report = await client.alert_groups.bulk.acknowledge(firing)
```

Where to go on from here, by `help()` or in the documentation:

- `OnCallClient`: settings, retries, rate limits; its attributes are the resources of the API, such
  as `alert_groups`, `integrations`, `schedules` and `users`
- `grafana_oncall.bulk`: actions on many alert groups at once, with a journal and a report
- `Bot`, `Watcher`, `grafana_oncall.changes`: what happens to alert groups, and handlers for it
- `grafana_oncall.webhooks`: events that OnCall pushes
- `grafana_oncall.stores`: journals, checkpoints and leases for more than one machine
- `grafana_oncall.models`, `labels`, `oncall`: the values of the API, and rules for them
- `grafana_oncall.errors`: every error, as a tree; all are an `OnCallError`
- `grafana_oncall.events`, `otel`: what the client does, for logs, metrics and traces
- `grafana_oncall.operations`: a request for each operation, to vary and to send
- `grafana_oncall.testing`: a fake server for tests

Modules whose names begin with an underscore are private.
"""

# The layers of the package are defined in pyproject.toml, and enforced by import-linter.

from typing import TYPE_CHECKING

from ._lazy import lazily as _lazily
from ._version import __version__

if TYPE_CHECKING:
    from grafana_oncall._core.request import Page, Request, Response, Result
    from grafana_oncall._core.types import UNSET, UnsetType
    from grafana_oncall._generated.models.alert_groups import AlertGroup
    from grafana_oncall._listing.pager import Pager
    from grafana_oncall._session.retry_policy import RetryPolicy
    from grafana_oncall._setup.report import CheckReport
    from grafana_oncall._validation.arguments import FOREVER, NO_TEAM
    from grafana_oncall._watch.checkpoint import Checkpoint
    from grafana_oncall._watch.watcher import Watcher
    from grafana_oncall.resources.directory import Directory, Whose

    from . import bot, bulk, changes, errors, events, labels, models, oncall, operations, webhooks
    from .bot import Bot
    from .client import OnCallClient
    from .errors import OnCallError
else:
    # Importing all of them takes twice as long as httpx, and few programs need half of them.
    __getattr__, __dir__ = _lazily(
        __name__,
        {
            ".": (
                "bot",
                "bulk",
                "changes",
                "errors",
                "events",
                "labels",
                "models",
                "oncall",
                "operations",
                "webhooks",
            ),
            "._validation.arguments": ("FOREVER", "NO_TEAM"),
            "._setup.report": ("CheckReport",),
            "._watch.checkpoint": ("Checkpoint",),
            "._listing.pager": ("Pager",),
            "._core.request": ("Result", "Page", "Request", "Response"),
            "._session.retry_policy": ("RetryPolicy",),
            "._core.types": ("UNSET", "UnsetType"),
            "._generated.models.alert_groups": ("AlertGroup",),
            "._watch.watcher": ("Watcher",),
            ".resources.directory": ("Directory", "Whose"),
            ".bot": ("Bot",),
            ".client": ("OnCallClient",),
            ".errors": ("OnCallError",),
        },
    )

__all__ = [
    "FOREVER",
    "NO_TEAM",
    "UNSET",
    "AlertGroup",
    "Bot",
    "CheckReport",
    "Checkpoint",
    "Directory",
    "OnCallClient",
    "OnCallError",
    "Page",
    "Pager",
    "Request",
    "Response",
    "Result",
    "RetryPolicy",
    "UnsetType",
    "Watcher",
    "Whose",
    "__version__",
    "bot",
    "bulk",
    "changes",
    "errors",
    "events",
    "labels",
    "models",
    "oncall",
    "operations",
    "webhooks",
]
