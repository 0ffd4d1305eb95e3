"""The programs of the guide to webhooks: real processes, signals and sockets."""

import asyncio
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, serve
from grafana_oncall.webhooks import parse
from tests.support.documents import document, program
from tests.support.programs import bare, free_port, python, settings
from tests.support.redis_server import redis_server
from tests.support.webhook_payloads import body

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

GUIDE = document("docs/guides/webhooks.md")
(SECRET,) = re.findall(r"WEBHOOK_SECRET=(\S+) PORT=8000", GUIDE.text)


def event(group: FakeAlertGroup, secret: str = SECRET) -> httpx.Request:
    """An event as the server sends it when this group begins; its port is the guide's."""
    return httpx.Request(
        "POST",
        "http://127.0.0.1:8000/",
        content=body("alert group created", group=group.id),
        headers={"Authorization": secret, "Content-Type": "application/json"},
    )


def curl() -> httpx.Request:
    """What the curl command of the guide sends."""
    (command,) = (one for one in GUIDE.blocks("sh") if one.startswith("curl "))
    match shlex.split(command):
        case ["curl", url, "-H", header, "-d", data]:
            name, _, value = header.partition(": ")
            form = "application/x-www-form-urlencoded"  # which curl says of what follows -d
            headers = {name: value, "Content-Type": form}
            return httpx.Request("POST", url, content=data, headers=headers)
        case other:
            raise AssertionError(other)


async def push(port: int, request: httpx.Request) -> httpx.Response:
    """Send it to that port, once a server listens there."""
    assert request.url.port == 8000
    request.url = request.url.copy_with(port=port)
    async with httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                return await http.send(request)
            except httpx.ConnectError:
                await asyncio.sleep(0.02)


async def acknowledged(group: FakeAlertGroup) -> None:
    """Wait until it is acknowledged."""
    while group.state != "acknowledged":  # noqa: ASYNC110  # another process does it
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=lambda sent: sent.name)
async def test_the_program_reacts_at_once_and_a_signal_ends_bot_and_server(
    tmp_path: Path, sent: signal.Signals
) -> None:
    """Long before the next poll; without the secret it refuses, and the checkpoint is kept."""
    fake, port = FakeOnCall(), free_port()
    old = fake.add_group()
    async with serve(fake) as url:
        env = settings(url, fake.token, WEBHOOK_SECRET=SECRET, PORT=str(port))
        async with python("-c", program("import uvicorn"), env=env, cwd=tmp_path) as process:
            while not (tmp_path / "bot.json").exists():  # noqa: ASYNC110  # the first poll
                await asyncio.sleep(0.01)
            group = fake.add_group()
            assert (await push(port, event(group, "another secret"))).status_code == 401
            assert (await push(port, event(group))).status_code == 200
            assert [(await push(port, curl())).text for _ in range(2)] == [
                "Accepted.\n",
                "Duplicate.\n",
            ]
            async with asyncio.timeout(10):  # the next poll is after 15 seconds
                await acknowledged(group)
            assert old.state == "firing"
            process.send_signal(sent)
            assert await process.wait() == 0
    assert group.id in (tmp_path / "bot.json").read_text()


async def test_the_receiver_hands_on_what_a_worker_can_read(tmp_path: Path) -> None:
    """Each event once, to the stream in Redis."""
    (tmp_path / "receiver.py").write_text(GUIDE.files["receiver.py"], encoding="utf-8")
    (command,) = (one for one in GUIDE.commands if "receiver:router" in one)
    *_, application, _, _ = shlex.split(command)
    group, port = FakeOnCall().add_group(), free_port()
    with redis_server(tmp_path) as redis:
        env = bare() | {"REDIS_URL": redis.uri, "WEBHOOK_SECRET": SECRET}
        uvicorn = ("-m", "uvicorn", application, "--port", str(port))
        async with python(*uvicorn, env=env, cwd=tmp_path), redis.client() as queue:
            answers = [(await push(port, event(group))).text for _ in range(2)]
            entries: Any = await queue.xrange("events")
    ((_, fields),) = entries
    assert answers == ["Accepted.\n", "Duplicate.\n"]
    handed_on = parse(fields[b"body"])
    assert (handed_on.alert_group.id, handed_on.key) == (group.id, fields[b"key"].decode())
