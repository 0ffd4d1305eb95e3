"""Bots that other threads stop or give hints to: on a real loop, which sleeps in its selector."""

import asyncio
import selectors
import threading
from collections.abc import Callable
from datetime import timedelta

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change
from grafana_oncall.testing import FakeOnCall
from tests.support.programs import PATIENCE
from tests.support.samples import BASE


class Selector(selectors.DefaultSelector):
    """Signals when the loop begins a long sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps = threading.Event()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events."""
        if timeout is None or timeout > 1:
            self.sleeps.set()
        return super().select(timeout)


def test_a_bot_is_given_hints_and_stopped_by_another_thread() -> None:
    """At once, although the next poll is an hour away."""
    selector, fake = Selector(), FakeOnCall()
    group = fake.add_group()

    def while_it_sleeps(call: Callable[[], None]) -> None:
        def wait_and_call() -> None:
            assert selector.sleeps.wait(PATIENCE)
            call()

        selector.sleeps.clear()
        threading.Thread(target=wait_and_call).start()

    async def main() -> None:
        delivered = asyncio.Queue[str]()
        async with (
            asyncio.timeout(PATIENCE),
            OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client,
            asyncio.TaskGroup() as tasks,
        ):
            bot = Bot(client.alert_groups.watch(every=timedelta(hours=1), existing=True))

            @bot.on(Change)
            async def note(change: Change) -> None:
                delivered.put_nowait(type(change).__name__)

            tasks.create_task(bot.run(signals=()))
            assert await delivered.get() == "Created"
            group.alerts_count += 1
            while_it_sleeps(lambda: bot.hint(group.id))
            assert await delivered.get() == "AlertsAdded"
            while_it_sleeps(bot.stop)

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(main())
