"""Signals: one stops all bots of a process, which then handle what is in flight."""

import asyncio
import os
import signal
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVarTuple

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Created
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.samples import BASE

Ts = TypeVarTuple("Ts")

BOTH = (signal.SIGTERM, signal.SIGINT)


class WindowsLoop(asyncio.SelectorEventLoop):
    """An event loop that does not support signal handlers."""

    def add_signal_handler(self, sig: int, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """Raise, as on Windows."""
        raise NotImplementedError


@pytest.mark.parametrize("number", [1, 3])
async def test_a_signal_stops_all_bots_that_run(
    oncall: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """The earlier handler is restored afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    bots = [Bot(oncall.alert_groups.watch(clock=clock)) for _ in range(number)]
    async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
        for bot in bots:
            tasks.create_task(bot.run())
        await asyncio.sleep(20)
        assert signal.getsignal(signal.SIGTERM) != before
        os.kill(os.getpid(), signal.SIGTERM)
    assert all(bot.health.polled for bot in bots)
    assert signal.getsignal(signal.SIGTERM) == before


async def test_a_bot_that_ends_leaves_the_signals_to_the_others(
    oncall: OnCallClient, clock: VirtualClock
) -> None:
    """A signal still stops the second bot."""
    first, second = (Bot(oncall.alert_groups.watch(clock=clock)) for _ in range(2))
    async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(first.run())
        tasks.create_task(second.run())
        await asyncio.sleep(1)
        first.stop()
        await ended
        os.kill(os.getpid(), signal.SIGTERM)


async def test_the_loops_own_handler_of_a_signal_stays(
    oncall: OnCallClient, clock: VirtualClock
) -> None:
    """It is called too, also after the bot has ended."""
    loop, called = asyncio.get_running_loop(), list[str]()
    bot = Bot(oncall.alert_groups.watch(clock=clock))
    loop.add_signal_handler(signal.SIGTERM, called.append, "by the loop")
    try:
        async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
            tasks.create_task(bot.run())
            await asyncio.sleep(20)
            os.kill(os.getpid(), signal.SIGTERM)
        assert len(called) == 1
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(1)
        assert len(called) == 2
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def test_an_earlier_handler_is_called_too(oncall: OnCallClient, clock: VirtualClock) -> None:
    """Such as that of a web server in whose lifespan the bot runs: both stop."""
    arrived: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: arrived.append(number))
    try:
        bots = [Bot(oncall.alert_groups.watch(clock=clock)) for _ in range(2)]
        async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
            for bot in bots:
                tasks.create_task(bot.run())
            await asyncio.sleep(20)
            os.kill(os.getpid(), signal.SIGTERM)
        assert arrived == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
async def test_bots_may_end_in_any_order(
    oncall: OnCallClient, clock: VirtualClock, order: tuple[int, ...]
) -> None:
    """The last to end restores the handler that the first found."""
    before = signal.getsignal(signal.SIGTERM)
    bots = [Bot(oncall.alert_groups.watch(clock=clock)) for _ in order]
    running = [asyncio.create_task(bot.run()) for bot in bots]
    await asyncio.sleep(1)
    for number in order:
        assert signal.getsignal(signal.SIGTERM) != before
        bots[number].stop()
        await running[number]
    assert signal.getsignal(signal.SIGTERM) == before


async def test_a_handler_that_is_set_after_the_bots_stays(
    oncall: OnCallClient, clock: VirtualClock
) -> None:
    """If it is removed after the bot has ended, the original handler is in place."""
    arrived: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: arrived.append("before"))
    try:
        bot = Bot(oncall.alert_groups.watch(clock=clock))
        running = asyncio.create_task(bot.run())
        await asyncio.sleep(1)
        taken = signal.signal(signal.SIGTERM, lambda *_: arrived.append("after"))
        bot.stop()
        await running
        signal.raise_signal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, taken)
        for _ in range(2):
            signal.raise_signal(signal.SIGTERM)
        assert arrived == ["after", "before", "before"]
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("sent", BOTH)
def test_a_signal_stops_a_bot_on_windows_too(sent: signal.Signals) -> None:
    """Where event loops have no signal handlers."""

    async def main() -> None:
        async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
            bot = Bot(client.alert_groups.watch(existing=True))

            @bot.on(Created)
            async def stop(_: Created) -> None:
                os.kill(os.getpid(), sent)

            await bot.run()

    fake = FakeOnCall()
    fake.add_group()
    before = signal.getsignal(sent)
    with asyncio.Runner(loop_factory=WindowsLoop) as runner:
        runner.run(main())
    assert signal.getsignal(sent) == before


def test_a_third_signal_ends_the_program_whatever_a_handler_does() -> None:
    """Such as blocking the loop, which delays the first two."""

    async def main() -> None:
        async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
            bot = Bot(client.alert_groups.watch(existing=True))

            @bot.on(Created)
            async def block(_: Created) -> None:
                for _number in range(5):
                    signal.raise_signal(signal.SIGINT)
                    sent.append("SIGINT")

            await bot.run()

    fake, sent, loop = FakeOnCall(), list[str](), asyncio.new_event_loop()
    fake.add_group()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(main())
        assert sent == ["SIGINT"] * 2
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
        with asyncio.Runner(loop_factory=lambda: loop):
            pass  # ends what is left


async def refusal(bot: Bot, signals: Collection[signal.Signals]) -> str:
    """Return the error about the signals; without any, the bot still runs and stops."""
    bot.stop()
    with pytest.raises(InvalidArgument) as caught:
        await bot.run(signals=signals)
    await bot.run(signals=())
    assert caught.value.argument == "signals"
    return str(caught.value)


async def test_a_signal_that_cannot_be_handled_is_refused(
    oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The other signals are restored, and the bot can still run without any."""
    before = signal.getsignal(signal.SIGTERM)
    bot = Bot(oncall.alert_groups.watch(clock=clock))
    said = await refusal(bot, [signal.SIGTERM, signal.SIGKILL])
    assert "SIGKILL" in said
    assert signal.getsignal(signal.SIGTERM) == before


def test_outside_the_main_thread_there_are_no_signals(
    oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The error says what to do there."""
    bot = Bot(oncall.alert_groups.watch(clock=clock))
    with ThreadPoolExecutor() as threads:
        said = threads.submit(asyncio.run, refusal(bot, BOTH)).result()
    assert "main thread" in said
    assert "signals=()" in said
