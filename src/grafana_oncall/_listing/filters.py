"""Pure: whether what a list shows meets the filter that it was asked for by."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from grafana_oncall._core.request import Page, Request
from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState
from grafana_oncall._validation.arguments import NO_TEAM

from .ignored import ignored

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


def only_met(request: Request[Page[AlertGroup]]) -> Callable[[Page[AlertGroup]], None] | None:
    """What raises FilterIgnored for a page with other groups than those that were asked for."""
    query = request.query
    if not is_filtered(query):
        return None

    def verify(page: Page[AlertGroup]) -> None:
        for group in page.results:
            part = unmet(query, group)
            if part is not None:
                raise ignored(request, group.id, part)

    return verify


def _has_label(group: AlertGroup, value: str) -> bool:
    return any(f"{label.key.name}:{label.value.name}" == value for label in group.labels)


def _started_within(group: AlertGroup, value: str) -> bool:
    first, last = _bounds(value)
    return first <= group.created_at <= last


@lru_cache
def _bounds(value: str) -> tuple[datetime, datetime]:
    first, last = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in value.split("_"))
    return first, last


_TESTS: Final[dict[str, Callable[[AlertGroup, str], bool]]] = {
    "id": lambda group, value: group.id == value,
    "route_id": lambda group, value: group.route_id == value,
    "integration_id": lambda group, value: group.integration_id == value,
    "team_id": lambda group, value: (group.team_id or NO_TEAM) == value,
    "label": _has_label,
    "started_at": _started_within,
    "state": lambda group, value: group.state == AlertGroupState(value),
}
