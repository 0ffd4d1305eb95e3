"""Who is on call, now, at any moment, next, and when; and the names behind ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument, MultipleFound, NotFound
from grafana_oncall.models import FinalShift
from grafana_oncall.oncall import OnCallSpan, Timeline
from grafana_oncall.resources.spans import span_of
from grafana_oncall.testing import FakeOnCall, FakeSchedule, FakeUser, VirtualClock

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def ana(fake: FakeOnCall) -> FakeUser:
    """A user."""
    return fake.add_user("ana")


@pytest.fixture
def bob(fake: FakeOnCall) -> FakeUser:
    """Another one."""
    return fake.add_user("bob")


@pytest.fixture
def primary(fake: FakeOnCall, ana: FakeUser, bob: FakeUser) -> FakeSchedule:
    """Ana until an hour from now, then Bob for a day, and after a day's gap Ana for an hour."""
    spans = [
        (ana, NOW - DAY, NOW + HOUR),
        (bob, NOW + HOUR, NOW + HOUR + DAY),
        (ana, NOW + HOUR + 2 * DAY, NOW + 2 * HOUR + 2 * DAY),
    ]
    return fake.add_schedule("Primary", spans=spans)


def requests(fake: FakeOnCall) -> list[str | None]:
    """The operations so far."""
    return [call.operation for call in fake.calls]


async def test_who_is_on_call_now_are_users(
    fake: FakeOnCall, oncall: OnCallClient, primary: FakeSchedule, clock: VirtualClock
) -> None:
    """By the id of the schedule, its object or its name, with one request."""
    schedule = await oncall.schedules.get(primary.id)
    for given in (schedule, primary.id, "Primary"):
        [user] = await oncall.schedules.on_call(given)
        assert (user.username, user.email) == ("ana", "ana@example.com")
    assert requests(fake) == [
        "get_schedule",
        "get_schedule",
        "list_users",
        "get_schedule",
        "list_schedules",
    ]
    clock.advance(HOUR)
    assert [user.username for user in await oncall.schedules.on_call(schedule)] == ["bob"]
    clock.advance(DAY)
    assert await oncall.schedules.on_call(schedule) == ()


@pytest.mark.parametrize(
    ("after", "names"),
    [
        pytest.param(-DAY - timedelta.resolution, (), id="before the first"),
        pytest.param(-DAY, ("ana",), id="at the start of a span"),
        pytest.param(HOUR - timedelta.resolution, ("ana",), id="just before its end"),
        pytest.param(HOUR, ("bob",), id="at a handover"),
        pytest.param(timedelta(hours=14, minutes=29, seconds=59.5), ("bob",), id="at midnight"),
        pytest.param(HOUR + DAY, (), id="in a gap"),
    ],
)
async def test_who_is_on_call_at_any_moment_is_in_the_final_shifts(
    oncall: OnCallClient, primary: FakeSchedule, after: timedelta, names: tuple[str, ...]
) -> None:
    """In the past too; a start belongs to its span, and an end does not."""
    for given in (primary.id, "Primary"):
        users = await oncall.schedules.on_call(given, at=NOW + after)
        assert tuple(user.username for user in users) == names


