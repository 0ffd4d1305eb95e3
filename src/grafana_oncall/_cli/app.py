"""The command line: its commands, and how errors become exit codes."""

import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, CycloptsError, Group, Parameter

from grafana_oncall import __version__
from grafana_oncall._generated.models.schedules import Schedule
from grafana_oncall.errors import InvalidArgument, OnCallError, OutcomeUnknown

from . import bulk, export, groups, integrations, paging, watching
from .exits import HELP as EXITS
from .exits import Exit
from .output import fail, print_json, print_table
from .selection import STDIN, time_of
from .session import HELP as SETTINGS
from .session import Common

_EXAMPLES = """Examples:
  grafana-oncall check
  grafana-oncall on-call Primary --at "tomorrow 9:00"
  grafana-oncall groups list --state firing --team SRE --since 2h
  grafana-oncall groups silence --label app:search --for 2h --journal run.jsonl
  grafana-oncall resume run.jsonl
  grafana-oncall watch --json | jq .after.title
  grafana-oncall export last-month.csv
  grafana-oncall page ana --title "Checkout is down\""""

app = App(
    name="grafana-oncall",
    help="Grafana OnCall from the command line.",
    help_epilogue=f"{_EXAMPLES}\n\n{SETTINGS}\n\n{EXITS}",
    help_format="plaintext",
    version=__version__,
    suppress_keyboard_interrupt=False,
    default_parameter=Parameter(negative=(), show_default=False),
)
_GROUPS = Group("Alert groups", sort_key=1)
_OTHERS = Group("People and integrations", sort_key=2)
_SET_UP = Group("Set up", sort_key=3)

groups.app.group, integrations.app.group = _GROUPS, _OTHERS
app["--help"].group = app["--version"].group = _SET_UP
app.command(groups.app)
app.command(watching.watch, group=_GROUPS)
app.command(export.export, group=_GROUPS)
app.command(paging.page, group=_OTHERS)
app.command(integrations.app)
app.register_install_completion_command(add_to_startup=False, group=_SET_UP)  # pyright: ignore[reportUnknownMemberType]  # cyclopts leaves its **kwargs untyped


_MORE = "Examples, settings and exit codes: grafana-oncall --help"


@app.command(group=_GROUPS)
async def resume(
    journal: Annotated[Path, Parameter(help="File that --journal wrote.")],
    /,
    *,
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Finish a bulk run that was cut short, from its journal."""
    return await bulk.resume(journal, common)


@app.command(group=_SET_UP)
async def check(*, common: Common = Common()) -> Exit:  # noqa: B008  # frozen
    """Say in words what the settings and the token are good for; reads only."""
    async with common.client() as client:
        report = await client.check()
    if common.json:
        print_json(report)
    else:
        sys.stdout.write(f"{report}\n")
    return Exit.DONE if report.ok else Exit.FAILED


@app.command(group=_OTHERS)
async def on_call(
    *schedules: Annotated[str, Parameter(help="Ids or exact names; all schedules without any.")],
    at: Annotated[
        str | None, Parameter(help="Another moment, as in 'tomorrow 9:00'.", metavar="TIME")
    ] = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Say who is on call, now or at another moment."""
    when = None if at is None else time_of("--at", at, datetime.now(UTC))
    async with common.client() as client:
        wanted: list[str | Schedule] = [*schedules]
        wanted = wanted or [each async for each in client.schedules.list()]
        found = await client.schedules.on_call(wanted, at=when)
    named = [(each if isinstance(each, str) else each.name, found[each]) for each in found]
    if common.json:
        for name, users in named:
            print_json({"schedule": name, "users": [user.to_dict() for user in users]})
        return
    rows = [
        (name, user and user.username, user and user.email)
        for name, users in named
        for user in users or [None]
    ]
    print_table(rows, "schedule", "user", "email", empty="There are no schedules.")


@app.command(group=_SET_UP)
async def get(
    path: Annotated[str, Parameter(help="Below /api/v1/, such as teams/.")],
    /,
    *,
    query: Annotated[
        tuple[str, ...], Parameter(help="May be repeated.", metavar="NAME=VALUE")
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
        found = (await client.request("GET", path, query=given)).value
    is_for_people = sys.stdout.isatty() and not common.json
    sys.stdout.write(f"{json.dumps(found, indent=2 if is_for_people else None)}\n")


@app.command(help_flags=(), group=_SET_UP)
def fake(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, help="See `fake --help`.")],
) -> int:
    """Serve a fake OnCall server to try things on."""
    from grafana_oncall.testing.__main__ import main  # noqa: PLC0415  # the fake takes a while

    return main(arguments)


for _name in app:
    app[_name].help_epilogue = app[_name].help_epilogue or _MORE


def run(arguments: Sequence[str]) -> int:
    """Run a command, and return its exit code."""
    _set_encoding(sys.stdout)
    # cyclopts takes a lone dash for an option.
    words = [STDIN if word == "-" else word for word in arguments]
    try:
        result = app(words, exit_on_error=False, print_error=True, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError:
        return Exit.USAGE  # which it has printed
    except OnCallError as error:
        fail(_as_options(str(error)))
        return _code(error)
    except BrokenPipeError:
        # Whatever reads the output has had enough; Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    return result if isinstance(result, int) else Exit.DONE


def _set_encoding(stream: object) -> None:
    """Let other programs read UTF-8 everywhere; a terminal may have another encoding."""
    if isinstance(stream, TextIOWrapper):
        encoding = None if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _code(error: OnCallError) -> Exit:
    match error:
        case InvalidArgument():
            return Exit.USAGE
        case OutcomeUnknown():
            return Exit.UNKNOWN
        case _:
            return Exit.FAILED


_OPTIONS: Final = {
    "url": "--url",
    "grafana_url": "--grafana-url",
    "token": "--token-file",
    "user_token": "--user-token-file",
    "allow_http": "--allow-http",
    "max_items": "--max-items",
    "max_at_once": "--at-once",
    "alert_group_id": "--group",
    "source_url": "--source-url",
    "route_id": "--route",
}
"""The options of the command that are arguments of the library, which its messages name."""
_ARGUMENT: Final = re.compile(
    rf"(?<![\w./-])({'|'.join(_OPTIONS)})(=True\b|=(?=[\s.,]|$)|(?=[:=]))"
)
_PATIENCE: Final = re.compile(r" Calls with_options\(background=True\) .*$")


def _as_options(message: str) -> str:
    """Return a message of the library as users of the command understand it."""
    return _ARGUMENT.sub(lambda found: _OPTIONS[found[1]], _PATIENCE.sub("", message))
