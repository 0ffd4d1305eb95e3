"""Every operation against the fake: what the server holds afterwards, and how it refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import FOREVER, NO_TEAM, OnCallClient, models
from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    Conflict,
    EndpointUnavailable,
    Forbidden,
    NotFound,
    RateLimited,
    StatusError,
    Unauthorized,
    UserTokenRequired,
)
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, Quota, VirtualClock
from tests.facade.samples import BASE, STACK
from tests.virtual_time import START, loop

ACTIONS: dict[str, Callable[[OnCallClient, str], Awaitable[None]]] = {
    "acknowledge": lambda client, group_id: client.alert_groups.acknowledge(group_id),
    "unacknowledge": lambda client, group_id: client.alert_groups.unacknowledge(group_id),
    "resolve": lambda client, group_id: client.alert_groups.resolve(group_id),
    "unresolve": lambda client, group_id: client.alert_groups.unresolve(group_id),
    "silence": lambda client, group_id: client.alert_groups.silence(group_id, 60),
    "unsilence": lambda client, group_id: client.alert_groups.unsilence(group_id),
}
every_action = pytest.mark.parametrize("action", [pytest.param(name, id=name) for name in ACTIONS])

OPERATIONS: dict[str, Callable[[OnCallClient, str], Awaitable[object]]] = {
    "get": lambda client, group_id: client.alert_groups.get(group_id),
    **ACTIONS,
    "delete": lambda client, group_id: client.alert_groups.delete(group_id),
    "add_label": lambda client, group_id: client.alert_groups.add_label(group_id, "team", "SRE"),
    "remove_label": lambda client, group_id: client.alert_groups.remove_label(
        group_id, "team", "SRE"
    ),
    "integrations.get": lambda client, group_id: client.integrations.get(group_id),
    "integrations.update": lambda client, group_id: client.integrations.update(group_id, name="x"),
    "integrations.delete": lambda client, group_id: client.integrations.delete(group_id),
}


def connect(fake: FakeOnCall, token: str, *, grafana_url: str | None = None) -> OnCallClient:
    """A client with this token."""
    return OnCallClient(url=BASE, token=token, grafana_url=grafana_url, transport=fake.transport())


def sent(fake: FakeOnCall) -> list[tuple[str | None, int | None]]:
    """Operations that reached the fake, each with the status of its answer."""
    return [(call.operation, call.status) for call in fake.calls]


# Lists


async def test_a_list_holds_what_the_fake_holds(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """All members of a group, and of a nested alert, as they are on the server."""
    group = fake.add_group(title="Disk", state="acknowledged", labels={"team": "SRE"})
    (seen,) = await oncall.alert_groups.list().collect()
    assert seen == await oncall.alert_groups.get(group.id)
    assert (seen.id, seen.title, seen.integration_id) == (group.id, "Disk", group.integration_id)
    assert (seen.acknowledged_at, seen.acknowledged_by) == (group.started_at, fake.user.id)
    assert [(one.key.name, one.value.name) for one in seen.labels] == group.labels
    assert seen.last_alert is not None
    assert seen.last_alert.payload == {"message": "Disk"}


@pytest.mark.parametrize(
    ("spelling", "found"),
    [
        pytest.param("firing", "firing", id="as answers say it"),
        pytest.param("new", "firing", id="as the filter says it"),
        pytest.param(models.AlertGroupState.FIRING, "firing", id="as the enum says it"),
        pytest.param(models.AlertGroupState("new"), "firing", id="as the enum takes it"),
        pytest.param("acknowledged", "acknowledged", id="acknowledged"),
        pytest.param("resolved", "resolved", id="resolved"),
        pytest.param(models.AlertGroupState.SILENCED, "silenced", id="silenced"),
    ],
)
async def test_a_state_is_one_concept_in_filters_and_answers(
    fake: FakeOnCall, oncall: OnCallClient, spelling: Any, found: str
) -> None:
    """What was found can be asked for again by its own state."""
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
    assert [one.id for one in found] == [group.id]


async def test_an_unknown_team_is_a_bad_request(oncall: OnCallClient) -> None:
    """The server names the field."""
    with pytest.raises(BadRequest) as caught:
        await oncall.alert_groups.list(team_id="NONE").count()
    assert caught.value.fields.keys() == {"team_id"}


async def test_integrations_are_listed_and_found_by_name(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The name is exact."""
    first, second = (fake.add_integration(name=name) for name in ("ci", "ci 2"))
    assert [one.id for one in await oncall.integrations.list().collect()] == [first.id, second.id]
    assert [one.id for one in await oncall.integrations.list(name="ci").collect()] == [first.id]
    assert await oncall.integrations.list(name="none").count() == 0


