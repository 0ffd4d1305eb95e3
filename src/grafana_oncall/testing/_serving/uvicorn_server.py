"""uvicorn without signal handlers, with an event when it listens, and breakable connections.

Needs the extra `testing`.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from .asgi import CONNECTION, App

# struct linger: on, for no time, so that closing resets the connection.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class BreakableConnection(H11Protocol):
    """uvicorn's connection, which the application finds in the state of each scope.

    It is the implementation with h11, which uvicorn always installs, unlike httptools.
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
        """Close the connection in an orderly way, or with a TCP reset."""
        if not reset:
            self.transport.close()
            return
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
        )
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's text is not used
        """Reset the connection, as the real server does if a request is too long or not HTTP."""
        self.drop(reset=True)

    def shutdown(self) -> None:
        """Stop as uvicorn does, but do not wait for requests in flight."""
        super().shutdown()
        if not self.transport.is_closing():
            self.transport.abort()


class QuietServer(uvicorn.Server):
    """A uvicorn server without signal handlers."""

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
        """Start as uvicorn does, then set `listening`."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture no signals."""
        yield
