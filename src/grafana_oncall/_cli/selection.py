"""Which alert groups a command is about: ids, ids on stdin, or a query."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import attrs
from cyclopts import Parameter

from grafana_oncall import AlertGroup, OnCallClient, Pager
from grafana_oncall.errors import InvalidArgument

from .times import moment

STDIN = "@-"
"""What stands for ids on stdin; users write `-`."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Query:
    """Filters; groups must match all of them."""

    state: Annotated[
        Literal["firing", "acknowledged", "resolved", "silenced"] | None,
        Parameter(help="State of the groups."),
    ] = None
    label: Annotated[
        tuple[str, ...], Parameter(help="KEY:VALUE; may be repeated.", negative=())
    ] = ()
    team_id: Annotated[str | None, Parameter(help="Id of the team, or null for none.")] = None
    integration_id: Annotated[str | None, Parameter(help="Id of the integration.")] = None
    route_id: Annotated[str | None, Parameter(help="Id of the route.")] = None
    since: Annotated[
        str | None, Parameter(help="Groups that started from then on, as in '2h ago'.")
    ] = None
    until: Annotated[str | None, Parameter(help="Groups that started until then.")] = None

    @property
    def is_empty(self) -> bool:
        """Whether it selects everything."""
        return self == Query()

    def groups(self, client: OnCallClient) -> Pager[AlertGroup]:
        """Return the list of the groups."""
        return client.alert_groups.list(
            state=self.state,
            labels=list(self.label) or None,
            team_id=self.team_id,
            integration_id=self.integration_id,
            route_id=self.route_id,
            started_at=self._started(datetime.now(UTC)),
        )

    def _started(self, now: datetime) -> tuple[datetime, datetime] | None:
        if self.since is None and self.until is None:
            return None
        first, last = self.since or "2000-01-01T00:00Z", self.until or "now"
        return time_of("--since", first, now), time_of("--until", last, now)


def time_of(option: str, text: str, now: datetime) -> datetime:
    """Return the moment that an option names, in the time zone of this machine."""
    zone = now.astimezone().tzinfo or UTC
    try:
        return moment(text, now=now, zone=zone)
    except ValueError as error:
        raise InvalidArgument(f"{option}: {error}", argument=option) from None


def selection(
    client: OnCallClient, ids: Sequence[str], query: Query
) -> Pager[AlertGroup] | list[str]:
    """Return what a bulk run is to act on: the ids, those on stdin (`-`), or the query."""
    if ids and not query.is_empty:
        raise InvalidArgument("Give ids or filters, not both.", argument="ids")
    if [*ids] == [STDIN]:
        return [word for line in sys.stdin for word in line.split()]
    return [*ids] if ids else query.groups(client)