async def test_fifty_schedules_cost_fifty_requests_and_the_pages_of_users(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """All at once, each user resolved once; the second time, no users are read."""
    users = [fake.add_user(f"user {number}") for number in range(150)]
    spans = [(user, NOW - HOUR, NOW + HOUR) for user in users]
    ids = [fake.add_schedule(str(each), spans=spans[each : each + 3]).id for each in range(50)]
    fake.latency = timedelta(seconds=1)
    for at, operation in ((None, "get_schedule"), (NOW, "list_final_shifts")):
        before, started = len(fake.calls), fake.now()
        found = await oncall.schedules.on_call(ids, at=at)
        assert [*found] == ids
        assert [user.username for user in found[ids[7]]] == ["user 7", "user 8", "user 9"]
        made = requests(fake)[before:]
        assert made.count(operation) == 50
        assert len(made) == (52 if at is None else 50)
        assert fake.now() - started < timedelta(seconds=25)


async def test_a_schedule_that_is_given_twice_is_read_once(
    fake: FakeOnCall, oncall: OnCallClient, primary: FakeSchedule
) -> None:
    """Names cost one request each; the mapping has what was given."""
    fake.add_schedule("Secondary", on_call=[fake.user])
    found = await oncall.schedules.on_call(["Primary", "Secondary", "Primary"])
    names = {name: [user.username for user in users] for name, users in found.items()}
    assert names == {"Primary": ["ana"], "Secondary": ["admin"]}
    assert requests(fake) == ["list_schedules"] * 2 + ["list_users"]
    assert await oncall.schedules.on_call([]) == {}
    assert primary.name == "Primary"


@pytest.mark.parametrize("at", [None, NOW])
async def test_an_unknown_schedule_is_an_error_that_names_similar_ones(
    fake: FakeOnCall, oncall: OnCallClient, primary: FakeSchedule, at: datetime | None
) -> None:
    """One that looks like an id, too, and any of several."""
    with pytest.raises(NotFound, match=f"similar: {primary.name!r}"):
        await oncall.schedules.on_call("primray", at=at)
    with pytest.raises(NotFound, match="nothing has name='SBM7DV7BKFUYU'"):
        await oncall.schedules.on_call("SBM7DV7BKFUYU", at=at)
    with pytest.raises(NotFound):
        await oncall.schedules.on_call([primary.id, "no such"], at=at)
    gone = await oncall.schedules.get(primary.id)
    await oncall.schedules.delete(gone)
    with pytest.raises(NotFound):
        await oncall.schedules.on_call(gone, at=at)
    fake.add_schedule("twice")
    fake.add_schedule("twice")
    with pytest.raises(MultipleFound):
        await oncall.schedules.on_call("twice", at=at)


async def test_a_name_that_looks_like_an_id_is_found_all_the_same(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """By another request."""
    fake.add_schedule("SUPPORTROTATION", on_call=[fake.user])
    for at in (None, NOW):
        [user] = await oncall.schedules.on_call("SUPPORTROTATION", at=at)
        assert user.username == "admin"


async def test_nobody_on_call_is_lost_who_is_not_in_the_list_of_users(
    fake: FakeOnCall, oncall: OnCallClient, ana: FakeUser
) -> None:
    """Such a user has the id, or the name of the shift; after a minute the list is read again."""
    schedule = fake.add_schedule("Primary", on_call=[ana])
    await oncall.schedules.on_call(schedule.id)
    eve = fake.add_user("eve")
    schedule.on_call.append(eve.id)
    users = await oncall.schedules.on_call(schedule.id)
    assert [(user.id, user.username) for user in users] == [(ana.id, "ana"), (eve.id, eve.id)]
    assert users[1].role == "unknown"
    [_, user] = await oncall.schedules.on_call(schedule.id, at=NOW)
    assert (user.id, user.username, user.role) == (eve.id, "eve", "unknown")


async def test_who_is_next_starts_after_the_moment(
    oncall: OnCallClient, primary: FakeSchedule
) -> None:
    """With the name and the id of the user; none within a time that is too short."""
    [bob] = await oncall.schedules.next_on_call(primary.id, after=NOW)
    assert (bob.user, bob.start, bob.end) == ("bob", NOW + HOUR, NOW + HOUR + DAY)
    user = await oncall.directory.user(bob.user_id or "")
    assert user is not None
    assert user.username == "bob"
    [ana] = await oncall.schedules.next_on_call("Primary", after=NOW + HOUR)
    assert ana.start == NOW + HOUR + 2 * DAY
    assert await oncall.schedules.next_on_call(primary.id, after=NOW, within=HOUR) == ()
    found = await oncall.schedules.next_on_call([primary.id], after=NOW)
    assert found == {primary.id: (bob,)}


async def test_who_is_next_is_counted_from_now_unless_a_moment_is_given(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Somebody who is always on call is not next."""
    schedule = fake.add_schedule("Primary", on_call=[fake.user])
    assert await oncall.schedules.next_on_call(schedule.id) == ()


async def test_a_timeline_has_gaps_and_hours(
    oncall: OnCallClient, primary: FakeSchedule, ana: FakeUser
) -> None:
    """With the names of users; exactly within the window."""
    timeline = await oncall.schedules.timeline(primary.id, NOW, NOW + 3 * DAY)
    assert (timeline.start, timeline.end) == (NOW, NOW + 3 * DAY)
    assert timeline.spans[0] == OnCallSpan("ana", NOW, NOW + HOUR, ana.id)
    assert timeline.hours_per_user() == {"ana": 2.0, "bob": 24.0}
    assert [gap.duration for gap in timeline.gaps()] == [DAY, 22 * HOUR]
    assert (await oncall.schedules.timeline(["Primary"], NOW, NOW + HOUR))["Primary"].gaps() == ()


@pytest.mark.parametrize("days", [1, 364, 365, 366, 1000])
async def test_a_window_of_any_length_is_read_in_years_and_has_no_seams(
    fake: FakeOnCall, oncall: OnCallClient, ana: FakeUser, days: int
) -> None:
    """Although the server leaves out the last second of each range."""
    schedule = fake.add_schedule("Primary", on_call=[ana])
    timeline = await oncall.schedules.timeline(schedule.id, NOW, NOW + days * DAY)
    expected = [OnCallSpan("ana", NOW, NOW + days * DAY, ana.id)]
    assert timeline == Timeline(NOW, NOW + days * DAY, expected)
    assert len(fake.calls) == -(-(days + 1) // 365)


def test_a_shift_that_ends_before_it_starts_has_no_length() -> None:
    """The server takes negative durations of shifts."""
    span = span_of(FinalShift(user_pk="U1", shift_start=NOW, shift_end=NOW - HOUR))
    assert span == OnCallSpan("U1", NOW, NOW, "U1")


@pytest.mark.parametrize(
    ("schedules", "options", "problem"),
    [
        pytest.param("", {}, "ids, names or objects", id="an empty name"),
        pytest.param(5, {}, "ids, names or objects", id="a number"),
        pytest.param(["Primary", None], {}, "ids, names or objects", id="None among them"),
        pytest.param("x", {"at": NOW.replace(tzinfo=None)}, "aware", id="a naive time"),
        pytest.param("x", {"at": "now"}, "aware", id="a text"),
        pytest.param("x", {"directory": {}}, "Directory", id="a wrong directory"),
    ],
)
async def test_bad_input_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, schedules: Any, options: Any, problem: str
) -> None:
    """With what is needed."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.schedules.on_call(schedules, **options)
    assert not fake.calls


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        pytest.param(NOW.replace(tzinfo=None), NOW, "aware", id="naive"),
        pytest.param(NOW, NOW - HOUR, "before", id="reversed"),
    ],
)
async def test_a_bad_window_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, start: datetime, end: datetime, problem: str
) -> None:
    """Of a timeline; and a time to look ahead that is none."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.schedules.timeline("Primary", start, end)
    with pytest.raises(InvalidArgument, match="within"):
        await oncall.schedules.next_on_call("Primary", after=NOW, within=timedelta(0))
    with pytest.raises(InvalidArgument, match="aware"):
        await oncall.schedules.next_on_call("Primary", after=NOW.replace(tzinfo=None))
    assert not fake.calls


async def test_a_group_names_its_people_its_team_and_its_source(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A hundred groups cost a page of each list."""
    team = fake.add_team("SRE")
    source = fake.add_integration(name="ci", team_id=team)
    for _ in range(100):
        fake.add_group(state="acknowledged", integration=source)
    groups = await oncall.alert_groups.list().collect()
    before = len(fake.calls)
    for group in groups:
        whose = await oncall.directory.of(group)
        assert whose.integration is not None
        assert whose.team is not None
        assert whose.acknowledged_by is not None
        names = (whose.integration.name, whose.team.name, whose.acknowledged_by.username)
        assert names == ("ci", "SRE", "admin")
        assert whose.resolved_by is None
    assert sorted(map(str, requests(fake)[before:])) == [
        "list_integrations",
        "list_teams",
        "list_users",
    ]


