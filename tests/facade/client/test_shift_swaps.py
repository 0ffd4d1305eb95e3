"""Shift swaps: ask for one, find, take, change and delete it; what the past and races do to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    Conflict,
    FilterIgnored,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    TimeRangeError,
)
from grafana_oncall.testing import (
    FakeOnCall,
    FakeSchedule,
    FakeShiftSwap,
    FakeUser,
    VirtualClock,
    reset,
)
from tests.support.clients import made
from tests.support.samples import one_page

DAY: Final = timedelta(days=1)
MONDAY: Final = datetime(2026, 3, 9, 9, tzinfo=UTC)
NAIVE: Final = MONDAY.replace(tzinfo=None)


@pytest.fixture
def ana(fake: FakeOnCall) -> FakeUser:
    """A user who wants a day off."""
    return fake.add_user("ana")


@pytest.fixture
def ben(fake: FakeOnCall) -> FakeUser:
    """Another user."""
    return fake.add_user("ben")


@pytest.fixture
def primary(fake: FakeOnCall, ana: FakeUser) -> FakeSchedule:
    """A schedule in which ana is always on call."""
    return fake.add_schedule("Primary", on_call=[ana])


@pytest.fixture
def swap(fake: FakeOnCall, primary: FakeSchedule, ana: FakeUser) -> FakeShiftSwap:
    """A swap of next Monday."""
    return fake.add_shift_swap(primary, ana, start=MONDAY, end=MONDAY + DAY)


def sent(fake: FakeOnCall) -> list[str | None]:
    """The operations that were sent."""
    return [call.operation for call in fake.calls]


async def test_a_swap_is_asked_for_changed_taken_and_deleted(
    fake: FakeOnCall, oncall: OnCallClient, primary: FakeSchedule, ana: FakeUser, ben: FakeUser
) -> None:
    """By its object or its id."""
    swaps = oncall.shift_swaps
    swap = await swaps.create(
        schedule=primary.id, swap_start=MONDAY, swap_end=MONDAY + DAY, beneficiary=ana.id
    )
    assert (swap.status, swap.beneficiary, swap.benefactor) == ("open", ana.id, None)
    assert (swap.swap_start, swap.swap_end, swap.created_at) == (MONDAY, MONDAY + DAY, fake.now())
    assert [shift.users[0].pk for shift in swap.shifts] == [ana.id]
    changed = await swaps.update(swap, description="Anyone?")
    assert await swaps.get(swap.id) == changed
    taken = await swaps.take(swap, benefactor=ben.id)
    assert (taken.status, taken.benefactor, taken.description) == ("taken", ben.id, "Anyone?")
    (user,) = taken.shifts[0].users
    assert user.swap_request is not None
    assert user.swap_request.user is not None
    assert (user.pk, user.swap_request.user.pk) == (ben.id, ana.id)
    await swaps.delete(swap)
    with pytest.raises(NotFound):
        await swaps.get(swap)


async def test_a_swap_that_is_taken_changes_who_is_on_call(
    oncall: OnCallClient, primary: FakeSchedule, swap: FakeShiftSwap, ben: FakeUser
) -> None:
    """For its time."""
    await oncall.shift_swaps.take(swap.id, benefactor=ben.id)
    for at, name in ((MONDAY - DAY, "ana"), (MONDAY, "ben"), (MONDAY + DAY, "ana")):
        (user,) = await oncall.schedules.on_call(primary.id, at=at)
        assert user.username == name


async def test_a_swap_of_the_past_is_read_taken_and_deleted_like_any(
    oncall: OnCallClient, clock: VirtualClock, swap: FakeShiftSwap, ben: FakeUser
) -> None:
    """The server would hide it; only its start must change with everything else."""
    clock.advance(30 * DAY)
    swaps = oncall.shift_swaps
    assert (await swaps.get(swap.id)).status == "past_due"
    with pytest.raises(Conflict, match="not in a state which allows it to be taken"):
        await swaps.take(swap.id, benefactor=ben.id)
    with pytest.raises(BadRequest, match="swap_start must be a datetime in the future"):
        await swaps.update(swap.id, description="x")
    later = MONDAY + 60 * DAY
    moved = await swaps.update(swap.id, swap_start=later, swap_end=later + DAY)
    assert (moved.swap_start, moved.status) == (later, "open")
    clock.advance(90 * DAY)
    await swaps.delete(swap.id)
    assert await swaps.list(starting_after=MONDAY - 90 * DAY).count() == 0


async def test_a_list_starts_now_unless_it_is_told_otherwise(
    fake: FakeOnCall, oncall: OnCallClient, swap: FakeShiftSwap, ben: FakeUser
) -> None:
    """As its docstring says; all filters work together."""
    primary, other = fake.objects(FakeSchedule)[swap.schedule], fake.add_schedule("Other")
    ana = fake.users[swap.beneficiary]
    past = fake.add_shift_swap(primary, ben, start=MONDAY - 90 * DAY, end=MONDAY)
    taken = fake.add_shift_swap(other, ana, start=MONDAY - DAY, end=MONDAY, benefactor=ben)

    async def ids(**filters: Any) -> list[str]:
        return [each.id async for each in oncall.shift_swaps.list(**filters)]

    assert await ids() == [taken.id, swap.id]
    assert "leaves out those that have started" in (oncall.shift_swaps.list.__doc__ or "")
    since = (MONDAY - 90 * DAY).astimezone(timezone(timedelta(hours=5)))
    assert await ids(starting_after=since) == [past.id, taken.id, swap.id]
    assert await ids(starting_after=since + timedelta.resolution) == [taken.id, swap.id]
    assert await ids(open_only=True, starting_after=since) == [swap.id]
    assert await ids(open_only=False) == [taken.id, swap.id]
    assert await ids(schedule_id=other.id) == [taken.id]
    assert await ids(beneficiary=ben.id, starting_after=since) == [past.id]
    assert await ids(benefactor=ben.id) == [taken.id]
    with pytest.raises(TimeRangeError, match="it is naive"):
        oncall.shift_swaps.list(starting_after=NAIVE)


LISTED: Final = {
    "id": "SSR1",
    "created_at": "2026-03-02T09:30:00.000000Z",
    "status": "taken",
    "schedule": "S1",
    "swap_start": "2026-03-09T09:00:00.000000Z",
    "swap_end": "2026-03-10T09:00:00.000000Z",
    "beneficiary": "U1",
    "benefactor": "U2",
}


@pytest.mark.parametrize(
    ("filters", "unmet"),
    [
        pytest.param({"schedule_id": "S2"}, "schedule_id=S2", id="schedule"),
        pytest.param({"beneficiary": "U2"}, "beneficiary=U2", id="beneficiary"),
        pytest.param({"benefactor": "U1"}, "benefactor=U1", id="benefactor"),
        pytest.param({"open_only": True}, "open_only=true", id="open"),
        pytest.param(
            {"starting_after": MONDAY + timedelta.resolution},
            "starting_after=2026-03-09T09:00:00.000001Z",
            id="start",
        ),
        pytest.param({"schedule_id": "S1", "starting_after": MONDAY}, None, id="as asked for"),
        pytest.param({"open_only": False}, None, id="open or not"),
    ],
)
async def test_a_filter_that_the_server_ignores_is_found(
    filters: dict[str, Any], unmet: str | None
) -> None:
    """By what it returns."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(LISTED)))
    async with made(transport=transport) as client:
        swaps = client.shift_swaps.list(**filters)
        if unmet is None:
            assert [swap.id for swap in await swaps.collect()] == ["SSR1"]
            return
        with pytest.raises(FilterIgnored) as caught:
            await swaps.collect()
    assert caught.value.unmet == unmet


