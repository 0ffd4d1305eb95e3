"""Escalation in virtual time: the steps of chains, at the times that real servers keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from grafana_oncall.testing import (
    EscalationRecord,
    FakeAlertGroup,
    FakeEscalationChain,
    FakeEscalationPolicy,
    FakeOnCall,
    FakePersonalNotificationRule,
    FakeUser,
    Page,
    VirtualClock,
)
from tests.support.fake_requests import ask

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)  # of the clock, on a Monday


@pytest.fixture
def ana(fake: FakeOnCall) -> FakeUser:
    """A user with one rule of each list."""
    user = fake.add_user("ana", role="editor")
    fake.add_personal_notification_rule(user, "notify_by_mobile_app")
    fake.add_personal_notification_rule(user, "notify_by_mobile_app_critical", important=True)
    return user


@pytest.fixture
def bob(fake: FakeOnCall) -> FakeUser:
    """A user with a rule."""
    user = fake.add_user("bob", role="editor")
    fake.add_personal_notification_rule(user, "notify_by_telegram")
    return user


def chain(fake: FakeOnCall, *steps: tuple[str, dict[str, Any]]) -> FakeEscalationChain:
    """A chain of these steps, to which the default route of an integration leads."""
    made = fake.add_escalation_chain("Primary")
    fake.add_integration().default_route["escalation_chain_id"] = made.id
    for kind, members in steps:
        fake.add_escalation_policy(made, kind, **members)
    return made


def persons(*users: FakeUser, **members: Any) -> tuple[str, dict[str, Any]]:
    """A step that notifies these users."""
    return "notify_persons", {"persons": [user.id for user in users], **members}


def wait(minutes: float) -> tuple[str, dict[str, Any]]:
    """A step that waits."""
    return "wait", {"duration": int(minutes * 60)}


def seconds(moment: datetime) -> float:
    """Since the start of the clock."""
    return (moment - START).total_seconds()


def paged(fake: FakeOnCall) -> list[tuple[float, str]]:
    """When who was paged."""
    return [(seconds(page.at), page.user) for page in fake.pages]


def failures(fake: FakeOnCall) -> list[tuple[str | None, str | None]]:
    """What failed, and why."""
    return [(each.type, each.reason) for each in fake.escalation_log if each.event == "failed"]


def act(fake: FakeOnCall, group: FakeAlertGroup, action: str, **body: Any) -> None:
    """Do an action as a user."""
    assert ask(fake, "POST", f"alert_groups/{group.id}/{action}/", body).status == 200


def minutes(clock: VirtualClock, number: float) -> None:
    """Let them pass."""
    clock.advance(timedelta(minutes=number))


def test_steps_come_when_they_did_on_a_real_server(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """The first after a second, others five seconds after each other, and those of a repeat too."""
    team = fake.add_team("SRE")
    ana.teams.append(team)
    schedule = fake.add_schedule("Primary", on_call=[ana])
    webhook = fake.add_webhook("chat", url="https://chat.example")
    window = {"notify_if_time_from": "09:00:00Z", "notify_if_time_to": "18:00:00Z"}
    chain(
        fake,
        persons(ana),
        persons(ana, important=True),
        ("trigger_webhook", {"action_to_trigger": webhook.id}),
        wait(1),
        ("notify_if_time_from_to", window),
        ("notify_on_call_from_schedule", {"notify_on_call_from_schedule": schedule.id}),
        ("notify_team_members", {"team_to_notify": team}),
        ("notify_person_next_each_time", {"persons": [ana.id]}),
        ("repeat_escalation", {}),
    )
    fake.add_group()
    clock.advance(timedelta(seconds=101))
    log = fake.escalation_log
    assert [seconds(record.at) for record in log] == [1, 6, 11, 16, 76, 81, 86, 91, 96, 101]
    assert {record.event for record in log} == {"triggered"}
    assert paged(fake) == [(moment, "ana") for moment in (1, 6, 81, 86, 91, 101)]
    assert [page.important for page in fake.pages] == [False, True, False, False, False, False]


def test_a_page_says_who_was_paged_how_when_and_why(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """With the step of the chain and the user's own rule."""
    chain(fake, persons(ana, important=True))
    group = fake.add_group()
    minutes(clock, 1)
    (step,) = fake.objects(FakeEscalationPolicy)
    rules = fake.objects(FakePersonalNotificationRule).values()
    assert fake.pages == [
        Page(
            user="ana",
            how="mobile_app_critical",
            at=START + timedelta(seconds=1),
            group=group.id,
            important=True,
            step=step,
            rule=next(rule.id for rule in rules if rule.important),
        )
    ]


