"""The seven filters of the list of alert groups, quirks included."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from grafana_oncall.testing._answers import detail, refused
from grafana_oncall.testing._context import Context
from grafana_oncall.testing._state import FakeAlertGroup

Test = Callable[[FakeAlertGroup], bool]
_STATES = {
    "new": "firing",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "silenced": "silenced",
}
_FORMAT = "%Y-%m-%dT%H:%M:%S"
_LOOK_BACK = timedelta(days=30)


def select_groups(context: Context) -> list[FakeAlertGroup]:
    """The groups that pass every filter, newest first."""
    tests = [make(context) for make in _FILTERS]
    found = [group for group in context.world.groups.values() if _passes(group, tests)]
    return sorted(found, key=lambda group: group.started_at, reverse=True)


def team_test(context: Context) -> Callable[[str | None], bool]:
    """The filter on `team_id`, which integrations share; `null` means no team."""
    given = context.last("team_id")
    if not given:
        return lambda _: True
    if given != "null" and given not in context.world.teams:
        text = "Select a valid choice. That choice is not one of the available choices."
        raise refused(400, {"team_id": [text]})
    wanted = None if given == "null" else given
    return lambda team_id: team_id == wanted


def _passes(group: FakeAlertGroup, tests: Iterable[Test]) -> bool:
    return all(test(group) for test in tests)


def _by_state(context: Context) -> Test:
    given = context.last("state").lower()
    if given and given not in _STATES:
        raise refused(400, {"state": f"Must be one of the following: {', '.join(_STATES)}"})
    return lambda group: not given or group.state == _STATES[given]


def _by_labels(context: Context) -> Test:
    entries = [tuple(entry.split(":")) for entry in context.query().get("label", [])]
    # An entry that is not `key:value` is dropped without a word, and filters nothing.
    wanted = {entry for entry in entries if len(entry) == 2}
    return lambda group: wanted <= set(group.labels)


def _by_team(context: Context) -> Test:
    test = team_test(context)
    return lambda group: test(group.team_id)


def _by_start(context: Context) -> Test:
    given = context.last("started_at")
    if given:
        start, end = _range(given)
        return lambda group: start <= group.started_at <= end
    if context.world.flavour == "oss":
        return lambda _: True
    oldest = context.now - _LOOK_BACK
    return lambda group: group.started_at >= oldest


def _range(given: str) -> tuple[datetime, datetime]:
    entries = given.split("_")
    try:
        start, end = (datetime.strptime(entry, _FORMAT).replace(tzinfo=UTC) for entry in entries)
    except ValueError as error:
        raise detail(400, "Invalid range value") from error
    if start > end:
        raise detail(400, "Invalid range value")
    return start, end


def _by_attribute(parameter: str, attribute: str) -> Callable[[Context], Test]:
    def make(context: Context) -> Test:
        wanted = context.last(parameter)
        return lambda group: not wanted or getattr(group, attribute) == wanted

    return make


# In the order in which the server finds fault.
_FILTERS: tuple[Callable[[Context], Test], ...] = (
    _by_state,
    _by_labels,
    _by_team,
    _by_start,
    _by_attribute("id", "id"),
    _by_attribute("route_id", "route_id"),
    _by_attribute("integration_id", "integration_id"),
)
