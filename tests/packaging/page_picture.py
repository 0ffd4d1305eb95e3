"""The picture of the page of the fake, in a busy minute.

`python -m tests.packaging.page_picture` takes it with Chromium, as `docs/_static/page.png`.
"""

import asyncio
import sys
from datetime import timedelta
from typing import Final

import httpx
from playwright.async_api import Page, ViewportSize, async_playwright, expect

from grafana_oncall.testing import FakeOnCall, RateLimit, VirtualClock, seed_storm, serve
from grafana_oncall.testing._serving.asgi import Receive, Scope, Send
from tests.packaging.project import ROOT
from tests.support.chromium import CHROMIUM

PICTURE: Final = ROOT / "docs" / "_static" / "page.png"
SIZE: Final = ViewportSize(width=1280, height=880)
BOT: Final = "token-of-the-bot"
CLOCK: Final = VirtualClock()


def storm() -> FakeOnCall:
    """A server with a storm, which has somebody to page, and a bot."""
    fake = FakeOnCall(clock=CLOCK, rate_limit=RateLimit(requests=60))
    seed_storm(fake, 240)
    fake.add_token(BOT, user="noise-bot", role="editor")
    for trigger in ("alert group created", "acknowledge"):
        fake.add_webhook("Noise bot", url="https://bot.example/events", trigger_type=trigger)
    return fake


async def accept(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Respond to a webhook."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def use(fake: FakeOnCall, url: str) -> None:
    """Let an alert page somebody, and a bot meet a fault."""
    labels = {"team": "SRE", "severity": "critical", "service": "ledger"}
    fake.add_group(title="Disk almost full: ledger in production", labels=labels)
    CLOCK.advance(timedelta(minutes=6))
    noise = fake.add_group(title="Queue is not draining: search in staging", labels={"team": "SRE"})
    CLOCK.advance(timedelta(seconds=2))
    headers = {"Authorization": BOT}
    async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=headers) as http:
        for _ in range(19):
            await http.get("alert_groups/", params={"status": "new"})
        for _ in range(2):
            await http.post(f"alert_groups/{noise.id}/acknowledge/")
    CLOCK.advance(timedelta(seconds=1))


async def show(page: Page, url: str) -> None:
    """Open the page, and wait until it shows all of it."""
    await page.goto(url)
    await expect(page.get_by_role("list", name="Calls").get_by_role("listitem")).to_have_count(21)


async def take() -> None:
    """Take the picture."""
    fake = storm()
    async with (
        serve(fake, page=True) as url,
        fake.deliver_webhooks("https://bot.example/", to=accept),
        async_playwright() as playwright,
    ):
        await use(fake, url)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        page = await browser.new_page(viewport=SIZE)
        await show(page, url)
        await page.screenshot(path=PICTURE)
        await browser.close()


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("There is no Chromium here, so there is no picture of the page.")
    asyncio.run(take())
