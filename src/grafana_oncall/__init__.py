"""Async Python client of the Grafana OnCall HTTP API.

```python
async with OnCallClient(url="https://oncall.example", token="…") as client:
    firing = client.alert_groups.list(state="new", labels={"team": "SRE"})
    async for group in firing:
        print(group.id, group.title)
    report = await client.alert_groups.bulk.acknowledge(firing)
```
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
