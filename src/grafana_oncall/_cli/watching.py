"""`grafana-oncall watch`: changes of alert groups as they happen."""

import sys
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.live import Live
from rich.table import Table

from grafana_oncall.changes import Watched
from grafana_oncall.errors import InvalidArgument

from .output import console, print_json, table
from .session import Common
from .times import duration

_ROWS = 20
"""Changes that the live table shows."""


async def watch(
    *,
    label: Annotated[
        tuple[str, ...], Parameter(help="KEY:VALUE; may be repeated.", negative=())
    ] = (),
    team_id: Annotated[str | None, Parameter(help="Id of the team, or null for none.")] = None,
    integration_id: Annotated[str | None, Parameter(help="Id of the integration.")] = None,
    every: Annotated[str, Parameter(help="Time between polls.")] = "15s",
    existing: Annotated[
        bool, Parameter(help="Begin with the groups that there are.", negative=())
    ] = False,
    checkpoint: Annotated[
        Path | None, Parameter(help="File to continue from, so that no change is missed.")
    ] = None,
    limit: Annotated[int | None, Parameter(help="End after so many changes.")] = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Show changes of alert groups: a live table, a line each, or with --json an object each."""
    try:
        interval = duration(every)
    except ValueError as error:
        raise InvalidArgument(f"--every: {error}", argument="every") from None
    async with common.client() as client:
        changes = client.alert_groups.watch(
            labels=list(label) or None,
            team_id=team_id,
            integration_id=integration_id,
            every=interval,
            existing=existing,
            checkpoint=checkpoint,
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
            sys.stdout.write(" ".join(str(part) for part in _row(change) if part) + "\n")
        sys.stdout.flush()


async def _live(changes: AsyncIterator[Watched], _: Common) -> None:
    rows: deque[tuple[object, ...]] = deque(maxlen=_ROWS)
    with Live(_table(rows), console=console(), auto_refresh=False) as live:
        async for change in changes:
            rows.appendleft(_row(change))
            live.update(_table(rows), refresh=True)


def _table(rows: Iterable[tuple[object, ...]]) -> Table:
    made = table(rows, "time", "change", "group", "state", "title")
    if not made.row_count:
        made.caption = "Waiting for changes; Ctrl-C ends."
    return made
