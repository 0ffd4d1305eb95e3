"""Direct paging, and the notifications of phones."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import attrs

from grafana_oncall.testing._escalation.notifying import Reason, notify
from grafana_oncall.testing._server.context import Context, Operation
from grafana_oncall.testing._server.fields import (
    Check,
    FieldError,
    as_bool,
    as_list,
    as_text,
    checked,
    collect,
    is_mapping,
    nullable,
    team,
    text,
)
from grafana_oncall.testing._server.rate_limit import Quota
from grafana_oncall.testing._server.responses import (
    FakeResponse,
    detail,
    json_response,
    refused,
    text_response,
)
from grafana_oncall.testing._server.state import (
    FakeAlertGroup,
    FakeIntegration,
    FakeTeam,
    FakeUser,
)
from grafana_oncall.testing._server.world import World

from .alert_groups import show_everything

_URL = re.compile(
    r"(?:https?|ftps?)://(?:localhost|\[[0-9a-f:]+\]|[^/\s.]+(?:\.[^/\s.]+)+)(?:[:/?#]\S*)?"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_NEWS = ("title", "message", "source_url")


def _checks(world: World) -> dict[str, Check]:
    return {
        "title": as_text,
        "message": nullable(as_text),
        "source_url": nullable(_as_url),
        "users": partial(_as_users, world),
        "team": team(world.store(FakeTeam)),
        "important_team_escalation": as_bool,
        "alert_group_id": as_text,
    }


def _as_url(value: Any) -> str:
    if not _URL.fullmatch(as_text(value)):
        raise FieldError("Enter a valid URL.")
    return str(value)


def _as_users(world: World, value: Any) -> list[_Paged]:
    found = [_as_user(world, each) for each in as_list(value)]
    if any(isinstance(each, dict) for each in found):
        raise _Faults([each if isinstance(each, dict) else {} for each in found])
    return [each for each in found if isinstance(each, _Paged)]


@attrs.frozen
class _Paged:
    """A user who is paged, and by which rules."""

    user: FakeUser
    important: bool


class _Faults(FieldError):
    """What is wrong with each of a list; an empty object is nothing."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__({})
        self.errors = errors


def _as_user(world: World, value: Any) -> _Paged | dict[str, Any]:
    """Return a user, or what is wrong with the reference to one."""
    if not is_mapping(value):
        text = f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
        return {"non_field_errors": [text]}
    by = "username" if world.flavour == "cloud" and "username" in value else "id"
    given, errors = collect({by: as_text, "important": as_bool}, value)
    missing = {name: ["This field is required."] for name in (by, "important") if name not in value}
    if errors or missing:
        return {**errors, **missing}
    known = {getattr(user, by): user for user in world.store(FakeUser).values()}
    if given[by] not in known:
        return {"non_field_errors": [f"User {given[by]} does not exist"]}
    return _Paged(known[given[by]], given["important"])


def page_people(context: Context) -> FakeResponse:
    """Page users or a team, for a new group or for one that there is."""
    given, world = checked(_checks(context.world), context.data()), context.world
    users, team_id, group_id = given.get("users"), given.get("team"), given.get("alert_group_id")
    if group_id and any(given.get(name) for name in _NEWS):
        text = "alert_group_id and (title, message, source_url) are mutually exclusive"
        raise refused(400, {"non_field_errors": [text]})
    if users and team_id:
        raise refused(400, {"non_field_errors": ["users and team are mutually exclusive"]})
    group = world.groups.get(group_id) if group_id else None
    if group_id and group is None:
        raise refused(400, {"non_field_errors": [f"Alert group {group_id} does not exist"]})
    if not (users or team_id):
        raise detail(400, "No team or user(s) specified")
    if group is not None and group.resolved_at is not None:
        raise detail(400, "Cannot add responders for a resolved alert group")
    paged = group or _new_group(context, given)
    for each in users or ():
        notify(world, each.user.id, Reason(group=paged, important=each.important), context.now)
    return text_response(200, show_everything(world, paged))


def _new_group(context: Context, given: dict[str, Any]) -> FakeAlertGroup:
    world = context.world
    users: list[_Paged] = given.get("users") or []
    team = world.store(FakeTeam).get(given.get("team") or "")
    paged = f"{team.name} team" if team else ", ".join(each.user.username for each in users)
    sender = context.grant.user.username
    group = world.new_group(source=_source(world, team), started_at=context.now)
    group.title = given.get("title") or f"{sender} is paging {paged} to join escalation"
    group.payload = {
        "oncall": {
            "title": group.title,
            "message": given.get("message"),
            "permalink": given.get("source_url"),
            "author_username": sender,
            "important": given.get("important_team_escalation", False),
        }
    }
    return world.open_group(group)


def _source(world: World, team: FakeTeam | None) -> FakeIntegration:
    """Return the integration for what is paged to a team; it is made when it is first needed."""
    team_id = team and team.id
    for known in world.store(FakeIntegration).values():
        if (known.type, known.team_id) == ("direct_paging", team_id):
            return known
    name = f"Direct paging ({team.name if team else 'No'} team)"
    return world.add(world.new_integration(type="direct_paging", name=name, team_id=team_id))


def _as_email(value: Any) -> str:
    if not _EMAIL.fullmatch(as_text(value)):
        raise FieldError("Enter a valid email address.")
    return str(value)


def notify_phone(unverified: FakeResponse, context: Context) -> FakeResponse:
    """Reach the phone of a user; without a verified number there is a refusal."""
    names = ("email", "message")
    given = checked({"email": _as_email, "message": text(1024)}, context.data(), names)
    for user in context.world.store(FakeUser).values():
        if user.email == given["email"]:
            return json_response(200, {}) if user.is_phone_number_verified else unverified
    return _NO_USER


_NO_USER = json_response(404, {"error": "user-not-found"})
_NO_NUMBER = json_response(400, {"error": "number-not-verified"})


def _phone(name: str, unverified: FakeResponse) -> Operation:
    return Operation(
        *(name, "POST", name, "none", partial(notify_phone, unverified)),
        needs_user=True,
        is_plain=True,
        quota=Quota("phone", requests=60),
        has_reset=False,
    )


OPERATIONS = (
    Operation(
        *("page_people", "POST", "escalation", "editor", page_people),
        needs_user=True,
        has_reset=False,
    ),
    _phone("make_call", _NO_NUMBER),
    _phone("send_sms", _NO_USER),
)
