"""What a step of an escalation chain does: pure functions of the step and its situation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Literal

import attrs

from grafana_oncall.testing._objects.escalation import FakeEscalationPolicy

FIRST_DELAY = timedelta(seconds=1)
"""From the creation of a group to its first step."""
RESTART_DELAY = timedelta(seconds=10)
"""From the moment when a group fires again to its first step."""
NEXT_DELAY = timedelta(seconds=5)
"""From a step, or a notification rule, to the next one."""
_UNSET_WAIT = timedelta(minutes=5)
_MOST_REPEATS = 5


@attrs.frozen(kw_only=True)
class Situation:
    """What a step needs to know about the server."""

    now: datetime
    people: Sequence[str] = ()
    """Ids of the users whom the step is for, in order."""
    webhook_enabled: bool = False
    alerts_at: Sequence[datetime] = ()
    """When the alerts of the group arrived."""
    repeats: int = 0
    """How often this step has led to the beginning."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What follows from a step."""

    next_at: datetime | None
    """When the next step runs; None if the escalation pauses or ends."""
    then: Literal["go on", "start again", "pause", "resolve"] = "go on"
    people: Sequence[str] = ()
    """Ids of the users to notify."""
    failure: str | None = None
    is_logged: bool = True


class NotModelledError(Exception):
    """The fake does not know what the server would do."""


def outcome(step: FakeEscalationPolicy, situation: Situation) -> Outcome:
    """Return what a step does.

    Raises:
        NotModelledError: The fake has no such type of steps.
    """
    if step.type not in _OUTCOMES:
        raise NotModelledError(f"the step {step.id} has the type {step.type!r}")
    return _OUTCOMES[step.type](step, situation)


def _next(situation: Situation, failure: str | None = None, people: Sequence[str] = ()) -> Outcome:
    return Outcome(next_at=situation.now + NEXT_DELAY, failure=failure, people=people)


def _wait(step: FakeEscalationPolicy, situation: Situation) -> Outcome:
    if step.duration is None:
        return Outcome(next_at=situation.now + _UNSET_WAIT, failure="no duration is set")
    return Outcome(next_at=situation.now + timedelta(seconds=step.duration))


def _notify(step: FakeEscalationPolicy, situation: Situation) -> Outcome:
    missing = _UNSET.get(step.type or "", "")
    if missing and getattr(step, missing) is None:
        return _next(situation, failure=f"{missing} is not set")
    if not situation.people:
        return _next(situation, failure="there is nobody to notify")
    return _next(situation, people=situation.people)


def _notify_next(step: FakeEscalationPolicy, situation: Situation) -> Outcome:
    people = [*situation.people]
    if step.last_notified in people:
        turn = people.index(step.last_notified) + 1
        people = people[turn:] + people[:turn]
    return _notify(step, attrs.evolve(situation, people=people[:1]))


def _trigger_webhook(step: FakeEscalationPolicy, situation: Situation) -> Outcome:
    if step.action_to_trigger is None:
        return _next(situation, failure="action_to_trigger is not set")
    return _next(situation, None if situation.webhook_enabled else "the webhook is disabled")


def _if_time(step: FakeEscalationPolicy, situation: Situation) -> Outcome:
    if step.notify_if_time_from is None or step.notify_if_time_to is None:
        return _next(situation, failure="the times are not set")
    start, end = _time(step.notify_if_time_from), _time(step.notify_if_time_to)
    now = situation.now.astimezone(UTC)
    if _is_within(now.time(), start, end):
        return _next(situation)
    opens = datetime.combine(now.date(), start, tzinfo=UTC)
    return Outcome(next_at=opens if opens > now else opens + timedelta(days=1))


def _time(text: str) -> time:
    return time.fromisoformat(text.removesuffix("Z"))


def _is_within(now: time, start: time, end: time) -> bool:
    """Whether it is from the start until before the end; a window without length is a moment."""
    if start == end:
        return now == start
    if start < end:
        return start <= now < end
    return now >= start or now < end


def _if_alerts(step: FakeEscalationPolicy, situation: Situation) -> Outcome:
    if step.num_alerts_in_window is None or step.num_minutes_in_window is None:
        return _next(situation, failure="the window is not set")
    since = max(situation.alerts_at, default=situation.now) - timedelta(
        minutes=step.num_minutes_in_window
    )
    if sum(moment >= since for moment in situation.alerts_at) > step.num_alerts_in_window:
        return _next(situation)
    return Outcome(next_at=None, then="pause")


def _repeat(_: FakeEscalationPolicy, situation: Situation) -> Outcome:
    following = _next(situation)
    if situation.repeats < _MOST_REPEATS:
        return attrs.evolve(following, then="start again")
    return attrs.evolve(following, is_logged=False)


def _resolve(_: FakeEscalationPolicy, __: Situation) -> Outcome:
    return Outcome(next_at=None, then="resolve")


def _declare_incident(_: FakeEscalationPolicy, situation: Situation) -> Outcome:
    return _next(situation)


def _unset(_: FakeEscalationPolicy, situation: Situation) -> Outcome:
    return _next(situation, failure="the step has no type")


_UNSET = {
    "notify_on_call_from_schedule": "notify_on_call_from_schedule",
    "notify_team_members": "team_to_notify",
    "notify_user_group": "group_to_notify",
}
"""What a type of steps needs besides people."""
_OUTCOMES: Mapping[str | None, Callable[[FakeEscalationPolicy, Situation], Outcome]] = {
    None: _unset,
    "wait": _wait,
    "notify_persons": _notify,
    "notify_person_next_each_time": _notify_next,
    "notify_on_call_from_schedule": _notify,
    "notify_team_members": _notify,
    "notify_user_group": _notify,
    "notify_whole_channel": _notify,
    "trigger_webhook": _trigger_webhook,
    "notify_if_time_from_to": _if_time,
    "notify_if_num_alerts_in_window": _if_alerts,
    "repeat_escalation": _repeat,
    "resolve": _resolve,
    "declare_incident": _declare_incident,
}
