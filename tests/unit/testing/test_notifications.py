"""The notification of users in virtual time: their rules, and whom they reach."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeOnCall,
    FakePersonalNotificationRule,
    FakeUser,
    VirtualClock,
)
from tests.support.fake_requests import ask
from tests.unit.testing.test_escalation import (
    START,
    act,
    chain,
    failures,
    minutes,
    paged,
    persons,
    seconds,
    wait,
)


def user_with(fake: FakeOnCall, *rules: str | int, name: str = "ana", **more: Any) -> FakeUser:
    """A user with these rules; a number is a wait of so many seconds."""
    user = fake.add_user(name, role="editor")
    user.is_phone_number_verified = True
    for rule in rules:
        waits: dict[str, Any] = {"duration": rule} if isinstance(rule, int) else {}
        fake.add_personal_notification_rule(user, "wait" if waits else str(rule), **waits, **more)
    return user


def channels(fake: FakeOnCall) -> list[tuple[float, str]]:
    """When who was paged by what."""
    return [(seconds(page.at), page.how) for page in fake.pages]


def page_directly(fake: FakeOnCall, group: FakeAlertGroup | None, *users: FakeUser) -> None:
    """Page users, for a group or a new one."""
    asked = {"users": [{"id": user.id, "important": False} for user in users]}
    body = {**asked, **({"title": "Help"} if group is None else {"alert_group_id": group.id})}
    assert ask(fake, "POST", "escalation/", body).status == 200


def test_rules_follow_each_other_as_on_a_real_server(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Five seconds after a rule the next, after a wait of a minute 65."""
    ana = user_with(fake, "notify_by_telegram", 60, "notify_by_phone_call", "notify_by_email")
    chain(fake, persons(ana))
    fake.add_group()
    minutes(clock, 10)
    assert channels(fake) == [(1, "telegram"), (71, "phone_call"), (76, "email")]


@pytest.mark.parametrize("important", [False, True])
def test_a_user_without_rules_gets_one_email(
    *, important: bool, fake: FakeOnCall, clock: VirtualClock
) -> None:
    """In either list."""
    chain(
        fake,
        persons(user_with(fake, "notify_by_sms", important=not important), important=important),
    )
    fake.add_group()
    minutes(clock, 10)
    assert [(page.how, page.rule) for page in fake.pages] == [("email", None)]


