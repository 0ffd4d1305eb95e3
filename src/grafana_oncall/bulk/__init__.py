"""Bulk actions on alert groups: what `client.alert_groups.bulk` accepts and returns.

```python
with bulk.progress_bar() as bar:
    run = client.alert_groups.bulk.resolve(
        client.alert_groups.list(labels={"team": "SRE"}), on_progress=bar, journal="resolve.jsonl"
    )
    report = await run
print(report)
```
"""

from typing import TYPE_CHECKING

from grafana_oncall._lazy import lazily as _lazily

if TYPE_CHECKING:
    from .api import Selection
    from .methods import Bulk
    from .options import BulkOptions, ResumeOptions
    from .outcomes import Outcome, Status
    from .progress import OnProgress, Progress, progress_bar
    from .report import BulkReport
    from .run import BulkRun
    from .shards import Shard, collect, in_turn
else:
    # A program that looks at a status need not import all that makes a run.
    __getattr__, __dir__ = _lazily(
        __name__,
        {
            ".bulk.api": ("Selection",),
            ".bulk.methods": ("Bulk",),
            ".bulk.options": ("BulkOptions", "ResumeOptions"),
            ".bulk.outcomes": ("Outcome", "Status"),
            ".bulk.progress": ("OnProgress", "Progress", "progress_bar"),
            ".bulk.report": ("BulkReport",),
            ".bulk.run": ("BulkRun",),
            ".bulk.shards": ("Shard", "collect", "in_turn"),
        },
    )

__all__ = [
    "Bulk",
    "BulkOptions",
    "BulkReport",
    "BulkRun",
    "OnProgress",
    "Outcome",
    "Progress",
    "ResumeOptions",
    "Selection",
    "Shard",
    "Status",
    "collect",
    "in_turn",
    "progress_bar",
]
