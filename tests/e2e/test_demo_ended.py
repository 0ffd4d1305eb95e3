"""A demo that is ended from outside leaves no process behind."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = """
import asyncio, signal, sys
from types import ModuleType
from grafana_oncall.testing import FakeOnCall
from grafana_oncall.testing.demo._programs import Programs

async def main():
    program = ModuleType("program")
    program.__file__ = sys.argv[1]
    async with Programs.on(FakeOnCall()) as programs, programs.run(program) as process:
        await process.wait()

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
asyncio.run(main())
"""
PROGRAM = """
import signal
print("runs", flush=True)
signal.pause()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_program_of_the_demo_ends_with_it(tmp_path: Path, number: signal.Signals) -> None:
    """Its output ends only when all processes that can write to it have ended."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-c", DEMO, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline().strip() == b"runs"
        demo.send_signal(number)
        rest, _ = demo.communicate(timeout=60)
    assert rest == b""
    assert demo.returncode != 0