# Actions


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
        pytest.param("silence", "silenced", "silenced", id="silence again"),
        pytest.param("unsilence", "silenced", "firing", id="unsilence"),
    ],
)
async def test_an_action_changes_the_state(
    fake: FakeOnCall, oncall: OnCallClient, action: str, before: Any, after: str
) -> None:
    """By one request, and on this group alone."""
    group, bystander = fake.add_group(state=before), fake.add_group(state=before)
    await ACTIONS[action](oncall, group.id)
    assert (group.state, bystander.state) == (after, before)
    assert sent(fake) == [(f"{action}_alert_group", 200)]


async def test_resolving_a_maintenance_ends_it(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The one action that is meant for it."""
    group = fake.add_group(maintenance=True)
    await oncall.alert_groups.resolve(group.id)
    assert group.state == "resolved"


def situation(fake: FakeOnCall, name: str) -> FakeAlertGroup:
    """A group as the words describe it: states, then what it is."""
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
    """AlreadyInState only where nothing is left to do; the group stays as it was."""
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


async def test_silencing_again_restarts_the_timer(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """It is no conflict."""
    group = fake.add_group()
    for _ in range(2):
        await oncall.alert_groups.silence(group.id, 60)
        clock.advance(timedelta(seconds=50))
    assert fake.groups[group.id].state == "silenced"


async def test_a_silence_for_ever_ends_by_hand_only(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """A thousand days are not enough."""
    group = fake.add_group()
    await oncall.alert_groups.silence(group.id, FOREVER)
    clock.advance(timedelta(days=1000))
    assert fake.groups[group.id].state == "silenced"
    await oncall.alert_groups.unsilence(group.id)
    assert group.state == "firing"


# Delete


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
    """The server has promised, and `get` tells the truth."""
    group = fake.add_group()
    fake.delete_delay = None
    await oncall.alert_groups.delete(group.id, mode="delete")
    clock.advance(timedelta(days=1))
    assert (await oncall.alert_groups.get(group.id)).id == group.id
    fake.delete_delay = timedelta(0)
    with pytest.raises(NotFound):
        await oncall.alert_groups.get(group.id)


# Labels


async def test_a_label_is_added_and_removed(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """And returned as the server knows it."""
    fake.add_label("severity", "critical")
    group = fake.add_group()
    label = await oncall.alert_groups.add_label(group.id, "severity", "critical")
    assert label == models.Label(
        key=models.LabelKey(id="severity", name="severity"),
        value=models.LabelValue(id="critical", name="critical"),
    )
    assert group.labels == [("severity", "critical")]
    await oncall.alert_groups.remove_label(group.id, label.key.name, label.value.name)
    assert group.labels == []
    assert sent(fake) == [("add_alert_group_label", 201), ("remove_alert_group_label", 204)]


async def test_a_label_that_is_older_than_the_rules_can_be_found_and_removed(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The rules hold for what is written anew."""
    group = fake.add_group(labels={"2nd": "on call"})
    fake.add_group()
    (found,) = await oncall.alert_groups.list(labels={"2nd": "on call"}).collect()
    await oncall.alert_groups.remove_label(found.id, "2nd", "on call")
    assert group.labels == []


@pytest.mark.parametrize(
    ("label", "error", "detail"),
    [
        pytest.param(
            ("tier", "a"), BadRequest, "Label key 'tier' does not exist", id="an unknown key"
        ),
        pytest.param(
            ("team", "QA"),
            BadRequest,
            "Label value 'QA' does not exist for key 'team'",
            id="an unknown value",
        ),
        pytest.param(
            ("team", "SRE"),
            AlreadyInState,
            "Label already exists for this alert group",
            id="a label that is there",
        ),
        pytest.param(
            ("spare", "a"),
            BadRequest,
            "Alert group already has the maximum number of labels (50)",
            id="the fifty-first",
        ),
    ],
)
async def test_a_label_that_cannot_be_added_is_refused_with_the_documented_words(
    fake: FakeOnCall,
    oncall: OnCallClient,
    label: tuple[str, str],
    error: type[BadRequest],
    detail: str,
) -> None:
    """All four errors of the documentation, on a group that is full."""
    labels = {"team": "SRE", **{f"k{number}x": "v" for number in range(49)}}
    group = fake.add_group(labels=labels)
    fake.add_label("spare", "a")
    with pytest.raises(BadRequest) as caught:
        await oncall.alert_groups.add_label(group.id, *label)
    assert type(caught.value) is error
    assert caught.value.detail == detail
    assert len(group.labels) == 50


async def test_a_label_that_is_not_there_is_not_found(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """And one that is there stays."""
    group = fake.add_group(labels={"team": "SRE"})
    with pytest.raises(NotFound) as caught:
        await oncall.alert_groups.remove_label(group.id, "team", "QA")
    assert caught.value.detail == "Label not found"
    assert group.labels == [("team", "SRE")]


@pytest.mark.parametrize("name", ["add_label", "remove_label"])
async def test_a_server_without_labels_of_groups_says_so(clock: VirtualClock, name: str) -> None:
    """The open-source engine has no such endpoint, which is not the same as no such group."""
    oss = FakeOnCall(clock=clock, flavour="oss")
    group = oss.add_group()
    async with connect(oss, oss.token) as client:
        with pytest.raises(EndpointUnavailable) as caught:
            await OPERATIONS[name](client, group.id)
    assert caught.value.status == 404
    assert "Grafana Cloud" in str(caught.value)


# Integrations


async def test_an_integration_is_created_with_labels_and_dynamic_labels(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The answer is what the server keeps, and `get` tells the same."""
    team, chain = fake.add_team("SRE"), fake.add_escalation_chain("night")
    made = await oncall.integrations.create(
        type="webhook",
        name="ci",
        description_short="from the pipeline",
        team_id=team,
        labels={"team": "SRE"},
        dynamic_labels={"severity": "{{ payload.get('severity', 'unknown') }}"},
        templates={"web": {"title": "{{ payload.title }}"}, "grouping_key": "{{ payload.id }}"},
        default_route={"escalation_chain_id": chain, "slack": {"channel_id": "c1"}},
    )
    kept = fake.integrations[made.id]
    assert (kept.type, kept.name, kept.team_id) == ("webhook", "ci", team)
    assert kept.description_short == "from the pipeline"
    assert kept.labels == [("team", "SRE")]
    assert kept.dynamic_labels == [("severity", "{{ payload.get('severity', 'unknown') }}")]
    assert kept.templates["web"]["title"] == "{{ payload.title }}"
    assert kept.templates["grouping_key"] == "{{ payload.id }}"
    assert kept.default_route["escalation_chain_id"] == chain
    assert kept.default_route["slack"] == {"channel_id": "C1", "enabled": True}
    assert made == await oncall.integrations.get(made.id)
    assert [label.value.name for label in made.labels] == ["SRE"]
    assert made.heartbeat is not None


async def test_an_integration_without_a_name_gets_one(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A repeat makes another, with another name."""
    names = [(await oncall.integrations.create(type="grafana")).name for _ in range(2)]
    assert len(set(names)) == len(fake.integrations) == 2


async def test_the_open_source_engine_keeps_no_labels_and_its_answer_tells(
    clock: VirtualClock,
) -> None:
    """A label that was sent is not a label that was kept."""
    oss = FakeOnCall(clock=clock, flavour="oss")
    async with connect(oss, oss.token) as client:
        made = await client.integrations.create(type="webhook", labels={"team": "SRE"})
    assert list(made.labels) == []


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        pytest.param({"type": "nonsense"}, "Invalid integration type", id="an unknown type"),
        pytest.param(
            {"type": "legacy_alertmanager"},
            "This integration type is deprecated",
            id="a deprecated type",
        ),
        pytest.param(
            {"type": "direct_paging"},
            "Direct paging integrations can't be created",
            id="direct paging",
        ),
        pytest.param(
            {"type": "webhook", "name": "taken"},
            "An integration with this name already exists for this team",
            id="a name that is taken",
        ),
        pytest.param(
            {"type": "webhook", "team_id": "NONE"},
            "team_id: Object does not exist",
            id="an unknown team",
        ),
    ],
)
async def test_an_integration_that_cannot_be_created_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, options: dict[str, Any], detail: str
) -> None:
    """In the server's words, and nothing is made."""
    fake.add_integration(name="taken")
    with pytest.raises(BadRequest) as caught:
        await oncall.integrations.create(**options)
    assert caught.value.detail == detail
    assert len(fake.integrations) == 1


