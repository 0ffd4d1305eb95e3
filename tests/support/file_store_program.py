"""A process that writes to a store in a directory, several lines at a time.

    python file_store_program.py write DIRECTORY        until another process has opened the log
    python file_store_program.py torn DIRECTORY BYTES   once, and only so many bytes
    python file_store_program.py claim DIRECTORY        events, of which it prints those it got

It prints the number of each write that was acknowledged. It is paused and killed in
`test_file_store.py`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

from grafana_oncall._core.files import sealed
from grafana_oncall.stores import FileStore

LOG = "journal:noise"
TOGETHER = 30
"""Lines of a write."""
EVENTS = 300


def batch(number: int) -> list[bytes]:
    """The lines of a write, which take several pages."""
    filler = b"x" * 500
    return [
        sealed(b'{"write":%d,"line":%d,"filler":"%s"}' % (number, line, filler))
        for line in range(TOGETHER)
    ]


async def write(directory: str) -> None:
    """Write until the log is another's."""
    store = FileStore(directory)
    opened = await store.open(LOG)
    for number in count(len(opened.lines) // TOGETHER):
        if not await store.append(LOG, opened.fence, batch(number)):
            break
        print(number, flush=True)  # noqa: T201  # it may be killed at any moment
    print("refused", flush=True)  # noqa: T201  # its last output


async def torn(directory: str, room: str) -> None:
    """Die when so many bytes of a write were written, before anything is done about that."""
    import resource  # noqa: PLC0415  # not on every system

    def die(event: str, _: object) -> None:
        if event == "os.truncate":
            os.kill(os.getpid(), signal.SIGKILL)

    store = FileStore(directory)
    opened = await store.open(LOG)
    sys.addaudithook(die)
    size = store.path(LOG).stat().st_size + int(room)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    await store.append(LOG, opened.fence, batch(len(opened.lines) // TOGETHER))


async def claim(directory: str) -> None:
    """Claim events, in the same order as others do."""
    store = FileStore(directory)
    for number in range(EVENTS):
        if await store.claim(f"event:{number}", ttl=3600) == "new":
            print(number, flush=True)  # noqa: T201  # its result


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    programs: dict[str, Callable[..., Coroutine[Any, Any, None]]]
    programs = {"write": write, "torn": torn, "claim": claim}
    asyncio.run(programs[name](*arguments))
