"""`python -m grafana_oncall.testing.demo`: the main features of the SDK from end to end.

It starts a fake server on a loopback socket, works on it through the public API, and exits with 0
only if the server's state is then as expected. With GRAFANA_ONCALL_URL and
GRAFANA_ONCALL_ACCESS_TOKEN set, it only reads from that server instead.
"""

import asyncio
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from grafana_oncall._core.extras import install

try:
    from rich import progress as rich_progress
    from rich.console import Console
    from rich.logging import RichHandler
    from rich.table import Table
except ImportError as error:
    raise ImportError(f"The demo: {install('testing,rich')}") from error

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.bulk import BulkReport, Progress, progress_bar
from grafana_oncall.changes import Acknowledged, Created
from grafana_oncall.errors import OnCallError
from grafana_oncall.models import AlertGroup, AlertGroupState, Integration
from grafana_oncall.testing import FakeOnCall, seed_storm, serve, throttle

GROUPS: Final = 1000
READ_AT_MOST: Final = 1000
LABEL: Final = ("handled_by", "demo")
STORM: Final = {"team": "Platform"}
"""The labels of the groups that are all resolved at once."""

Check = tuple[str, object, object]
"""What is checked, its expected value, and its value on the server."""


async def _walk(client: OnCallClient, console: Console) -> list[AlertGroup]:
    """Read all alert groups, with a progress bar."""
    pager = client.alert_groups.list()
    total = min(await pager.count(), READ_AT_MOST)
    found: list[AlertGroup] = []
    with rich_progress.Progress(console=console) as progress:
        walked = progress.add_task("Walking all pages", total=total)
        async for group in pager:
            found.append(group)
            progress.advance(walked)
            if len(found) == READ_AT_MOST:
                break
    return found


def _groups_table(groups: Sequence[AlertGroup]) -> Table:
    table = Table("team", *AlertGroupState, title=f"{len(groups)} alert groups by team and state")
    counts = Counter((_team(group), group.state) for group in groups)
    for team in sorted({team for team, _ in counts}):
        table.add_row(team, *(str(counts[team, state]) for state in AlertGroupState))
    return table


def _team(group: AlertGroup) -> str:
    return next((label.value.name for label in group.labels if label.key.name == "team"), "none")


def _integrations_table(integrations: Iterable[Integration]) -> Table:
    table = Table("id", "type", "name", "labels", title="Integrations")
    for integration in integrations:
        labels = ", ".join(f"{label.key.name}={label.value.name}" for label in integration.labels)
        table.add_row(integration.id, integration.type, integration.name, labels)
    return table


async def _act(client: OnCallClient, console: Console) -> dict[str, str]:
    """Do each action once, on six firing groups of one team; return their ids by action."""
    groups = client.alert_groups
    wanted = groups.list(labels={"team": "SRE"}, state="new")
    ids = [group.id for group in await wanted.collect(limit=6)]
    console.print(f"{await wanted.count()} firing groups are labelled team=SRE. Acting on six.")
    actions: list[str] = ["acknowledge", "silence", "label", "resolve", "wipe", "delete"]
    done = dict(zip(actions, ids, strict=True))
    await groups.acknowledge(done["acknowledge"])
    await groups.silence(done["silence"], timedelta(hours=3))
    await groups.add_label(done["label"], *LABEL)
    await groups.acknowledge(done["resolve"])
    await groups.resolve(done["resolve"])
    await groups.delete(done["wipe"])
    await groups.delete(done["delete"], mode="delete")
    await groups.wait_until_deleted(done["delete"], timeout=10, every=0.1)
    return done


async def _resolve_storm(client: OnCallClient, fake: FakeOnCall, console: Console) -> BulkReport:
    """Resolve all groups of a team: throttled for a moment, interrupted half-way, resumed."""
    with TemporaryDirectory() as folder, progress_bar(console) as bar:

        def disturbed(progress: Progress) -> None:
            bar(progress)
            if progress.phase == "acting" and progress.total is not None:
                if progress.done == progress.total // 4:
                    fake.faults.add(throttle(2))
                if progress.done >= progress.total // 2:
                    resolving.cancel()

        journal = Path(folder) / "resolve.jsonl"
        groups = client.alert_groups.list(labels=STORM)
        run = client.alert_groups.bulk.resolve(groups, journal=journal, on_progress=disturbed)
        resolving = asyncio.create_task(run.wait())
        await asyncio.wait([resolving])
        console.print(run.report, "Interrupted half-way. The journal allows to resume.")
        report = await client.alert_groups.bulk.resume(journal, on_progress=bar)
        console.print(report)
        return report


