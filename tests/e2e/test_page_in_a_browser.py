"""The page of a fake in a browser: live, by mouse and keyboard, wide and narrow, light and dark."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import attrs
import pytest
from playwright.async_api import Browser, Locator, Page, Request, async_playwright, expect

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Created
from grafana_oncall.testing import FakeOnCall, seed_storm, serve
from tests.support.chromium import CHROMIUM

PAYLOAD = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@attrs.frozen
class Visit:
    """A browser that looks at a server."""

    fake: FakeOnCall
    url: str
    page: Page
    problems: list[str]
    """What the browser complained about, and requests to elsewhere."""

    @property
    def rows(self) -> Locator:
        """The groups that are shown."""
        return self.page.locator("#groups > li")

    def client(self) -> OnCallClient:
        """A client of the server."""
        return OnCallClient(url=self.url, token=self.fake.token)


@asynccontextmanager
async def visit(browser: Browser, fake: FakeOnCall, **options: Any) -> AsyncGenerator[Visit]:
    """Serve a fake, and open its page; afterwards the browser has complained about nothing."""
    problems: list[str] = []
    async with serve(fake, page=True) as url:
        context = await browser.new_context(**options)
        page = await context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))
        page.on("dialog", lambda dialog: problems.append(dialog.message))

        def check(request: Request) -> None:
            if not request.url.startswith((f"{url}/", "data:")):
                problems.append(request.url)

        page.on("request", check)
        await page.goto(url)
        await expect(page.get_by_role("status").first).to_have_text("Live")
        yield Visit(fake, url, page, problems)
        await context.close()
    assert problems == []


async def what_happens_is_shown_and_what_is_clicked_happens(browser: Browser) -> None:
    """The API shows it at once."""
    async with visit(browser, FakeOnCall()) as seen:
        group = seen.fake.add_group(title="Disk almost full", labels={"team": "SRE"})
        row = seen.rows.filter(has_text="Disk almost full")
        await expect(row).to_contain_text("firing")
        await row.get_by_role("button", name="Acknowledge").click()
        await expect(row.get_by_role("button", name="Unacknowledge")).to_be_visible()
        async with seen.client() as client:
            assert (await client.alert_groups.get(group.id)).state == "acknowledged"
        await expect(seen.page.get_by_role("list", name="Calls")).to_contain_text(
            f"GET /api/v1/alert_groups/{group.id}/"
        )
        await row.get_by_role("button", name="Silence").click()
        await expect(seen.page.locator("#said")).to_have_text(
            "Can't silence an acknowledged alert group"
        )
        seen.problems.clear()  # the refusal, which Chromium logs


async def a_bot_is_seen_to_react(browser: Browser) -> None:
    """To an alert that a person sends."""
    fake = FakeOnCall()
    fake.add_integration(type="alertmanager")
    async with visit(browser, fake) as seen, seen.client() as client:
        bot = Bot(client.alert_groups.watch(every=0.1, existing=True))

        @bot.on(Created)
        async def acknowledge(change: Created) -> None:
            await client.alert_groups.acknowledge(change.id)

        running = asyncio.create_task(bot.run(signals=()))
        await seen.page.get_by_label("Alert", exact=True).fill("High latency")
        await seen.page.get_by_role("button", name="Send alert").click()
        row = seen.rows.filter(has_text="High latency")
        await expect(row).to_contain_text("acknowledged by admin")
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def everything_works_by_keyboard(browser: Browser) -> None:
    """Focus stays where it is while the list changes."""
    async with visit(browser, FakeOnCall()) as seen:
        groups = [seen.fake.add_group(title=title) for title in ("older", "newer")]
        await expect(seen.rows).to_have_count(2)
        keys, focus = seen.page.keyboard, seen.page.locator(":focus")
        await seen.page.get_by_role("radio", name="All").focus()
        await keys.press("Tab")
        await keys.press("ArrowDown")
        await keys.press("Tab")
        seen.fake.add_group(title="newest")
        await expect(seen.rows).to_have_count(3)
        await keys.press("Enter")
        await expect(focus).to_have_text("Unresolve")
        assert [group.state for group in groups] == ["resolved", "firing"]
        await keys.press("Tab")
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(seen.page.get_by_role("dialog")).to_be_visible()
        await keys.type("team")
        await keys.press("Tab")
        await keys.type("SRE")
        await keys.press("Enter")
        await expect(seen.rows.last).to_contain_text("team:SRE")
        await expect(focus).to_have_text("Label")


async def no_alert_can_bring_a_script(browser: Browser) -> None:
    """Its text is shown as it is."""
    async with visit(browser, FakeOnCall()) as seen:
        seen.fake.add_integration(type="webhook", name=PAYLOAD)
        seen.fake.add_group(title=PAYLOAD, labels=[(PAYLOAD, PAYLOAD)])
        await expect(seen.rows.locator("h3")).to_have_text(PAYLOAD)
        await expect(seen.rows.locator(".labels li")).to_have_text(f"{PAYLOAD}:{PAYLOAD}")
        assert await seen.page.locator("main img, main script").count() == 0


async def it_fits_a_phone_in_the_dark(browser: Browser) -> None:
    """With the longest of words, and more groups than it shows."""
    fake = FakeOnCall()
    seed_storm(fake, 1000)
    fake.add_group(title="w" * 300, labels={"k" * 100: "v" * 100})
    options: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
    async with visit(browser, fake, **options) as seen:
        await expect(seen.rows).to_have_count(100)
        await expect(seen.page.get_by_text("The newest 100 of 1001.")).to_be_visible()
        width = "document.documentElement.scrollWidth"
        assert await seen.page.evaluate(width) == 360
        ground = "getComputedStyle(document.body).backgroundColor"
        assert await seen.page.evaluate(ground) == "rgb(19, 21, 23)"


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium or google-chrome in the PATH")
async def test_the_page_does_in_a_browser_what_it_promises() -> None:
    """One start of the browser is for all, because it takes a second."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        await what_happens_is_shown_and_what_is_clicked_happens(browser)
        await a_bot_is_seen_to_react(browser)
        await everything_works_by_keyboard(browser)
        await no_alert_can_bring_a_script(browser)
        await it_fits_a_phone_in_the_dark(browser)
        await browser.close()
