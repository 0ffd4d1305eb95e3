"""The seven filters of the list of alert groups, quirks included."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from attrs import frozen

from grafana_oncall.testing._answers import detail, refused
from grafana_oncall.testing._context import Context
from grafana_oncall.testing._register import Entry, age
from grafana_oncall.testing._state import FakeAlertGroup, State

_STATES: dict[str, State] = {
    "new": "firing",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "silenced": "silenced",
}
_FORMAT = "%Y-%m-%dT%H:%M:%S"
_LOOK_BACK = timedelta(days=30)


@frozen
class Chosen:
    """The five filters on what a group is; those on when and which are applied to their result."""

    state: State | None
    labels: frozenset[tuple[str, str]]
    team: tuple[str | None, ...]
    """The one team, as a tuple: empty for any."""
    route_id: str
    integration_id: str

    def admits(self, group: FakeAlertGroup) -> bool:
        """Whether this group passes all five."""
        return (
            (self.state is None or group.state == self.state)
            and (not self.labels or self.labels.issubset(group.labels))
            and (not self.team or group.team_id in self.team)
            and self.route_id in {"", group.route_id}
            and self.integration_id in {"", group.integration_id}
        )


@frozen
class Span:
    """Part of a list of entries. It is not copied: a list is long, a page of it is not."""

    entries: Sequence[Entry]
    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first

    def __getitem__(self, part: slice) -> list[FakeAlertGroup]:
        positions = range(self.first, self.end)[part]
        return [self.entries[position][2] for position in positions]


def select_groups(context: Context) -> Span:
    """The groups that pass every filter, newest first."""
    # In the order in which the server finds fault.
    chosen = Chosen(
        state=_state(context),
        labels=_labels(context),
        team=_team(context),
        route_id=context.last("route_id"),
        integration_id=context.last("integration_id"),
    )
    oldest, newest = _range(context)
    entries = _entries(context, chosen)
    first = 0 if newest is None else bisect_left(entries, (age(newest),))
    end = len(entries) if oldest is None else bisect_left(entries, (age(oldest) + 1,))
    return Span(entries, first, max(first, end))


def team_test(context: Context) -> Callable[[str | None], bool]:
    """The filter on `team_id`, which integrations share; `null` means no team."""
    team = _team(context)
    return lambda team_id: not team or team_id in team


def _entries(context: Context, chosen: Chosen) -> Sequence[Entry]:
    wanted = context.last("id")
    if not wanted:
        return context.world.groups.listed(chosen)
    group = context.world.groups.get(wanted)
    return [] if group is None or not chosen.admits(group) else [(age(group.started_at), 0, group)]


def _state(context: Context) -> State | None:
    given = context.last("state").lower()
    if given and given not in _STATES:
        raise refused(400, {"state": f"Must be one of the following: {', '.join(_STATES)}"})
    return _STATES.get(given)


def _labels(context: Context) -> frozenset[tuple[str, str]]:
    entries = [entry.split(":") for entry in context.query.get("label", [])]
    # An entry that is not `key:value` is dropped without a word, and filters nothing.
    return frozenset((entry[0], entry[1]) for entry in entries if len(entry) == 2)


def _team(context: Context) -> tuple[str | None, ...]:
    given = context.last("team_id")
    if not given:
        return ()
    if given != "null" and given not in context.world.teams:
        text = "Select a valid choice. That choice is not one of the available choices."
        raise refused(400, {"team_id": [text]})
    return (None if given == "null" else given,)


def _range(context: Context) -> tuple[datetime | None, datetime | None]:
    """The oldest and the newest start that are let through, `None` for any."""
    given = context.last("started_at")
    if given:
        return _parsed(given)
    return (None if context.world.flavour == "oss" else context.now - _LOOK_BACK), None


def _parsed(given: str) -> tuple[datetime, datetime]:
    entries = given.split("_")
    try:
        start, end = (datetime.strptime(entry, _FORMAT).replace(tzinfo=UTC) for entry in entries)
    except ValueError as error:
        raise detail(400, "Invalid range value") from error
    if start > end:
        raise detail(400, "Invalid range value")
    return start, end
