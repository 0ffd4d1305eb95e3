"""The alerts of groups: listed, newest first, and never filtered by the client's guess."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import FilterIgnored, InvalidArgument
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.clients import made
from tests.support.samples import one_page

ALERT: dict[str, Any] = {
    "id": "A1",
    "alert_group_id": "I1",
    "created_at": "2026-11-29T17:11:48.605589Z",
    "payload": {"title": "Größe: 5 °C", "tags": ["a b"]},
}


async def test_alerts_of_a_group_are_listed_newest_first(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As many as the group says; the last one is the one that the group shows."""
    group = fake.add_group(alerts_count=3, payload={"cpu": 97})
    group.last_alert_at += timedelta(minutes=10)
    fake.add_group()
    alerts = await oncall.alerts.list(alert_group_id=group.id).collect()
    assert [(one.alert_group_id, one.payload) for one in alerts] == [(group.id, {"cpu": 97})] * 3
    times = [one.created_at for one in alerts]
    assert times == [group.last_alert_at, fake.now() + timedelta(minutes=5), group.started_at]
    shown = (await oncall.alert_groups.get(group.id)).last_alert
    assert shown == alerts[0]


async def test_an_alert_is_found_by_its_id(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """There is no path for one alert."""
    fake.add_group(alerts_count=2)
    _, first = await oncall.alerts.list().collect()
    assert await oncall.alerts.list(id=first.id).collect() == [first]
    assert await oncall.alerts.list(id="ANONE").collect() == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("disk", 1, id="in any case"),
        pytest.param('"mount": "/var"', 1, id="a member, as JSON"),
        pytest.param("memory", 0, id="nothing"),
    ],
)
async def test_alerts_are_found_by_a_part_of_their_payload(
    fake: FakeOnCall, oncall: OnCallClient, text: str, found: int
) -> None:
    """By the server."""
    fake.add_group(payload={"title": "Disk almost full", "mount": "/var"})
    fake.add_group(payload={})
    assert len(await oncall.alerts.list(search=text).collect()) == found


async def test_a_wiped_group_has_alerts_without_payload(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The alerts themselves stay; those of a deleted group go."""
    wiped, deleted = fake.add_group(), fake.add_group()
    await oncall.alert_groups.delete(wiped.id)
    await oncall.alert_groups.delete(deleted.id, mode="delete")
    clock.advance(timedelta(seconds=1))
    assert [one.payload for one in await oncall.alerts.list().collect()] == [{}]


@pytest.mark.parametrize(
    ("filters", "unmet"),
    [
        pytest.param({"id": "A2"}, "id=A2", id="id"),
        pytest.param({"alert_group_id": "I2"}, "alert_group_id=I2", id="group"),
        pytest.param({"search": "Kälte"}, "search=Kälte", id="text"),
    ],
)
async def test_alerts_that_the_filter_excludes_are_not_returned(
    filters: dict[str, Any], unmet: str
) -> None:
    """A server that ignores the filter is detected."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(ALERT)))
    async with made(transport=transport) as client:
        with pytest.raises(FilterIgnored) as ignored:
            await client.alerts.list(**filters).collect()
    assert ignored.value.unmet == unmet


@pytest.mark.parametrize("filters", [{"search": ""}, {"alert_group_id": "a b"}, {"id": ""}])
async def test_a_filter_that_is_empty_or_no_id_is_refused(
    oncall: OnCallClient, filters: dict[str, Any]
) -> None:
    """The server would ignore the one, and find nothing by the other."""
    with pytest.raises(InvalidArgument) as bad:
        oncall.alerts.list(**filters)
    assert bad.value.argument in filters
