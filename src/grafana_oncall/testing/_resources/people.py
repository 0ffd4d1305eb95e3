"""Users and teams, which come from Grafana, so the API only reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME, one_of
from grafana_oncall.testing._server.context import Context, Operation
from grafana_oncall.testing._server.responses import FakeResponse, crashed, refused
from grafana_oncall.testing._server.state import FakeTeam, FakeUser, Role
from grafana_oncall.testing._server.world import World

from .calendars import EXPORT_USER_SCHEDULE
from .collection import Collection, show_fields
from .selection import equal

_ROLE = one_of(get_args(Role))
_ROLES = {"0": "admin", "1": "editor", "2": "viewer", "3": "none"}


_PHONE = {"phone_number": None, "phone_number_status": "not_configured"}


def _show_user(world: World, user: FakeUser) -> dict[str, Any]:
    shown = {**show_fields(world, user), **(_PHONE if world.flavour == "cloud" else {})}
    del shown["export_token"], shown["webhook"]
    return shown


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


def current_user(context: Context) -> FakeResponse:
    """Get the user of the token; a service account has none, and the server crashes."""
    if context.grant.service_account:
        raise crashed()
    return USERS.respond(200, context, context.grant.user)


USERS = Collection(
    name="users",
    kind=FakeUser,
    show=_show_user,
    filters=_user_filters,
    page_size=100,
    extra=(
        Operation("get_current_user", "GET", "users/current", "viewer", current_user),
        EXPORT_USER_SCHEDULE,
    ),
)
TEAMS = Collection(name="teams", kind=FakeTeam, filters=equal("name"), has_reset=False)


class AddPeople(Additions):
    """Add users and teams."""

    @explain_keywords
    def add_user(
        self,
        username: str,
        *,
        email: str | None = None,
        role: Role = "viewer",
        timezone: str | None = None,
        teams: Iterable[str] = (),
        id: str | None = None,
    ) -> FakeUser:
        """Return the user with this name, who is added if there is none.

        Without `email`, the address is the name at example.com. `teams` are ids.
        """
        NAME(username=username)
        NAME.or_none(email=email, timezone=timezone, id=id)
        _ROLE(role=role)
        for user in self._world.store(FakeUser).values():
            if user.username == username:
                return user
        user = FakeUser(
            id=id or self._world.ids.new("U"),
            username=username,
            grafana_id=len(self._world.store(FakeUser)) + 1,
            email=email or f"{username}@example.com",
            role=role,
            timezone=timezone,
            teams=[*teams],
        )
        return self._world.add(user)

    @explain_keywords
    def add_team(self, name: str, *, email: str | None = None, id: str | None = None) -> str:
        """Add a team and return its id."""
        NAME(name=name)
        NAME.or_none(email=email, id=id)
        team = FakeTeam(
            id=id or self._world.ids.new("T"),
            name=name,
            grafana_id=len(self._world.store(FakeTeam)) + 1,
            email=email,
        )
        return self._world.add(team).id
