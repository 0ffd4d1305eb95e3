"""The acts of the demo. Each has a server of its own, and shows what that holds and recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.bulk import BulkReport
from grafana_oncall.changes import Acknowledged, Created, Resolved
from grafana_oncall.testing import FakeOnCall, LoopClock, RateLimit

from . import _naive, _nightly
from ._page import Page
from ._programs import Programs
from ._storm import GROUPS, SRE, WANTED, Storm

Seen: TypeAlias = Created | Acknowledged | Resolved
Report: TypeAlias = Callable[[Seen], Awaitable[None]]

_HALF: Final = WANTED // 2
_NEWS: Final = ("Disk almost full", "High 5xx rate", "Replication lag")


def introduce(page: Page) -> None:
    """Say what the job is, and on which servers."""
    page.say(
        f"{GROUPS:,} alert groups, {WANTED} of them firing at team SRE. The job: resolve those."
    )
    page.say("All servers are fakes on this machine, whatever GRAFANA_ONCALL_URL says.")


def naive(page: Page) -> None:
    """Run the script that everyone writes first."""
    page.heading("1. The script that everyone writes first")
    page.code(_naive.main)
    storm = Storm.seeded()
    exit_code = asyncio.run(_run_naive(storm))
    page.fact(storm.responses[200], "responses, each of them 200 OK", expected=306)
    page.fact(exit_code, "is the exit code: the script noticed nothing", expected=0)
    page.left(storm.left, WANTED, expected=200)
    page.say("Resolved groups leave the list, so the next page begins 50 groups too late.")


async def _run_naive(storm: Storm) -> int:
    async with Programs.on(storm.fake) as programs, programs.run(_naive) as process:
        return await process.wait()


async def resolve(client: OnCallClient) -> BulkReport:
    """Resolve what fires at team SRE."""
    groups = client.alert_groups
    firing = groups.list(state="firing", labels={"team": "SRE"})
    return await groups.bulk.resolve(firing)


def throttled(page: Page) -> None:
    """Do the same with the SDK, on a server with a rate limit, in virtual time."""
    page.heading("2. The SDK, on a server that allows 300 requests a minute")
    page.code(resolve)
    clock = LoopClock()
    began = clock()
    storm = Storm.seeded(clock=clock, rate_limit=RateLimit())
    clock.run(_resolve(storm))
    page.fact(len(storm.resolved), "groups resolved", expected=WANTED)
    page.fact(storm.responses[429], "response 429, which paused all tasks", expected=1)
    page.fact((clock() - began).seconds, "seconds of pause, on a virtual clock", expected=60)
    page.left(storm.left, WANTED, expected=0)


async def _resolve(storm: Storm) -> None:
    async with _client(storm.fake) as client:
        await resolve(client)


def killed(page: Page) -> None:
    """Kill a program half-way, and start it again."""
    page.heading("3. A process that is killed half-way (kill -9), and started again")
    page.code(_nightly.main)
    storm = Storm.seeded()
    left = asyncio.run(_kill_and_restart(storm))
    through = sum(call.applied for call in storm.stalled)
    repeated = sum(times > 1 for times in storm.resolved.values())
    page.fact(len(storm.stalled), "requests in flight when it was killed", expected=8)
    page.fact(through, "of these had gone through, which it could not know", expected=4)
    page.fact(left, "groups firing when it was started again", expected=_HALF - 4)
    page.fact(repeated, "groups resolved twice", expected=0)
    page.left(storm.left, WANTED, expected=0)


async def _kill_and_restart(storm: Storm) -> int:
    """Return how many groups were left in between."""
    async with Programs.on(storm.fake) as programs:
        stalled = storm.stall(after=_HALF, number=8)
        async with programs.run(_nightly) as process:
            await stalled.wait()
            process.kill()
        storm.fake.faults.clear()
        left = storm.left
        async with programs.run(_nightly) as process:
            await process.wait()
    return left


def make_bot(client: OnCallClient, report: Report) -> Bot:
    """Return a bot that acknowledges new groups of team SRE, and reports what happens there."""
    bot = Bot(client.alert_groups.watch(labels={"team": "SRE"}))
    bot.on(Created, Acknowledged, Resolved)(report)

    @bot.on(Created)
    async def acknowledge(change: Created) -> None:
        await client.alert_groups.acknowledge(change.id)

    return bot


def watched(page: Page) -> None:
    """Let a bot see what happens, and act on it, in virtual time."""
    page.heading("4. A bot that sees new groups, and acts on them")
    page.code(make_bot)
    clock = LoopClock()
    began = clock()
    fake = FakeOnCall(clock=clock)

    async def report(change: Seen) -> None:
        seconds = (clock() - began).seconds
        page.say(f"{seconds:5} s  {type(change).__name__:<12}  {change.after.title}")

    page.say("On a virtual clock, with a poll every 15 s; a colleague resolves the last one.")
    clock.run(_watch(fake, report))
    acknowledged = sum(group.acknowledged_at is not None for group in fake.groups.values())
    page.fact(acknowledged, "new groups acknowledged by the bot", expected=len(_NEWS))


async def _watch(fake: FakeOnCall, report: Report) -> None:
    """Run the bot for two minutes: groups are added, and a colleague resolves the last one."""
    async with _client(fake) as client, asyncio.TaskGroup() as tasks:
        bot = make_bot(client, report)
        tasks.create_task(bot.run())
        await asyncio.sleep(50)
        *_, last = [fake.add_group(title=title, labels=SRE) for title in _NEWS]
        await asyncio.sleep(50)
        await client.alert_groups.resolve(last.id)
        await asyncio.sleep(20)
        bot.stop()


READING: Final = {
    "docs/tutorial.md": "a first program, a bulk run, a bot",
    "docs/guides/bulk.md": "journals, outcomes, options",
    "docs/guides/bots.md": "changes, checkpoints, failures",
    "docs/guides/testing.md": "this fake server, its faults, virtual time",
    "src/grafana_oncall/testing/demo/": "the source of this demo",
}
"""Paths in the repository, and what is there."""


def further(page: Page) -> None:
    """Say what to read next."""
    page.heading("5. What to read next")
    for path, content in READING.items():
        page.say(f"{path:<32}  {content}")


def conclude(page: Page) -> None:
    """Say in one line what the script and the SDK left undone."""
    naively, *properly = page.remaining
    verdict = f"The script left {naively} of {WANTED} groups firing, without any error"
    page.blank()
    page.say(f"{verdict}; the SDK left {sum(properly)}.", "bold")


STORY: Final[Sequence[Callable[[Page], None]]] = (
    introduce,
    naive,
    throttled,
    killed,
    watched,
    further,
    conclude,
)


def _client(fake: FakeOnCall) -> OnCallClient:
    return OnCallClient(url="https://oncall.example", token=fake.token, transport=fake.transport())
