"""`grafana-oncall groups`: look at alert groups, and act on them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import App, Parameter

from grafana_oncall import AlertGroup, labels
from grafana_oncall.errors import InvalidArgument

from .bulk import RunOptions, act
from .exits import Exit
from .output import age, print_json, print_list, print_members
from .selection import Query
from .session import Common
from .times import silence as silence_of

app = App(name="groups", help="Alert groups: by ids, by `-` for ids on stdin, or by filters.")

Ids = Annotated[str, Parameter(help="Ids, or - to read them from stdin.")]
_COLUMNS = ("id", "state", "started", "alerts", "title", "labels")


def _show(now: datetime, group: AlertGroup) -> tuple[object, ...]:
    pairs = labels.parse(group.labels)
    return (
        group.id,
        group.state,
        f"{age(group.created_at, now)} ago",
        group.alerts_count,
        group.title,
        " ".join(f"{key}:{value}" for key, value in pairs),
    )


@app.command(name="list")
async def list_groups(
    *,
    limit: Annotated[int | None, Parameter(help="Groups to show; all without it.")] = None,
    query: Query = Query(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """List alert groups, newest first; with --json, one object a line."""
    now = datetime.now(UTC)
    async with common.client() as client:
        await print_list(
            query.groups(client),
            lambda group: _show(now, group),
            *_COLUMNS,
            json=common.json,
            limit=limit,
        )


@app.command
async def show(
    group_id: Annotated[str, Parameter(help="Id of the group.")],
    *,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Show one alert group."""
    async with common.client() as client:
        group = await client.alert_groups.get(group_id)
    (print_json if common.json else print_members)(group)


@app.command
async def ack(
    *ids: Ids,
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Acknowledge alert groups."""
    return await act(
        lambda bulk, groups, given: bulk.acknowledge(groups, **given), ids, query, options, common
    )


@app.command
async def unack(
    *ids: Ids,
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Take acknowledgements back."""
    return await act(
        lambda bulk, groups, given: bulk.unacknowledge(groups, **given), ids, query, options, common
    )


@app.command
async def resolve(
    *ids: Ids,
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Resolve alert groups."""
    return await act(
        lambda bulk, groups, given: bulk.resolve(groups, **given), ids, query, options, common
    )


@app.command
async def unresolve(
    *ids: Ids,
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Let resolved alert groups fire again."""
    return await act(
        lambda bulk, groups, given: bulk.unresolve(groups, **given), ids, query, options, common
    )


@app.command
async def silence(
    *ids: Ids,
    duration: Annotated[
        str, Parameter(name="--for", help="How long, as in 30m, 2h, 1d12h; or forever.")
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


@app.command
async def unsilence(
    *ids: Ids,
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """End silences."""
    return await act(
        lambda bulk, groups, given: bulk.unsilence(groups, **given), ids, query, options, common
    )


@app.command
async def delete(
    *ids: Ids,
    mode: Annotated[
        Literal["wipe", "delete"],
        Parameter(help="wipe empties groups and keeps them; delete removes them."),
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


@app.command
async def label(
    *ids: Ids,
    add: Annotated[
        tuple[str, ...], Parameter(help="KEY:VALUE to attach; may be repeated.", negative=())
    ] = (),
    remove: Annotated[
        tuple[str, ...], Parameter(help="KEY:VALUE to remove; may be repeated.", negative=())
    ] = (),
    query: Query = Query(),  # noqa: B008  # frozen
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    common: Common = Common(),  # noqa: B008  # frozen
) -> Exit:
    """Attach labels to alert groups, or remove them; one of the two at a time."""
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
