"""Each operation of openapi.yaml, and no other, is in the facade, the fake and the documents."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from grafana_oncall import OnCallClient, Pager, operations
from grafana_oncall._listing.filters import FILTERS
from grafana_oncall.errors import StatusError
from grafana_oncall.testing import OPERATION_NAMES, FakeOnCall, FakeRequest
from tests.contract.calls import CALLS, GENERATED
from tests.contract.servers import (
    CHAIN_ID,
    SCHEDULE_ID,
    TEAM_ID,
    USER_ID,
    seeded,
)
from tests.contract.specification import FOLDER, OPERATIONS, ROOT, Operation
from tests.support import virtual_time

RESOURCES: Final = tuple(tag["name"] for tag in ROOT["tags"])
COMPOSED: Final = {
    "alert_groups.watch",
    "alert_groups.wait_until",
    "alert_groups.wait_until_deleted",
    "schedules.next_on_call",
    "schedules.on_call",
    "schedules.timeline",
    "schedules.watch",
}
"""Methods that are made of requests to other operations, besides look-ups, which list."""
_EXAMPLES: Final = {
    name: one["example"]
    for name, one in ROOT["components"]["parameters"].items()
    if "example" in one
}
NEEDED: Final = {
    **_EXAMPLES,
    "rule": {"type": "wait", "user_id": USER_ID},
    "type": "webhook",
    "token": "export-token",
    "swap_start": datetime(2026, 3, 9, tzinfo=UTC),
    "swap_end": datetime(2026, 3, 16, tzinfo=UTC),
    "beneficiary": USER_ID,
    "benefactor": USER_ID,
    "shift": {"type": "single_event", "start": "2026-03-02T09:00:00", "duration": 3600},
    "schedule": {"type": "web", "name": "Nights", "time_zone": "Europe/Berlin"},
    "start_date": date(2026, 3, 1),
    "end_date": date(2026, 3, 8),
    "routing_regex": "us-east",
    "mode": "debug",
    "duration": 60,
    "policy": {"type": "resolve", "escalation_chain_id": CHAIN_ID},
    "name": "Nights",
    "url": "https://bot.example/",
    "http_method": "POST",
    "trigger_type": "acknowledge",
    "text": "Rolled back.",
    "email": "ana@example.com",
    "message": "Checkout is down.",
    "delay": 60,
    "key": "severity",
    "value": "critical",
}
"""An argument for each parameter that some method needs: ids are the examples of their paths."""
OWN: Final = {
    "direct_paging.page": {"team": TEAM_ID},
    "shift_swaps.create": {"schedule": SCHEDULE_ID},
}
"""Arguments of one method: one of several that are optional, or another thing of the same name."""


def _methods() -> Iterator[str]:
    """The public methods of the facade that stand for one operation."""
    client = OnCallClient(url="https://oncall.test", token="any")
    for resource in RESOURCES:
        for name, _ in inspect.getmembers(type(getattr(client, resource)), inspect.isfunction):
            composed = name.startswith("by_") or f"{resource}.{name}" in COMPOSED
            if not name.startswith("_") and not composed:
                yield f"{resource}.{name}"


METHODS: Final = sorted(_methods())


def _bound(client: OnCallClient, method: str) -> Any:
    resource, name = method.split(".")
    return getattr(getattr(client, resource), name)


async def _call(client: OnCallClient, method: str) -> None:
    """Call the method with required arguments only."""
    bound = _bound(client, method)
    parameters = inspect.signature(bound).parameters.values()
    needed = {one.name: NEEDED[one.name] for one in parameters if one.default is one.empty}
    result = bound(**{**needed, **OWN.get(method, {})})
    with suppress(StatusError):  # the group may be in another state
        await (result.count() if isinstance(result, Pager) else result)


def _received(method: str) -> FakeOnCall:
    """A fake that received only the call of this method."""
    fake = seeded("cloud")

    async def main() -> None:
        async with OnCallClient(
            url="https://oncall.test", token=fake.token, transport=fake.transport()
        ) as client:
            await _call(client, method)

    virtual_time.run(main())
    return fake


def _sent(method: str) -> Operation:
    """The operation that the method sends, by its method and path."""
    *reads, call = _received(method).calls
    assert all(read.method == "GET" for read in reads)  # of what an update must send
    path = call.path.removeprefix("/api/v1")
    matching = [
        one
        for one in OPERATIONS.values()
        if one.method == call.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one.path), path)
    ]
    return min(matching, key=lambda one: one.path.count("{"))  # as servers prefer a literal path


@cache
def _operation_of(method: str) -> str:
    """Its id."""
    return _sent(method).id


def test_the_facade_has_a_method_for_each_operation_and_no_other() -> None:
    """Found by calling them: each sends one request, perhaps after reading, for its operation."""
    sent = [*map(_operation_of, METHODS)]
    assert {*sent} == {*OPERATIONS}
    assert len(sent) == len(OPERATIONS)


@pytest.mark.parametrize("method", [pytest.param(one, id=one) for one in METHODS])
def test_the_fake_knows_what_the_facade_sends(method: str) -> None:
    """By the name in the specification."""
    *_, call = _received(method).calls
    assert call.operation == _sent(method).id
    assert call.status is not None
    assert call.status < 500


@pytest.mark.parametrize("method", [pytest.param(one, id=one) for one in METHODS])
def test_every_argument_that_the_facade_sends_is_checked_against_the_specification(
    method: str,
) -> None:
    """By the tests of requests, which draw it; two arguments are never sent."""
    client = OnCallClient(url="https://oncall.test", token="any")
    call = CALLS[_operation_of(method)]
    taken = inspect.signature(_bound(client, method)).parameters.keys()
    assert taken - {"prefetch", "reconcile"} == call.needed.keys() | call.options.keys()


def test_the_fake_has_each_operation_and_no_other() -> None:
    """In its public list, once each."""
    assert {*OPERATION_NAMES} == {*OPERATIONS}
    assert len(OPERATION_NAMES) == len(OPERATIONS)


PAGE: Final = (FOLDER / "docs/operations.md").read_text(encoding="utf-8")
"""The page of operations, which is generated."""


def _rows() -> Iterator[list[str]]:
    """The cells of each row about a method."""
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            yield [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]


def test_the_page_of_operations_says_what_each_method_of_the_facade_sends_and_needs() -> None:
    """All of them, once each, and the look-ups."""
    by_id = {one.id: one for one in operations.OPERATIONS}
    sent = {method: by_id[_sent(method).id] for method in METHODS}
    documented = {call.partition("(")[0]: rest for call, *rest in _rows()}
    assert len(documented) == len([*_rows()])
    lookups = {method for method in documented if ".by_" in method}
    assert documented.keys() - lookups == sent.keys()
    for method, one in sent.items():
        permission = one.permission.partition(".")[2]
        request, *needed, _ = documented[method]
        assert request == f"{one.method} {one.path}"
        assert needed == [permission, "user" if one.needs_user else "any"]
    assert {*lookups} == {
        f"{resource}.{name}" for resource, name in _public() if name.startswith("by_")
    }


def _public() -> Iterator[tuple[str, str]]:
    """Each resource with the name of each of its public methods and properties."""
    client = OnCallClient(url="https://oncall.test", token="any")
    for resource in RESOURCES:
        for name in dir(type(getattr(client, resource))):
            if not name.startswith("_"):
                yield resource, name


every_list = pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.startswith("list_")]
)


def _listed(operation: str, condition: int = 0, /, **query: str) -> list[Any] | None:
    """The objects that the seeded fake lists; None if it refuses the query."""
    fake = seeded("cloud", condition)
    path = re.sub(r"\{(\w+)\}", lambda one: str(NEEDED[one[1]]), OPERATIONS[operation].path)
    needed = {
        name: one["example"]
        for (place, name), one in OPERATIONS[operation].parameters.items()
        if place == "query" and one.get("required")
    }
    request = FakeRequest(
        "GET", f"/api/v1{path}", urlencode(needed | query), {"Authorization": fake.token}
    )
    response = fake.handle(request)
    return None if response.status == 400 else json.loads(response.body)["results"]


def _filters(operation: str) -> set[str]:
    """The parameters that select objects."""
    in_query = {name for place, name in OPERATIONS[operation].parameters if place == "query"}
    return in_query - {"page", "perpage"}


@every_list
def test_every_list_of_the_fake_has_something(operation: str) -> None:
    """Which `tests/contract/servers.py` adds, so that items are compared with the specification."""
    assert _listed(operation)


@every_list
def test_every_filter_of_a_list_is_one_of_the_fake(operation: str) -> None:
    """A value that nothing has is refused, or matches nothing."""
    parameters = OPERATIONS[operation].parameters
    for parameter in _filters(operation):
        is_flag = parameters["query", parameter]["schema"].get("type") == "boolean"
        value = "true" if is_flag else "no:thing"
        assert not _listed(operation, **{parameter: value}), parameter


@every_list
def test_a_filter_by_a_member_finds_what_has_its_value(operation: str) -> None:
    """Of the same name; in whatever state the group is in which it has a value."""
    for condition in range(4):
        items = _listed(operation, condition) or []
        for name, value in (
            (name, item.get(name)) for item in items for name in _filters(operation)
        ):
            if isinstance(value, str) and name != "state":  # which has two spellings
                found = _listed(operation, condition, **{name: value}) or []
                assert {item[name] for item in found} == {value}


@every_list
def test_every_filter_of_a_list_can_be_checked(operation: str) -> None:
    """By a member of this name, or by a check of its own; so a server that ignores one is found.

    Bulk runs and watchers check alert groups by the latter only.
    """
    (item,) = (one.result for one in GENERATED if one.id == operation)
    members = ROOT["components"]["schemas"][item]["properties"].keys()
    own = FILTERS.get(operation, {}).keys()
    assert own <= _filters(operation) <= own | members
    assert operation != "list_alert_groups" or own == _filters(operation)
