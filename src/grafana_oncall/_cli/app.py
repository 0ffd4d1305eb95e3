"""The command line: its commands, and how errors become exit codes."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from grafana_oncall import __version__
from grafana_oncall._generated.models.schedules import Schedule
from grafana_oncall.errors import InvalidArgument, OnCallError, OutcomeUnknown

from . import bulk, export, groups, integrations, watching
from .exits import HELP, Exit
from .output import fail, print_json, print_table
from .selection import STDIN, time_of
from .session import Common

app = App(
    name="grafana-oncall",
    help="Grafana OnCall from the command line.",
    help_epilogue=HELP,
    help_format="plaintext",
    version=__version__,
    suppress_keyboard_interrupt=False,
)
app.command(groups.app)
app.command(integrations.app)
app.command(watching.watch)
app.command(export.export)
app.register_install_completion_command(add_to_startup=False)  # pyright: ignore[reportUnknownMemberType]  # cyclopts leaves its **kwargs untyped


@app.command
async def resume(
    journal: Annotated[Path, Parameter(help="File that --journal wrote.")],
    *,
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Finish a bulk run that was cut short, from its journal."""
    return await bulk.resume(journal, common)


@app.command
async def check(*, common: Common = Common()) -> Exit:  # noqa: B008  # frozen
    """Say in words what the settings and the token are good for; reads only."""
    async with common.client() as client:
        report = await client.check()
    if common.json:
        print_json(report)
    else:
        sys.stdout.write(f"{report}\n")
    return Exit.DONE if report.ok else Exit.FAILED


@app.command
async def on_call(
    *schedules: Annotated[str, Parameter(help="Ids or exact names; all schedules without any.")],
    at: Annotated[str | None, Parameter(help="Another moment, as in 'tomorrow 9:00'.")] = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Say who is on call."""
    when = None if at is None else time_of("--at", at, datetime.now(UTC))
    async with common.client() as client:
        wanted: list[str | Schedule] = [*schedules]
        wanted = wanted or [each async for each in client.schedules.list()]
        found = await client.schedules.on_call(wanted, at=when)
    rows = [
        (each if isinstance(each, str) else each.name, user.username, user.email)
        for each, users in found.items()
        for user in users
    ]
    if common.json:
        print_json([dict(zip(("schedule", "user", "email"), row, strict=True)) for row in rows])
    else:
        print_table(rows, "schedule", "user", "email", empty="Nobody is on call.")


@app.command
async def get(
    path: Annotated[str, Parameter(help="Below /api/v1/, such as teams/.")],
    *,
    query: Annotated[
        tuple[str, ...], Parameter(help="NAME=VALUE; may be repeated.", negative=())
    ] = (),
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Get any path of the API, and print its JSON."""
    pairs = [pair.partition("=") for pair in query]
    if not all(sign for _, sign, _ in pairs):
        raise InvalidArgument("--query: write NAME=VALUE.", argument="query")
    given: dict[str, list[str]] = {}
    for name, _, value in pairs:
        given.setdefault(name, []).append(value)
    async with common.client() as client:
        print_json((await client.request("GET", path, query=given)).value)


@app.command(help_flags=())
def fake(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, help="See `fake --help`.")],
) -> int:
    """Serve a fake OnCall server to try things on."""
    from grafana_oncall.testing.__main__ import main  # noqa: PLC0415  # the fake takes a while

    return main(arguments)


def run(arguments: Sequence[str]) -> int:
    """Run a command, and return its exit code."""
    # cyclopts takes a lone dash for an option.
    words = [STDIN if word == "-" else word for word in arguments]
    try:
        result = app(words, exit_on_error=False, print_error=True, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError:
        return Exit.USAGE  # which it has printed
    except OnCallError as error:
        fail(error)
        return _code(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whatever reads the output has had enough; Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return result if isinstance(result, int) else Exit.DONE


def _code(error: OnCallError) -> Exit:
    match error:
        case InvalidArgument():
            return Exit.USAGE
        case OutcomeUnknown():
            return Exit.UNKNOWN
        case _:
            return Exit.FAILED
