"""`grafana-oncall groups`: look at alert groups, and act on them."""

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cyclopts import App, Group, Parameter
from cyclopts.validators import Number

from grafana_oncall import AlertGroup, OnCallClient, labels
from grafana_oncall.bulk import Bulk, BulkRun
from grafana_oncall.errors import InvalidArgument, StatusError

from .bulk import RunOptions, act
from .exits import Exit
from .output import age, fail, print_json, print_list, print_members
from .selection import Ids, Labels, Query, groups_of
from .session import Common
from .times import silence as silence_of

app = App(
    name="groups",
    help=(
        "Look at alert groups, and act on them: those with the ids that are given, those with ids "
        "on stdin (-), or those that match filters."
    ),
    help_epilogue="""Examples:
  grafana-oncall groups list --state firing --team SRE --since 2h
  grafana-oncall groups show I68T24C13IFW1 --json
  grafana-oncall groups resolve --label env:staging --dry-run
  grafana-oncall groups silence --team SRE --for 2h --journal run.jsonl
  grafana-oncall groups list --since 1h | grep db | grafana-oncall groups ack -

An action on filters asks first, unless --yes is given. Ctrl-C reports what was \
done until then, and `grafana-oncall resume run.jsonl` does the rest.

Settings and exit codes: grafana-oncall --help""",
)

_LOOK = Group("Look", sort_key=1)
_ACT = Group("Act", sort_key=2)
_COLUMNS = ("id", "state", "started", "alerts", "title", "labels")


def _show(now: datetime, group: AlertGroup) -> tuple[object, ...]:
    return (
        group.id,
        group.state,
        f"{age(group.created_at, now)} ago",
        group.alerts_count,
        group.title,
        _labels_of(group),
    )


def _labels_of(group: AlertGroup) -> str:
    return " ".join(f"{key}:{value}" for key, value in labels.parse(group.labels))


@app.command(name="list", group=_LOOK)
async def list_groups(
    *ids: Ids,
    limit: Annotated[
        int | None,
        Parameter(help="Groups to show; all without it.", metavar="N", validator=Number(gte=1)),
    ] = None,
    query: Query = Query(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """List alert groups, newest first."""
    now = datetime.now(UTC)
    async with common.client() as client:
        await print_list(
            groups_of(client, ids, query),
            lambda group: _show(now, group),
            *_COLUMNS,
            json=common.json,
            limit=limit,
        )


@app.command(group=_LOOK)
async def show(
    *ids: Ids,
    query: Query = Query(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Show all about alert groups, with the names of people, team and integration."""
    if not ids and query.is_empty:
        raise InvalidArgument("Give ids, - for ids on stdin, or filters.", argument="ids")
    between = ""
    async with common.client() as client:
        async for group in groups_of(client, ids, query):
            names = await _names(client, group)
            if common.json:
                print_json({**group.to_dict(), "names": names})
            else:
                sys.stdout.write(between)
                print_members(_members(group, names))
                between = "\n"


async def _names(client: OnCallClient, group: AlertGroup) -> Mapping[str, str | None]:
    """Return what the ids of a group stand for; the ids, if this token may not read that."""
    try:
        whose = await client.directory.of(group)
    except StatusError as error:
        fail(f"Names are missing: {error}")
        return {}
    people = {"acknowledged_by": whose.acknowledged_by, "resolved_by": whose.resolved_by}
    return {
        "integration": whose.integration.name if whose.integration else None,
        "team": whose.team.name if whose.team else None,
        **{did: user.username if user else None for did, user in people.items()},
    }


def _members(group: AlertGroup, names: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the members of a group as people read them: names beside ids, labels in short."""
    members = group.to_dict()
    for name, value in names.items():
        key = name if name in members else f"{name}_id"
        members[key] = members[key] if value is None else f"{value} ({members[key]})"
    return {**members, "labels": _labels_of(group)}


def _action(name: str, method: Callable[..., BulkRun], help: str) -> None:
    """Add the command of an action that needs nothing but groups."""

    async def command(
        *ids: Ids,
        query: Query = Query(),  # noqa: B008  # frozen
        options: RunOptions = RunOptions(),  # noqa: B008  # frozen
        common: Common = Common(),  # noqa: B008  # frozen
    ) -> Exit:
        return await act(
            lambda bulk, groups, given: method(bulk, groups, **given), ids, query, options, common
        )

    app.command(command, name=name, help=help, group=_ACT)


_action("ack", Bulk.acknowledge, "Acknowledge alert groups.")
_action("unack", Bulk.unacknowledge, "Take acknowledgements back.")
_action("resolve", Bulk.resolve, "Resolve alert groups.")
_action("unresolve", Bulk.unresolve, "Let resolved alert groups fire again.")


@app.command(group=_ACT)
async def silence(
    *ids: Ids,
    duration: Annotated[
        str,
        Parameter(
            name="--for", help="How long, as in 30m, 2h, 1d12h; or forever.", metavar="DURATION"
        ),
    ],
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Silence alert groups for a while."""
    try:
        delay = silence_of(duration)
    except ValueError as error:
        raise InvalidArgument(f"--for: {error}", argument="for") from None
    return await act(
        lambda bulk, groups, given: bulk.silence(groups, delay, **given),
        ids,
        query,
        options,
        common,
    )


_action("unsilence", Bulk.unsilence, "End silences.")


@app.command(group=_ACT)
async def delete(
    *ids: Ids,
    mode: Annotated[
        Literal["wipe", "delete"],
        Parameter(
            help="wipe empties groups and keeps them; delete removes them.", show_default=True
        ),
    ] = "wipe",
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Wipe or delete alert groups."""
    return await act(
        lambda bulk, groups, given: bulk.delete(groups, mode=mode, **given),
        ids,
        query,
        options,
        common,
    )


@app.command(group=_ACT)
async def label(
    *ids: Ids,
    add: Labels = (),
    remove: Labels = (),
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Attach labels to alert groups (--add), or remove them (--remove); one of the two."""
    if bool(add) == bool(remove):
        raise InvalidArgument("Pass --add or --remove, and not both.", argument="add")
    return await act(
        lambda bulk, groups, given: (
            bulk.add_labels(groups, list(add), **given)
            if add
            else bulk.remove_labels(groups, list(remove), **given)
        ),
        ids,
        query,
        options,
        common,
    )