def test_a_new_notification_replaces_the_one_that_runs(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """What was left of its rules never happens."""
    ana = user_with(fake, "notify_by_telegram", 60, "notify_by_phone_call")
    fake.add_personal_notification_rule(ana, "notify_by_mobile_app_critical", important=True)
    chain(fake, persons(ana), persons(ana, important=True))
    fake.add_group()
    minutes(clock, 10)
    assert channels(fake) == [(1, "telegram"), (6, "mobile_app_critical")]


def test_rules_end_with_the_group(fake: FakeOnCall, clock: VirtualClock) -> None:
    """As do those of a deleted one."""
    ana = user_with(fake, "notify_by_telegram", 300, "notify_by_phone_call")
    chain(fake, persons(ana))
    first, second = fake.add_group(), fake.add_group()
    minutes(clock, 1)
    act(fake, first, "acknowledge")
    ask(fake, "DELETE", f"alert_groups/{second.id}/", {"mode": "delete"})
    minutes(clock, 10)
    assert channels(fake) == [(1, "telegram")] * 2


def test_rules_are_those_of_their_time(fake: FakeOnCall, clock: VirtualClock) -> None:
    """One that is added is followed; after one that is deleted nothing is."""
    ana = user_with(fake, 60)
    bob = user_with(fake, 60, "notify_by_email", name="bob")
    chain(fake, persons(ana, bob))
    fake.add_group()
    minutes(clock, 0.5)
    fake.add_personal_notification_rule(ana, "notify_by_telegram")
    rules = fake.objects(FakePersonalNotificationRule).values()
    first = next(rule for rule in rules if rule.user_id == bob.id)
    assert ask(fake, "DELETE", f"personal_notification_rules/{first.id}/").status == 204
    minutes(clock, 10)
    assert channels(fake) == [(66, "telegram")]


def test_no_email_follows_when_the_only_rule_is_deleted_meanwhile(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """That is for users who had no rules from the beginning."""
    chain(fake, persons(user_with(fake, 60)))
    fake.add_group()
    minutes(clock, 0.5)
    (rule,) = fake.objects(FakePersonalNotificationRule)
    assert ask(fake, "DELETE", f"personal_notification_rules/{rule}/").status == 204
    minutes(clock, 10)
    assert fake.pages == []


def test_a_user_who_is_removed_meanwhile_is_not_notified_any_more(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """By a rule, or without rules by an e-mail; others are."""
    ana, bob = user_with(fake, 60, "notify_by_telegram"), user_with(fake, name="bob")
    eve = user_with(fake, "notify_by_telegram", name="eve")
    chain(fake, persons(ana, bob, eve))
    fake.add_group()
    del fake.users[bob.id]
    minutes(clock, 0.5)
    del fake.users[ana.id]
    minutes(clock, 10)
    assert channels(fake) == [(1, "telegram")]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("notify_by_sms", "the phone number is not verified"),
        ("notify_by_phone_call", "the phone number is not verified"),
        ("notify_by_slack", "Slack is not connected"),
        ("notify_by_email", "there is no e-mail address"),
    ],
)
def test_a_user_who_cannot_be_reached_is_in_the_log(
    rule: str, reason: str, fake: FakeOnCall, clock: VirtualClock
) -> None:
    """And the next rule follows."""
    ana = user_with(fake, rule, "notify_by_mobile_app")
    ana.is_phone_number_verified, ana.email = False, None
    chain(fake, persons(ana))
    fake.add_group()
    minutes(clock, 1)
    assert channels(fake) == [(6, "mobile_app")]
    assert failures(fake) == [(rule, reason)]
    ana.is_phone_number_verified, ana.email = True, "ana@example.com"
    ana.slack = {"user_id": "U0", "team_id": "T0"}
    fake.add_group()
    minutes(clock, 1)
    assert [page.how for page in fake.pages[1:]] == [rule.removeprefix("notify_by_"), "mobile_app"]


@pytest.mark.parametrize("role", ["viewer", "none"])
def test_users_without_the_right_to_it_are_not_notified(
    role: Any, fake: FakeOnCall, clock: VirtualClock
) -> None:
    """The log says so."""
    chain(fake, persons(fake.add_user("eve", role=role)))
    fake.add_group()
    minutes(clock, 1)
    assert fake.pages == []
    failed = [each for each in fake.escalation_log if each.event == "failed"]
    assert [(each.user, each.reason) for each in failed] == [
        ("eve", "notification is not allowed for user")
    ]


def test_text_messages_follow_each_other_at_two_minutes(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Those in between go together, without groups that fire no more; other users do not wait."""
    ana, bob = user_with(fake, "notify_by_sms"), user_with(fake, "notify_by_sms", name="bob")
    chain(fake, persons(ana))
    groups = [fake.add_group() for _ in range(3)]
    clock.advance(timedelta(seconds=30))
    page_directly(fake, groups[0], bob)
    act(fake, groups[1], "acknowledge")
    minutes(clock, 10)
    sent = [(seconds(page.at), page.user, page.group) for page in fake.pages]
    first, _, third = (group.id for group in groups)
    assert sent == [(1, "ana", first), (30, "bob", first), (121, "ana", third)]
    fake.add_group()
    minutes(clock, 1)
    assert seconds(fake.pages[-1].at) == 631


def test_who_pages_people_directly_reaches_them_at_once(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """For a new group, or for one that somebody acknowledged; no step is the reason."""
    ana, bob = (
        user_with(fake, "notify_by_telegram"),
        user_with(fake, 60, "notify_by_email", name="bob"),
    )
    page_directly(fake, None, ana)
    group = fake.add_group(state="acknowledged")
    page_directly(fake, group, bob)
    minutes(clock, 10)
    assert paged(fake) == [(0, "ana"), (65, "bob")]
    assert {page.step for page in fake.pages} == {None}


def test_nobody_is_paged_any_more_for_a_resolved_group(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Nor directly."""
    group = fake.add_group()
    page_directly(fake, group, user_with(fake, 60, "notify_by_email"))
    act(fake, group, "resolve")
    minutes(clock, 10)
    assert fake.pages == []


def test_a_paged_team_is_the_matter_of_its_chain(fake: FakeOnCall, clock: VirtualClock) -> None:
    """That of the integration for direct paging, which has the team."""
    team = fake.add_team("SRE")
    chain(fake, persons(user_with(fake, "notify_by_telegram")))
    (source,) = fake.integrations.values()
    source.type, source.team_id = "direct_paging", team
    assert ask(fake, "POST", "escalation/", {"team": team, "title": "Help"}).status == 200
    minutes(clock, 1)
    assert paged(fake) == [(1, "ana")]


def test_a_rule_that_is_not_modelled_raises(fake: FakeOnCall, clock: VirtualClock) -> None:
    """When a test asks for pages, once it has come to it."""
    chain(fake, persons(user_with(fake, 60, "notify_by_pigeon")))
    fake.add_group()
    minutes(clock, 1)
    assert fake.pages == []
    minutes(clock, 1)
    with pytest.raises(NotImplementedError, match="has the type 'notify_by_pigeon'"):
        _ = fake.pages


def test_what_is_saved_goes_on_where_it_was(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Escalations, notifications, bundles of text messages, and turns."""
    ana = user_with(fake, "notify_by_sms", 60, "notify_by_email")
    bob = user_with(fake, "notify_by_telegram", name="bob")
    step = ("notify_person_next_each_time", {"persons": [ana.id, bob.id]})
    chain(fake, step, wait(1), persons(ana), ("repeat_escalation", {}))
    for _ in range(3):
        fake.add_group()
    clock.advance(timedelta(seconds=40))
    loaded = FakeOnCall.from_json(fake.to_json(), clock=clock)
    assert loaded.to_json() == fake.to_json()
    assert loaded.pages == fake.pages != []
    minutes(clock, 30)
    assert len(fake.pages) > 20
    assert loaded.pages == fake.pages
    assert loaded.escalation_log == fake.escalation_log
    assert loaded.to_json() == fake.to_json()
    assert fake.now() == START + timedelta(seconds=40, minutes=30)


def test_however_the_clock_gets_there_the_same_has_happened(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """In one step, in many, and with requests in between."""
    ana, bob = user_with(fake, "notify_by_sms", 60, "notify_by_email"), fake.add_user("bob")
    bob.role = "editor"
    chain(fake, persons(ana), wait(1), persons(bob), ("repeat_escalation", {}))
    group = fake.add_group()
    act(fake, group, "silence", delay=90)
    saved, other_clock = fake.to_json(), VirtualClock()
    other = FakeOnCall.from_json(saved, clock=other_clock)
    minutes(clock, 20)
    for number in range(20 * 60 // 7 + 1):
        other_clock.advance(min(timedelta(seconds=7), clock.now() - other_clock.now()))
        if number % 5 == 0:
            ask(other, "GET", "alert_groups/")
    assert other.pages == fake.pages != []
    assert other.escalation_log == fake.escalation_log
