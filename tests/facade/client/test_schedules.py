"""Schedules: make, find, change and delete one; what the engine does to a careless call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient, operations
from grafana_oncall.errors import (
    BadRequest,
    IdsDropped,
    InvalidArgument,
    MultipleFound,
    NotFound,
    OutcomeUnknown,
    Unauthorized,
)
from grafana_oncall.models import (
    CalendarScheduleCreate,
    FinalShift,
    IcalScheduleCreate,
    SlackSettings,
    WebScheduleCreate,
)
from grafana_oncall.testing import FakeOnCall, VirtualClock, reset
from grafana_oncall.testing._objects.schedules import FakeShift
from tests.support.samples import BASE

CALENDAR = CalendarScheduleCreate(name="nights", time_zone="Europe/Berlin")
DAY = date(2026, 3, 2)
SHIFT = "O123456789ABC"
OVERRIDE = "O223456789ABC"


@pytest.fixture
async def engine(clock: VirtualClock) -> FakeOnCall:
    """An open-source server with a shift and an override."""
    fake = FakeOnCall(flavour="oss", clock=clock)
    start = "2026-03-02T09:00:00"
    fake._world.add(FakeShift(id=SHIFT, type="single_event", start=start, duration=3600))
    fake._world.add(FakeShift(id=OVERRIDE, type="override", start=start, duration=3600))
    return fake


@pytest.fixture
async def oss_client(engine: FakeOnCall) -> AsyncGenerator[OnCallClient]:
    """Its client."""
    async with OnCallClient(url=BASE, token=engine.token, transport=engine.transport()) as client:
        yield client


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(
            CALENDAR,
            {"type": "calendar", "time_zone": "Europe/Berlin", "ical_url_primary": None},
            id="calendar",
        ),
        pytest.param(
            IcalScheduleCreate(name="nights", ical_url_primary="https://calendar.test/a.ics"),
            {"type": "ical", "time_zone": None, "ical_url_primary": "https://calendar.test/a.ics"},
            id="ical",
        ),
        pytest.param(
            WebScheduleCreate(name="nights", time_zone="UTC"),
            {"type": "web", "time_zone": "UTC", "enable_web_overrides": None},
            id="web",
        ),
        pytest.param(
            {"type": "web", "name": "nights", "time_zone": "UTC"}, {"type": "web"}, id="a mapping"
        ),
    ],
)
async def test_a_schedule_of_each_type_is_made_read_and_deleted(
    oncall: OnCallClient, schedule: Any, expected: dict[str, Any]
) -> None:
    """It has the members of its type; the others are None."""
    made = await oncall.schedules.create(schedule)
    assert made.name == "nights"
    assert made.slack == SlackSettings()
    assert {name: getattr(made, name) for name in expected} == expected
    assert await oncall.schedules.get(made) == await oncall.schedules.by_name("nights") == made
    await oncall.schedules.delete(made)
    with pytest.raises(NotFound):
        await oncall.schedules.get(made.id)


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        pytest.param({"type": "weekly"}, "known: ical, calendar, web", id="an unknown type"),
        pytest.param({"name": "x", "time_zone": "UTC"}, "known: ical, calendar, web", id="no type"),
        pytest.param({"type": "web", "name": "x"}, "time_zone", id="no time zone"),
        pytest.param({"type": "ical", "name": "x"}, "ical_url_primary", id="no url"),
        pytest.param(
            {"type": "ical", "name": "x", "ical_url_primary": "u", "shifts": []},
            "shifts",
            id="a member of another type",
        ),
        pytest.param(
            {"type": "web", "name": "x" * 201, "time_zone": "UTC"}, "name", id="a name too long"
        ),
        pytest.param({"type": "web", "name": "x", "time_zone": None}, "time_zone", id="null"),
        pytest.param(
            {"type": "web", "name": "x", "time_zone": "UTC", "slack": None}, "slack", id="no slack"
        ),
        pytest.param("nights", "model, or a mapping", id="a name"),
    ],
)
async def test_a_bad_schedule_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, schedule: Any, problem: str
) -> None:
    """With what is wrong about it."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.schedules.create(schedule)
    assert not fake.calls


