"""A server of very many alert groups, in memory: what it makes of them costs the same at any size.

The group with the number 0 is the newest, and each one was created two seconds before the next. So
pages, ranges of time and states are found by arithmetic, and nothing here grows with the storm. The
fake server would do as well, but its own cost grows.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from .samples import PER_PAGE, group_id, members

NEWEST: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
APART: Final = timedelta(seconds=2)
URL: Final = "https://oncall.test"

_LIST: Final = "/api/v1/alert_groups/"
_MARKED: Final = {"id": "%s", "state": "%s", "created_at": "%s"}


def _template() -> bytes:
    """A group, with the places of its id, state and time."""
    text = json.dumps(members(0), separators=(",", ":")).replace("%", "%%")
    for name, mark in _MARKED.items():
        text = text.replace(f'"{name}":"{members(0)[name]}"', f'"{name}":"{mark}"', 1)
    return text.encode()


_GROUP: Final = _template()


def created_at(number: int) -> datetime:
    """When a group was created."""
    return NEWEST - number * APART


class Storm(httpx.AsyncBaseTransport):
    """Responds at once, and counts requests. The newest groups are firing, the others resolved."""

    def __init__(self, groups: int, *, firing: int | None = None) -> None:
        self.groups = groups
        self.firing = groups if firing is None else firing
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """A list, a group, or nothing, which is what actions return."""
        self.requests += 1
        await asyncio.sleep(0)  # a socket lets other tasks run too
        path = request.url.path
        if request.method != "GET":
            return httpx.Response(200, request=request)
        if path == _LIST:
            return httpx.Response(200, content=self._page(request.url.params), request=request)
        content = self._group(int(path.removeprefix(_LIST)[1:-1]))
        return httpx.Response(200, content=content, request=request)

    def _page(self, query: httpx.QueryParams) -> bytes:
        listed = self._listed(query)
        number, pages = int(query.get("page", "1")), max(1, -(-len(listed) // PER_PAGE))
        following = query.set("page", number + 1)
        link = json.dumps(f"{URL}{_LIST}?{following}" if number < pages else None)
        found = map(self._group, listed[(number - 1) * PER_PAGE : number * PER_PAGE])
        return (
            b'{"count":%d,"next":%b,"previous":null,"results":[%b],'
            b'"page_size":50,"current_page_number":%d,"total_pages":%d}'
        ) % (len(listed), link.encode(), b",".join(found), number, pages)

    def _listed(self, query: httpx.QueryParams) -> range:
        """The numbers of the groups of a list."""
        state = query.get("state")
        begin, end = 0, {None: self.groups, "new": self.firing}.get(state, 0)
        if (times := query.get("started_at")) is not None:
            since, until = (datetime.fromisoformat(f"{time}Z") for time in times.split("_"))
            begin = max(begin, -((until - NEWEST) // APART))
            end = min(end, (NEWEST - since) // APART + 1)
        return range(begin, max(begin, end))

    def _group(self, number: int) -> bytes:
        state = b"firing" if number < self.firing else b"resolved"
        at = created_at(number).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        return _GROUP % (group_id(number).encode(), state, at)
