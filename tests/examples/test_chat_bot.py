"""The chat bot: what it says, and what it does when it is told to."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.chat_bot import ChatBot, make_app
from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, serve
from tests.support import virtual_time
from tests.support.examples import FOLDER
from tests.support.programs import free_port, python, settings

TOKEN = {"Authorization": "Token open-sesame"}


class Chat:
    """A chat: it records what is posted to its webhook, and posts commands."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.fails = 0
        """How many posts it refuses from now on."""
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._hear))

    def _hear(self, request: httpx.Request) -> httpx.Response:
        if self.fails:
            self.fails -= 1
            return httpx.Response(500)
        self.heard.append(json.loads(request.content)["text"])
        return httpx.Response(200)


Command = Callable[[str], Coroutine[Any, Any, httpx.Response]]
Story = Callable[[FakeOnCall, Chat, Command], Coroutine[Any, Any, None]]


def tell(story: Story) -> list[str]:
    """Run the bot during a story, in virtual time; return what the chat heard."""

    async def main() -> list[str]:
        # The bot reads the real date: it and the server agree on when the story begins.
        began, chat = datetime.now(UTC), Chat()
        fake = FakeOnCall(clock=lambda: began + timedelta(seconds=virtual_time.passed()))
        source = fake.add_integration(name="Alertmanager")
        fake.add_group(title="Old", integration=source)
        async with OnCallClient(
            url="https://oncall.test", token=fake.token, transport=fake.transport()
        ) as client:
            bot = ChatBot(client, chat.http, "https://chat.test/hooks/oncall")
            app = httpx.ASGITransport(make_app(bot, "open-sesame"))
            running = asyncio.create_task(bot.bot.run(signals=()))
            async with httpx.AsyncClient(transport=app, base_url="http://bot.test") as http:

                async def command(text: str) -> httpx.Response:
                    return await http.post("/", data={"text": text}, headers=TOKEN)

                await asyncio.sleep(1)  # the first poll
                await story(fake, chat, command)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return chat.heard

    return virtual_time.run(main())


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint is in the working directory."""
    monkeypatch.chdir(tmp_path)


def test_changes_are_told_with_the_names_of_people_and_integrations() -> None:
    """A group that existed before is not new; one that is deleted still has its title."""

    async def story(fake: FakeOnCall, _: Chat, __: Command) -> None:
        group = fake.add_group(title="Disk", id="IDISK")
        await asyncio.sleep(20)
        group.acknowledged_at, group.acknowledged_by = fake.now(), fake.add_user("ada").id
        await asyncio.sleep(20)
        group.resolved_at = fake.now()
        await asyncio.sleep(20)
        del fake.groups["IDISK"]
        await asyncio.sleep(600)

    assert tell(story) == [
        "Created: Disk (IDISK) from Alertmanager",
        "Acknowledged: Disk (IDISK) from Alertmanager by ada",
        "Resolved: Disk (IDISK) from Alertmanager",
        "Deleted: Disk (IDISK)",
    ]


def test_a_message_that_the_chat_refuses_is_posted_again() -> None:
    """The handler raised."""

    async def story(fake: FakeOnCall, chat: Chat, _: Command) -> None:
        chat.fails = 2
        fake.add_group(title="Disk", id="IDISK")
        await asyncio.sleep(30)

    assert tell(story) == ["Created: Disk (IDISK) from Alertmanager"]


@pytest.mark.parametrize(
    ("text", "state", "said"),
    [
        ("ack IDISK", "acknowledged", "Acknowledged: Disk (IDISK) from Alertmanager by admin"),
        ("silence IDISK 2h", "silenced", "Silenced: Disk (IDISK) from Alertmanager"),
    ],
)
def test_a_command_is_obeyed_and_its_effect_is_told_at_once(
    text: str, state: str, said: str
) -> None:
    """Not at the next poll, which is up to 15 seconds away."""

    async def story(fake: FakeOnCall, chat: Chat, command: Command) -> None:
        group = fake.add_group(title="Disk", id="IDISK")
        await asyncio.sleep(15)
        response = await command(text)
        assert (response.status_code, response.json()) == (200, {"text": "On it."})
        assert group.state == state
        await asyncio.sleep(1)
        assert chat.heard[-1] == said
        if state == "silenced":
            assert group.silenced_until is not None
            assert (group.silenced_until - fake.now()).total_seconds() == pytest.approx(7199)

    assert tell(story) == ["Created: Disk (IDISK) from Alertmanager", said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Usage: /oncall ack ID, or /oncall silence ID 2h"),
        ("silence IOLD", "Usage: /oncall ack ID, or /oncall silence ID 2h"),
        ("silence IOLD 2 hours", "Usage: /oncall ack ID, or /oncall silence ID 2h"),
        ("ack I404", "ack I404: acknowledge_alert_group: 404 Not found."),
        ("ack a/b", "ack a/b: alert_group_id='a/b' is not an id."),
        ("silence IOLD 0m", "silence IOLD 0m: delay"),
    ],
)
def test_a_command_that_cannot_be_obeyed_is_answered_in_words(text: str, said: str) -> None:
    """The bot goes on."""

    async def story(fake: FakeOnCall, chat: Chat, command: Command) -> None:
        await command(text)
        assert chat.heard[0].startswith(said)
        fake.add_group(title="Disk")
        await asyncio.sleep(20)

    heard = tell(story)
    assert (len(heard), heard[1].startswith("Created: Disk")) == (2, True)


@pytest.mark.parametrize("given", ["", "Token ópen", "open-sesame"])
async def test_a_command_without_the_token_is_refused(given: str) -> None:
    """It is not carried out."""
    fake, chat = FakeOnCall(), Chat()
    async with OnCallClient(
        url="https://oncall.test", token=fake.token, transport=fake.transport()
    ) as client:
        app = make_app(ChatBot(client, chat.http, "https://chat.test/"), "open-sesame")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot.test") as http:
            headers = {b"Authorization": given.encode()}
            response = await http.post("/", data={"text": "ack I1"}, headers=headers)
    assert (response.status_code, fake.calls, chat.heard) == (401, [], [])


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not those of Windows")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=lambda sent: sent.name)
async def test_the_program_serves_until_a_signal(tmp_path: Path, sent: signal.Signals) -> None:
    """With a chat on a socket, which hears of what a command did."""
    fake, port, heard = FakeOnCall(), free_port(), asyncio.Queue[bytes]()
    group = fake.add_group(title="Disk")

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = re.findall(rb"content-length: (\d+)", head.lower())
        heard.put_nowait(await reader.readexactly(int(length)))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    chat = await asyncio.start_server(hear, "127.0.0.1", 0)
    webhook = f"http://127.0.0.1:{chat.sockets[0].getsockname()[1]}/"
    async with chat, serve(fake) as url:
        more = {"CHAT_WEBHOOK": webhook, "COMMAND_TOKEN": "open-sesame", "PORT": str(port)}
        env = settings(url, fake.token, **more)
        async with (
            python(str(FOLDER / "chat_bot.py"), env=env, cwd=tmp_path) as process,
            httpx.AsyncClient(trust_env=False) as http,
        ):
            while not (tmp_path / "chat_bot.json").exists():  # noqa: ASYNC110  # the first poll
                await asyncio.sleep(0.01)
            command = {"text": f"ack {group.id}"}
            response = await http.post(f"http://127.0.0.1:{port}/", data=command, headers=TOKEN)
            assert response.json() == {"text": "On it."}
            said = json.loads(await heard.get())["text"]
            assert said.startswith(f"Acknowledged: Disk ({group.id})")
            process.send_signal(sent)
            assert await process.wait() == 0
