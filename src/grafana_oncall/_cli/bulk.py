"""Bulk runs from the command line: confirmation, progress, report, exit code."""

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import attrs
from cyclopts import Parameter

from grafana_oncall import AlertGroup, Pager
from grafana_oncall.bulk import (
    Bulk,
    BulkOptions,
    BulkReport,
    BulkRun,
    OnProgress,
    progress_bar,
)
from grafana_oncall.errors import InvalidArgument

from .exits import Exit
from .output import console, errors
from .selection import Query, selection
from .session import Common


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class RunOptions:
    """How a bulk run goes."""

    dry_run: Annotated[
        bool, Parameter(help="Send nothing; say what would be sent.", negative=())
    ] = False
    everything: Annotated[bool, Parameter(help="Allow no filter at all.", negative=())] = False
    max_items: Annotated[
        int | None, Parameter(help="Send nothing if more groups are selected.")
    ] = None
    at_once: Annotated[int, Parameter(help="Groups that are acted on at the same time.")] = 8
    journal: Annotated[
        Path | None, Parameter(help="File of outcomes, from which `resume` finishes the run.")
    ] = None
    yes: Annotated[bool, Parameter(help="Do not ask before a query is acted on.", negative=())] = (
        False
    )


Selected: TypeAlias = Pager[AlertGroup] | list[str]
Start: TypeAlias = Callable[[Bulk, Selected, BulkOptions], BulkRun]
"""Begins a bulk run of a selection, with options."""


async def act(
    start: Start,
    ids: tuple[str, ...],
    query: Query,
    options: RunOptions,
    common: Common,
) -> Exit:
    """Run an action on a selection, and return the exit code."""
    async with common.client() as client:
        selected = selection(client, ids, query)
        if isinstance(selected, Pager) and not (options.yes or options.dry_run):
            await _confirm(selected, query, options)
        with _progress(common) as on_progress:
            given = BulkOptions(
                dry_run=options.dry_run,
                everything=options.everything,
                max_items=options.max_items,
                max_at_once=options.at_once,
                on_progress=on_progress,
            )
            if options.journal is not None:
                given["journal"] = options.journal
            return await finish(start(client.alert_groups.bulk, selected, given), common)


async def finish(run: BulkRun, common: Common) -> Exit:
    """Await a run and print its report, also if it is interrupted or fails as a whole."""
    try:
        report = await run
    except BaseException as error:
        _print(run.report, common)
        if isinstance(error, asyncio.CancelledError):
            errors().print("Interrupted; the report says what was done until then.")
        raise
    _print(report, common)
    return Exit.DONE if report.ok else Exit.UNFINISHED


async def resume(journal: Path, common: Common) -> Exit:
    """Finish the run of a journal, and return the exit code."""
    async with common.client() as client:
        with _progress(common) as on_progress:
            run = client.alert_groups.bulk.resume(journal, on_progress=on_progress)
            return await finish(run, common)


async def _confirm(selected: Pager[AlertGroup], query: Query, options: RunOptions) -> None:
    """Ask whether to act on what matches, unless nobody can answer."""
    if query.is_empty and not options.everything:
        return  # which the run refuses, with a better reason
    if not sys.stdin.isatty():
        message = (
            "There is nobody to ask: pass --yes to act on what matches, or --dry-run to see it."
        )
        raise InvalidArgument(message, argument="yes")
    number = await selected.count()
    errors().print(f"{number:,} alert groups match. Act on them? [y/N] ", end="", markup=False)
    answer = await asyncio.to_thread(sys.stdin.readline)
    if answer.strip().lower() not in {"y", "yes"}:
        raise InvalidArgument("Nothing was sent.", argument="yes")


@contextmanager
def _progress(common: Common) -> Generator[OnProgress | None]:
    if common.json or not sys.stderr.isatty():
        yield None
        return
    with progress_bar(errors()) as on_progress:
        yield on_progress


def _print(report: BulkReport, common: Common) -> None:
    if common.json:
        sys.stdout.write(f"{report.to_json()}\n")
    else:
        console().print(str(report), markup=False)
