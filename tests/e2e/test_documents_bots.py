"""The bots of the guide, unchanged: on the fake in virtual time, and as a process."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, serve
from tests.support import virtual_time
from tests.support.documents import program
from tests.support.programs import python, settings

PROGRAMS = {"acknowledge_noise": "noise.json", "call_for_help": "help.json"}
"""By function: the checkpoint, which no other program has."""

Program = Callable[..., Coroutine[Any, Any, None]]


def _function(name: str) -> Program:
    """The function of this name in the guide, whose program is imported."""
    scope: dict[str, Any] = {"__name__": "guide"}
    source = program(PROGRAMS[name])
    exec(compile(source, "bots.md", "exec"), scope)  # noqa: S102  # the project's own text
    function: Program = scope[name]
    return function


def _run(name: str, story: Callable[[FakeOnCall], Coroutine[Any, Any, None]]) -> None:
    """Run the bot during the story."""

    async def main() -> None:
        # The programs read the real date: they and the server agree on when the story begins.
        began = datetime.now(UTC)
        fake = FakeOnCall(clock=lambda: began + timedelta(seconds=virtual_time.passed()))
        fake.add_group(labels={"severity": "info"}, title="Old")
        async with OnCallClient(
            url="https://oncall.test", token=fake.token, transport=fake.transport()
        ) as client:
            running = asyncio.create_task(_function(name)(client))
            await asyncio.sleep(20)
            await story(fake)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    virtual_time.run(main())


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are in the working directory."""
    monkeypatch.chdir(tmp_path)


def test_the_first_bot_acknowledges_what_is_new_and_labelled() -> None:
    """Neither groups that existed before, nor those with another label."""

    async def story(fake: FakeOnCall) -> None:
        noise = fake.add_group(labels={"severity": "info"})
        other = fake.add_group(labels={"severity": "critical"})
        await asyncio.sleep(30)
        states = [group.state for group in fake.groups.values()]
        assert states == ["firing", "acknowledged", "firing"]
        assert (noise.state, other.state) == ("acknowledged", "firing")

    _run("acknowledge_noise", story)


def test_the_first_bot_mirrors_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """Change by change, in order, including its own."""

    async def story(fake: FakeOnCall) -> None:
        group = fake.add_group(title="Disk", labels={"severity": "info"})
        await asyncio.sleep(40)
        group.resolved_at = fake.now()
        await asyncio.sleep(20)

    _run("acknowledge_noise", story)
    assert capsys.readouterr().out == "Created Disk\nAcknowledged Disk\nResolved Disk\n"


def test_the_second_bot_calls_for_help_after_ten_minutes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Once, and only for the group that no one acknowledged."""

    async def story(fake: FakeOnCall) -> None:
        critical = {"severity": "critical"}
        fake.add_group(labels=critical, title="Forgotten")
        seen = fake.add_group(labels=critical, title="Seen")
        over = fake.add_group(labels=critical, title="Over")
        await asyncio.sleep(300)
        seen.acknowledged_at = over.resolved_at = fake.now()
        await asyncio.sleep(900)

    _run("call_for_help", story)
    assert capsys.readouterr().out == "No one is working on Forgotten!\n"


@pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")
async def test_the_first_bot_is_a_whole_program_that_a_signal_ends(tmp_path: Path) -> None:
    """With the settings of the environment; its checkpoint and the lock file remain."""
    fake = FakeOnCall()
    fake.add_group(labels={"severity": "info"})
    command = ("-c", program("noise.json"))
    async with (
        serve(fake) as url,
        python(*command, env=settings(url, fake.token), cwd=tmp_path) as process,
    ):
        while not (tmp_path / "noise.json").exists():  # noqa: ASYNC110  # the first poll
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert (tmp_path / "noise.json.lock").exists()
