"""The escalation of alert groups: when it starts, and its steps at their times.

Nothing stops it in between: at each step, it ends if the group does not fire. A group that fires
again before that has begun a new escalation, instead of the old one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Literal

import attrs

from grafana_oncall.testing._objects.escalation import FakeEscalationPolicy
from grafana_oncall.testing._objects.pages import EscalationRecord, EscalationRun
from grafana_oncall.testing._objects.webhooks import FakeWebhook
from grafana_oncall.testing._resources.actions import ActionContext, perform
from grafana_oncall.testing._resources.alerts import alert_times
from grafana_oncall.testing._server.agenda import Name
from grafana_oncall.testing._server.state import FakeAlertGroup, GroupEvent, GroupEventType, keep
from grafana_oncall.testing._server.world import World

from .notifying import NOTIFY, SEND_SMS, Reason, notify, send_waiting, take_rule
from .people import Asked, people, route_settings
from .steps import (
    FIRST_DELAY,
    RESTART_DELAY,
    NotModelledError,
    Outcome,
    Situation,
    outcome,
)

_STEP = "escalation step"
_CHANNEL_PACE = timedelta(seconds=1)
_STARTS: dict[GroupEventType, timedelta] = {
    "alert group created": FIRST_DELAY,
    "unacknowledge": RESTART_DELAY,
    "unresolve": RESTART_DELAY,
    "unsilence": RESTART_DELAY,
}


def attach(world: World) -> None:
    """Let the groups of a server escalate."""
    world.subscribers.append(_follow)
    world.due_actions |= {_STEP: _take_step, NOTIFY: take_rule, SEND_SMS: send_waiting}


def _follow(world: World, event: GroupEvent) -> None:
    """Start or resume the escalation of a group; what stops it is seen at its next step."""
    if event.type in _STARTS:
        _start(world, event.group, event.at + _STARTS[event.type])
    elif event.type == "alert added":
        _resume(world, event.group.id, event.at + FIRST_DELAY)
    elif event.type == "delete":
        _stop(world, event.group.id)
        world.store(EscalationRun).pop(event.group.id, None)


def _start(world: World, group: FakeAlertGroup, at: datetime) -> None:
    _stop(world, group.id)
    chain_id = route_settings(world, group).get("escalation_chain_id")
    if chain_id is None or not _may_escalate(group):
        return
    steps = [each for each in _policies(world) if each.escalation_chain_id == chain_id]
    copies = [attrs.evolve(step, persons=[*step.persons]) for step in steps]
    world.add(EscalationRun(id=group.id, steps=copies))
    world.agenda.put((_STEP, group.id), at)


def _policies(world: World) -> list[FakeEscalationPolicy]:
    return sorted(world.store(FakeEscalationPolicy).values(), key=attrgetter("position"))


def _may_escalate(group: FakeAlertGroup) -> bool:
    is_in_maintenance = group.maintenance or group.integration.maintenance_mode is not None
    return group.state == "firing" and group.root is None and not is_in_maintenance


def _stop(world: World, group_id: str) -> None:
    """Take no further step; webhooks go on showing whom the run was for."""
    if (run := world.store(EscalationRun).get(group_id)) is not None:
        run.is_paused = False
    world.agenda.drop((_STEP, group_id))


def _resume(world: World, group_id: str, at: datetime) -> None:
    """Ask a step that waits for more alerts again."""
    run = world.store(EscalationRun).get(group_id)
    if run is not None and run.is_paused:
        world.agenda.put((_STEP, group_id), at)


def _take_step(world: World, name: Name, at: datetime) -> None:
    run, group = world.store(EscalationRun)[name[1]], world.groups.get(name[1])
    if group is None or group.state != "firing" or group.root is not None:
        _stop(world, run.id)
    elif run.place == len(run.steps):
        _stop(world, run.id)
        keep(world.paging.log, EscalationRecord(event="finished", at=at, group=group.id))
    else:
        _run_step(Asked(world=world, step=run.steps[run.place], group=group, now=at), run)


def _run_step(asked: Asked, run: EscalationRun) -> None:
    try:
        result = outcome(asked.step, _situation(asked, run))
    except NotModelledError as error:
        keep(asked.world.paging.unmodelled, f"{error} (alert group {run.id})")
        _stop(asked.world, run.id)
        return
    if result.is_logged and not run.is_paused:
        _log(asked, result)
    _notify_all(asked, result)
    _proceed(asked, run, result)


def _situation(asked: Asked, run: EscalationRun) -> Situation:
    webhook = asked.world.store(FakeWebhook).get(asked.step.action_to_trigger or "")
    return Situation(
        now=asked.now,
        people=people(asked),
        webhook_enabled=webhook is not None and bool(webhook.is_webhook_enabled),
        alerts_at=alert_times(asked.group),
        repeats=run.repeats.get(asked.step.id, 0),
    )


def _log(asked: Asked, result: Outcome) -> None:
    event: Literal["triggered", "failed"] = "failed" if result.failure else "triggered"
    keep(
        asked.world.paging.log,
        EscalationRecord(
            event=event,
            at=asked.now,
            group=asked.group.id,
            type=asked.step.type,
            reason=result.failure,
            step=asked.step.id,
        ),
    )


def _notify_all(asked: Asked, result: Outcome) -> None:
    pace = _CHANNEL_PACE if asked.step.type == "notify_whole_channel" else timedelta(0)
    reason = Reason(group=asked.group, important=asked.step.important, step=asked.step.id)
    for number, user_id in enumerate(result.people):
        notify(asked.world, user_id, reason, asked.now + number * pace)
    if asked.step.type == "notify_person_next_each_time" and result.people:
        kept = asked.world.store(FakeEscalationPolicy).get(asked.step.id, asked.step)
        kept.last_notified = asked.step.last_notified = result.people[0]
    if asked.step.type == "trigger_webhook" and not result.failure:
        webhook = asked.step.action_to_trigger
        asked.world.publish(
            GroupEvent(type="escalation", group=asked.group, at=asked.now, webhook=webhook)
        )


def _proceed(asked: Asked, run: EscalationRun, result: Outcome) -> None:
    run.is_paused = result.then == "pause"
    if result.then == "resolve":
        perform(asked.world, "resolve", asked.group, ActionContext(by=None, at=asked.now))
    elif result.then == "start again":
        run.repeats[asked.step.id] = run.repeats.get(asked.step.id, 0) + 1
        run.place = 0
    elif result.then == "go on":
        run.place += 1
    if result.next_at is not None:
        asked.world.agenda.put((_STEP, run.id), result.next_at)
