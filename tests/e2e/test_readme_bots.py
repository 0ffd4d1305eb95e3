"""The bots of the README, as they stand, on the fake in virtual time."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall
from tests import virtual_time
from tests.e2e.test_readme import PROGRAMS

Program = Callable[..., Coroutine[Any, Any, None]]
BEGAN = datetime.now(UTC)


def _clock() -> datetime:
    """About now, and then by the loop's time."""
    running = asyncio.get_running_loop().time() - virtual_time.START
    return BEGAN + timedelta(seconds=running)


def _program(name: str) -> Program:
    """The function of this name in the README."""
    (source,) = (program for program in PROGRAMS if f"async def {name}(" in program)
    scope: dict[str, Any] = {
        "asyncio": asyncio,
        "OnCallClient": OnCallClient,
        "UTC": UTC,
        "contextlib": contextlib,
        "datetime": datetime,
        "httpx": httpx,
        "timedelta": timedelta,
    }
    exec(compile(source, "README.md", "exec"), scope)  # noqa: S102  # our own README
    program: Program = scope[name]
    return program


class Chat:
    """A chat that hears what is posted to its hook."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.client = httpx.AsyncClient(
            base_url="https://chat.test", transport=httpx.MockTransport(self._hear)
        )

    def _hear(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request.content.decode())
        return httpx.Response(200)


def _run(name: str, story: Callable[[FakeOnCall], Coroutine[Any, Any, None]]) -> list[str]:
    """Runs the bot while the story happens; what the chat heard."""

    async def main() -> list[str]:
        fake, chat = FakeOnCall(clock=_clock), Chat()
        fake.add_group(labels={"severity": "info"}, title="Old")
        async with OnCallClient(
            url="https://oncall.test", token=fake.token, transport=fake.transport()
        ) as client:
            program = _program(name)
            given = (client, chat.client) if "chat" in program.__annotations__ else (client,)
            running = asyncio.create_task(program(*given))
            await asyncio.sleep(20)
            await story(fake)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return chat.heard

    return virtual_time.run(main())


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoints are in the working directory."""
    monkeypatch.chdir(tmp_path)


def test_the_first_bot_acknowledges_what_is_new_and_labelled() -> None:
    """Neither what was there before, nor what has another label."""

    async def story(fake: FakeOnCall) -> None:
        noise = fake.add_group(labels={"severity": "info"})
        other = fake.add_group(labels={"severity": "critical"})
        await asyncio.sleep(30)
        states = [group.state for group in fake.groups.values()]
        assert states == ["firing", "acknowledged", "firing"]
        assert (noise.state, other.state) == ("acknowledged", "firing")

    _run("acknowledge_noise", story)


def test_the_second_bot_calls_for_help_after_ten_minutes() -> None:
    """For the group that nobody acknowledged, once; not for the others."""

    async def story(fake: FakeOnCall) -> None:
        critical = {"severity": "critical"}
        fake.add_group(labels=critical, title="Forgotten")
        seen = fake.add_group(labels=critical, title="Seen")
        over = fake.add_group(labels=critical, title="Over")
        await asyncio.sleep(300)
        seen.acknowledged_at = over.resolved_at = _clock()
        await asyncio.sleep(900)

    assert _run("call_for_help", story) == ['{"text":"Nobody works on Forgotten!"}']


def test_the_third_bot_mirrors_what_happens() -> None:
    """Change by change, in order."""

    async def story(fake: FakeOnCall) -> None:
        group = fake.add_group(title="Disk")
        await asyncio.sleep(20)
        group.acknowledged_at = _clock()
        await asyncio.sleep(20)
        group.resolved_at = _clock()
        await asyncio.sleep(20)

    assert _run("mirror", story) == [
        '{"text":"Created: Disk"}',
        '{"text":"Acknowledged: Disk"}',
        '{"text":"Resolved: Disk"}',
    ]
