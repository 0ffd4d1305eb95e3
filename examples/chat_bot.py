"""A chat bot: it says what happens to alert groups, and obeys a slash command; with FastAPI.

    CHAT_WEBHOOK=https://chat.example/hooks/… COMMAND_TOKEN=… python chat_bot.py

Messages go to an incoming webhook, as Slack and Mattermost have it; commands come to port 8000 as
Mattermost posts them. A chat waits for three seconds only, and a busy OnCall may take longer: so
the response comes first, and the work is done after it.
"""

import asyncio
import hmac
import os
import re
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import uvicorn
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

from grafana_oncall import Bot, OnCallClient, OnCallError
from grafana_oncall.changes import Acknowledged, Change, Created, Deleted, Resolved, Silenced

USAGE = "Usage: /oncall ack ID, or /oncall silence ID 2h"
DURATION = re.compile("([0-9]{1,3})([mhd])")
ACTORS: dict[type[Change], str] = {Acknowledged: "acknowledged_by", Resolved: "resolved_by"}
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class ChatBot:
    """Speaks and listens in one channel of a chat."""

    def __init__(self, client: OnCallClient, http: httpx.AsyncClient, webhook: str) -> None:
        self._client, self._http, self._webhook = client, http, webhook
        self.bot = Bot(client.alert_groups.watch(checkpoint="chat_bot.json"))
        self.bot.on(Created, Acknowledged, Silenced, Resolved, Deleted)(self.tell)

    async def say(self, text: str) -> None:
        """Post a message."""
        response = await self._http.post(self._webhook, json={"text": text})
        response.raise_for_status()

    async def tell(self, change: Change) -> None:
        """Say what happened, with the names of people and integrations."""
        text = f"{type(change).__name__}: {change.title} ({change.id})"
        if change.after is not None:
            names = await self._client.directory.names(change.after)
            by = names.get(ACTORS.get(type(change), ""))
            text += f" from {names['integration']}" + (f" by {by}" if by else "")
        await self.say(text)  # if this raises, the bot calls it again

    async def obey(self, text: str) -> None:
        """Carry out a command, or say why it cannot be."""
        groups = self._client.alert_groups
        try:
            match text.split():
                case ["ack", group]:
                    await groups.acknowledge(group)
                case ["silence", group, delay] if found := DURATION.fullmatch(delay):
                    await groups.silence(group, timedelta(**{UNITS[found[2]]: int(found[1])}))
                case _:
                    await self.say(USAGE)
                    return
            self.bot.hint(group)  # so that it says so now, and not at its next poll
        except OnCallError as error:
            await self.say(f"{text}: {error}")


def make_app(bot: ChatBot, token: str) -> FastAPI:
    """Return the application that takes commands."""
    app = FastAPI()

    @app.post("/")
    async def command(request: Request, later: BackgroundTasks) -> dict[str, str]:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Token {token}".encode()):
            raise HTTPException(401, "The Authorization is not that of this command.")
        form = parse_qs((await request.body()).decode(errors="replace"))
        later.add_task(bot.obey, form.get("text", [""])[0])
        return {"text": "On it."}

    return app


async def main() -> None:
    """Serve until a signal, which stops the bot as well."""
    async with OnCallClient.from_env() as client, httpx.AsyncClient() as http:
        chat = ChatBot(client, http, os.environ["CHAT_WEBHOOK"])
        app = make_app(chat, os.environ["COMMAND_TOKEN"])
        server = uvicorn.Server(uvicorn.Config(app, port=int(os.environ.get("PORT", "8000"))))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve())  # it passes the signal on to the bot
            await chat.bot.run()
            server.should_exit = True


if __name__ == "__main__":
    asyncio.run(main())
