"""Groups with the first or last possible date: a mistake of a server, not an error."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from grafana_oncall._listing.windows import between
from grafana_oncall.changes import Created
from grafana_oncall.operations import list_alert_groups
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.bulk_stories import connect, counted, ids
from tests.support.watchers import polls, watching

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
EAST, WEST = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))

ends = pytest.mark.parametrize("end", [FIRST, LAST], ids=["first", "last"])


@pytest.fixture
def fake(clock: VirtualClock, end: datetime) -> FakeOnCall:
    """A server with three pages of groups, one of which has such a date."""
    fake = FakeOnCall(clock=clock, flavour="oss", page_size=5)
    for number in range(12):
        fake.add_group(labels={"team": "SRE"}, started_at=end if number == 3 else None)
    return fake


@ends
async def test_a_bulk_run_acts_on_all_of_them(fake: FakeOnCall) -> None:
    """None is left out."""
    async with connect(fake) as client:
        query = client.alert_groups.list(state="new")
        report = await client.alert_groups.bulk.resolve(query)
    assert (counted(report), report.complete) == ({"changed": 12}, True)


@ends
async def test_a_wait_ends(fake: FakeOnCall) -> None:
    """Once all of them have the state; by then it reads only the range of their dates."""
    groups = [*fake.groups.values()]
    async with connect(fake) as client:
        waiting = client.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
        found = asyncio.create_task(waiting)
        await asyncio.sleep(2)
        for group in groups:
            await client.alert_groups.resolve(group.id)
        assert len(await found) == 12


@ends
async def test_a_watcher_reports_the_others(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Poll after poll."""
    async with (
        connect(fake) as client,
        watching(client.alert_groups.watch(clock=clock, existing=True)) as seen,
    ):
        await polls(3)
        new = fake.add_group()
        await polls(3)
    created = {change.id for change in seen if isinstance(change, Created)}
    assert len(created & {*ids([*fake.groups.values()])}) >= 12
    assert new.id in created


@pytest.mark.parametrize(
    ("since", "until", "sent"),
    [
        (FIRST, LAST, "0001-01-01T00:00:00_9999-12-31T23:59:59"),
        (
            FIRST.replace(tzinfo=EAST),
            LAST.replace(tzinfo=WEST),
            "0001-01-01T00:00:00_9999-12-31T23:59:59",
        ),
        (
            datetime(2026, 3, 2, 9, 30, 0, 1, tzinfo=EAST),
            datetime(2026, 3, 2, 9, 30, 0, 1, tzinfo=WEST),
            "2026-03-02T04:30:00_2026-03-02T14:30:01",
        ),
    ],
    ids=["in UTC", "beyond UTC", "any other"],
)
def test_a_range_is_widened_to_whole_seconds_in_utc(
    since: datetime, until: datetime, sent: str
) -> None:
    """As far as the calendar allows."""
    assert dict(between(list_alert_groups(), since, until).query) == {"started_at": sent}
