"""A list of alert groups behind respx: pages that a test may hold, fail and move."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
import respx

from tests.support.samples import API, GROUP

ELSEWHERE = "http://engine.internal:8080/api/v1/alert_groups/"
"""The server's own address; behind a proxy, it differs from the one that the client uses."""


class Listing:
    """Serves `page=N`, as real servers do, and records each request."""

    def __init__(self, wire: respx.MockRouter, *pages: str) -> None:
        self.pages = [page.split() for page in pages]
        """The ids on each page, from page 1."""
        self.members: dict[str, Any] = {}
        """Further members of each group, such as those that the filter requires."""
        self.changes: dict[int, dict[str, Any]] = {}
        """Changed members of the envelope of a page."""
        self.failing: set[int] = set()
        """Pages that respond with 500."""
        self.asked: list[int] = []
        self.queries: list[list[tuple[str, str]]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._gates: dict[int, asyncio.Event] = {}
        wire.get(f"{API}alert_groups/").mock(side_effect=self._respond)

    def hold(self, *numbers: int) -> None:
        """Hold the responses of these pages until they are released."""
        self._gates.update((number, asyncio.Event()) for number in numbers)

    def release(self, *numbers: int) -> None:
        """Release the responses of these pages."""
        for number in numbers:
            self._gates[number].set()

    async def _respond(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1"))
        self.asked.append(number)
        self.queries.append(request.url.params.multi_items())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if number in self._gates:
                await self._gates[number].wait()
        finally:
            self.in_flight -= 1
        if number in self.failing:
            return httpx.Response(500, html="<h1>Server Error (500)</h1>")
        return httpx.Response(200, json=self._envelope(number))

    def _envelope(self, asked: int) -> dict[str, Any]:
        total = len(self.pages)
        number = min(asked, total)  # past the end comes the last page again
        return {
            "count": sum(map(len, self.pages)),
            "next": f"{ELSEWHERE}?page={number + 1}" if number < total else None,
            "previous": None,
            "results": [{**GROUP, "id": name, **self.members} for name in self.pages[number - 1]],
            "current_page_number": number,
            "page_size": 50,
            "total_pages": total,
            **self.changes.get(asked, {}),
        }


def labels(*pairs: str) -> list[dict[str, dict[str, str]]]:
    """The labels `key:value` as servers write them."""
    parted = [pair.split(":") for pair in pairs]
    return [{"key": {"name": key}, "value": {"name": value}} for key, value in parted]


async def settle() -> None:
    """Run all tasks until each of them waits for something."""
    for _ in range(100):
        await asyncio.sleep(0)


def other_tasks() -> set[asyncio.Task[Any]]:
    """All tasks but the test's own."""
    return asyncio.all_tasks() - {asyncio.current_task()}


def ids(items: Iterable[Any]) -> str:
    """Their ids, in one string."""
    return " ".join(item.id for item in items)
