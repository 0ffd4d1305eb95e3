"""Users and teams, which come from Grafana, so the API only reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.responses import FakeResponse, crashed, refused
from grafana_oncall.testing._server.state import FakeTeam, FakeUser
from grafana_oncall.testing._server.world import World

from .collection import Collection, equal, show_fields

_ROLES = {"0": "admin", "1": "editor", "2": "viewer", "3": "none"}


_PHONE = {"phone_number": None, "phone_number_status": "not_configured"}


def _show_user(world: World, user: FakeUser) -> dict[str, Any]:
    return {**show_fields(world, user), **(_PHONE if world.flavour == "cloud" else {})}


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


USERS = Collection(
    name="users", kind=FakeUser, show=_show_user, filters=_user_filters, page_size=100
)
TEAMS = Collection(name="teams", kind=FakeTeam, filters=equal("name"))


def current_user(context: Context) -> FakeResponse:
    """Get the user of the token; a service account has none, and the server crashes."""
    if context.grant.service_account:
        raise crashed()
    return USERS.respond(200, context, context.grant.user)
