"""A proxy that cuts connections to a server, before or after the server has done its part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal, TypeAlias

import attrs

Side: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_BYTES = 65_536


@attrs.define
class Cut:
    """The end of the connections that are open when it is given to the proxy."""

    passing: int
    """Requests that still pass."""
    moment: Literal["before", "after"]
    """Whether the next one does not reach the server, or its reply does not come back."""


@attrs.define
class CuttingProxy:
    """Passes everything on, until it is told to cut."""

    connect: Callable[[], Awaitable[Side]]
    """Connects to the server."""
    _open: dict[asyncio.Task[Any], _Connection] = attrs.field(factory=dict, init=False)

    def cut(self, cut: Cut | None) -> None:
        """Let the open connections end so, or not at all; those that come later are spared."""
        for connection in self._open.values():
            connection.cut = cut and attrs.evolve(cut)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until either side, or the cut, ends it."""
        connection = _Connection((reader, writer), await self.connect())
        task = asyncio.ensure_future(connection.run())
        self._open[task] = connection
        task.add_done_callback(self._open.pop)
        await task

    async def aclose(self) -> None:
        """Wait until all connections have ended, as they do when their clients close them."""
        await asyncio.gather(*self._open)


@attrs.define(eq=False)
class _Connection:
    _client: Side
    _server: Side
    cut: Cut | None = None
    _is_mute: bool = attrs.field(default=False, init=False)

    async def run(self) -> None:
        ways = [asyncio.create_task(way()) for way in (self._requests, self._replies)]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for _, writer in (self._client, self._server):
            writer.close()
            with suppress(OSError):  # the other side was faster
                await writer.wait_closed()

    async def _requests(self) -> None:
        while request := await self._client[0].read(_BYTES):
            if self.cut is not None and self.cut.passing == 0:
                if self.cut.moment == "before":
                    return
                self._is_mute = True
            elif self.cut is not None:
                self.cut.passing -= 1
            self._server[1].write(request)

    async def _replies(self) -> None:
        while reply := await self._server[0].read(_BYTES):
            if self._is_mute:
                return
            self._client[1].write(reply)
