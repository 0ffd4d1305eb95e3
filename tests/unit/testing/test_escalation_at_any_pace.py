"""Whatever chain and actions there are, what happens does not depend on who looks how often."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall.testing import FakeEscalationPolicy, FakeOnCall, FakeUser, VirtualClock
from tests.support.budget import budget
from tests.support.fake_requests import ask

WINDOW = {"notify_if_time_from": "09:33:00Z", "notify_if_time_to": "10:00:00Z"}
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("wait", {"duration": 60}),
    ("wait", {"duration": 77}),
    ("notify_persons", {"persons": ["U1", "U2"]}),
    ("notify_persons", {"persons": ["U1"], "important": True}),
    ("notify_person_next_each_time", {"persons": ["U1", "U2"]}),
    (
        "notify_if_time_from_to",
        {"notify_if_time_from": "09:33:00Z", "notify_if_time_to": "10:00:00Z"},
    ),
    ("repeat_escalation", {}),
    ("resolve", {}),
    ("notify_team_members", {}),
]
ACTIONS = ["acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence"]
END = timedelta(minutes=20)

steps = st.lists(st.sampled_from(STEPS), min_size=1, max_size=6)
actions = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from(ACTIONS), st.integers(0, 1)), max_size=6
).map(sorted)


@attrs.frozen
class Town:
    """A server with two groups, that escalate by one chain."""

    fake: FakeOnCall
    clock: VirtualClock
    groups: list[str]

    @classmethod
    def of(cls, chain: list[tuple[str, dict[str, Any]]]) -> Town:
        """The same server for the same steps."""
        clock = VirtualClock()
        fake = FakeOnCall(clock=clock)
        for name in ("ana", "bob"):
            _add_rules(fake, fake.add_user(name, role="editor", id=f"U{len(fake.users)}"))
        made = fake.add_escalation_chain("SRE")
        for kind, members in chain:
            fake.add_escalation_policy(made, kind, **members)
        fake.add_integration().default_route["escalation_chain_id"] = made.id
        return cls(fake, clock, [fake.add_group().id, fake.add_group().id])

    def play(self, script: list[tuple[int, str, int]], pace: timedelta) -> None:
        """Do each action at its second, with steps of the clock of at most this pace."""
        began = self.clock.now()
        for second, action, number in script:
            self.go_to(began + timedelta(seconds=second), pace)
            path = f"alert_groups/{self.groups[number]}/{action}/"
            ask(self.fake, "POST", path, {"delay": 95})
        self.go_to(began + END, pace)

    def go_to(self, moment: datetime, pace: timedelta) -> None:
        """Move the clock there."""
        while self.clock.now() < moment:
            self.clock.advance(min(pace, moment - self.clock.now()))


def _add_rules(fake: FakeOnCall, user: FakeUser) -> None:
    user.is_phone_number_verified = True
    fake.add_personal_notification_rule(user, "notify_by_sms")
    fake.add_personal_notification_rule(user, "wait", duration=60)
    fake.add_personal_notification_rule(user, "notify_by_phone_call")
    fake.add_personal_notification_rule(user, "notify_by_mobile_app_critical", important=True)


@settings(max_examples=budget(25, hunt=2000), deadline=None)
@given(steps, actions, st.integers(1, 400))
def test_the_same_happens_in_one_step_of_the_clock_and_in_many(
    chain: list[tuple[str, dict[str, Any]]], script: list[tuple[int, str, int]], pace: int
) -> None:
    """The saved states are equal, and so pages, log, and what is still to come."""
    once, often = Town.of(chain), Town.of(chain)
    once.play(script, END)
    often.play(script, timedelta(seconds=pace))
    assert often.fake.to_json() == once.fake.to_json()
    assert [page.at for page in once.fake.pages] == sorted(page.at for page in once.fake.pages)


@settings(max_examples=budget(25, hunt=2000), deadline=None)
@given(steps, actions)
def test_nobody_is_paged_for_a_group_that_does_not_fire(
    chain: list[tuple[str, dict[str, Any]]], script: list[tuple[int, str, int]]
) -> None:
    """At no second of the script."""
    town = Town.of(chain)
    known = {each.id for each in town.fake.objects(FakeEscalationPolicy).values()}
    seen, second, began = 0, timedelta(seconds=1), town.clock.now()
    waiting = [*script]
    while town.clock.now() < began + END:
        states = {group: town.fake.group(group).state for group in town.groups}
        town.clock.advance(second)
        for page in town.fake.pages[seen:]:
            assert states[page.group] == "firing"
            assert page.step in known
        seen = len(town.fake.pages)
        while waiting and began + timedelta(seconds=waiting[0][0]) <= town.clock.now():
            _, action, number = waiting.pop(0)
            ask(town.fake, "POST", f"alert_groups/{town.groups[number]}/{action}/", {"delay": 95})
