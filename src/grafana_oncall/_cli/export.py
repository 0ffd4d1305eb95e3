"""`grafana-oncall export`: a file of alert groups, with names in place of ids."""

import csv
import json
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from grafana_oncall import AlertGroup, OnCallClient, labels
from grafana_oncall.errors import InvalidArgument

from .output import errors, print_json
from .selection import Query
from .session import Common

Row = dict[str, Any]
Write = Callable[[Row], object]


async def export(
    file: Annotated[
        Path, Parameter(help="File to write, not yet there: .jsonl, .csv, or .db for SQLite.")
    ],
    /,
    *,
    query: Query = Query(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Write alert groups to a file, with names in place of ids.

    Those of 30 days, unless --since or --until say otherwise.
    """
    make = _writer_for(file)
    if query.since is None and query.until is None:
        query = attrs.evolve(query, since="30d")
    partial = file.with_name(f".{file.name}.part")
    try:
        partial.unlink(missing_ok=True)
        async with common.client() as client:
            with make(partial) as write:
                number = await _write(client, query, write)
        partial.rename(file)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidArgument(f"{file}: {reason}", argument="file") from None
    finally:
        with suppress(OSError):  # the reason is known
            partial.unlink(missing_ok=True)
    if common.json:
        print_json({"file": str(file), "groups": number})
    else:
        errors().print(f"{number:,} alert groups in {file}", markup=False, soft_wrap=True)


def _writer_for(file: Path) -> Callable[[Path], AbstractContextManager[Write]]:
    make = _WRITERS.get(file.suffix)
    if make is None:
        known = ", ".join(_WRITERS)
        message = f"{file}: the name must end in one of {known}, which says the format."
        raise InvalidArgument(message, argument="file")
    if file.exists():
        raise InvalidArgument(f"{file} exists; it is not overwritten.", argument="file")
    return make


async def _write(client: OnCallClient, query: Query, write: Write) -> int:
    """Write what the query selects, and return how much that is."""
    number = 0
    with errors().status("Reading alert groups…") as status:
        names = await Names.read(client)
        async for group in await query.groups(client):
            write(names.row(group))
            number += 1
            status.update(f"{number:,} alert groups")
    return number


@attrs.frozen
class Names:
    """Names by id: three lists are read once, whatever the number of groups."""

    integrations: Mapping[str, str]
    teams: Mapping[str, str]
    users: Mapping[str, str]

    @classmethod
    async def read(cls, client: OnCallClient) -> "Names":
        """Read them."""
        return cls(
            integrations={
                each.id: each.name or each.id async for each in client.integrations.list()
            },
            teams={each.id: each.name async for each in client.teams.list()},
            users={each.id: each.username async for each in client.users.list()},
        )

    def row(self, group: AlertGroup) -> Row:
        """Return a group as a row, whose cells are plain."""
        return {
            "id": group.id,
            "title": group.title,
            "state": str(group.state),
            "created_at": _iso(group.created_at),
            "acknowledged_at": _iso(group.acknowledged_at),
            "acknowledged_by": self._named(self.users, group.acknowledged_by),
            "resolved_at": _iso(group.resolved_at),
            "resolved_by": self._named(self.users, group.resolved_by),
            "silenced_at": _iso(group.silenced_at),
            "alerts_count": group.alerts_count,
            "integration": self._named(self.integrations, group.integration_id),
            "team": self._named(self.teams, group.team_id),
            "labels": " ".join(f"{key}:{value}" for key, value in labels.parse(group.labels)),
            "url": group.permalinks.web if group.permalinks else None,
        }

    @staticmethod
    def _named(names: Mapping[str, str], key: str | None) -> str | None:
        """Return the name, or the id of what is deleted meanwhile."""
        return None if key is None else names.get(key, key)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()


_COLUMNS: Sequence[str] = (
    *("id", "title", "state", "created_at", "acknowledged_at", "acknowledged_by", "resolved_at"),
    *("resolved_by", "silenced_at", "alerts_count", "integration", "team", "labels", "url"),
)


@contextmanager
def _json_lines(path: Path) -> Generator[Write]:
    with path.open("w", encoding="utf-8") as file:
        yield lambda row: file.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextmanager
def _csv(path: Path) -> Generator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        yield lambda row: writer.writerow({name: _unformula(row[name]) for name in _COLUMNS})


def _unformula(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: titles come from outside."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {*"=+-@\t\r"} else value


@contextmanager
def _sqlite(path: Path) -> Generator[Write]:
    marks = ", ".join("?" * len(_COLUMNS))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE alert_groups ({', '.join(_COLUMNS)}, PRIMARY KEY (id))")
        insert = f"INSERT INTO alert_groups VALUES ({marks})"  # noqa: S608  # constants
        yield lambda row: database.execute(insert, [row[name] for name in _COLUMNS])


_WRITERS: Mapping[str, Callable[[Path], AbstractContextManager[Write]]] = {
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".db": _sqlite,
}
