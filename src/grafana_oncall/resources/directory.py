"""The directory: the people, teams and integrations that ids stand for, read by pages and kept.

directory = client.directory
whose = await directory.of(group)
print(whose.integration.name, whose.acknowledged_by.username)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Final, Generic, TypeVar

import attrs

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._core.types import HasId
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._generated.models.integrations import Integration
from grafana_oncall._generated.models.teams import Team
from grafana_oncall._generated.models.users import User
from grafana_oncall._generated.resources.integrations import Integrations
from grafana_oncall._generated.resources.teams import Teams
from grafana_oncall._generated.resources.users import Users
from grafana_oncall._listing.pager import Pager
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import function, of_type, seconds

T = TypeVar("T", bound=HasId)

MAX_AGE: Final = timedelta(minutes=10)
_UNKNOWN_AGE: Final = 60.0
"""Seconds for which an id that is not in the list is taken for unknown."""


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


@attrs.frozen(kw_only=True)
class Whose(Serializable):
    """Whom an alert group belongs to, and who acted on it; None for no one, or no longer there."""

    integration: Integration | None
    """The source of its alerts."""
    team: Team | None
    """The team that owns it."""
    acknowledged_by: User | None
    """The user who acknowledged it."""
    resolved_by: User | None
    """The user who resolved it."""


class Directory(ShortTracebacks):
    """Users, teams and integrations by id.

    Each list is read when it is first needed, by pages, and kept for `max_age`. An id that it does
    not have makes it be read again, at most once a minute, since it may be new. Tasks that need a
    list at the same time share one reading.
    """

    def __init__(
        self,
        session: Session,
        *,
        max_age: timedelta | float = MAX_AGE,
        clock: Callable[[], float] = _loop_time,
    ) -> None:
        age = seconds("max_age", max_age)
        self._session = session
        self._users = _Shelf(Users(session).list, age, clock)
        self._teams = _Shelf(Teams(session).list, age, clock)
        self._integrations = _Shelf(Integrations(session).list, age, clock)

    def with_options(
        self,
        *,
        max_age: timedelta | float = MAX_AGE,
        clock: Callable[[], float] = _loop_time,
    ) -> Directory:
        """Return an empty directory that keeps what it reads for another time.

        Args:
            max_age: How long, as a timedelta or in seconds.
            clock: Returns the time in seconds; by default, the event loop's.
        """
        return Directory(self._session, max_age=max_age, clock=function("clock", clock))

    async def users(self, user_ids: Collection[str]) -> Mapping[str, User]:
        """Return those of these users that exist, by id."""
        return await self._users.get(user_ids)

    async def user(self, user_id: str) -> User | None:
        """Return a user; None if there is none with this id."""
        return (await self._users.get([user_id])).get(user_id)

    async def team(self, team_id: str) -> Team | None:
        """Return a team; None if there is none with this id."""
        return (await self._teams.get([team_id])).get(team_id)

    async def integration(self, integration_id: str) -> Integration | None:
        """Return an integration; None if there is none with this id."""
        return (await self._integrations.get([integration_id])).get(integration_id)

    async def of(self, group: AlertGroup) -> Whose:
        """Return the people, the team and the integration that a group names by their ids."""
        of_type("group", group, AlertGroup)
        people = [each for each in (group.acknowledged_by, group.resolved_by) if each is not None]
        users = await self._users.get(people)
        return Whose(
            integration=await self.integration(group.integration_id),
            team=None if group.team_id is None else await self.team(group.team_id),
            acknowledged_by=users.get(group.acknowledged_by or ""),
            resolved_by=users.get(group.resolved_by or ""),
        )

    async def names(self, group: AlertGroup) -> dict[str, str | None]:
        """Return what `of` returns as names, for a message or a row of a table.

        The keys are `integration`, `team`, `acknowledged_by` and `resolved_by`. The name of a user
        is the username, and the id of an object that is no longer there stands for its name; None
        is for no one.
        """
        whose = await self.of(group)
        names = {
            "integration": whose.integration and whose.integration.name,
            "team": whose.team and whose.team.name,
            "acknowledged_by": whose.acknowledged_by and whose.acknowledged_by.username,
            "resolved_by": whose.resolved_by and whose.resolved_by.username,
        }
        ids = {
            "integration": group.integration_id,
            "team": group.team_id,
            "acknowledged_by": group.acknowledged_by,
            "resolved_by": group.resolved_by,
        }
        return {member: name or ids[member] for member, name in names.items()}


class _Shelf(Generic[T]):
    """The objects of one list."""

    def __init__(
        self, listed: Callable[[], Pager[T]], max_age: float, clock: Callable[[], float]
    ) -> None:
        self._list = listed
        self._max_age = max_age
        self._clock = clock
        self._items: dict[str, T] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def get(self, ids: Collection[str]) -> dict[str, T]:
        """Return those of these objects that exist."""
        if ids:
            async with self._reading:
                if self._is_due(ids):
                    await self._read()
        return {each: self._items[each] for each in ids if each in self._items}

    def _is_due(self, ids: Collection[str]) -> bool:
        if self._read_at is None:
            return True
        is_known = all(each in self._items for each in ids)
        longest = self._max_age if is_known else min(self._max_age, _UNKNOWN_AGE)
        return self._clock() - self._read_at >= longest

    async def _read(self) -> None:
        started = self._clock()
        self._items = {item.id: item for item in await self._list().collect()}
        self._read_at = started