async def test_an_update_changes_what_is_given_resets_what_is_none_and_keeps_the_rest(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Templates one by one, a whole block of them, the team, and labels."""
    team = fake.add_team("SRE")
    made = await oncall.integrations.create(
        type="webhook",
        name="ci",
        team_id=team,
        labels={"team": "SRE"},
        templates={
            "grouping_key": "a",
            "slack": {"title": "b", "message": "c"},
            "web": {"title": "d"},
            "sms": {"title": "e"},
        },
    )
    updated = await oncall.integrations.update(
        made.id, team_id=None, templates={"slack": {"title": None}, "web": None}
    )
    kept = fake.integrations[made.id]
    assert (kept.name, kept.team_id, kept.labels) == ("ci", None, [("team", "SRE")])
    assert kept.templates["grouping_key"] == "a"
    assert kept.templates["slack"] == {"title": None, "message": "c", "image_url": None}
    assert kept.templates["web"] == {"title": None, "message": None, "image_url": None}
    assert kept.templates["sms"] == {"title": "e"}
    assert updated == await oncall.integrations.get(made.id)


async def test_an_update_replaces_labels_as_a_whole(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Empty takes all of them off."""
    made = await oncall.integrations.create(type="webhook", labels={"team": "SRE", "env": "prod"})
    await oncall.integrations.update(made.id, labels={"tier": "a"})
    assert fake.integrations[made.id].labels == [("tier", "a")]
    await oncall.integrations.update(made.id, labels={})
    assert fake.integrations[made.id].labels == []


async def test_an_update_to_a_name_that_is_taken_is_refused(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Its own name is not taken."""
    fake.add_integration(name="taken")
    own = fake.add_integration(name="own")
    with pytest.raises(BadRequest, match="already exists for this team"):
        await oncall.integrations.update(own.id, name="taken")
    await oncall.integrations.update(own.id, name="own")
    assert own.name == "own"


async def test_an_update_of_nothing_answers_the_integration(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """One request, and nothing changes."""
    own = fake.add_integration(name="own")
    assert (await oncall.integrations.update(own.id)).name == "own"
    assert sent(fake) == [("update_integration", 200)]


async def test_a_deleted_integration_leaves_its_groups(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """They are listed as before."""
    group = fake.add_group()
    await oncall.integrations.delete(group.integration_id)
    assert fake.integrations == {}
    (left,) = await oncall.alert_groups.list().collect()
    assert left.integration_id == group.integration_id


# Refusals that any operation may meet


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in OPERATIONS])
async def test_an_unknown_id_is_not_found(oncall: OnCallClient, name: str) -> None:
    """It says which operation and which path."""
    with pytest.raises(NotFound) as caught:
        await OPERATIONS[name](oncall, "NONE")
    error = caught.value
    assert (error.status, error.detail, error.fields) == (404, "Not found.", {})
    assert "/NONE/" in error.path
    assert error.operation in str(error)


async def test_a_url_that_is_not_the_apis_is_told_from_an_unknown_id() -> None:
    """By the page that is there instead; the hint names the setting."""
    elsewhere = httpx.MockTransport(lambda _: httpx.Response(404, html="<h1>Not Found</h1>"))
    async with OnCallClient(url=f"{BASE}/grafana", token="any", transport=elsewhere) as client:
        with pytest.raises(EndpointUnavailable, match="url="):
            await client.alert_groups.get("I1")


async def test_a_wrong_token_is_unauthorized(fake: FakeOnCall) -> None:
    """Real servers say so with a 403."""
    async with connect(fake, "wrong") as client:
        with pytest.raises(Unauthorized) as caught:
            await client.alert_groups.list().collect()
    assert (caught.value.status, caught.value.detail) == (403, "Invalid token.")
    assert "token" in (caught.value.hint or "")


WRITES: dict[str, Callable[[OnCallClient, str], Awaitable[object]]] = {
    **{name: call for name, call in OPERATIONS.items() if "get" not in name},
    "integrations.create": lambda client, _: client.integrations.create(type="webhook"),
}


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in WRITES])
async def test_a_viewer_may_read_and_not_write(fake: FakeOnCall, name: str) -> None:
    """403 with another text than that of a bad token."""
    fake.add_token("viewer", user="eve", role="viewer")
    group = fake.add_group(labels={"team": "SRE"})
    async with connect(fake, "viewer") as client:
        assert await client.alert_groups.list().count() == 1
        with pytest.raises(Forbidden) as caught:
            await WRITES[name](client, group.id)
    assert type(caught.value) is Forbidden
    assert (group.state, group.labels) == ("firing", [("team", "SRE")])


@every_action
async def test_a_service_account_cannot_act(fake: FakeOnCall, action: str) -> None:
    """The hint says which token can."""
    fake.add_token("glsa_robot", user="robot")
    group = fake.add_group()
    async with connect(fake, "glsa_robot", grafana_url=STACK) as client:
        with pytest.raises(UserTokenRequired) as caught:
            await ACTIONS[action](client, group.id)
    assert isinstance(caught.value, Forbidden)
    assert "API key" in (caught.value.hint or "")
    assert group.state == "firing"


async def test_a_service_account_can_do_the_rest(fake: FakeOnCall) -> None:
    """Lists, labels, deletions, integrations."""
    fake.add_token("glsa_robot", user="robot")
    group = fake.add_group()
    fake.add_label("team", "SRE")
    async with connect(fake, "glsa_robot", grafana_url=STACK) as client:
        await client.alert_groups.add_label(group.id, "team", "SRE")
        (seen,) = await client.alert_groups.list(labels={"team": "SRE"}).collect()
        made = await client.integrations.create(type="webhook")
        await client.integrations.delete(made.id)
        await client.alert_groups.delete(seen.id)
    assert {status for _, status in sent(fake)} <= {200, 201, 204}


async def test_a_stack_that_is_being_synced_is_waited_for_once(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A 429 without Retry-After; a second such wait would pass the deadline.

    Who has misspelled the stack reads so in the log, before the wait.
    """
    fake = FakeOnCall(clock=clock, grafana_url="https://known.example")
    fake.add_token("glsa_robot")
    async with connect(fake, "glsa_robot", grafana_url=STACK) as client:
        with pytest.raises(RateLimited) as caught:
            await client.alert_groups.get("I1")
    assert caught.value.reset_after == 350
    first, last = caught.value.attempts
    assert first.delay == pytest.approx(351)
    assert last.delay is None
    assert loop().time() - START == pytest.approx(351)
    warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert "wait 351.0 s" in warnings[0]
    assert "stack of grafana_url= yet, and is learning it: check the URL" in warnings[0]


async def test_a_throttled_request_comes_back_when_it_was_told_to(clock: VirtualClock) -> None:
    """The caller sees a call that takes longer, and a second more for the bounds of windows."""
    fake = FakeOnCall(clock=clock, rate_limit=Quota(requests=1))
    group = fake.add_group()
    async with connect(fake, fake.token) as client:
        await client.alert_groups.get(group.id)
        clock.advance(timedelta(seconds=12))
        await client.alert_groups.get(group.id)
    assert loop().time() - START == pytest.approx(48 + 1)
    assert [call.status for call in fake.calls] == [200, 429, 200]


async def test_every_refusal_is_a_status_error(fake: FakeOnCall) -> None:
    """One class catches all of them."""
    async with connect(fake, "wrong") as client:
        for call in OPERATIONS.values():
            with pytest.raises(StatusError):
                await call(client, "I1")
