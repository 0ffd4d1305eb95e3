"""A query is read to its end, and checked against its filter, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import FilterIgnored
from grafana_oncall.testing import FakeOnCall, FakeRequest
from tests.support.bulk_stories import add, counted, meanwhile, written
from tests.support.samples import BASE


async def test_nothing_is_skipped_although_acting_takes_groups_out_of_the_filter(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """All pages are read before the first write."""
    groups = add(fake, 300)
    report = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    assert (counted(report), report.complete) == ({"changed": 300}, True)
    assert {group.state for group in groups} == {"resolved"}
    methods = [call.method for call in fake.calls]
    assert "GET" not in methods[methods.index("POST") :]


class Deaf(httpx.AsyncBaseTransport):
    """A server that ignores some query parameters, perhaps on later pages alone."""

    def __init__(self, fake: FakeOnCall, *names: str, page: str | None = None) -> None:
        self._inner = fake.transport()
        self._names = names
        self._page = page

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward the request without the ignored parameters."""
        if self._page in {None, request.url.params.get("page")}:
            for name in self._names:
                request.url = request.url.copy_remove_param(name)
        return await self._inner.handle_async_request(request)


def client_of_deaf(fake: FakeOnCall, *names: str, page: str | None = None) -> OnCallClient:
    """A client of such a server."""
    return OnCallClient(url=BASE, token=fake.token, transport=Deaf(fake, *names, page=page))


FILTERS: dict[str, Callable[[FakeOnCall], dict[str, Any]]] = {
    "state": lambda _: {"state": "resolved"},
    "label": lambda _: {"labels": {"team": "SRE"}},
    "team_id": lambda fake: {"team_id": fake.add_team("SRE")},
    "integration_id": lambda fake: {"integration_id": fake.add_integration().id},
    "route_id": lambda _: {"route_id": "ROTHER"},
    "id": lambda _: {"id": "IOTHER"},
    "started_at": lambda fake: {
        "started_at": (fake.now() - timedelta(days=9), fake.now() - timedelta(days=8))
    },
}


@pytest.mark.parametrize("name", list(FILTERS))
async def test_a_filter_that_the_server_ignores_is_noticed(fake: FakeOnCall, name: str) -> None:
    """Before anything is written; the error names the filter and the group."""
    group = fake.add_group(labels={"team": "Web"})
    async with client_of_deaf(fake, name) as client:
        run = client.alert_groups.bulk.resolve(client.alert_groups.list(**FILTERS[name](fake)))
        with pytest.raises(FilterIgnored) as caught:
            await run
    assert caught.value.group_id == group.id
    assert caught.value.unmet.startswith(f"{name}=")
    assert (written(fake), counted(run.report)) == ([], {})


async def test_a_filter_that_is_ignored_on_a_later_page_is_noticed(fake: FakeOnCall) -> None:
    """All groups are checked against it before the first write."""
    add(fake, 100)
    other = fake.add_group(state="acknowledged", started_at=fake.now() - timedelta(hours=1))
    async with client_of_deaf(fake, "state", page="3") as client:
        fake.add_group(started_at=fake.now() - timedelta(hours=2))
        with pytest.raises(FilterIgnored) as caught:
            await client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
    assert (caught.value.group_id, caught.value.unmet) == (other.id, "state=new")
    assert written(fake) == []


async def test_a_filter_that_the_server_ignores_makes_no_shard(fake: FakeOnCall) -> None:
    """Trust no filter before a write, wherever the write is made."""
    fake.add_group()
    async with client_of_deaf(fake, "state") as client:
        query = client.alert_groups.list(state="resolved")
        with pytest.raises(FilterIgnored):
            await client.alert_groups.bulk.resolve(query).shards()


async def test_one_label_of_two_that_is_missing_is_noticed(fake: FakeOnCall) -> None:
    """A group must have all labels of the filter, compared with case."""
    fake.add_group(labels={"team": "SRE", "tier": "A"})
    async with client_of_deaf(fake, "label") as client:
        query = client.alert_groups.list(labels={"team": "SRE", "tier": "a"})
        with pytest.raises(FilterIgnored) as caught:
            await client.alert_groups.bulk.resolve(query)
    assert caught.value.unmet == "label=tier:a"


async def test_groups_that_move_up_while_the_list_is_read_are_found(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """When one leaves a page that was read, the first of the next page moves onto it."""
    groups = add(fake, 120)
    turns = iter(groups[:2])

    def act(_: FakeRequest) -> None:
        if len(fake.calls) in {1, 2}:
            next(turns).resolved_at = fake.now()

    meanwhile(fake, "list_alert_groups", act, times=99)
    report = await oncall.alert_groups.bulk.resolve(
        oncall.alert_groups.list(state="new", prefetch=0)
    )
    assert {group.state for group in groups} == {"resolved"}
    assert (counted(report), report.complete) == ({"changed": 118, "already": 2}, True)


async def test_a_list_that_changes_all_the_time_is_reported(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """More groups within a second than fit on a page: that second is walked a few times."""
    groups = [fake.add_group(started_at=fake.now()) for _ in range(200)]
    turns = iter(groups)

    def act(request: FakeRequest) -> None:
        if "page=2" in request.query:
            next(turns).resolved_at = fake.now()

    meanwhile(fake, "list_alert_groups", act, times=99)
    report = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    assert not report.complete
    assert "may have been missed" in str(report)
    assert sum(report.counts.values()) == len(report.outcomes)


async def test_groups_that_begin_while_the_list_is_read_are_left_out(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The selection ends with the time of the first page."""
    add(fake, 120)
    late = Counter[str]()

    def act(_: FakeRequest) -> None:
        if fake.calls:
            late[fake.add_group(started_at=fake.now() + timedelta(seconds=1)).id] += 1

    meanwhile(fake, "list_alert_groups", act, times=99)
    report = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    assert counted(report) == {"changed": 120}
    assert {fake.groups[group_id].state for group_id in late} == {"firing"}


async def test_a_server_that_ignores_the_range_is_detected_after_few_requests(
    fake: FakeOnCall,
) -> None:
    """It would return the whole list for each part of it."""
    for number in range(120):
        fake.add_group(started_at=fake.now() - timedelta(minutes=number))
    async with client_of_deaf(fake, "started_at") as client:
        with pytest.raises(FilterIgnored, match="ignores the filter"):
            await client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
    assert len(fake.calls) < 20
    assert {group.state for group in fake.groups.values()} == {"firing"}
