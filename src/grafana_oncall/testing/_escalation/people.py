"""Whom a step of an escalation chain is for, at a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import attrs

from grafana_oncall.testing._objects.chat import FakeSlackChannel, FakeUserGroup
from grafana_oncall.testing._objects.escalation import FakeEscalationPolicy
from grafana_oncall.testing._objects.routes import FakeRoute
from grafana_oncall.testing._objects.schedules import FakeSchedule
from grafana_oncall.testing._resources.swapping import on_call_at
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeUser
from grafana_oncall.testing._server.world import World

from .steps import NotModelledError


@attrs.frozen(kw_only=True)
class Asked:
    """A step of a group's escalation, at a moment."""

    world: World
    step: FakeEscalationPolicy
    group: FakeAlertGroup
    now: datetime


def people(asked: Asked) -> Sequence[str]:
    """Return the ids of the users whom a step is for.

    Raises:
        NotModelledError: The fake cannot know.
    """
    find = _PEOPLE.get(asked.step.type or "")
    found = () if find is None else find(asked)
    return [user for user in found if user in asked.world.store(FakeUser)]


def route_settings(world: World, group: FakeAlertGroup) -> Mapping[str, Any]:
    """Return what the route of a group says; nothing if the route has been deleted."""
    route = world.store(FakeRoute).get(group.route_id or "")
    default = group.integration.default_route
    if route is not None:
        return route.settings
    return default if default["id"] == group.route_id else {}


def _named(asked: Asked) -> Sequence[str]:
    return asked.step.persons


def _by_username(asked: Asked) -> Sequence[str]:
    users = asked.world.store(FakeUser)
    known = [users[user] for user in asked.step.persons if user in users]
    return [user.id for user in sorted(known, key=attrgetter("username"))]


def _on_call(asked: Asked) -> Sequence[str]:
    schedule = asked.world.store(FakeSchedule).get(asked.step.notify_on_call_from_schedule or "")
    if schedule is None:
        return ()
    if _has_calendar(schedule) and not (schedule.on_call or schedule.spans):
        raise NotModelledError(
            f"who is on call in the schedule {schedule.name!r} is not worked out from its "
            "calendars: set its on_call or spans"
        )
    return on_call_at(asked.world, schedule, asked.now)


def _has_calendar(schedule: FakeSchedule) -> bool:
    """Whether the server reads a calendar, which the fake does not."""
    is_read = schedule.type == "calendar" and not schedule.enable_web_overrides
    return schedule.type == "ical" or (is_read and schedule.ical_url_overrides is not None)


def _team(asked: Asked) -> Sequence[str]:
    users = asked.world.store(FakeUser).values()
    return [user.id for user in users if asked.step.team_to_notify in user.teams]


def _user_group(asked: Asked) -> Sequence[str]:
    group = asked.world.store(FakeUserGroup).get(asked.step.group_to_notify or "")
    return () if group is None else _members(group)


def _channel(asked: Asked) -> Sequence[str]:
    slack: Mapping[str, Any] = route_settings(asked.world, asked.group).get("slack", {})
    channels = asked.world.store(FakeSlackChannel).values()
    found = next((each for each in channels if each.slack_id == slack.get("channel_id")), None)
    return () if found is None else _members(found)


def _members(item: FakeUserGroup | FakeSlackChannel) -> Sequence[str]:
    if item.members is None:
        raise NotModelledError(f"nobody said who is in {item.name!r} of Slack: set its members")
    return item.members


_PEOPLE: Mapping[str, Callable[[Asked], Sequence[str]]] = {
    "notify_persons": _named,
    "notify_person_next_each_time": _by_username,
    "notify_on_call_from_schedule": _on_call,
    "notify_team_members": _team,
    "notify_user_group": _user_group,
    "notify_whole_channel": _channel,
}
