"""The program of the README with a bot behind webhooks: a real process, signals and sockets."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, serve
from tests.e2e.test_readme import PROGRAMS
from tests.unit.webhooks.payloads import body

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

SECRET = "a secret of the README's"
PATIENCE = 20


def free_port() -> int:
    """One that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def push(port: int, group: FakeAlertGroup, secret: str = SECRET) -> int:
    """The server's webhook, as soon as somebody listens; the status of the answer."""
    async with httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                answer = await http.post(
                    f"http://127.0.0.1:{port}/",
                    content=body("alert group created", group=group.id),
                    headers={"Authorization": secret, "Content-Type": "application/json"},
                )
            except httpx.ConnectError:
                await asyncio.sleep(0.02)
            else:
                return answer.status_code


async def acknowledged(group: FakeAlertGroup) -> None:
    """Until it is."""
    while group.state != "acknowledged":  # noqa: ASYNC110  # it comes about in another process
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=lambda sent: sent.name)
async def test_the_program_reacts_at_once_and_a_signal_ends_bot_and_server(
    tmp_path: Path, sent: signal.Signals
) -> None:
    """Long before the next poll; strangers are sent away, and the checkpoint is kept."""
    (program,) = (one for one in PROGRAMS if "uvicorn" in one)
    fake, port = FakeOnCall(), free_port()
    old = fake.add_group()
    async with serve(fake) as url, asyncio.timeout(PATIENCE):
        settings = {
            "GRAFANA_ONCALL_URL": url,
            "GRAFANA_ONCALL_ACCESS_TOKEN": fake.token,
            "WEBHOOK_SECRET": SECRET,
            "PORT": str(port),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program),
            env={key: value for key, value in os.environ.items() if "GRAFANA" not in key}
            | settings,
            cwd=tmp_path,
        )
        try:
            while not (tmp_path / "bot.json").exists():  # noqa: ASYNC110  # the first poll
                await asyncio.sleep(0.01)
            group = fake.add_group()
            assert await push(port, group, "another secret") == 401
            assert await push(port, group) == 200
            async with asyncio.timeout(10):  # the next poll is after 15 seconds
                await acknowledged(group)
            assert old.state == "firing"
            process.send_signal(sent)
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert group.id in (tmp_path / "bot.json").read_text()
