"""Client-side check that a listed item matches the filter of its list.

A server, or a proxy in front of it, that ignores a part of the filter returns too much, and a bulk
run would act on it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from grafana_oncall._core.request import Page, Request, wire_text
from grafana_oncall._core.text import shown
from grafana_oncall._validation.arguments import NO_TEAM
from grafana_oncall.errors import FilterIgnored

if TYPE_CHECKING:
    from grafana_oncall._generated.models.alert_groups import AlertGroup

T = TypeVar("T")

_Test: TypeAlias = Callable[[Any, str], bool]

_NOT_A_FILTER: Final = frozenset({"page", "perpage"})
_ANY_OF: Final = frozenset({"roles"})
"""Parameters of which one value must match, and not all."""
_NONE: Final[Mapping[str, _Test]] = {}
_STATES: Final = {"new": "firing"}
"""Other spellings of the filter."""
_ROLES: Final = ("admin", "editor", "viewer", "none")
"""By the number that the filter uses."""


def is_filtered(query: Iterable[tuple[str, str]]) -> bool:
    """Whether the query selects less than everything."""
    return any(name not in _NOT_A_FILTER for name, _ in query)


def is_known(name: str) -> bool:
    """Return whether groups can be checked against this parameter of their list."""
    return name in _NOT_A_FILTER or name in _GROUP_TESTS


def unmet(query: Iterable[tuple[str, str]], group: "AlertGroup") -> str | None:
    """Return the first part of the filter, as `name=value`, that the group does not meet."""
    return _unmet(query, group, _GROUP_TESTS)


def matching(request: Request[Page[T]]) -> Callable[[Page[T]], None] | None:
    """Return a function that raises FilterIgnored for a page with an item that does not match."""
    query = request.query
    if not is_filtered(query):
        return None
    tests = {name: _test(request.operation.id, name) for name, _ in query}

    def verify(page: Page[Any]) -> None:
        for item in page.results:
            part = _unmet(query, item, tests)
            if part is not None:
                raise filter_ignored(request, getattr(item, "id", None), part)

    return verify


def filter_ignored(request: Request[Any], item_id: str | None, part: str) -> FilterIgnored:
    """Return the error for an item that does not match this part of the filter."""
    message = (
        f"{request.operation.id}: asked for {shown(part)}, the server returned "
        f"{item_id or 'an object'}, which does not match. Nothing was written to what it returned, "
        "because its filter cannot be trusted. If the item changed at this very moment, a retry "
        "succeeds."
    )
    return FilterIgnored(message, group_id=item_id, unmet=part)


def _test(operation: str, name: str) -> _Test:
    """Return how to check that an item matches a parameter of its list."""
    special = FILTERS.get(operation, _NONE).get(name)
    return special or _USUAL.get(name) or partial(_has, name)


def _has(name: str, item: Any, value: str) -> bool:
    """Whether the item's member of this name has the value."""
    own = getattr(item, name)
    return own is not None and wire_text(own) == value


def _unmet(query: Iterable[tuple[str, str]], item: Any, tests: Mapping[str, _Test]) -> str | None:
    for name, value in query:
        if name in _NOT_A_FILTER or tests[name](item, value):
            continue
        others = [other for key, other in query if key == name] if name in _ANY_OF else ()
        if not any(tests[name](item, other) for other in others):
            return f"{name}={value}"
    return None


def _has_label(group: "AlertGroup", value: str) -> bool:
    return any(f"{label.key.name}:{label.value.name}" == value for label in group.labels)


def _started_within(group: "AlertGroup", value: str) -> bool:
    first, last = _bounds(value)
    return first <= group.created_at <= last


@lru_cache
def _bounds(value: str) -> tuple[datetime, datetime]:
    first, last = (datetime.fromisoformat(bound).replace(tzinfo=UTC) for bound in value.split("_"))
    return first, last


def _same(own: str | None, value: str) -> bool:
    """Whether a text is the one asked for, in any case: databases differ in how they compare."""
    return (own or "").strip().casefold() == value.strip().casefold()


def _mentions(payload: object, value: str) -> bool:
    """Whether a payload may have this text: servers write JSON with other spaces and escapes."""
    return any(
        _letters(value) in _letters(json.dumps(payload, ensure_ascii=is_ascii))
        for is_ascii in (False, True)
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _found(group: "AlertGroup", value: str) -> bool:
    """Whether Grafana Cloud may have found a group by this text, as far as can be seen."""
    title = _letters(group.title or "")
    return value.strip() == str(group.alert_group_number) or any(
        _letters(word) in title for word in value.split()
    )


_GROUP_TESTS: Final[Mapping[str, _Test]] = {
    "id": lambda group, value: group.id == value,
    "route_id": lambda group, value: group.route_id == value,
    "integration_id": lambda group, value: group.integration_id == value,
    "team_id": lambda group, value: (group.team_id or NO_TEAM) == value,
    "label": _has_label,
    "search": _found,
    "started_at": _started_within,
    "state": lambda group, value: group.state == _STATES.get(value, value),
}

_USUAL: Final[Mapping[str, _Test]] = {
    "name": lambda item, value: _same(item.name, value),
    "team_id": lambda item, value: (item.team_id or NO_TEAM) == value,
}
"""The same for every list that has such a parameter."""

FILTERS: Final[Mapping[str, Mapping[str, _Test]]] = {
    "list_alert_groups": _GROUP_TESTS,
    "list_alerts": {"search": lambda alert, value: _mentions(alert.payload, value)},
    "list_final_shifts": {
        "start_date": lambda shift, value: value[:10] <= f"{shift.shift_end:%Y-%m-%d}",
        "end_date": lambda shift, value: f"{shift.shift_start:%Y-%m-%d}" <= value[:10],
    },
    "list_slack_channels": {"channel_name": lambda channel, value: _same(channel.name, value)},
    "list_user_groups": {
        "slack_handle": lambda group, value: group.slack and _same(group.slack.handle, value)
    },
    "list_webhooks": {"team_id": lambda webhook, value: (webhook.team or NO_TEAM) == value},
    # `schedule` is the first of its schedules only.
    "list_on_call_shifts": {"schedule_id": lambda shift, _: shift.schedule is not None},
    "list_shift_swaps": {
        "schedule_id": lambda swap, value: swap.schedule == value,
        "starting_after": lambda swap, value: swap.swap_start >= datetime.fromisoformat(value),
        "open_only": lambda swap, value: value == "false" or swap.status == "open",
    },
    "list_users": {
        "username": lambda user, value: _same(user.username, value),
        "email": lambda user, value: _same(user.email, value),
        "roles": lambda user, value: user.role == _ROLES[int(value)],
    },
}
"""How to check that an item matches a parameter of its list, by operation, where that is more than
that the item's member of this name equals the value."""
