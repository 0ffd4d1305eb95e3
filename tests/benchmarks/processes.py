"""The processes beside this one: the server, and programs that print JSON."""

import json
import subprocess
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from .samples import PER_PAGE

T = TypeVar("T")

_FRESH: Final = get_context("forkserver")
_FRESH.set_forkserver_preload(
    [f"tests.benchmarks.{name}" for name in ("growth", "loop", "walks", "workers")]
)


def figures(*command: str) -> Any:
    """Run a Python program in an interpreter of its own, and return the JSON that it prints."""
    # On Linux, the peak memory of a process includes that of its parent: so its parent is a shell.
    shell = ("sh", "-c", '"$@"; exit $?', "sh")
    done = subprocess.run([*shell, sys.executable, *command], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def processes(number: int) -> Executor:
    """Return so many new processes, which have imported what they need already."""
    return ProcessPoolExecutor(number, mp_context=_FRESH)


def in_a_process(work: Callable[..., T], *arguments: object) -> T:
    """Call a function in such a process."""
    with processes(1) as pool:
        return pool.submit(work, *arguments).result()


class Worker:
    """A Python program that prints a line for each line it reads."""

    def __init__(self, *command: str, python: Path | str = sys.executable) -> None:
        self._process = subprocess.Popen(
            [python, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self) -> str:
        """Return its next line."""
        line = (self._process.stdout or sys.stdin).readline()
        if not line:
            raise RuntimeError(f"It ended: {self._process.args!r}")
        return line.strip()

    def ask(self, question: str) -> str:
        """Send a line, and return the line that it prints."""
        stream = cast("Any", self._process.stdin)
        stream.write(f"{question}\n")
        stream.flush()
        return self.read()

    def close(self) -> None:
        """End its input, and wait until it ends."""
        self._process.communicate()


@contextmanager
def worker(*command: str, python: Path | str = sys.executable) -> Generator[Worker]:
    """Run a worker during the block, with this interpreter."""
    made = Worker(*command, python=python)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def server(
    groups: int, per_page: int = PER_PAGE, *, certificate: Path | None = None
) -> Generator[str]:
    """Run a server with so many groups during the block, and yield its URL."""
    tls = () if certificate is None else (str(certificate),)
    with worker("-m", "tests.benchmarks.server", str(groups), str(per_page), *tls) as process:
        port = process.read()
        yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
