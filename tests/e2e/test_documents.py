"""The README and the documentation are true: programs and fragments run, and pass mypy."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import DEFAULT_TOKEN, FakeOnCall, seed_storm, serve
from tests.support import virtual_time
from tests.support.documents import DOCUMENTS, FRAGMENTS, PROGRAMS, README, ROOT
from tests.support.programs import free_port, python, settings


def _cases(sources: dict[str, str]) -> list[Any]:
    return [pytest.param(source, id=place) for place, source in sources.items()]


def _alone() -> dict[str, str]:
    """The programs that no session runs."""
    lines = {command.line for page in DOCUMENTS for command in page.session}
    in_sessions = {
        source
        for page in DOCUMENTS
        for name, source in page.files.items()
        if any(name in line.split() for line in lines)
    }
    return {place: source for place, source in PROGRAMS.items() if source not in in_sessions}


async def _until_it_polls(fake: FakeOnCall, process: Process) -> None:
    """Wait for the first request that the server has answered, or for the end of the program."""
    while not fake.calls and process.returncode is None:  # noqa: ASYNC110  # another process does it
        await asyncio.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
@pytest.mark.parametrize("source", _cases(_alone()))
async def test_every_program_runs_unchanged(tmp_path: Path, source: str) -> None:
    """Against the fake on a socket; Ctrl-C ends a bot. Those of sessions run in these."""
    fake = FakeOnCall()
    seed_storm(fake)
    async with serve(fake) as url:
        more = {"WEBHOOK_SECRET": "open-sesame", "PORT": str(free_port())}
        more["REDIS_URL"] = "redis://localhost"  # nothing is sent there
        env = settings(url, DEFAULT_TOKEN, **more)
        async with python("-c", source, env=env, cwd=tmp_path) as process:
            if "bot.run()" in source:
                await _until_it_polls(fake, process)
                process.send_signal(signal.SIGINT)
            _, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    assert "Traceback" not in words.decode()


@pytest.mark.parametrize("source", _cases(FRAGMENTS))
def test_every_fragment_runs_unchanged(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the default fake, with the names that the text introduces, in virtual time."""
    monkeypatch.chdir(tmp_path)

    async def main() -> None:
        fake = FakeOnCall(clock=virtual_time.now)
        seed_storm(fake)
        scope: dict[str, Any] = {}
        exec(compile(source, "document.md", "exec"), scope)  # noqa: S102  # the project's own text
        fragment = cast("Callable[..., Awaitable[None]]", scope["fragment"])
        async with OnCallClient(
            url="https://oncall.test", token=fake.token, transport=fake.transport()
        ) as client:
            await fragment(client, start=fake.now() - timedelta(days=1), end=fake.now())

    virtual_time.run(main())


def test_programs_and_fragments_pass_mypy_in_strict_mode(tmp_path: Path) -> None:
    """All of them, unchanged, in one run; those with a name can be imported by the others."""
    for number, source in enumerate([*PROGRAMS.values(), *FRAGMENTS.values()]):
        (tmp_path / f"block_{number}.py").write_text(source, encoding="utf-8")
    for name, source in {k: v for one in DOCUMENTS for k, v in one.files.items()}.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=cache", "."]
    environment = os.environ | {"MYPYPATH": str(ROOT / "src")}
    done = subprocess.run(
        mypy, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_fits_on_a_few_screens() -> None:
    """What is longer belongs in a guide."""
    assert len(README.text.splitlines()) <= 200
