"""Who is on call by shifts that a program makes, the same from every operation of both flavours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.models import (
    CalendarScheduleCreate,
    OverrideShiftCreate,
    RollingShiftCreate,
    SingleShiftCreate,
)
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.fake_requests import ask

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NINE = datetime(2026, 3, 2, 9)  # noqa: DTZ001  # in the zone of the shift


@pytest.fixture(params=["cloud", "oss"])
def fake(request: pytest.FixtureRequest, clock: VirtualClock) -> FakeOnCall:
    """An empty server of either flavour, on Monday, 2 March 2026, 09:30."""
    return FakeOnCall(clock=clock, flavour=request.param)


async def test_a_rotation_is_the_same_from_every_operation(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Days in turn, in Berlin, with an hour of a higher level, and a swap that is taken."""
    ana, bob, eve = (fake.add_user(name) for name in ("ana", "bob", "eve"))
    turns = RollingShiftCreate(
        name="days",
        start=NINE,
        duration=8 * HOUR,
        frequency="daily",
        rolling_users=[[ana.id], [bob.id]],
        start_rotation_from_user_index=0,
    )
    above = SingleShiftCreate(name="x", start=NINE + DAY, duration=HOUR, level=1, users=[eve.id])
    shifts = [(await oncall.on_call_shifts.create(each)).id for each in (turns, above)]
    schedule = await oncall.schedules.create(
        CalendarScheduleCreate(name="Primary", time_zone="Europe/Berlin", shifts=shifts)
    )
    eight = datetime(2026, 3, 2, 8, tzinfo=UTC)
    swap = await oncall.shift_swaps.create(
        schedule=schedule.id,
        swap_start=eight + 2 * DAY,
        swap_end=eight + 2 * DAY + HOUR,
        beneficiary=ana.id,
    )
    await oncall.shift_swaps.take(swap, benefactor=eve.id)

    expected = [
        ("ana", eight, eight + 8 * HOUR),
        ("eve", eight + DAY, eight + DAY + HOUR),
        ("bob", eight + DAY + HOUR, eight + DAY + 8 * HOUR),
        ("eve", eight + 2 * DAY, eight + 2 * DAY + HOUR),
        ("ana", eight + 2 * DAY + HOUR, eight + 2 * DAY + 8 * HOUR),
    ]
    timeline = await oncall.schedules.timeline(schedule, eight, eight + 3 * DAY)
    assert [(each.user, each.start, each.end) for each in timeline.spans] == expected
    assert [each.duration for each in timeline.gaps()] == [16 * HOUR] * 3
    [after] = await oncall.schedules.next_on_call(schedule, after=clock())
    assert (after.user, after.start) == expected[1][:2]
    for name, start, end in expected:
        for at in (start, end - timedelta(seconds=1)):
            [user] = await oncall.schedules.on_call(schedule, at=at)
            assert user.username == name
        if clock() < start:
            clock.advance(start - clock())
        [user] = await oncall.schedules.on_call(schedule)
        assert user.username == name


async def test_an_override_of_the_web_interface_replaces_the_shifts(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Through the API, only one that says it is of the web does, and only with one user."""
    ana, bob, eve = (fake.add_user(name) for name in ("ana", "bob", "eve"))
    shift = SingleShiftCreate(name="x", start=NINE, duration=DAY, users=[ana.id])
    override = OverrideShiftCreate(name="o", start=NINE, duration=HOUR, users=[bob.id])
    shifts = [await oncall.on_call_shifts.create(each) for each in (shift, override)]
    schedule = fake.add_schedule("Web", type="web")
    schedule.shifts = [each.id for each in shifts]
    [user] = await oncall.schedules.on_call(schedule.id)
    assert user.id == ana.id
    path = f"on_call_shifts/{shifts[1].id}"
    for change, expected in (
        ({"source": 0, "users": [bob.id, eve.id]}, bob),
        ({"users": [bob.id]}, ana),
    ):
        assert ask(fake, "PUT", path, change).status == 200
        [user] = await oncall.schedules.on_call(schedule.id)
        assert user.id == expected.id
    changed = {"type": "override", "source": 0, "users": [bob.id]}
    assert ask(fake, "PUT", f"on_call_shifts/{shifts[0].id}", changed).status == 200
    [user] = await oncall.schedules.on_call(schedule.id)
    assert user.id == bob.id
    made = fake.add_shift(type="override", start=NINE, users=[eve, bob])
    schedule.shifts.append(made.id)
    assert {user.username for user in await oncall.schedules.on_call(schedule.id)} == {"eve", "bob"}


async def test_what_a_test_says_comes_before_shifts(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Both who is on call always and the spans."""
    ana, bob = fake.add_user("ana"), fake.add_user("bob")
    schedule = fake.add_schedule("Primary", on_call=[bob])
    schedule.shifts.append(fake.add_shift(start=NINE, users=[ana]).id)
    [user] = await oncall.schedules.on_call(schedule.id)
    assert user.username == "bob"
    schedule.on_call = []
    [user] = await oncall.schedules.on_call(schedule.id)
    assert user.username == "ana"
