"""Bulk runs from the command line: confirmation, progress, report, exit code."""

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import attrs
from cyclopts import Group, Parameter

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
from .output import ask, console, errors, require_person, visible
from .selection import Query, selection
from .session import Common

_RUN = Group("Bulk run", sort_key=20)


@Parameter(name="*", group=_RUN)
@attrs.frozen(kw_only=True)
class RunOptions:
    """How a bulk run goes."""

    dry_run: Annotated[bool, Parameter(help="Send nothing; say what would be sent.")] = False
    everything: Annotated[bool, Parameter(help="Allow no filter at all.")] = False
    max_items: Annotated[
        int | None, Parameter(help="Send nothing if more groups are selected.", metavar="N")
    ] = None
    at_once: Annotated[
        int,
        Parameter(
            help="Groups that are acted on at the same time.", metavar="N", show_default=True
        ),
    ] = 8
    journal: Annotated[
        Path | None, Parameter(help="File of outcomes, from which `resume` finishes the run.")
    ] = None
    yes: Annotated[bool, Parameter(help="Do not ask before acting on filters.")] = False


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
    _check(ids, query, options)
    async with common.client() as client:
        selected = await selection(client, ids, query)
        if isinstance(selected, Pager) and not (options.yes or options.dry_run):
            ask(f"{await selected.count():,} alert groups match. Act on them?")
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


def _check(ids: tuple[str, ...], query: Query, options: RunOptions) -> None:
    """Refuse what was hardly meant, before anything is sent."""
    if ids:
        return
    if query.is_empty and not options.everything:
        message = "Give ids, - for ids on stdin, or filters; --everything acts on all groups."
        raise InvalidArgument(message, argument="ids")
    if not (options.yes or options.dry_run):
        require_person("to act on what matches, or --dry-run to see it")


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
        console().print(visible(str(report)), markup=False)
