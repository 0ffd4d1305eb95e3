"""Journals of bulk runs that are nearly finished."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from grafana_oncall._session.organization import Stack
from grafana_oncall.bulk import Outcome, Status
from grafana_oncall.bulk.actions import Transition
from grafana_oncall.bulk.journal_file import FileJournal
from grafana_oncall.bulk.journal_reader import Header


async def write_journal(
    path: Path,
    url: str,
    action: Literal["acknowledge", "resolve"],
    ids: Sequence[str],
    *,
    done: Sequence[str],
) -> None:
    """Write the journal of a run that has acted on some of these groups."""
    header = Header(
        stack=Stack(f"{url}/api/v1/", None),
        action=Transition(name=action),
        query=None,
        converge=False,
        max_items=None,
    )
    async with FileJournal(path) as journal:
        journal.begin_run(header)
        await journal.select(ids, complete=True)
        for group in done:
            await journal.begin(group)
            journal.end(Outcome(id=group, status=Status.CHANGED, seconds=0.123456))