async def test_what_is_gone_has_no_name(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """It is None, as what a group does not name."""
    group = await oncall.alert_groups.get(fake.add_group().id)
    fake.integrations.clear()
    whose = await oncall.directory.of(group)
    assert whose.to_dict() == dict.fromkeys(
        ["integration", "team", "acknowledged_by", "resolved_by"]
    )


async def test_the_names_of_a_group_fall_back_on_ids_of_what_is_gone(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """None is for no one."""
    source = fake.add_integration(name="ci", team_id=fake.add_team("SRE"))
    made = fake.add_group(state="acknowledged", integration=source)
    group = await oncall.alert_groups.get(made.id)
    names = {"integration": "ci", "team": "SRE", "acknowledged_by": "admin", "resolved_by": None}
    assert await oncall.directory.names(group) == names
    fake.integrations.clear()
    directory = oncall.directory.with_options()
    assert await directory.names(group) == names | {"integration": source.id}


async def test_a_directory_reads_again_after_its_age_and_for_an_unknown_id_once_a_minute(
    fake: FakeOnCall, oncall: OnCallClient, ana: FakeUser
) -> None:
    """By whatever clock it is given."""
    time = 0.0
    directory = oncall.directory.with_options(max_age=timedelta(hours=1), clock=lambda: time)
    reads = []
    for time, wanted in [  # noqa: B007  # the clock shows it
        (0.0, ana.id),
        (3599.0, ana.id),
        (3600.0, ana.id),
        (3601.0, "UNONE"),
        (3659.0, "UNONE"),
        (3660.0, "UNONE"),
        (3661.0, ana.id),
    ]:
        user = await directory.user(wanted)
        assert (user is not None) == (wanted == ana.id)
        reads.append(len(fake.calls))
    assert reads == [1, 1, 2, 2, 2, 3, 3]
    assert await directory.users([]) == {}
    schedule = fake.add_schedule("Primary", on_call=[ana])
    await oncall.schedules.on_call(schedule.id, directory=directory)
    assert requests(fake)[3:] == ["get_schedule"]


@pytest.mark.parametrize("max_age", [0, -1, "1h", None])
async def test_an_age_that_is_none_is_refused(oncall: OnCallClient, max_age: Any) -> None:
    """Nothing would be kept."""
    with pytest.raises(InvalidArgument, match="max_age"):
        oncall.directory.with_options(max_age=max_age)