def test_a_chain_ends_five_seconds_after_its_last_step(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """An empty one, with its first look."""
    chain(fake, persons(ana))
    empty = fake.add_escalation_chain("Empty")
    other = fake.add_integration()
    other.default_route["escalation_chain_id"] = empty.id
    first, second = fake.add_group(), fake.add_group(integration=other)
    minutes(clock, 1)
    ends = [each for each in fake.escalation_log if each.event == "finished"]
    assert [(each.group, seconds(each.at)) for each in ends] == [(second.id, 1), (first.id, 6)]


def test_a_group_without_a_chain_or_with_an_earlier_start_does_not_escalate(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """It is there as a test says; so is one in another state."""
    chain(fake, persons(ana))
    fake.add_group(integration=fake.add_integration())
    fake.add_group(started_at=START - timedelta(hours=1))
    fake.add_group(state="acknowledged")
    minutes(clock, 60)
    assert fake.pages == []
    assert fake.escalation_log == []


@pytest.mark.parametrize("action", ["acknowledge", "resolve", "silence"])
def test_an_action_stops_it(
    action: str, fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """Who comes later in the chain is not paged."""
    chain(fake, persons(ana), wait(5), persons(bob))
    group = fake.add_group()
    minutes(clock, 3)
    act(fake, group, action, delay=-1)
    minutes(clock, 60)
    assert paged(fake) == [(1, "ana")]


@pytest.mark.parametrize(
    ("action", "undo"),
    [("acknowledge", "unacknowledge"), ("resolve", "unresolve"), ("silence", "unsilence")],
)
def test_what_undoes_it_starts_it_again_ten_seconds_later(
    action: str, undo: str, fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """From the first step of the chain as it is then; only the last action within them counts."""
    made = chain(fake, persons(ana))
    group = fake.add_group()
    minutes(clock, 1)
    act(fake, group, action, delay=-1)
    act(fake, group, undo)
    clock.advance(timedelta(seconds=9))
    act(fake, group, action, delay=-1)
    act(fake, group, undo)
    fake.add_escalation_policy(made, "wait", duration=60)  # later than the start
    clock.advance(timedelta(seconds=10))
    assert paged(fake) == [(1, "ana"), (79, "ana")]
    minutes(clock, 1)
    assert [each.type for each in fake.escalation_log[2:]] == ["notify_persons", None]


def test_the_end_of_a_silence_starts_it_again_in_its_own_time(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """Though the clock goes much further at once."""
    chain(fake, persons(ana), wait(1), persons(ana))
    group = fake.add_group()
    act(fake, group, "silence", delay=60)
    minutes(clock, 60)
    assert paged(fake) == [(70, "ana"), (135, "ana")]


def test_a_repeat_happens_five_times(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """Then the chain goes on behind it."""
    chain(fake, persons(ana), ("repeat_escalation", {}), persons(bob))
    fake.add_group()
    minutes(clock, 60)
    assert [user for _, user in paged(fake)] == ["ana"] * 6 + ["bob"]
    kinds = [each.type for each in fake.escalation_log]
    assert kinds.count("repeat_escalation") == 5


def test_a_step_resolves_the_group_and_is_the_last_one(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """No user did it."""
    chain(fake, wait(5), ("resolve", {}), persons(ana))
    group = fake.add_group()
    attached = fake.add_group(root=group, started_at=START)
    minutes(clock, 60)
    assert (group.state, group.resolved_by) == ("resolved", None)
    assert group.resolved_at == START + timedelta(seconds=301)
    assert attached.state == "resolved"
    assert fake.pages == []


def test_turns_are_taken_by_name_across_groups(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """The step remembers whom it notified last."""
    chain(fake, ("notify_person_next_each_time", {"persons": [bob.id, ana.id]}))
    for _ in range(3):
        fake.add_group()
        minutes(clock, 1)
    assert [user for _, user in paged(fake)] == ["ana", "bob", "ana"]


def test_who_is_on_call_is_asked_at_the_time_of_the_step(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """Also if a test changes it between two steps, or a swap does."""
    noon = START.replace(hour=12, minute=0)
    schedule = fake.add_schedule(
        "Primary", spans=[(ana, START, noon), (bob, noon, noon + timedelta(hours=1))]
    )
    step = ("notify_on_call_from_schedule", {"notify_on_call_from_schedule": schedule.id})
    chain(fake, step, wait(180), step, wait(180), step)
    fake.add_group()
    minutes(clock, 8 * 60)
    assert [user for _, user in paged(fake)] == ["ana", "bob"]
    assert failures(fake) == [("notify_on_call_from_schedule", "there is nobody to notify")]


def test_a_change_of_a_test_counts_from_its_time(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """What was due before it has happened, though nobody had looked."""
    schedule = fake.add_schedule("Primary", on_call=[ana])
    step = ("notify_on_call_from_schedule", {"notify_on_call_from_schedule": schedule.id})
    chain(fake, step, wait(10), step)
    fake.add_group()
    minutes(clock, 5)
    schedule.on_call = [bob.id]
    minutes(clock, 10)
    assert [user for _, user in paged(fake)] == ["ana", "bob"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("09:00:00Z", "18:00:00Z", 6),
        ("09:45:00Z", "18:00:00Z", 15 * 60),
        ("08:00:00Z", "09:00:00Z", 22.5 * 3600),
        ("22:00:00Z", "09:30:00Z", 12.5 * 3600),
        ("22:00:00Z", "10:00:00Z", 6),
        ("22:00:00Z", "09:30:01Z", 12.5 * 3600),  # the end is not within
        ("09:00:00Z", "09:30:01Z", 23.5 * 3600),
        ("09:30:01Z", "09:00:00Z", 6),  # the start is
        ("09:30:00Z", "09:30:00Z", 24 * 3600),  # 09:30:01 is past the one moment of such a window
    ],
)
def test_outside_of_its_times_a_step_waits_for_the_first(
    start: str, end: str, expected: float, *, fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """The window may go over midnight."""
    window = {"notify_if_time_from": start, "notify_if_time_to": end}
    chain(fake, ("notify_if_time_from_to", window), persons(ana))
    fake.add_group()
    minutes(clock, 48 * 60)
    assert paged(fake) == [(expected, "ana")]


def test_the_times_of_a_step_are_in_utc_whatever_zone_the_clock_has() -> None:
    """Such as that of a clock which a test froze."""
    zone = timezone(timedelta(hours=5))
    now = START.astimezone(zone)
    fake = FakeOnCall(clock=lambda: now)
    ana = fake.add_user("ana", role="editor")
    window = {"notify_if_time_from": "09:00:00Z", "notify_if_time_to": "10:00:00Z"}
    chain(fake, ("notify_if_time_from_to", window), persons(ana))
    fake.add_group()
    now += timedelta(minutes=5)
    assert [page.at for page in fake.pages] == [START + timedelta(seconds=6)]


def test_a_step_goes_on_if_there_are_more_alerts_in_its_minutes(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """Than it says, of the group; else the escalation rests."""
    window = {"num_alerts_in_window": 2, "num_minutes_in_window": 5}
    chain(fake, ("notify_if_num_alerts_in_window", window), persons(ana))
    fake.add_group(alerts_count=2)
    fake.add_group(alerts_count=0)
    many = fake.add_group(alerts_count=3)
    minutes(clock, 60)
    assert [(page.group, seconds(page.at)) for page in fake.pages] == [(many.id, 6)]


def test_an_escalation_that_rests_goes_on_with_the_alert_that_was_missing(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """A second after it, and the next step five later; alerts that are too old do not count."""
    window = {"num_alerts_in_window": 2, "num_minutes_in_window": 5}
    chain(fake, ("notify_if_num_alerts_in_window", window), persons(ana))
    (source,) = fake.integrations.values()
    source.templates["grouping_key"] = "all of them"
    for pause in (4, 4, 4, 0):
        fake.add_alert(source, {"title": "Disk almost full"})
        minutes(clock, pause)
    assert len(fake.groups) == 1
    fake.add_alert(source, {"title": "Disk almost full"})
    minutes(clock, 60)
    assert paged(fake) == [(12 * 60 + 6, "ana")]
    assert [record.event for record in fake.escalation_log] == [
        "triggered",
        "triggered",
        "finished",
    ]


def test_an_alert_escalates_by_the_chain_of_its_route(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """One that is resolved from the beginning does not."""
    chain(fake, persons(ana))
    other = fake.add_escalation_chain("Database")
    fake.add_escalation_policy(other, "notify_persons", persons=[bob.id])
    (source,) = fake.integrations.values()
    fake.add_route(source, "database", chain=other)
    for payload in ({"on": "database"}, {"on": "disk"}, {"on": "fire", "state": "ok"}):
        fake.add_alert(source, payload)
    minutes(clock, 60)
    assert paged(fake) == [(1, "bob"), (1, "ana")]


def test_what_groups_do_by_themselves_and_what_steps_do_is_one_sequence(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """However far the clock goes at once, subscribers hear of everything in order."""
    webhook = fake.add_webhook("chat", url="https://chat.example")
    chain(fake, ("trigger_webhook", {"action_to_trigger": webhook.id}))
    heard: list[tuple[float, str]] = []
    fake._world.subscribers.append(lambda _, event: heard.append((seconds(event.at), event.type)))
    for delay in (60, 100):
        act(fake, fake.add_group(), "silence", delay=delay)
    heard.clear()
    minutes(clock, 60)
    unsilenced, escalated = "unsilence", "escalation"
    assert heard == [(60, unsilenced), (70, escalated), (100, unsilenced), (110, escalated)]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (persons(), "there is nobody to notify"),
        (("notify_person_next_each_time", {}), "there is nobody to notify"),
        (
            ("notify_on_call_from_schedule", {}),
            "notify_on_call_from_schedule is not set",
        ),
        (("notify_team_members", {}), "team_to_notify is not set"),
        (("notify_user_group", {}), "group_to_notify is not set"),
        (("notify_whole_channel", {}), "there is nobody to notify"),
        (("trigger_webhook", {}), "action_to_trigger is not set"),
        (("notify_if_time_from_to", {}), "the times are not set"),
        (("notify_if_num_alerts_in_window", {}), "the window is not set"),
    ],
)
def test_a_step_that_is_not_set_up_fails_and_the_chain_goes_on(
    step: tuple[str, dict[str, Any]],
    reason: str,
    fake: FakeOnCall,
    clock: VirtualClock,
    ana: FakeUser,
) -> None:
    """Five seconds later."""
    chain(fake, step, persons(ana))
    fake.add_group()
    minutes(clock, 10)
    assert failures(fake) == [(step[0], reason)]
    assert paged(fake) == [(6, "ana")]


def test_a_wait_of_no_duration_is_one_of_five_minutes(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """It fails, and the chain goes on."""
    chain(fake, ("wait", {}), persons(ana))
    fake.add_group()
    minutes(clock, 10)
    assert failures(fake) == [("wait", "no duration is set")]
    assert paged(fake) == [(301, "ana")]


def test_members_of_slack_groups_and_channels_are_notified(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """Of those that a test names; of a channel one after the other."""
    group = fake.add_user_group("On call", handle="oncall")
    channel = fake.add_slack_channel("alerts")
    group.members, channel.members = [bob.id], [ana.id, bob.id]
    chain(
        fake,
        ("notify_user_group", {"group_to_notify": group.id}),
        ("notify_whole_channel", {}),
    )
    (source,) = fake.integrations.values()
    source.default_route["slack"]["channel_id"] = channel.slack_id
    fake.add_group()
    minutes(clock, 1)
    assert paged(fake) == [(1, "bob"), (6, "ana"), (7, "bob")]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("notify_next_on_call_from_schedule", "has the type 'notify_next_on_call"),
        ("notify_by_pigeon", "has the type 'notify_by_pigeon'"),
    ],
)
def test_a_step_that_is_not_modelled_raises_when_a_test_asks_for_pages(
    kind: str, message: str, fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """From the time on when the escalation comes to it; the server works on."""
    chain(fake, persons(ana), wait(10), (kind, {}), persons(ana))
    fake.add_group()
    minutes(clock, 5)
    assert paged(fake) == [(1, "ana")]
    minutes(clock, 10)
    with pytest.raises(NotImplementedError, match=message):
        _ = fake.pages
    with pytest.raises(NotImplementedError, match=message):
        _ = fake.escalation_log
    assert ask(fake, "GET", "alert_groups/").json()["count"] == 1


def test_who_is_on_call_by_a_shift_is_notified(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """Here two shifts of a minute and a half, made through the API, and then nobody."""
    shifts = [
        ask(
            fake,
            "POST",
            "on_call_shifts",
            {
                "name": "x",
                "type": "single_event",
                "start": start,
                "duration": 90,
                "users": [user.id],
            },
        ).json()["id"]
        for start, user in (("2026-03-02T09:30:00", ana), ("2026-03-02T09:31:30", bob))
    ]
    body = {"name": "Primary", "type": "calendar", "time_zone": "UTC", "shifts": shifts}
    schedule = ask(fake, "POST", "schedules", body).json()
    assert schedule["on_call_now"] == [ana.id]
    on_call = ("notify_on_call_from_schedule", {"notify_on_call_from_schedule": schedule["id"]})
    chain(fake, on_call, wait(2), on_call, wait(2), on_call)
    fake.add_group()
    minutes(clock, 10)
    assert paged(fake) == [(1, "ana"), (126, "bob")]
    assert failures(fake) == [("notify_on_call_from_schedule", "there is nobody to notify")]


def test_a_calendar_that_replaces_shifts_is_not_modelled(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """Unless a test says who is on call, or overrides are made in the web interface."""
    schedule = fake.add_schedule("Primary")
    schedule.ical_url_overrides = "https://calendar.test/overrides.ics"
    on_call = ("notify_on_call_from_schedule", {"notify_on_call_from_schedule": schedule.id})
    chain(fake, wait(1), on_call, wait(1), on_call, wait(1), on_call)
    schedule.enable_web_overrides = True
    fake.add_group()
    minutes(clock, 2)
    assert len(failures(fake)) == 1
    schedule.enable_web_overrides, schedule.on_call = False, [ana.id]
    minutes(clock, 1)
    assert [user for _, user in paged(fake)] == ["ana"]
    schedule.on_call = []
    minutes(clock, 2)
    with pytest.raises(NotImplementedError, match="'Primary' is not worked out from its calendars"):
        _ = fake.pages


def test_a_schedule_or_slack_group_of_which_nobody_said_who_is_in_it_is_not_modelled(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """An empty one would be another thing."""
    schedule = fake.add_schedule("From a calendar", type="ical")
    chain(
        fake,
        ("notify_on_call_from_schedule", {"notify_on_call_from_schedule": schedule.id}),
    )
    fake.add_group()
    minutes(clock, 1)
    with pytest.raises(NotImplementedError, match="'From a calendar' is not worked out"):
        _ = fake.pages


def test_running_escalations_keep_the_chain_that_they_began_with(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser, bob: FakeUser
) -> None:
    """Even if it is deleted."""
    made = chain(fake, wait(5), persons(ana))
    fake.add_group()
    for policy in fake.objects(FakeEscalationPolicy).values():
        policy.persons = [bob.id]
    assert ask(fake, "DELETE", f"escalation_chains/{made.id}/").status == 204
    minutes(clock, 10)
    assert paged(fake) == [(301, "ana")]


def test_in_maintenance_nothing_escalates(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """Groups from before it do."""
    chain(fake, wait(5), persons(ana))
    (source,) = fake.integrations
    before = fake.add_group()
    body = {"mode": "debug", "duration": 3600}
    assert ask(fake, "POST", f"integrations/{source}/maintenance_start/", body).status == 200
    fake.add_group()
    minutes(clock, 30)
    assert [page.group for page in fake.pages] == [before.id]


def test_a_disabled_webhook_is_a_failure(fake: FakeOnCall, clock: VirtualClock) -> None:
    """As one that nobody chose."""
    webhook = fake.add_webhook("chat", url="https://chat.example")
    webhook.is_webhook_enabled = False
    chain(fake, ("trigger_webhook", {"action_to_trigger": webhook.id}))
    group = fake.add_group()
    minutes(clock, 1)
    first = fake.escalation_log[0]
    assert first == EscalationRecord(
        event="failed",
        at=START + timedelta(seconds=1),
        group=group.id,
        type="trigger_webhook",
        reason="the webhook is disabled",
        step=first.step,
    )


def test_a_state_that_a_test_sets_stops_it_as_well(
    fake: FakeOnCall, clock: VirtualClock, ana: FakeUser
) -> None:
    """At the next step."""
    chain(fake, wait(5), persons(ana))
    group = fake.add_group()
    group.acknowledged_at = START
    minutes(clock, 30)
    assert fake.pages == []
