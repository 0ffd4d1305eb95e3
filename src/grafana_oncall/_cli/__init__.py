"""The command `grafana-oncall`, which is also `python -m grafana_oncall`."""

import signal
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType

from grafana_oncall._core.extras import install

from .exits import Exit

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    received: list[int] = []
    try:
        with _stopped_by_sigterm(received):
            return _run(sys.argv[1:] if arguments is None else [*arguments])
    except KeyboardInterrupt:
        return Exit.TERMINATED if received else Exit.INTERRUPTED


def _run(arguments: list[str]) -> int:
    if not all(map(find_spec, ("cyclopts", "rich"))):
        sys.stderr.write(f"The command needs an extra: {install('cli')}\n")
        return Exit.USAGE
    from .app import run  # noqa: PLC0415  # it needs the extra, and takes longest

    return run(arguments)


@contextmanager
def _stopped_by_sigterm(received: list[int]) -> Generator[None]:
    """Let SIGTERM do what Ctrl-C does, so that reports are printed and the cursor is shown."""
    if threading.current_thread() is not threading.main_thread():
        yield  # which no signal reaches
        return

    def stop(number: int, frame: FrameType | None) -> None:
        received.append(number)
        interrupt = signal.getsignal(signal.SIGINT)  # asyncio's while it runs
        if not callable(interrupt):  # ignored, as it is for background jobs of scripts
            raise KeyboardInterrupt
        interrupt(signal.SIGINT, frame)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
