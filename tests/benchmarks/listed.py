"""A server of many groups in this process, which costs its caller next to nothing."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from .samples import PER_PAGE, members

NEWEST: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)


def created_at(number: int) -> datetime:
    """When a group was created: one a second, the first one is the newest."""
    return NEWEST - timedelta(seconds=number)


def firing(number: int) -> dict[str, Any]:
    """A firing group, as the API returns it."""
    nobody = {"acknowledged_at": None, "acknowledged_by": None}
    at = created_at(number).isoformat().replace("+00:00", "Z")
    return {**members(number), **nobody, "state": "firing", "created_at": at}


class Listed(httpx.AsyncBaseTransport):
    """Lists this many groups by their time of creation, and responds to everything else at once."""

    def __init__(self, groups: int, *, first: int = 0) -> None:
        self._first = first
        self._groups = [json.dumps(firing(number)).encode() for number in range(first, groups)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Respond as a socket would, after other tasks."""
        await asyncio.sleep(0)
        if request.method != "GET":
            return httpx.Response(200)
        name = request.url.path.rstrip("/").rpartition("/")[2]
        if name != "alert_groups":
            return self._one(name)
        return httpx.Response(200, content=self._page(request.url.params))

    def _one(self, name: str) -> httpx.Response:
        number = int(name.removeprefix("I")) - self._first
        return httpx.Response(200, content=self._groups[number])

    def _page(self, query: httpx.QueryParams) -> bytes:
        found = self._between(query.get("started_at", ""))
        number, size = int(query.get("page", "1")), int(query.get("perpage", PER_PAGE))
        last = max(1, -(-len(found) // size))
        following = f'"https://oncall.test/?page={number + 1}"' if number < last else "null"
        return (
            b'{"count":%d,"next":%b,"results":[%b],"current_page_number":%d,"total_pages":%d}'
            % (
                len(found),
                following.encode(),
                b",".join(found[(number - 1) * size : number * size]),
                number,
                last,
            )
        )

    def _between(self, bounds: str) -> Sequence[bytes]:
        if not bounds:
            return self._groups
        since, until = (datetime.fromisoformat(f"{one}+00:00") for one in bounds.split("_"))
        newest = (NEWEST - until).total_seconds() - self._first
        oldest = (NEWEST - since).total_seconds() - self._first
        return self._groups[max(0, int(newest)) : max(0, int(oldest) + 1)]
