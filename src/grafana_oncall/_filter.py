"""Pure: whether a group meets the filter that it was asked for by."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from ._arguments import NO_TEAM
from ._generated.alert_groups import AlertGroup, AlertGroupState

_NOT_A_FILTER: Final = frozenset({"page", "perpage"})


def is_filtered(query: Iterable[tuple[str, str]]) -> bool:
    """Whether the query selects less than everything."""
    return any(name not in _NOT_A_FILTER for name, _ in query)


def is_known(name: str) -> bool:
    """Whether a parameter of the list is known, so that groups can be checked against it."""
    return name in _NOT_A_FILTER or name in _TESTS


def unmet(query: Iterable[tuple[str, str]], group: AlertGroup) -> str | None:
    """The first part of the filter, as `name=value`, that the group does not meet."""
    for name, value in query:
        if name not in _NOT_A_FILTER and not _TESTS[name](group, value):
            return f"{name}={value}"
    return None


def _has_label(group: AlertGroup, value: str) -> bool:
    return any(f"{label.key.name}:{label.value.name}" == value for label in group.labels)


def _started_within(group: AlertGroup, value: str) -> bool:
    first, last = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in value.split("_"))
    return first <= group.created_at <= last


_TESTS: Final[dict[str, Callable[[AlertGroup, str], bool]]] = {
    "id": lambda group, value: group.id == value,
    "route_id": lambda group, value: group.route_id == value,
    "integration_id": lambda group, value: group.integration_id == value,
    "team_id": lambda group, value: (group.team_id or NO_TEAM) == value,
    "label": _has_label,
    "started_at": _started_within,
    "state": lambda group, value: group.state == AlertGroupState(value),
}