@pytest.mark.parametrize(
    ("change", "names"),
    [
        pytest.param({"swap_start": NAIVE}, ["swap_start"], id="a start without a zone"),
        pytest.param({"swap_end": MONDAY}, ["swap_end"], id="no time at all"),
        pytest.param({"swap_end": MONDAY - DAY}, ["swap_end"], id="reversed"),
        pytest.param({"beneficiary": ""}, ["beneficiary"], id="nobody"),
        pytest.param({"schedule": None}, ["schedule"], id="no schedule"),
        pytest.param({"description": "x" * 3001}, ["description"], id="a long description"),
        pytest.param(
            {"swap_end": MONDAY, "description": 5},
            ["description", "swap_end"],
            id="two problems at once",
        ),
    ],
)
async def test_what_no_server_accepts_is_refused_before_it_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, change: dict[str, Any], names: list[str]
) -> None:
    """With each problem."""
    times = {"swap_start": MONDAY, "swap_end": MONDAY + DAY}
    given: dict[str, Any] = {"schedule": "S1", "beneficiary": "U1", **times}
    with pytest.raises(InvalidArgument) as caught:
        await oncall.shift_swaps.create(**{**given, **change})
    assert caught.value.argument == names[0]
    assert all(name in str(caught.value) for name in names)
    assert not fake.calls


