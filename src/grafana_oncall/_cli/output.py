"""What commands print: tables for people, JSON for programs, errors for both."""

import asyncio
import json
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.text import printable
from grafana_oncall.errors import InvalidArgument

STYLES: Mapping[str, str] = {
    "firing": "bold red",
    "acknowledged": "yellow",
    "silenced": "cyan",
    "resolved": "green",
}
"""Colours of the states of a group."""


def console() -> Console:
    """Return the console of what was asked for; of this moment, since tests replace stdout."""
    return Console(file=sys.stdout, highlight=False)


def errors() -> Console:
    """Return the console of everything else."""
    return Console(file=sys.stderr, highlight=False)


def fail(message: object) -> None:
    """Print why a command ends."""
    errors().print(Text(visible(f"{message}")), soft_wrap=True)


def visible(text: str) -> str:
    """Return a text of several lines that cannot command a terminal; much of it is from outside."""
    return "\n".join(printable(line, len(line) * 10) for line in text.split("\n"))


def print_json(value: object) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.write(f"{_json(value)}\n")


def _json(value: object) -> str:
    if isinstance(value, Serializable):
        return value.to_json()
    return json.dumps(value, ensure_ascii=False)


def ask(question: str) -> None:
    """Ask a person, and raise InvalidArgument unless the answer is yes."""
    with _interruptible():
        errors().print(f"{visible(question)} [y/N] ", end="", markup=False)
        answer = sys.stdin.readline()
    if answer.strip().lower() not in {"y", "yes"}:
        raise InvalidArgument("Nothing was sent.", argument="yes")


def require_person(what: str) -> None:
    """Raise InvalidArgument if there is nobody to ask."""
    if not sys.stdin.isatty():
        raise InvalidArgument(f"There is nobody to ask: pass --yes {what}.", argument="yes")


@contextmanager
def _interruptible() -> Generator[None]:
    """Let Ctrl-C end a read at once; asyncio would only take note of it, and go on reading."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # Ctrl-C came just before
            raise KeyboardInterrupt
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def print_table(
    rows: Sequence[Sequence[Any]], *columns: str, empty: str = "Nothing was found."
) -> None:
    """Print rows: a table on a terminal, and lines with tabs for other programs."""
    if not rows:
        errors().print(empty)
    elif sys.stdout.isatty():
        console().print(table(rows, *columns))
    else:
        for row in rows:
            sys.stdout.write("\t".join(cell(part).plain for part in row) + "\n")


def table(rows: Iterable[Sequence[Any]], *columns: str) -> Table:
    """Return a table, in which nothing is cut off."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*map(cell, row))
    return made


def print_members(members: Mapping[str, Any]) -> None:
    """Print the members of an object, one a line; nested ones as JSON."""
    rows = [(name, _plain(member)) for name, member in members.items()]
    print_table(rows, "member", "value")


def _plain(member: object) -> object:
    return json.dumps(member, ensure_ascii=False) if isinstance(member, dict | list) else member


def cell(value: object) -> Text:
    """Return a cell, in which no text is taken for markup."""
    if value is None:
        return Text("-", style="dim")
    text = str(value)
    return Text(visible(" ".join(text.split())), style=STYLES.get(text, ""))


def age(since: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in its largest unit."""
    passed = max(now - since, timedelta(0))
    units: Sequence[tuple[str, timedelta]] = (
        ("d", timedelta(days=1)),
        ("h", timedelta(hours=1)),
        ("m", timedelta(minutes=1)),
        ("s", timedelta(seconds=1)),
    )
    for name, unit in units:
        if passed >= unit:
            return f"{passed // unit}{name}"
    return "0s"


Show = Callable[[Any], Sequence[object]]
"""Returns the cells of an object."""


async def print_list(items: Any, show: Show, *columns: str, json: bool, limit: int | None) -> None:
    """Print a list: JSON lines as they come, or a table of all."""
    found: list[Any] = []
    number = 0
    async for item in items:
        number += 1
        if json:
            print_json(item)
        else:
            found.append(show(item))
        if number == limit:
            break
    if not json:
        print_table(found, *columns)
