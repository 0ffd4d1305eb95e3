"""A server that is restarted during the work, in a process of its own."""

import asyncio
import signal
import socket
import time
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Progress, Status
from tests.support.programs import bare, free_port, python

TOKEN = "fake-oncall-token"
GROUPS = 150


@attrs.define
class Server:
    """The fake on a socket, whose state is in a file while it is down."""

    port: int
    state: Path
    url: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Process]:
        """Run its process, once it listens."""
        known = ["--load", str(self.state)] if self.state.exists() else ["--groups", str(GROUPS)]
        options = ["--port", str(self.port), "--latency", "10", "--save", str(self.state), *known]
        async with python("-m", "grafana_oncall.testing", *options, env=bare()) as process:
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.01)
                else:
                    writer.close()
                    break
            yield process

    def stop(self, process: Process) -> None:
        """Stop it while nothing else runs here: it answers what it has, and nothing after that."""
        process.send_signal(signal.SIGTERM)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                return
            time.sleep(0.001)


Connect = Callable[[str], AbstractAsyncContextManager[OnCallClient]]


def over_httpx(url: str) -> OnCallClient:
    """Over the default transport."""
    return OnCallClient(url=url, token=TOKEN)


def over_httpx2(url: str) -> OnCallClient:
    """Over httpx2."""
    return OnCallClient(url=url, token=TOKEN, transport="httpx2")


def over_aiohttp(url: str) -> OnCallClient:
    """Over aiohttp."""
    return OnCallClient(url=url, token=TOKEN, transport="aiohttp")


@asynccontextmanager
async def over_another(url: str) -> AsyncGenerator[OnCallClient]:
    """Over a user's own client."""
    async with (
        httpx.AsyncClient() as http,
        OnCallClient(url=url, token=TOKEN, http_client=http) as client,
    ):
        yield client


@pytest.mark.parametrize("connect", [over_httpx, over_httpx2, over_aiohttp, over_another])
async def test_a_bulk_run_survives_a_restart(tmp_path: Path, connect: Connect) -> None:
    """Every group is changed, over every transport; nothing failed, and nothing is unknown."""
    server = Server(free_port(), tmp_path / "state.json")

    async with connect(server.url) as client:
        async with server.running() as process:

            def watch(progress: Progress) -> None:
                if progress.phase == "acting" and progress.done == 30:
                    server.stop(process)

            query = client.alert_groups.list(state="firing")
            run = client.alert_groups.bulk.resolve(query, on_progress=watch)
            task = asyncio.create_task(run.wait())
            await process.wait()
        await asyncio.sleep(1)
        assert not task.done()
        async with server.running():
            report = await task
            assert await client.alert_groups.list(state="firing").count() == 0
    assert report.counts[Status.CHANGED] == len(report.outcomes) > 30
