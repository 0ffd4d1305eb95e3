"""Real sockets, latency and processor time, in which idle waiting takes no time.

A job that waits for a rate limit, or polls for an hour, spends most of its time on timers, while no
request is in flight. `SkippingLoop` skips such waits, and only those: while a request is in flight,
a connection is being opened or a thread is at work, time is the machine's. So the time of a job is
what it would take without skipping, and it is the same for every HTTP library, since all of them
wait in the loop.

The server in the other process must see the same time, or its rate limit would not move: both add
what was skipped so far (`Skipped`, in a file that both map) to the machine's monotonic clock.

What reads another clock does not see what was skipped. Of the libraries here, that is httpcore, and
only for how long a connection may be idle: so bare httpx reconnects less often than it would.
"""

import asyncio
import mmap
import selectors
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

_SIZE: Final = 8
_METHODS: Final = (b"GET /", b"POST /", b"PUT /", b"DELETE /")
_LENGTH: Final = b"content-length:"
_END: Final = b"\r\n\r\n"
_MOST: Final = max(map(len, _METHODS))


class Skipped:
    """Seconds that were skipped, in a file that several processes map; one of them adds to it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_SIZE))  # zero
        with path.open("r+b") as file:
            self._seconds = memoryview(mmap.mmap(file.fileno(), _SIZE)).cast("d")

    @property
    def seconds(self) -> float:
        """So far."""
        return self._seconds[0]

    def add(self, seconds: float) -> None:
        """Let time pass at once, in all processes."""
        self._seconds[0] += seconds

    def monotonic(self) -> float:
        """The time in all of these processes."""
        return time.monotonic() + self._seconds[0]

    def clock(self, start: datetime) -> Callable[[], datetime]:
        """A clock that shows `start` when the machine's monotonic clock is at zero."""
        return lambda: start + timedelta(seconds=self.monotonic())


class Flight:
    """Whether a connection waits for a response: it sees what is written, and what is received."""

    def __init__(self) -> None:
        self.waits = False
        self._head: bytes | None = b""
        self._left = 0

    def wrote(self, data: bytes) -> None:
        """Note a request by its first bytes; its body may follow."""
        if data.startswith(_METHODS):
            self.waits, self._head, self._left = True, b"", 0

    def received(self, data: bytes) -> None:
        """Note a part of a response, and whether it was the last."""
        self._left -= len(data)
        if self._head is not None:
            self._head += data
            head, end, body = self._head.partition(_END)
            if not end:
                return
            self._head, self._left = None, _length(head.lower()) - len(body)
        self.waits = self._left > 0


def _length(head: bytes) -> int:
    return int(head.partition(_LENGTH)[2].partition(b"\r\n")[0] or b"0")


class Selector(selectors.DefaultSelector):
    """Skips the timeout if nothing is ready and nothing can come."""

    def __init__(self, skip: Callable[[float], None], *, is_busy: Callable[[], bool]) -> None:
        super().__init__()
        self._skip = skip
        self._is_busy = is_busy

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, at once if nothing can come."""
        if timeout is None or timeout <= 0 or self._is_busy():
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self._skip(timeout)
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop of a client that skips waits; see the module."""

    def __init__(self, skipped: Skipped) -> None:
        self._skipped = skipped
        self._flights: set[Flight] = set()
        self._opening = 0
        super().__init__(Selector(skipped.add, is_busy=lambda: self.is_busy))

    def time(self) -> float:
        """The time that the server has too."""
        return self._skipped.monotonic()

    @property
    def is_busy(self) -> bool:
        """Whether a response is awaited, a connection being opened, or a thread at work."""
        return self._opening > 0 or any(flight.waits for flight in self._flights)

    async def create_connection(  # type: ignore[override]  # whatever the arguments
        self, factory: Any, *args: Any, **options: Any
    ) -> Any:
        """Connect, which takes as long as it takes, and look at what the connection carries."""
        self._opening += 1
        try:
            transport, watch = await super().create_connection(
                lambda: _Watch(factory(), self._flights), *args, **options
            )
        finally:
            self._opening -= 1
        return transport, watch.protocol

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Connect a socket, which takes as long as it takes."""
        self._opening += 1
        try:
            await super().sock_connect(sock, address)
        finally:
            self._opening -= 1

    def run_in_executor(  # type: ignore[override]  # whatever the arguments
        self, executor: Any, function: Any, *args: Any
    ) -> asyncio.Future[Any]:
        """Call a function in a thread, which takes as long as it takes."""
        self._opening += 1
        future = super().run_in_executor(executor, function, *args)
        future.add_done_callback(self._opened)
        return future

    def _opened(self, _: object) -> None:
        self._opening -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait for the threads, for which Python 3.12 has a time limit that must not be skipped."""
        self._opening += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._opening -= 1


class _Watch(asyncio.Protocol):
    """Lets a flight see what passes between a transport and the protocol of a library."""

    def __init__(self, protocol: asyncio.Protocol, flights: set[Flight]) -> None:
        self.protocol = protocol
        self._flight = Flight()
        self._flights = flights

    def connection_made(self, transport: Any) -> None:
        self._flights.add(self._flight)
        write: Callable[[bytes], None] = transport.write

        def wrote(data: bytes) -> None:
            self._flight.wrote(bytes(data[:_MOST]))
            write(data)

        transport.write = wrote
        transport.writelines = lambda parts: wrote(b"".join(parts))
        self.protocol.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._flight.received(data)
        self.protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self.protocol.eof_received()

    def pause_writing(self) -> None:
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        self.protocol.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        self._flights.discard(self._flight)
        self.protocol.connection_lost(error)
