"""Actions on many alert groups: what `client.alert_groups.bulk` takes and gives.

with bulk.progress_bar() as bar:
    run = client.alert_groups.bulk.resolve(
        client.alert_groups.list(labels={"team": "SRE"}), on_progress=bar, journal="resolve.jsonl"
    )
    report = await run
print(report)
"""

from ._bar import progress_bar
from ._bulk import Bulk, Selection
from ._options import BulkOptions, ResumeOptions
from ._outcome import Outcome, Status
from ._progress import OnProgress, Progress
from ._report import BulkReport
from ._run import BulkRun

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
    "Status",
    "progress_bar",
]
