"""Export the alert groups of the last 30 days, with names in place of ids, to CSV or SQLite.

    python export.py groups.csv
    python export.py groups.db

A database keeps what it has: run it every day, and it outgrows the 30 days that Grafana Cloud looks
back. For pandas: `pd.DataFrame([row async for row in read_rows(client)])`.
"""

import asyncio
import csv
import json
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from grafana_oncall import OnCallClient, OnCallError, labels

COLUMNS = (
    *("id", "title", "state", "created_at", "acknowledged_at", "acknowledged_by", "resolved_at"),
    *("resolved_by", "alerts_count", "integration", "team", "labels"),
)

Row: TypeAlias = dict[str, Any]


async def read_rows(client: OnCallClient) -> AsyncGenerator[Row]:
    """Yield a row for each group, newest first; the names are read once, not for each group."""
    now = datetime.now(UTC)
    async for group in client.alert_groups.list(started_at=(now - timedelta(days=30), now)):
        plain = group.to_dict() | await client.directory.names(group)
        plain["labels"] = json.dumps(labels.to_dict(group.labels))
        yield {column: plain[column] for column in COLUMNS}


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write a file that spreadsheets can open, in which no cell is a formula."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({name: _as_text(cell) for name, cell in row.items()} for row in rows)


def _as_text(cell: object) -> object:
    """Quote what a spreadsheet would take for a formula: titles are written by anyone."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")) else cell


def write_sqlite(path: Path, rows: list[Row]) -> None:
    """Insert the rows into a database, or replace those that it has; all of them or none."""
    with closing(sqlite3.connect(path)) as database, database:
        columns, values = ", ".join(COLUMNS), ", ".join(f":{column}" for column in COLUMNS)
        database.execute(f"CREATE TABLE IF NOT EXISTS alert_groups ({columns}, PRIMARY KEY (id))")
        replace = f"REPLACE INTO alert_groups ({columns}) VALUES ({values})"  # noqa: S608  # constants
        database.executemany(replace, rows)


WRITERS = {".csv": write_csv, ".db": write_sqlite}


async def export(path: Path) -> int:
    """Write the file, once all is read; return the number of groups."""
    async with OnCallClient.from_env() as client:
        rows = [row async for row in read_rows(client)]
    WRITERS[path.suffix](path, rows)
    return len(rows)


def main(arguments: list[str]) -> None:
    """Run the command."""
    if len(arguments) != 1 or Path(arguments[0]).suffix not in WRITERS:
        sys.exit(f"Usage: export.py FILE, whose name ends in {' or '.join(WRITERS)}")
    try:
        print(f"{asyncio.run(export(Path(arguments[0])))} alert groups in {arguments[0]}")
    except (OnCallError, OSError, sqlite3.Error) as error:
        sys.exit(f"export.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
