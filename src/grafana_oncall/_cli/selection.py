"""What a command is about: objects by id or name, ids on stdin, or filters."""

import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeAlias, TypedDict, TypeVar

import attrs
from cyclopts import Group, Parameter

from grafana_oncall import NO_TEAM, AlertGroup, OnCallClient, Pager
from grafana_oncall.errors import InvalidArgument, NotFound
from grafana_oncall.models import Integration, Team, User

from .times import moment, past, past_start

T = TypeVar("T")

STDIN: Final = "@-"
"""What stands for ids on stdin; users write `-`."""
_ID: Final = re.compile(r"[A-Z][A-Z0-9]{11,19}")
_FILTERS = Group("Filters", "A group must match all of them.", sort_key=10)

Ids: TypeAlias = Annotated[str, Parameter(help="Ids, or - to read them from stdin, one a line.")]
Labels: TypeAlias = Annotated[
    tuple[str, ...], Parameter(help="KEY:VALUE; may be repeated.", metavar="LABEL")
]
TeamFilter: TypeAlias = Annotated[
    str | None, Parameter(help="Id or exact name of the team; null for none.", metavar="TEAM")
]


class Filters(TypedDict):
    """The arguments of the library that both lists and watches take."""

    labels: list[str] | None
    team_id: str | None
    integration_id: str | None
    route_id: str | None


@Parameter(name="*", group=_FILTERS)
@attrs.frozen(kw_only=True)
class Scope:
    """Filters of what is watched; groups must match all of them."""

    label: Labels = ()
    team: TeamFilter = None
    integration: Annotated[
        str | None, Parameter(help="Id or exact name of the integration.", metavar="INTEGRATION")
    ] = None
    route: Annotated[
        str | None, Parameter(help="Id of the route, which has no name.", metavar="ROUTE")
    ] = None

    async def filters(self, client: OnCallClient) -> Filters:
        """Return the arguments of the library, after looking up names."""
        return {
            "labels": list(self.label) or None,
            "team_id": await team_id(client, self.team),
            "integration_id": await integration_id(client, self.integration),
            "route_id": self.route,
        }


@Parameter(name="*", group=_FILTERS)
@attrs.frozen(kw_only=True)
class Query(Scope):
    """Filters of lists; groups must match all of them."""

    state: Annotated[
        Literal["firing", "acknowledged", "resolved", "silenced"] | None,
        Parameter(help="State of the groups."),
    ] = None
    since: Annotated[
        str | None,
        Parameter(
            help="Groups that started from then on: 2h, yesterday, 9:00, 2026-03-02T09:00Z.",
            metavar="TIME",
        ),
    ] = None
    until: Annotated[
        str | None, Parameter(help="Groups that started until then.", metavar="TIME")
    ] = None

    @property
    def is_empty(self) -> bool:
        """Whether it selects everything."""
        return self == Query()

    async def groups(self, client: OnCallClient) -> Pager[AlertGroup]:
        """Return the list of the groups, after looking up names."""
        started_at = self._started(datetime.now(UTC))
        return client.alert_groups.list(
            state=self.state, started_at=started_at, **await self.filters(client)
        )

    def _started(self, now: datetime) -> tuple[datetime, datetime] | None:
        if self.since is None and self.until is None:
            return None
        first, last = self.since or "2000-01-01T00:00Z", self.until or "now"
        return (
            time_of("--since", first, now, past_start),
            time_of("--until", last, now, past),
        )


def time_of(
    option: str, text: str, now: datetime, read: Callable[..., datetime] = moment
) -> datetime:
    """Return the moment that an option names, in the time zone of this machine."""
    try:
        return read(text, now=now, zone=None)
    except ValueError as error:
        raise InvalidArgument(f"{option}: {error}", argument=option) from None


async def selection(
    client: OnCallClient, ids: Sequence[str], query: Query
) -> Pager[AlertGroup] | list[str]:
    """Return what a command is to act on: the ids, those on stdin (`-`), or the query."""
    if ids and not query.is_empty:
        raise InvalidArgument("Give ids or filters, not both.", argument="ids")
    if [*ids] == [STDIN]:
        return _ids_on_stdin()
    return [*ids] if ids else await query.groups(client)


def _ids_on_stdin() -> list[str]:
    """Return the first columns of the lines: what `groups list` prints can be read again."""
    try:
        return [line.split()[0] for line in sys.stdin if line.strip()]
    except UnicodeDecodeError:
        raise InvalidArgument("stdin: ids are needed, one a line.", argument="ids") from None


async def groups_of(
    client: OnCallClient, ids: Sequence[str], query: Query
) -> AsyncIterator[AlertGroup]:
    """Yield the selected groups."""
    selected = await selection(client, ids, query)
    if isinstance(selected, Pager):
        async for group in selected:
            yield group
        return
    for each in selected:
        yield await client.alert_groups.get(each)


async def team(client: OnCallClient, text: str) -> Team:
    """Return the team with this id or exact name."""
    return await _one(text, client.teams.get, client.teams.by_name)


async def integration(client: OnCallClient, text: str) -> Integration:
    """Return the integration with this id or exact name."""
    return await _one(text, client.integrations.get, client.integrations.by_name)


async def user(client: OnCallClient, text: str) -> User:
    """Return the user with this id, e-mail address or username."""
    by = client.users.by_email if "@" in text else client.users.by_username
    return await _one(text, client.users.get, by)


async def team_id(client: OnCallClient, text: str | None) -> str | None:
    """Return the id of a team for a filter."""
    return text if text is None or text == NO_TEAM else (await team(client, text)).id


async def integration_id(client: OnCallClient, text: str | None) -> str | None:
    """Return the id of an integration for a filter."""
    return None if text is None else (await integration(client, text)).id


async def _one(
    text: str, get: Callable[[str], Awaitable[T]], named: Callable[[str], Awaitable[T]]
) -> T:
    """Return an object by its id or by its name; the error of a name has similar ones."""
    if _ID.fullmatch(text):
        with suppress(NotFound):  # so it is a name that looks like an id
            return await get(text)
    return await named(text)