async def test_a_change_of_both_times_is_checked_too(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Before anything is read."""
    with pytest.raises(InvalidArgument, match="must be after swap_start @ swap_end"):
        await oncall.shift_swaps.update("SSR1", swap_start=MONDAY, swap_end=MONDAY)
    assert not fake.calls


async def test_an_update_reads_what_the_server_demands(
    fake: FakeOnCall, oncall: OnCallClient, swap: FakeShiftSwap, primary: FakeSchedule
) -> None:
    """Unless it is given."""
    changed = await oncall.shift_swaps.update(swap.id, swap_end=MONDAY + 2 * DAY)
    assert (changed.swap_start, changed.swap_end) == (MONDAY, MONDAY + 2 * DAY)
    assert sent(fake) == ["get_shift_swap", "update_shift_swap"]
    whole: dict[str, Any] = {"schedule": primary.id, "swap_start": MONDAY, "swap_end": MONDAY + DAY}
    await oncall.shift_swaps.update(swap.id, **whole)
    assert sent(fake)[2:] == ["update_shift_swap"]


def _create(client: OnCallClient, swap: FakeShiftSwap) -> Any:
    return client.shift_swaps.create(
        schedule=swap.schedule,
        swap_start=MONDAY,
        swap_end=MONDAY + DAY,
        beneficiary=swap.beneficiary,
    )


async def test_a_lost_creation_is_not_repeated(
    fake: FakeOnCall, oncall: OnCallClient, swap: FakeShiftSwap
) -> None:
    """It would ask twice."""
    fake.faults.add(reset(applied=True), operation="create_shift_swap")
    with pytest.raises(OutcomeUnknown, match="list the shift swaps of the schedule"):
        await _create(oncall, swap)
    assert sent(fake) == ["create_shift_swap"]
    assert len(fake.objects(FakeShiftSwap)) == 2


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        pytest.param(
            lambda swaps, one: swaps.update(
                one,
                schedule="S1",
                swap_start=MONDAY.astimezone(timezone(DAY / 24)),
                swap_end=MONDAY + DAY,
            ),
            "update_shift_swap",
            id="an update",
        ),
        pytest.param(
            lambda swaps, one: swaps.take(one, benefactor="U2"), "take_shift_swap", id="a take"
        ),
    ],
)
async def test_a_change_whose_response_is_lost_is_found_done(
    fake: FakeOnCall, oncall: OnCallClient, change: Callable[[Any, str], Any], operation: str
) -> None:
    """By reading the swap, also after its start, and in whatever form the server writes times."""
    schedule, ana = fake.add_schedule("x", id="S1"), fake.add_user("ana")
    fake.add_user("ben", id="U2")
    swap = fake.add_shift_swap(schedule, ana, start=MONDAY, end=MONDAY + DAY)
    fake.faults.add(reset(applied=True), operation=operation)
    changed = await change(oncall.shift_swaps, swap.id)
    assert changed.id == swap.id
    assert sent(fake) == [operation, "get_shift_swap"]


async def test_a_take_that_another_user_won_is_no_success(
    fake: FakeOnCall, oncall: OnCallClient, swap: FakeShiftSwap, ben: FakeUser
) -> None:
    """With or without a response that was lost."""
    swap.benefactor = fake.user.id
    with pytest.raises(Conflict) as caught:
        await oncall.shift_swaps.take(swap.id, benefactor=ben.id)
    assert not isinstance(caught.value, AlreadyInState)
    fake.faults.add(reset(applied=True), operation="take_shift_swap")
    with pytest.raises(OutcomeUnknown, match="its benefactor is who has taken it"):
        await oncall.shift_swaps.take(swap.id, benefactor=ben.id)
    assert swap.benefactor == fake.user.id


async def test_a_swap_is_not_taken_by_its_beneficiary(
    oncall: OnCallClient, swap: FakeShiftSwap, ana: FakeUser
) -> None:
    """Says the server."""
    with pytest.raises(BadRequest, match="cannot be created and taken by the same user") as caught:
        await oncall.shift_swaps.take(swap.id, benefactor=ana.id)
    assert not isinstance(caught.value, Conflict)
