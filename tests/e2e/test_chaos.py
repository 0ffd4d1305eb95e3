"""Chaos: what the SDK reports is true on the server, whatever goes wrong in between."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from selectors import DefaultSelector, SelectorKey
from typing import Literal

import attrs
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._http.factory import Transport
from grafana_oncall.errors import (
    ClientStateError,
    Conflict,
    DecodeError,
    NotFound,
    OutcomeUnknown,
    StatusError,
    TransportError,
)
from grafana_oncall.resources.alert_groups import AlertGroups
from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    Fault,
    hang,
    html,
    refuse,
    reset,
    serve,
    status,
    throttle,
    truncate,
)
from tests.support.budget import budget
from tests.support.virtual_time import VirtualTimeLoop, now, run

Name = Literal["httpx", "httpx2", "aiohttp"]

OPERATIONS, TASKS, FAULTY, CANCELLED = budget(1200, hunt=5000), 64, 0.20, 0.05
LABEL = ("chaos", "yes")

FAULTS: list[Fault] = [
    *(reset(applied=True), reset(applied=False), refuse(), truncate()),
    *(status(503), status(503, applied=True), status(500, applied=True), status(502)),
    *(html(), html(applied=True), hang(), hang(applied=True), throttle(1)),
]


class SocketsInProcessLoop(VirtualTimeLoop):
    """Virtual time that also passes while the sockets of this process wait for each other."""

    def __init__(self) -> None:
        super().__init__()
        self._wait_really = self._virtual._wait
        self._virtual._wait = self._skip  # type: ignore[method-assign]

    def _skip(self, timeout: float | None) -> list[tuple[SelectorKey, int]]:
        if self._virtual.threads:
            return self._wait_really(timeout)
        # What one end has sent reaches the other at once.
        ready = DefaultSelector.select(self._virtual, 0 if timeout else timeout)
        self._timeline.seconds += 0 if ready else timeout or 0
        return ready


@attrs.frozen(kw_only=True)
class Seen:
    """What matters about a group on the server."""

    acknowledged: bool
    resolved: bool
    silenced: bool
    labelled: bool


def _seen(fake: FakeOnCall, group_id: str) -> Seen | None:
    group = fake.groups.get(group_id)
    if group is None:
        return None
    return Seen(
        acknowledged=group.acknowledged_at is not None,
        resolved=group.resolved_at is not None,
        silenced=group.silenced_at is not None,
        labelled=LABEL in group.labels,
    )


@attrs.frozen
class Action:
    """An action, how often it is done, and what is true of a group afterwards."""

    operation: str
    weight: int
    act: Callable[[AlertGroups, str], Awaitable[object]]
    holds: Callable[[Seen], bool]


ACTIONS = [
    Action("acknowledge_alert_group", 10, AlertGroups.acknowledge, lambda it: it.acknowledged),
    Action(
        "unacknowledge_alert_group", 8, AlertGroups.unacknowledge, lambda it: not it.acknowledged
    ),
    Action("resolve_alert_group", 8, AlertGroups.resolve, lambda it: it.resolved),
    Action("unresolve_alert_group", 8, AlertGroups.unresolve, lambda it: not it.resolved),
    Action(
        "silence_alert_group",
        10,
        lambda groups, one: groups.silence(one, timedelta(days=30)),
        lambda it: it.silenced,
    ),
    Action("unsilence_alert_group", 8, AlertGroups.unsilence, lambda it: not it.silenced),
    Action(
        "add_alert_group_label",
        10,
        lambda groups, one: groups.add_label(one, *LABEL),
        lambda it: it.labelled,
    ),
    Action(
        "remove_alert_group_label",
        10,
        lambda groups, one: groups.remove_label(one, *LABEL),
        lambda it: not it.labelled,
    ),
    Action("get_alert_group", 6, AlertGroups.get, lambda _: True),
    Action(
        "delete_alert_group",
        1,
        lambda groups, one: groups.delete(one, mode="delete"),
        lambda _: False,
    ),
]


class Chaos:
    """Workers that act on groups of their own, and check every report against the server."""

    def __init__(self, seed: int, operations: int = OPERATIONS) -> None:
        self.random = Random(seed)  # noqa: S311  # it must be reproducible
        self.fake = FakeOnCall(
            clock=now, latency=timedelta(milliseconds=40), delete_delay=timedelta(0)
        )
        self.fake.add_label(*LABEL)
        self.fake.faults.choose(self._fault)
        self.reports: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.left = operations

    def _fault(self, _request: FakeRequest, _operation: str | None) -> Fault | None:
        return self.random.choice(FAULTS) if self.random.random() < FAULTY else None

    async def run(self) -> None:
        """Run all of it, in process."""
        await self._run("https://oncall.test", self.fake.transport())
        assert len(asyncio.all_tasks()) == 1

    async def run_over_sockets(self, name: Name) -> None:
        """Run all of it, over loopback sockets."""
        async with serve(self.fake) as url:
            await self._run(url, name)

    async def _run(self, url: str, transport: Transport) -> None:
        async with OnCallClient(
            url=url, token=self.fake.token, transport=transport, random=self.random.random
        ) as client:
            async with asyncio.TaskGroup() as tasks:
                for number in range(TASKS):
                    tasks.create_task(self._work(client, number))
            self.fake.faults.clear()
            assert await client.alert_groups.list().count() == len(self.fake.groups)

    def check_reports(self, operations: int) -> None:
        """All are true, and each kind occurred."""
        assert self.wrong == []
        assert self.reports["done"] > operations / 5
        least = min(self.reports[kind] for kind in ("refused", "unknown", "cancelled"))
        assert least > operations / 100

    async def _work(self, client: OnCallClient, number: int) -> None:
        group_id = self.fake.add_group().id
        while self.left > 0:
            self.left -= 1
            if self.random.random() < 0.05:
                await self._create(client, f"chaos {number} {self.left}")
            else:
                await self._act(client, group_id)
            if _seen(self.fake, group_id) is None:
                group_id = self.fake.add_group().id

    async def _act(self, client: OnCallClient, group_id: str) -> None:
        (action,) = self.random.choices(ACTIONS, weights=[action.weight for action in ACTIONS])
        before, calls = _seen(self.fake, group_id), len(self.fake.calls)
        report = await self._report(action.act(client.alert_groups, group_id))
        after = _seen(self.fake, group_id)
        gone = after is None and action.operation == "delete_alert_group"
        done = gone or (after is not None and action.holds(after))
        applied = sum(
            call.applied and call.operation == action.operation and f"/{group_id}/" in call.path
            for call in self.fake.calls[calls:]
        )
        story = f"{action.operation}: {report}, {before} -> {after}, {applied} applied"
        self._check(story, report, done=done, unchanged=before == after)
        if action.operation == "silence_alert_group" and applied > 1:
            self.wrong.append(f"sent twice: {story}")

    async def _create(self, client: OnCallClient, mark: str) -> None:
        report = await self._report(
            client.integrations.create(type="webhook", description_short=mark)
        )
        made = sum(
            integration.description_short == mark for integration in self.fake.integrations.values()
        )
        self._check(f"create: {report}, {made} made", report, done=made == 1, unchanged=not made)

    def _check(self, story: str, report: str, *, done: bool, unchanged: bool) -> None:
        self.reports[report] += 1
        truthful = {"done": done, "refused": unchanged, "failed": unchanged}
        if not truthful.get(report, done or unchanged):
            self.wrong.append(story)

    async def _report(self, call: Awaitable[object]) -> str:
        patience = self.random.uniform(0, 0.3) if self.random.random() < CANCELLED else None
        try:
            async with asyncio.timeout(patience):
                await call
        except TimeoutError:
            return "cancelled"
        except OutcomeUnknown:
            return "unknown"
        except (Conflict, NotFound):
            return "refused"
        except (TransportError, StatusError, DecodeError, ClientStateError):
            return "failed"
        return "done"


@pytest.mark.parametrize("seed", range(budget(2, hunt=100)))
def test_every_report_is_true_under_faults_and_cancellations(seed: int) -> None:
    """Thousands of mixed calls from 64 tasks: none lost, none doubled, none misreported."""
    chaos = Chaos(seed)
    run(chaos.run())
    chaos.check_reports(OPERATIONS)


@pytest.mark.parametrize("name", ["httpx", "httpx2", "aiohttp"])
@pytest.mark.parametrize("seed", range(budget(1, hunt=20)))
def test_every_report_is_true_over_sockets(seed: int, name: Name) -> None:
    """Over each sender, whose connections break and are reused."""
    operations = budget(1000, hunt=5000)
    chaos = Chaos(seed, operations)
    with asyncio.Runner(loop_factory=SocketsInProcessLoop) as runner:
        runner.run(chaos.run_over_sockets(name))
    chaos.check_reports(operations)
