"""The eight filters of the list of alert groups, quirks included."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.responses import detail, refused
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeTeam, State

_STATES: dict[str, State] = {
    "new": "firing",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "silenced": "silenced",
}
_FORMAT = "%Y-%m-%dT%H:%M:%S"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOK_BACK = timedelta(days=30)


def select_groups(context: Context) -> list[FakeAlertGroup]:
    """Return the groups that match every filter, newest first."""
    # In the order in which the server validates.
    state, labels, team = _state(context), _labels(context), _team(context)
    oldest, newest = _range(context)
    groups = _having(context, _in_state(context, state), labels, team)
    first = 0 if newest is None else bisect_left(groups, _age(newest), key=_age_of)
    end = len(groups) if oldest is None else bisect_right(groups, _age(oldest), key=_age_of)
    return groups[first:end]


def team_test(context: Context) -> Callable[[str | None], bool]:
    """Return the filter on `team_id`, also of integrations; `null` means no team."""
    team = _team(context)
    return lambda team_id: not team or team_id in team


def _in_state(context: Context, state: State | None) -> list[FakeAlertGroup]:
    wanted = context.last("id")
    if not wanted:
        return context.world.groups.listed(state)
    group = context.world.groups.get(wanted)
    return [group] if group is not None and state in {None, group.state} else []


def _having(
    context: Context,
    groups: list[FakeAlertGroup],
    labels: frozenset[tuple[str, str]],
    team: tuple[str | None, ...],
) -> list[FakeAlertGroup]:
    # Each filter scans every group, so it is short, and runs only if it is given.
    for label in labels:
        groups = [group for group in groups if label in group.labels]
    if team:
        groups = [group for group in groups if group.integration.team_id in team]
    if (text := context.last("search").casefold()) and context.world.flavour == "cloud":
        groups = [group for group in groups if _is_found(group, text)]
    if route_id := context.last("route_id"):
        groups = [group for group in groups if group.route_id == route_id]
    if integration_id := context.last("integration_id"):
        groups = [group for group in groups if group.integration.id == integration_id]
    return groups


def _is_found(group: FakeAlertGroup, text: str) -> bool:
    return text in (group.title or "").casefold() or text == str(group.number)


def _age(moment: datetime) -> timedelta:
    """Return the sort key of groups that started at this moment: the later, the smaller."""
    return _EPOCH - moment


def _age_of(group: FakeAlertGroup) -> timedelta:
    return _age(group.started_at)


def _state(context: Context) -> State | None:
    given = context.last("state").lower()
    if given and given not in _STATES:
        raise refused(400, {"state": f"Must be one of the following: {', '.join(_STATES)}"})
    return _STATES.get(given)


def _labels(context: Context) -> frozenset[tuple[str, str]]:
    entries = [entry.split(":") for entry in context.query.get("label", [])]
    # An entry that is not `key:value` is silently dropped, and filters nothing.
    return frozenset((entry[0], entry[1]) for entry in entries if len(entry) == 2)


def _team(context: Context) -> tuple[str | None, ...]:
    given = context.last("team_id")
    if not given:
        return ()
    if given != "null" and given not in context.world.store(FakeTeam):
        text = "Select a valid choice. That choice is not one of the available choices."
        raise refused(400, {"team_id": [text]})
    return (None if given == "null" else given,)


def _range(context: Context) -> tuple[datetime | None, datetime | None]:
    """Return the oldest and the newest start that match; `None` is any."""
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
