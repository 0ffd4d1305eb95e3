"""uvicorn, tamed: no signal handlers, a sign when it listens, and connections that can break.

Needs the extra `testing`.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from grafana_oncall.testing.fake import FakeOnCall

from .asgi import CONNECTION, App

MISSING = "the fake on a socket needs uvicorn: pip install 'grafana-oncall-sdk[testing]'"


@asynccontextmanager
async def serve(fake: FakeOnCall, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
    """Serve the fake in this event loop, and stop when the block ends.

    Yields the base URL once the socket listens; port 0 takes a free one. No signal handler is
    installed. `OSError` when the port is taken, `ModuleNotFoundError` without uvicorn.
    """
    try:
        # uvicorn is an extra, so it is imported by those who serve.
        pass  # MOVED
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error
    with _listen(host, port) as listener:
        server = QuietServer(fake.app)
        # No TaskGroup: it would hand the caller's exceptions back in a group.
        running = asyncio.create_task(server.serve(sockets=[listener]))
        running.add_done_callback(lambda _: server.listening.set())
        try:
            await server.listening.wait()
            yield _url(listener)
        finally:
            server.should_exit = True
            await running


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    # asyncio sets this for sockets that it makes itself. Without it, an answer in two segments
    # waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


# struct linger: on, for no time. What is closed so is reset.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class BreakableConnection(H11Protocol):
    """uvicorn's connection, which the application finds in the state of each scope.

    It is the implementation by h11, which uvicorn always brings: httptools may be there or not.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, CONNECTION: self}, _loop)

    def drop(self, *, reset: bool) -> None:
        """Close the connection, with what was sent so far or with a TCP reset."""
        if not reset:
            self.transport.close()
            return
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
        )
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the text of uvicorn
        """Reset the connection: the real server has no answer for what is too long or no HTTP."""
        self.drop(reset=True)

    def shutdown(self) -> None:
        """Stop as uvicorn does, but wait for no request that is under way."""
        super().shutdown()
        if not self.transport.is_closing():
            self.transport.abort()


class QuietServer(uvicorn.Server):
    """A uvicorn that leaves signals to its host and says when it listens."""

    def __init__(self, app: App) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BreakableConnection,
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                # The real server sends neither of these headers.
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield
