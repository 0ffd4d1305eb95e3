"""Any ASGI application behind uvicorn, in the process of the test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn


class Server(uvicorn.Server):
    """uvicorn without its signal handlers, which shows when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then set the event."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serving(app: Any) -> AsyncGenerator[tuple[str, int]]:
    """Serve an application with its lifespan, and stop as uvicorn does."""
    config = uvicorn.Config(app, lifespan="on", http="h11", ws="none", log_config=None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(5):
                await server.listening.wait()
            yield listener.getsockname()
        finally:
            server.should_exit = True
            await running
