"""On-call shifts: make, find, change and delete one; what the engine does to a careless call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    BadRequest,
    IdsDropped,
    InvalidArgument,
    MultipleFound,
    NotFound,
    OutcomeUnknown,
)
from grafana_oncall.models import (
    OnCallShiftUpdate,
    OverrideShiftCreate,
    RecurrentShiftCreate,
    RollingShiftCreate,
    SingleShiftCreate,
)
from grafana_oncall.testing import FakeOnCall, reset

NINE = datetime(2026, 12, 1, 9)  # noqa: DTZ001  # in the zone of the shift
EVENT = SingleShiftCreate(name="day", start=NINE, duration=timedelta(hours=8))


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        pytest.param(EVENT, {"duration": 28_800, "level": 0, "frequency": None}, id="an event"),
        pytest.param(
            RecurrentShiftCreate(
                name="day", start=NINE, duration=3600, frequency="weekly", week_start="MO"
            ),
            {"frequency": "weekly", "week_start": "MO", "interval": 1, "rolling_users": None},
            id="recurrent",
        ),
        pytest.param(
            RollingShiftCreate(
                name="day",
                start=NINE,
                duration=3600,
                frequency="daily",
                start_rotation_from_user_index=0,
                rolling_users=[[]],
            ),
            {"rolling_users": ((),), "users": None, "start_rotation_from_user_index": 0},
            id="turns",
        ),
        pytest.param(
            OverrideShiftCreate(name="day", start=NINE, duration=3600),
            {"level": None, "users": ()},
            id="an override",
        ),
        pytest.param(
            {"type": "single_event", "name": "day", "start": NINE, "duration": 60},
            {"duration": 60},
            id="a mapping",
        ),
    ],
)
async def test_a_shift_of_each_type_is_made_read_and_deleted(
    oncall: OnCallClient, shift: Any, expected: dict[str, Any]
) -> None:
    """It has the members of its type; the others are None. Times have no zone."""
    made = await oncall.on_call_shifts.create(shift)
    assert (made.name, made.start) == ("day", NINE)
    assert {name: getattr(made, name) for name in expected} == expected
    assert await oncall.on_call_shifts.get(made) == await oncall.on_call_shifts.by_name("day")
    await oncall.on_call_shifts.delete(made)
    with pytest.raises(NotFound):
        await oncall.on_call_shifts.get(made.id)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        pytest.param({"type": "weekly"}, "known: single_event, recurrent", id="an unknown type"),
        pytest.param({"start": datetime(2026, 12, 1, 9, tzinfo=UTC)}, "no timezone", id="a zone"),
        pytest.param({"start": NINE.replace(microsecond=1)}, "whole seconds", id="a fraction"),
        pytest.param({"start": "tomorrow"}, "start", id="no time"),
        pytest.param({"duration": 0}, "duration", id="no duration"),
        pytest.param({"duration": -5}, "duration", id="a negative duration"),
        pytest.param({"duration": None}, "duration", id="duration null"),
        pytest.param({"name": "x" * 201}, "name", id="a name too long"),
        pytest.param({"frequency": "daily"}, "frequency", id="a member of another type"),
        pytest.param({"users": "U1"}, "users", id="a text for a list"),
        pytest.param(
            {"type": "recurrent_event", "frequency": "daily", "interval": 0},
            "interval",
            id="interval zero",
        ),
        pytest.param(
            {"type": "recurrent_event", "frequency": "yearly"}, "frequency", id="a frequency"
        ),
        pytest.param(
            {"type": "recurrent_event", "frequency": "daily", "by_day": ["XX"]}, "by_day", id="day"
        ),
        pytest.param(
            {"type": "rolling_users", "frequency": "daily"},
            "start_rotation_from_user_index",
            id="nobody is first",
        ),
    ],
)
async def test_a_bad_shift_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, members: dict[str, Any], problem: str
) -> None:
    """With what is wrong about it."""
    shift = {"type": "single_event", "start": NINE, "duration": 60, **members}
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.on_call_shifts.create(shift)
    assert not fake.calls


async def test_all_problems_of_a_shift_are_named_at_once(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Not the first only."""
    with pytest.raises(InvalidArgument, match=r"shift\.duration.*shift\.level"):
        await oncall.on_call_shifts.create(
            {"type": "single_event", "start": NINE, "duration": 0, "level": "high"}
        )
    assert not fake.calls


