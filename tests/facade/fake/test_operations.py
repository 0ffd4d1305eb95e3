"""Alert groups on the fake: what the server holds after every operation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import FOREVER, NO_TEAM, OnCallClient, models
from grafana_oncall.errors import AlreadyInState, BadRequest, Conflict, NotFound
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock
from tests.support.named_calls import ACTIONS, sent


async def test_a_list_shows_what_the_fake_holds(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """All fields of a group, and of its last alert, as they are on the server."""
    group = fake.add_group(title="Disk", state="acknowledged", labels={"team": "SRE"})
    (seen,) = await oncall.alert_groups.list().collect()
    assert seen == await oncall.alert_groups.get(group.id)
    assert (seen.id, seen.title, seen.integration_id) == (group.id, "Disk", group.integration_id)
    assert (seen.acknowledged_at, seen.acknowledged_by) == (group.started_at, fake.user.id)
    assert [(label.key.name, label.value.name) for label in seen.labels] == group.labels
    assert seen.last_alert is not None
    assert seen.last_alert.payload == {"message": "Disk"}


@pytest.mark.parametrize(
    ("spelling", "found"),
    [
        pytest.param("firing", "firing", id="as responses spell it"),
        pytest.param("new", "firing", id="as the filter spells it"),
        pytest.param(models.AlertGroupState.FIRING, "firing", id="as the enum spells it"),
        pytest.param(models.AlertGroupState("new"), "firing", id="as the enum accepts it"),
        pytest.param("acknowledged", "acknowledged", id="acknowledged"),
        pytest.param("resolved", "resolved", id="resolved"),
        pytest.param(models.AlertGroupState.SILENCED, "silenced", id="silenced"),
    ],
)
async def test_a_state_is_one_concept_in_filters_and_responses(
    fake: FakeOnCall, oncall: OnCallClient, spelling: Any, found: str
) -> None:
    """The state of a group that was found can be used as a filter."""
    for state in ("firing", "acknowledged", "resolved", "silenced"):
        fake.add_group(state=state)
    (group,) = await oncall.alert_groups.list(state=spelling).collect()
    assert group.state == found
    assert group.state is models.AlertGroupState(spelling)
    assert await oncall.alert_groups.list(state=group.state).collect() == [group]


async def test_each_filter_selects(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Seven filters, each of which leaves one of the two groups."""
    team = fake.add_team("SRE")
    source = fake.add_integration(team_id=team)
    wanted = fake.add_group(
        integration=source,
        labels={"team": "SRE", "env": "prod"},
        state="silenced",
        started_at=clock.now() - timedelta(days=40),
    )
    other = fake.add_group(integration=fake.add_integration(), labels={"team": "SRE"})
    age = (wanted.started_at, wanted.started_at)
    lists = oncall.alert_groups.list
    selections = [
        lists(id=wanted.id, started_at=age),
        lists(route_id=wanted.route_id, started_at=age),
        lists(integration_id=source.id, started_at=age),
        lists(team_id=team, started_at=age),
        lists(labels={"team": "SRE", "env": "prod"}, started_at=age),
        lists(state="silenced", started_at=age),
        lists(started_at=age),
    ]
    for selection in selections:
        assert [group.id for group in await selection.collect()] == [wanted.id]
    for selection in (lists(team_id=NO_TEAM), lists()):  # the last 30 days only
        assert [group.id for group in await selection.collect()] == [other.id]


