"""uvicorn, tamed: no signal handlers, a sign when it listens, and connections that can break.

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

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the text of uvicorn
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