async def test_a_recurrence_that_the_server_certainly_refuses_is_not_sent(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """In a creation and in an update."""
    shift = RecurrentShiftCreate(start=NINE, duration=60, frequency="weekly")
    with pytest.raises(InvalidArgument, match=r"weekly frequency @ shift\.week_start"):
        await oncall.on_call_shifts.create(shift)
    with pytest.raises(InvalidArgument, match="weekly frequency @ week_start"):
        await oncall.on_call_shifts.update("O1", frequency="weekly")
    assert not fake.calls


async def test_a_recurrence_that_only_the_server_can_judge_is_refused_by_it(
    oncall: OnCallClient,
) -> None:
    """It depends on what the shift is already."""
    shift = RollingShiftCreate(
        start=NINE, duration=60, frequency="daily", start_rotation_from_user_index=0
    )
    made = await oncall.on_call_shifts.create(shift)
    with pytest.raises(BadRequest, match="Day limits are temporarily disabled"):
        await oncall.on_call_shifts.update(made, by_monthday=[1])


async def test_users_that_the_server_does_not_know_are_named(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The server drops them silently, and stores the rest."""
    ana = fake.add_user("ana").id
    shift = SingleShiftCreate(start=NINE, duration=60, users=["UNOBODY", ana])
    with pytest.raises(IdsDropped) as caught:
        await oncall.on_call_shifts.create(shift)
    assert (caught.value.kept, caught.value.lost) == ({"users": (ana,)}, {"users": ("UNOBODY",)})
    assert caught.value.result.users == (ana,)
    with pytest.raises(IdsDropped):
        await oncall.on_call_shifts.update(caught.value.result, users=["UNOBODY"])


async def test_an_unknown_user_who_takes_turns_is_refused(oncall: OnCallClient) -> None:
    """There the server does not drop it."""
    shift = RollingShiftCreate(
        start=NINE,
        duration=60,
        frequency="daily",
        start_rotation_from_user_index=0,
        rolling_users=[["UNOBODY"]],
    )
    with pytest.raises(BadRequest, match="UNOBODY"):
        await oncall.on_call_shifts.create(shift)


async def test_the_order_of_users_may_differ(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The server sorts them by age, which loses nothing."""
    old, young = fake.add_user("old").id, fake.add_user("young").id
    made = await oncall.on_call_shifts.create(
        SingleShiftCreate(start=NINE, duration=60, users=[young, old])
    )
    assert made.users == (old, young)


async def test_an_update_changes_what_is_given(oncall: OnCallClient) -> None:
    """A duration may be a timedelta, and the type may change."""
    made = await oncall.on_call_shifts.create(EVENT)
    changed = await oncall.on_call_shifts.update(made, duration=timedelta(minutes=1), name="x")
    assert (changed.duration, changed.name, changed.start) == (60, "x", NINE)
    assert (await oncall.on_call_shifts.update(made, type="override")).type == "override"
    with pytest.raises(InvalidArgument, match="duration"):
        await oncall.on_call_shifts.update(made, duration=timedelta(0))
    assert OnCallShiftUpdate(duration=timedelta(hours=1)).duration == 3600


async def test_a_list_has_each_shift_once(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Although the server lists one of two schedules twice, and in pages without an order."""
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    expected = {fake.add_shift(f"shift {n}", start=start).id for n in range(40)}
    for name in ("one", "two"):
        fake.add_schedule(name).shifts.extend(expected)
    shifts = oncall.on_call_shifts.list(perpage=7)
    found = await shifts.collect()
    assert len(found) == len(expected) == await shifts.count()
    assert {shift.id for shift in found} == expected


async def test_shifts_of_a_schedule_are_listed(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """By the id of any schedule that has them, and not only the first."""
    shift = fake.add_shift(start=datetime(2026, 12, 1, 9, tzinfo=UTC))
    one, two = fake.add_schedule("one"), fake.add_schedule("two")
    one.shifts.append(shift.id)
    two.shifts.append(shift.id)
    for schedule in (one, two):
        found = await oncall.on_call_shifts.list(schedule_id=schedule.id).collect()
        assert [each.id for each in found] == [shift.id]


async def test_a_name_that_several_shifts_have_is_ambiguous(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Their ids are in the error."""
    shifts = [fake.add_shift("x", start=datetime(2026, 1, 1, tzinfo=UTC)) for _ in "ab"]
    with pytest.raises(MultipleFound) as caught:
        await oncall.on_call_shifts.by_name("x")
    assert [*caught.value.ids] == [shift.id for shift in shifts]


async def test_a_deleted_shift_of_a_web_schedule_stays_with_an_end(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """If it has started: what happened is kept."""
    shift = await oncall.on_call_shifts.create(
        RecurrentShiftCreate(start=NINE.replace(year=2020), duration=60, frequency="daily")
    )
    fake.add_schedule("web", type="web").shifts.append(shift.id)
    await oncall.on_call_shifts.delete(shift)
    assert (await oncall.on_call_shifts.get(shift)).until is not None


async def test_a_shift_whose_creation_had_no_answer_is_not_made_twice(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Names need not be unique, so nobody can tell whether it is there."""
    fake.faults.add(reset(applied=True), operation="create_on_call_shift")
    with pytest.raises(OutcomeUnknown):
        await oncall.on_call_shifts.create(EVENT)
    assert await oncall.on_call_shifts.list().count() == 1
