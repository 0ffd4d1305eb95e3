"""Lists are checked against their filter: what it excludes reaches no caller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import NO_TEAM, OnCallClient
from grafana_oncall._listing.pager import Pager
from grafana_oncall.errors import FilterIgnored
from tests.support.clients import made
from tests.support.samples import GROUP, INTEGRATION, one_page

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FITTING: dict[str, Any] = {
    **GROUP,
    "id": "I1",
    "team_id": None,
    "state": "firing",
    "created_at": NOW.isoformat(),
    "labels": [{"key": {"name": "team"}, "value": {"name": "SRE"}}],
}
OTHER: dict[str, Any] = {
    **FITTING,
    "id": "I2",
    "route_id": "R2",
    "integration_id": "C2",
    "team_id": "T2",
    "state": "silenced",
    "created_at": (NOW - timedelta(days=3)).isoformat(),
    "labels": [{"key": {"name": "team"}, "value": {"name": "Payments"}}],
}
FILTERS: dict[str, dict[str, Any]] = {
    "id": {"id": "I1"},
    "route_id": {"route_id": GROUP["route_id"]},
    "integration_id": {"integration_id": GROUP["integration_id"]},
    "team_id": {"team_id": NO_TEAM},
    "label": {"labels": {"team": "SRE"}},
    "started_at": {"started_at": (NOW - timedelta(hours=1), NOW)},
    "state": {"state": "new"},
}


class Server:
    """Return lists from a script, and accept every write."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = [*pages]
        self.lists = 0
        self.writes: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return the next page of the script, and after the end its last page."""
        if request.method == "POST":
            self.writes.append(request.url.path)
            return httpx.Response(200)
        self.lists += 1
        page = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        return httpx.Response(200, json=page)

    def client(self) -> OnCallClient:
        """A client of this server."""
        return made(transport=httpx.MockTransport(self))


async def iterated(pager: Pager[Any]) -> None:
    """Every item, by `async for`."""
    async for _ in pager:
        pass


async def paged(pager: Pager[Any]) -> None:
    """Every page."""
    async for _ in pager.pages():
        pass


WAYS: dict[str, Callable[[Pager[Any]], Awaitable[object]]] = {
    "async for": iterated,
    "collect": lambda pager: pager.collect(),
    "pages": paged,
    "count": lambda pager: pager.count(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILTERS)
async def test_an_ignored_filter_is_reported(name: str, way: str) -> None:
    """After a second read, because a group may change while the server lists it."""
    server = Server(one_page(FITTING, OTHER))
    async with server.client() as client:
        with pytest.raises(FilterIgnored, match=r"I2, which does not match") as caught:
            await WAYS[way](client.alert_groups.list(**FILTERS[name]))
    assert caught.value.group_id == "I2"
    assert caught.value.unmet.startswith(f"{name}=")
    assert server.lists == 2


@pytest.mark.parametrize("name", FILTERS)
async def test_what_matches_the_filter_is_returned(name: str) -> None:
    """All of it, with one request."""
    server = Server(one_page(FITTING))
    async with server.client() as client:
        groups = await client.alert_groups.list(**FILTERS[name]).collect()
    assert [group.id for group in groups] == ["I1"]
    assert server.lists == 1


async def test_without_a_filter_everything_is_returned() -> None:
    """There is nothing to check against."""
    server = Server(one_page(FITTING, OTHER))
    async with server.client() as client:
        assert len(await client.alert_groups.list(perpage=7).collect()) == 2


@pytest.mark.parametrize("groups", [(OTHER, FITTING), (FITTING, OTHER)])
async def test_nothing_is_acknowledged_of_a_page_with_excluded_groups(
    groups: tuple[dict[str, Any], ...],
) -> None:
    """A proxy drops the query, so all groups come. A page is yielded whole or not at all."""
    server = Server(one_page(*groups))

    async def acknowledge_all(client: OnCallClient) -> None:
        async for group in client.alert_groups.list(labels={"team": "SRE"}):
            await client.alert_groups.acknowledge(group.id)

    async with server.client() as client:
        with pytest.raises(FilterIgnored):
            await acknowledge_all(client)
    assert server.writes == []


async def test_a_response_to_another_list_is_requested_anew() -> None:
    """As a connection that is out of step delivers it."""
    server = Server(one_page(OTHER), one_page(FITTING))
    async with server.client() as client:
        groups = await client.alert_groups.list(labels={"team": "SRE"}).collect()
    assert [group.id for group in groups] == ["I1"]
    assert server.lists == 2


async def test_later_pages_are_checked_as_well() -> None:
    """Each page is."""
    first = {
        **one_page(FITTING),
        "count": 2,
        "next": "https://h/api/v1/alert_groups/?page=2",
        "total_pages": 2,
    }
    second = {**one_page(OTHER), "count": 2, "current_page_number": 2, "total_pages": 2}
    server = Server(first, second)
    async with server.client() as client:
        walk: AsyncIterator[Any] = aiter(client.alert_groups.list(labels={"team": "SRE"}))
        assert (await anext(walk)).id == "I1"
        with pytest.raises(FilterIgnored):
            await anext(walk)


async def test_a_filter_by_name_is_checked_as_well() -> None:
    """Databases may ignore the case of names, nothing else."""
    same, other = {**INTEGRATION, "name": "CI"}, {**INTEGRATION, "id": "C2", "name": "prod"}
    server = Server(one_page(same), one_page(same, other))
    async with server.client() as client:
        assert [
            integration.name for integration in await client.integrations.list(name="ci").collect()
        ] == ["CI"]
        with pytest.raises(FilterIgnored, match="name=ci"):
            await client.integrations.list(name="ci").collect()
        assert len(await client.integrations.list().collect()) == 2


async def test_a_created_integration_is_found_where_the_name_filter_is_ignored() -> None:
    """It is found among all others."""
    everything = one_page({**INTEGRATION, "name": "prod"})

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=everything)
        named = {**INTEGRATION, "id": "C2", "name": json.loads(request.content)["name"]}
        return httpx.Response(201, json=named)

    async with made(transport=httpx.MockTransport(respond)) as client:
        one = await client.integrations.create(type="webhook", name="ci", reconcile=True)
    assert one.id == "C2"
