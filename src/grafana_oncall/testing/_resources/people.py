"""Users and teams, which come from Grafana, so the API only reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.responses import FakeResponse, crashed, refused
from grafana_oncall.testing._server.state import FakeTeam, FakeUser
from grafana_oncall.testing._server.world import World

from .collection import Collection

_ROLES = {"0": "admin", "1": "editor", "2": "viewer", "3": "none"}


def _show_user(world: World, user: FakeUser) -> dict[str, Any]:
    phone = {"phone_number": None, "phone_number_status": "not_configured"}
    return {
        "id": user.id,
        "grafana_id": user.grafana_id,
        "email": user.email,
        "slack": user.slack,
        "username": user.username,
        "role": user.role,
        "is_phone_number_verified": False,
        "timezone": user.timezone,
        "teams": user.teams,
        **(phone if world.flavour == "cloud" else {}),
    }


def _user_filters(context: Context) -> Callable[[FakeUser], bool]:
    username, email = context.last("username").casefold(), context.last("email").casefold()
    numbers = context.query.get("roles", [])
    for number in numbers:
        if number not in _ROLES:
            text = f"Select a valid choice. {number} is not one of the available choices."
            raise refused(400, {"roles": [text]})
    roles = [_ROLES[number] for number in numbers]
    return lambda user: (
        (not username or user.username.casefold() == username)
        and (not email or (user.email or "").casefold() == email)
        and (not roles or user.role in roles)
    )


def _show_team(_: World, team: FakeTeam) -> dict[str, Any]:
    return {
        "id": team.id,
        "grafana_id": team.grafana_id,
        "name": team.name,
        "email": team.email,
        "avatar_url": f"/avatar/{team.id}",
    }


def _team_filters(context: Context) -> Callable[[FakeTeam], bool]:
    name = context.last("name")
    return lambda team: not name or team.name == name


USERS = Collection(
    stored=lambda world: world.users, show=_show_user, filters=_user_filters, page_size=100
)
TEAMS = Collection(stored=lambda world: world.teams, show=_show_team, filters=_team_filters)


def current_user(context: Context) -> FakeResponse:
    """Get the user of the token; a service account has none, and the server crashes."""
    if context.grant.service_account:
        raise crashed()
    return USERS.respond(200, context, context.grant.user)