async def test_a_range_that_begins_within_a_second_still_finds_its_group(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The filter has no fractions, so it is widened to whole seconds."""
    moment = clock.now() + timedelta(microseconds=300_000)
    group = fake.add_group(started_at=moment)
    found = await oncall.alert_groups.list(started_at=(moment, moment)).collect()
    assert [group.id for group in found] == [group.id]


async def test_an_unknown_team_is_a_bad_request(oncall: OnCallClient) -> None:
    """The server's message names the field."""
    with pytest.raises(BadRequest) as caught:
        await oncall.alert_groups.list(team_id="NONE").count()
    assert caught.value.fields.keys() == {"team_id"}


async def test_integrations_are_listed_and_found_by_name(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Names must match exactly."""
    first, second = (fake.add_integration(name=name) for name in ("ci", "ci 2"))
    assert [integration.id for integration in await oncall.integrations.list().collect()] == [
        first.id,
        second.id,
    ]
    assert [
        integration.id for integration in await oncall.integrations.list(name="ci").collect()
    ] == [first.id]
    assert await oncall.integrations.list(name="none").count() == 0


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        pytest.param("acknowledge", "firing", "acknowledged", id="acknowledge"),
        pytest.param("acknowledge", "silenced", "acknowledged", id="acknowledge a silenced one"),
        pytest.param("unacknowledge", "acknowledged", "firing", id="unacknowledge"),
        pytest.param("resolve", "firing", "resolved", id="resolve"),
        pytest.param("resolve", "acknowledged", "resolved", id="resolve an acknowledged one"),
        pytest.param("resolve", "silenced", "resolved", id="resolve a silenced one"),
        pytest.param("unresolve", "resolved", "firing", id="unresolve"),
        pytest.param("silence", "firing", "silenced", id="silence"),
        pytest.param("silence", "silenced", "silenced", id="silence a silenced one"),
        pytest.param("unsilence", "silenced", "firing", id="unsilence"),
    ],
)
async def test_an_action_changes_the_state(
    fake: FakeOnCall, oncall: OnCallClient, action: str, before: Any, after: str
) -> None:
    """With one request, and of this group alone."""
    group, bystander = fake.add_group(state=before), fake.add_group(state=before)
    await ACTIONS[action](oncall, group.id)
    assert (group.state, bystander.state) == (after, before)
    assert sent(fake) == [(f"{action}_alert_group", 200)]


async def test_resolving_a_maintenance_ends_it(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """No other action does."""
    group = fake.add_group(maintenance=True)
    await oncall.alert_groups.resolve(group.id)
    assert group.state == "resolved"


def situation(fake: FakeOnCall, name: str) -> FakeAlertGroup:
    """Add a group as the words describe it: its states, then its kind."""
    *states, last = name.split()
    group = fake.add_group(
        root=fake.add_group() if last == "attached" else None,
        maintenance=last == "maintenance",
    )
    for state in (*states, last):
        if state in {"acknowledged", "resolved", "silenced"}:
            setattr(group, f"{state}_at", fake.now())
    return group


@pytest.mark.parametrize(
    ("action", "name", "error"),
    [
        pytest.param(action, name, error, id=f"{action}: {name}")
        for action, rows in {
            "acknowledge": {
                "acknowledged": AlreadyInState,
                "resolved": Conflict,
                "attached": Conflict,
                "maintenance": Conflict,
            },
            "unacknowledge": {
                "firing": AlreadyInState,
                "silenced": AlreadyInState,
                "acknowledged resolved": Conflict,
                "acknowledged attached": Conflict,
                "acknowledged maintenance": Conflict,
            },
            "resolve": {"resolved": AlreadyInState, "attached": Conflict},
            "unresolve": {
                "firing": AlreadyInState,
                "acknowledged": AlreadyInState,
                "silenced": AlreadyInState,
                "resolved attached": Conflict,
                "resolved maintenance": Conflict,
            },
            "silence": {"resolved": Conflict, "acknowledged": Conflict, "attached": Conflict},
            "unsilence": {
                "firing": AlreadyInState,
                "acknowledged": AlreadyInState,
                "silenced resolved": Conflict,
                "silenced acknowledged": Conflict,
                "silenced attached": Conflict,
            },
        }.items()
        for name, error in rows.items()
    ],
)
async def test_an_action_that_the_state_does_not_allow_is_a_conflict(
    fake: FakeOnCall, oncall: OnCallClient, action: str, name: str, error: type[Conflict]
) -> None:
    """AlreadyInState only where nothing is left to do; the group does not change."""
    group = situation(fake, name)
    before = (group.acknowledged_at, group.resolved_at, group.silenced_at)
    with pytest.raises(Conflict) as caught:
        await ACTIONS[action](oncall, group.id)
    assert type(caught.value) is error
    assert caught.value.status == 400
    assert caught.value.detail.startswith(f"Can't {action} a")
    assert caught.value.path == f"/api/v1/alert_groups/{group.id}/{action}/"
    assert before == (group.acknowledged_at, group.resolved_at, group.silenced_at)


async def test_a_silence_ends_when_its_delay_is_over(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Three hours, and not a second less."""
    group = fake.add_group()
    await oncall.alert_groups.silence(group.id, timedelta(hours=3))
    clock.advance(timedelta(hours=3) - timedelta(seconds=1))
    assert (await oncall.alert_groups.get(group.id)).state == "silenced"
    clock.advance(timedelta(seconds=1))
    assert (await oncall.alert_groups.get(group.id)).state == "firing"


async def test_a_second_silence_restarts_the_timer(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """It is not a conflict."""
    group = fake.add_group()
    for _ in range(2):
        await oncall.alert_groups.silence(group.id, 60)
        clock.advance(timedelta(seconds=50))
    assert fake.groups[group.id].state == "silenced"


async def test_a_silence_for_ever_ends_by_hand_only(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """It has not ended after a thousand days."""
    group = fake.add_group()
    await oncall.alert_groups.silence(group.id, FOREVER)
    clock.advance(timedelta(days=1000))
    assert fake.groups[group.id].state == "silenced"
    await oncall.alert_groups.unsilence(group.id)
    assert group.state == "firing"


async def test_a_wipe_empties_the_group_a_little_later(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Title and payload go; labels and the group stay; a second wipe is fine."""
    group = fake.add_group(title="secret", labels={"team": "SRE"})
    await oncall.alert_groups.delete(group.id)
    assert (await oncall.alert_groups.get(group.id)).title == "secret"
    clock.advance(timedelta(seconds=0.1))
    wiped = await oncall.alert_groups.get(group.id)
    assert (wiped.title, wiped.state) == (None, models.AlertGroupState.RESOLVED)
    assert wiped.last_alert is not None
    assert wiped.last_alert.payload == {}
    assert [label.key.name for label in wiped.labels] == ["team"]
    await oncall.alert_groups.delete(group.id, mode="wipe")
    assert fake.calls[-1].status == 204


async def test_a_deleted_group_is_gone_a_little_later(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Then it cannot be deleted either."""
    group = fake.add_group()
    await oncall.alert_groups.delete(group.id, mode="delete")
    assert (await oncall.alert_groups.get(group.id)).id == group.id
    clock.advance(timedelta(seconds=0.3))
    assert group.id not in fake.groups
    for call in (oncall.alert_groups.get, oncall.alert_groups.delete):
        with pytest.raises(NotFound):
            await call(group.id)


async def test_nothing_is_deleted_while_the_workers_are_down(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The server has accepted the deletion, but `get` still returns the group."""
    group = fake.add_group()
    fake.delete_delay = None
    await oncall.alert_groups.delete(group.id, mode="delete")
    clock.advance(timedelta(days=1))
    assert (await oncall.alert_groups.get(group.id)).id == group.id
    fake.delete_delay = timedelta(0)
    with pytest.raises(NotFound):
        await oncall.alert_groups.get(group.id)
