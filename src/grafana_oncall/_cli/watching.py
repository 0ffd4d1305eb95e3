"""`grafana-oncall watch`: changes of alert groups as they happen."""

import sys
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.live import Live
from rich.table import Table

from grafana_oncall.changes import Watched
from grafana_oncall.errors import InvalidArgument

from .output import cell, console, print_json, table
from .selection import Scope
from .session import Common
from .times import duration

_ROWS = 20
"""Changes that the live table shows."""


async def watch(
    *,
    scope: Scope = Scope(),  # noqa: B008  # frozen
    every: Annotated[
        str, Parameter(help="Time between polls.", metavar="DURATION", show_default=True)
    ] = "15s",
    existing: Annotated[bool, Parameter(help="Begin with the groups that there are.")] = False,
    checkpoint: Annotated[
        Path | None, Parameter(help="File to continue from, so that no change is missed.")
    ] = None,
    limit: Annotated[
        int | None,
        Parameter(help="End after so many changes.", metavar="N", validator=Number(gte=1)),
    ] = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Show changes of alert groups until Ctrl-C.

    On a terminal it is a live table; for other programs a line each, or with --json an object each.
    """
    try:
        interval = duration(every)
    except ValueError as error:
        raise InvalidArgument(f"--every: {error}", argument="every") from None
    async with common.client() as client:
        changes = client.alert_groups.watch(
            every=interval,
            existing=existing,
            checkpoint=checkpoint,
            **await scope.filters(client),
        )
        is_live = sys.stdout.isatty() and not common.json
        await (_live if is_live else _lines)(_first(changes, limit), common)


async def _first(changes: AsyncIterable[Watched], limit: int | None) -> AsyncIterator[Watched]:
    number = 0
    async for change in changes:
        yield change
        number += 1
        if number == limit:
            return


def _row(change: Watched) -> tuple[object, ...]:
    subject = getattr(change, "after", None) or getattr(change, "before", None)
    now = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
    return (
        now,
        type(change).__name__,
        getattr(subject, "id", None),
        getattr(subject, "state", None),
        getattr(subject, "title", None),
    )


async def _lines(changes: AsyncIterator[Watched], common: Common) -> None:
    async for change in changes:
        if common.json:
            print_json(change)
        else:
            sys.stdout.write(" ".join(cell(part).plain for part in _row(change) if part) + "\n")
        sys.stdout.flush()


async def _live(changes: AsyncIterator[Watched], _: Common) -> None:
    rows: deque[tuple[object, ...]] = deque(maxlen=_ROWS)
    # It is drawn four times a second, whatever comes, and so soon fits a terminal of another size.
    with Live(_table(rows), console=console()) as live:
        async for change in changes:
            rows.appendleft(_row(change))
            live.update(_table(rows))


def _table(rows: Iterable[tuple[object, ...]]) -> Table:
    made = table(rows, "time", "change", "group", "state", "title")
    if not made.row_count:
        made.caption = "Waiting for changes; Ctrl-C ends."
    return made
