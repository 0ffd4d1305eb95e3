"""The processes beside this one: the server, and programs that answer in JSON."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast


def figures(*command: str) -> Any:
    """What a Python program prints, as JSON, in an interpreter of its own."""
    # Linux counts to the peak memory of a process that of its parent: so its parent is a shell.
    shell = ("sh", "-c", '"$@"; exit $?', "sh")
    done = subprocess.run([*shell, sys.executable, *command], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


class Worker:
    """A Python program that answers each line with a line."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def told(self) -> str:
        """Its next line."""
        line = (self._process.stdout or sys.stdin).readline()
        if not line:
            raise RuntimeError(f"It ended: {self._process.args!r}")
        return line.strip()

    def asked(self, question: str) -> str:
        """Its answer."""
        stream = cast("Any", self._process.stdin)
        stream.write(f"{question}\n")
        stream.flush()
        return self.told()

    def close(self) -> None:
        """Ends its input, and waits until it has ended itself."""
        self._process.communicate()


@contextmanager
def worker(*command: str) -> Generator[Worker]:
    """A worker for the length of a block."""
    made = Worker(*command)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def server() -> Generator[str]:
    """The URL of a server for the length of a block."""
    with worker("-m", "tests.benchmarks.server") as process:
        yield f"http://127.0.0.1:{process.told()}"