@pytest.mark.parametrize("member", ["time_zone", "name", "ical_url_primary"])
async def test_an_update_to_null_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, member: str
) -> None:
    """The server would refuse it."""
    changes: dict[str, Any] = {member: None}
    with pytest.raises(InvalidArgument, match=member):
        await oncall.schedules.update("S123456789ABC", **changes)
    assert not fake.calls


async def test_no_slack_is_neither_a_channel_nor_a_user_group(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The server would refuse a null in the place of the block."""
    channel = fake.add_slack_channel("alerts")
    schedule = fake.add_schedule("nights")
    updated = await oncall.schedules.update(schedule.id, slack={"channel_id": channel.slack_id})
    assert updated.slack == SlackSettings(channel_id=channel.slack_id)
    cleared: Any = None
    assert (await oncall.schedules.update(updated, slack=cleared)).slack == SlackSettings()


async def test_what_an_update_does_not_name_is_kept(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The type, too."""
    schedule = fake.add_schedule("nights", time_zone="Europe/Berlin")
    updated = await oncall.schedules.update(schedule.id, name="days")
    assert (updated.name, updated.time_zone) == ("days", "Europe/Berlin")
    assert updated.type == "calendar"


async def test_unknown_shifts_are_an_error_although_the_server_drops_them(
    oss_client: OnCallClient,
) -> None:
    """The schedule is there, without them."""
    shifts = [SHIFT, "O999999999ABC"]
    body = CalendarScheduleCreate(name="nights", time_zone="UTC", shifts=shifts)
    with pytest.raises(IdsDropped) as caught:
        await oss_client.schedules.create(body)
    assert caught.value.kept == {"shifts": (SHIFT,)}
    assert caught.value.lost == {"shifts": ("O999999999ABC",)}
    schedule = caught.value.result
    with pytest.raises(IdsDropped):
        await oss_client.schedules.update(schedule, shifts=shifts)
    assert (await oss_client.schedules.update(schedule, shifts=[SHIFT])).shifts == (SHIFT,)


async def test_overrides_are_refused_in_calendars_and_taken_on_the_web(
    oss_client: OnCallClient,
) -> None:
    """So what a web schedule answers cannot be written to a calendar."""
    web = WebScheduleCreate(name="nights", time_zone="UTC", shifts=[OVERRIDE])
    made = await oss_client.schedules.create(web)
    assert made.shifts == (OVERRIDE,)
    calendar = CalendarScheduleCreate(name="nights", time_zone="UTC", shifts=[*made.shifts])
    with pytest.raises(BadRequest, match="override are not supported"):
        await oss_client.schedules.create(calendar)


async def test_the_open_source_engine_updates_no_web_schedule(
    engine: FakeOnCall, oss_client: OnCallClient, fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """It says so, and deletes it; Cloud updates it."""
    schedule = engine.add_schedule("nights", type="web")
    with pytest.raises(BadRequest, match="Web schedule update is not enabled"):
        await oss_client.schedules.update(schedule.id, name="days")
    await oss_client.schedules.delete(schedule.id)
    schedule = fake.add_schedule("nights", type="web")
    assert (await oncall.schedules.update(schedule.id, name="days")).name == "days"


async def test_a_calendar_that_the_server_cannot_download_is_refused(oncall: OnCallClient) -> None:
    """By the server, which tries."""
    body = IcalScheduleCreate(name="x", ical_url_primary="https://calendar.invalid/a.ics")
    with pytest.raises(BadRequest, match="Ical download failed"):
        await oncall.schedules.create(body)


async def test_a_lost_creation_is_not_repeated(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Names are not unique, so there might be two of them."""
    fake.faults.add(reset(applied=True), operation="create_schedule")
    with pytest.raises(OutcomeUnknown, match="list the schedules with this name"):
        await oncall.schedules.create(CALENDAR)
    assert await oncall.schedules.list(name="nights").count() == 1


async def test_a_name_may_be_that_of_several(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Or of none, but of similar ones."""
    ids = {fake.add_schedule("nights").id for _ in range(2)}
    with pytest.raises(MultipleFound) as caught:
        await oncall.schedules.by_name("nights")
    assert {*caught.value.ids} == ids
    with pytest.raises(NotFound, match="similar: 'nights'"):
        await oncall.schedules.by_name("night")


async def test_who_is_on_call_is_that_of_the_moment_of_the_read(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """A schedule that was read does not change."""
    ana, bob, now = fake.add_user("ana"), fake.add_user("bob"), clock()
    hour = timedelta(hours=1)
    schedule = fake.add_schedule(
        "nights", spans=[(ana, now, now + hour), (bob, now + hour, now + 2 * hour)]
    )
    first = await oncall.schedules.get(schedule.id)
    clock.advance(hour)
    second = await oncall.schedules.get(first)
    assert (first.on_call_now, second.on_call_now) == ((ana.id,), (bob.id,))


async def test_final_shifts_are_all_of_a_range_although_the_page_says_fifty(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """By one request, sorted, cut to the days."""
    ana, hour = fake.add_user("ana"), timedelta(hours=1)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    spans = [(ana, start + number * hour, start + (number + 1) * hour) for number in range(70)]
    schedule = fake.add_schedule("nights", spans=spans)
    shifts = await oncall.schedules.final_shifts(
        schedule.id, start_date=DAY, end_date=datetime(2026, 3, 4, 12, tzinfo=UTC)
    )
    assert len(shifts) == 70
    assert shifts[0] == FinalShift(
        user_pk=ana.id,
        user_email="ana@example.com",
        user_username="ana",
        shift_start=start,
        shift_end=start + hour,
    )
    assert len(fake.calls) == 1


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        pytest.param(DAY, date(2026, 3, 1), "0 to 365 days later", id="reversed"),
        pytest.param(DAY, date(2027, 3, 3), "0 to 365 days later", id="more than a year"),
        pytest.param(DAY, datetime(2026, 3, 4), "naive", id="naive"),  # noqa: DTZ001  # that is it
        pytest.param(DAY, "2026-03-04", "a date", id="text"),
        pytest.param(None, DAY, "start_date", id="no start"),
    ],
)
async def test_a_bad_range_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, start: Any, end: Any, problem: str
) -> None:
    """With what is needed."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.schedules.final_shifts("S123456789ABC", start_date=start, end_date=end)
    assert not fake.calls


async def test_a_whole_year_is_a_range(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Both days are included."""
    schedule = fake.add_schedule("nights", on_call=[fake.user])
    [shift] = await oncall.schedules.final_shifts(
        schedule.id, start_date=DAY, end_date=DAY + timedelta(days=365)
    )
    assert shift.shift_end == datetime(2027, 3, 2, 23, 59, 59, tzinfo=UTC)


async def test_a_calendar_is_exported_by_its_own_token(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As text; of a schedule, or of the shifts of a user."""
    ana = fake.add_user("ana")
    ana.export_token = "her-calendar"
    schedule = fake.add_schedule("nights", on_call=[ana])
    schedule.export_token = "its-calendar"
    for text in (
        await oncall.schedules.export(schedule.id, token="its-calendar"),
        await oncall.users.schedule_export(ana.id, token="her-calendar"),
    ):
        assert text.startswith("BEGIN:VCALENDAR")
        assert "SUMMARY:ana" in text


async def test_the_token_of_a_calendar_is_shown_nowhere(
    fake: FakeOnCall, oncall: OnCallClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the error for a wrong one, nor in the repr of the request, nor in our log."""
    schedule = fake.add_schedule("nights")
    caplog.set_level("DEBUG", "grafana_oncall")
    with pytest.raises(Unauthorized) as caught:
        await oncall.schedules.export(schedule.id, token="s3cret-calendar")
    assert "Invalid token." in str(caught.value)
    request = operations.export_schedule(schedule.id, token="s3cret-calendar")
    shown = f"{caught.value!r} {caught.value} {request!r} {caplog.text}"
    assert "s3cret" not in shown
    with pytest.raises(InvalidArgument):
        await oncall.schedules.export(schedule.id, token="")