async def _react(client: OnCallClient, fake: FakeOnCall, console: Console) -> list[str]:
    """Run a bot that acknowledges new groups, add three, and return their ids."""
    bot = Bot(client.alert_groups.watch(labels=STORM, every=0.1))
    handled = asyncio.Semaphore(0)

    @bot.on(Created)
    async def acknowledge(change: Created) -> None:
        await client.alert_groups.acknowledge(change.id)
        console.print(f"The bot acknowledged {change.id}, {change.after.title!r}.")

    @bot.on(Acknowledged)
    async def seen(_: Acknowledged) -> None:
        handled.release()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.run())
        while bot.health.polled is None:  # noqa: ASYNC110  # as a liveness probe does
            await asyncio.sleep(0.01)
        begun = [fake.add_group(title=f"News {number}", labels=STORM).id for number in range(3)]
        for _ in begun:
            await handled.acquire()
        bot.stop()
    return begun


def _checks(fake: FakeOnCall, done: dict[str, str], integration: Integration) -> list[Check]:
    """Compare the state of the server itself, not what the SDK says of it."""
    groups = fake.groups
    kept = fake.integrations[integration.id]
    labelled = groups[done["label"]]
    return [
        ("acknowledged group", "acknowledged", groups[done["acknowledge"]].state),
        ("silenced group", "silenced", groups[done["silence"]].state),
        ("labelled group has the label", True, LABEL in labelled.labels),
        ("labelled group still fires", "firing", labelled.state),
        ("resolved group", "resolved", groups[done["resolve"]].state),
        ("wiped group has no title", None, groups[done["wipe"]].title),
        ("deleted group is gone", False, done["delete"] in groups),
        ("groups that are left", GROUPS - 1, len(groups)),
        ("labels of the integration", [("team", "SRE")], list(kept.labels)),
        ("slack title of the integration", None, kept.templates["slack"]["title"]),
    ]


def _storm_checks(fake: FakeOnCall, report: BulkReport) -> list[Check]:
    storm = {group.id for group in fake.groups.values() if STORM.items() <= {*group.labels}}
    resolved = Counter(
        call.path
        for call in fake.calls
        if call.operation == "resolve_alert_group" and call.status == 200
    )
    unresolved = [group_id for group_id in storm if fake.groups[group_id].state != "resolved"]
    return [
        ("groups of the storm that were reported", len(storm), len(report.outcomes)),
        ("groups of the storm that are open", 0, len(unresolved)),
        ("most times that a group was resolved", 1, max(resolved.values())),
    ]


async def _write(client: OnCallClient, fake: FakeOnCall, console: Console) -> bool:
    made = await client.integrations.create(
        type="webhook",
        name="demo",
        labels={"team": "SRE"},
        templates={"slack": {"title": "{{ payload.title }}"}},
    )
    made = await client.integrations.update(made.id, templates={"slack": {"title": None}})
    done = await _act(client, console)
    report = await _resolve_storm(client, fake, console)
    checks = [*_checks(fake, done, made), *_storm_checks(fake, report)]
    states = [fake.groups[group_id].state for group_id in await _react(client, fake, console)]
    checks.append(("new groups that the bot acknowledged", 3, states.count("acknowledged")))
    table = Table("what", "should be", "is", "", title="State of the server")
    for name, expected, found in checks:
        table.add_row(name, str(expected), str(found), "✓" if expected == found else "✗")
    console.print(table)
    return all(expected == found for _, expected, found in checks)


async def _read(client: OnCallClient, console: Console) -> None:
    console.print(_groups_table(await _walk(client, console)))
    console.print(_integrations_table(await client.integrations.list().collect(limit=50)))


async def _on_fake(console: Console) -> bool:
    fake = FakeOnCall()
    fake.add_label(*LABEL)
    seed_storm(fake, GROUPS)
    async with serve(fake) as url, OnCallClient(url=url, token=fake.token) as client:
        console.print(f"An embedded OnCall server listens on {url}.")
        await _read(client, console)
        return await _write(client, fake, console)


async def _on_real_server(console: Console) -> bool:
    async with OnCallClient.from_env() as client:
        console.print(f"{client!r}, read only.")
        await _read(client, console)
    return True


def main(console: Console | None = None) -> int:
    """Run the demo, and return its exit code."""
    console = console or Console()
    logging.basicConfig(
        handlers=[RichHandler(console=console, show_path=False)], format="%(message)s"
    )
    real = any(os.environ.get(f"GRAFANA_ONCALL_{name}") for name in ("URL", "ACCESS_TOKEN"))
    try:
        good = asyncio.run(_on_real_server(console) if real else _on_fake(console))
    except OnCallError as error:
        console.print(f"{type(error).__name__}: {error}", markup=False, soft_wrap=True)
        return 1
    if real:
        console.print(f"Read only: nothing was changed. At most {READ_AT_MOST} groups are shown.")
    else:
        console.print("Everything is as expected." if good else "Something is not as expected.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
