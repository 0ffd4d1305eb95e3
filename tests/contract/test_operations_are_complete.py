"""Each operation of openapi.yaml, and no other, is in the facade, the fake and the README."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from grafana_oncall import OnCallClient, Pager, operations
from grafana_oncall._listing.filters import FILTERS
from grafana_oncall.errors import StatusError
from grafana_oncall.testing import OPERATION_NAMES, FakeOnCall, FakeRequest
from tests.contract.calls import CALLS, GENERATED
from tests.contract.recorded import RESPONSES
from tests.contract.servers import (
    CHAIN_ID,
    GROUP_ID,
    INTEGRATION_ID,
    SCHEDULE_ID,
    TEAM_ID,
    USER_ID,
    seeded,
)
from tests.contract.specification import OPERATIONS, ROOT, Operation
from tests.support import virtual_time
from tests.support.readme import TEXT, table

RESOURCES: Final = tuple(tag["name"] for tag in ROOT["tags"])
COMPOSED: Final = {
    "alert_groups.watch",
    "alert_groups.wait_until",
    "alert_groups.wait_until_deleted",
}
"""Methods that are made of requests to other operations, besides look-ups, which list."""
NEEDED: Final = {
    "integration_id": INTEGRATION_ID,
    "alert_group_id": GROUP_ID,
    "type": "webhook",
    "user_id": USER_ID,
    "team_id": TEAM_ID,
    "escalation_chain_id": CHAIN_ID,
    "schedule_id": SCHEDULE_ID,
    "schedule": {"type": "web", "name": "Nights", "time_zone": "Europe/Berlin"},
    "start_date": date(2026, 3, 1),
    "end_date": date(2026, 3, 8),
    "name": "Nights",
    "delay": 60,
    "key": "severity",
    "value": "critical",
}
"""An argument for each parameter that some method needs."""
USER: Final = ", and a user's API key: no service account"
"""What the README says about operations that refuse service accounts."""


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
    result = bound(**{one.name: NEEDED[one.name] for one in parameters if one.default is one.empty})
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


def _documented() -> Iterator[tuple[str, str]]:
    """The table of operations: methods of the facade, and what each needs."""
    for calls, needed in table("Call"):
        resource, _, _ = calls.strip("`").partition(".")
        for call in re.findall(r"`[^`]+`", calls):
            name = call.strip("`").partition("(")[0].removeprefix(resource).removeprefix(".")
            yield f"{resource}.{name}", needed


def _needed(method: str) -> str:
    """The permission of the operation that it sends, as the README writes it."""
    (sent,) = (one for one in operations.OPERATIONS if one.id == _operation_of(method))
    prefix, _, permission = sent.permission.partition(".")
    assert f"| Permission, after `{prefix}.` |" in TEXT
    return f"`{permission}`" + (USER if sent.needs_user else "")


def test_the_readme_says_what_each_method_of_the_facade_needs() -> None:
    """In its table of operations, which has all of them, once each."""
    documented = [*_documented()]
    assert {*documented} == {(method, _needed(method)) for method in METHODS}
    assert len(documented) == len(METHODS)


PLACES: Final[Mapping[str, Callable[[], Iterable[str]]]] = {
    "the facade": lambda: map(_operation_of, METHODS),
    "the fake": lambda: OPERATION_NAMES,
    "the recorded shapes": lambda: (
        shape.of for shape in RESPONSES if "raises" not in shape.recorded
    ),
    "the table of operations": lambda: (_operation_of(method) for method, _ in _documented()),
}
"""Where each operation of the specification must be."""


@pytest.mark.parametrize("place", PLACES)
def test_every_operation_of_the_specification_is_everywhere(place: str) -> None:
    """In the facade, the fake, the shapes of real servers, and the table for users."""
    assert {*OPERATIONS} - {*PLACES[place]()} == set()


every_list = pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.startswith("list_")]
)


def _listed(operation: str, **query: str) -> int | None:
    """The number of objects that the seeded fake lists; None if it refuses the query."""
    fake = seeded("cloud")
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
    return None if response.status == 400 else json.loads(response.body)["count"]


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
    for parameter in _filters(operation):
        assert not _listed(operation, **{parameter: "no:thing"}), parameter


@every_list
def test_every_filter_of_a_list_can_be_checked(operation: str) -> None:
    """By a member of this name, or by a check of its own; so a server that ignores one is found."""
    (item,) = (one.result for one in GENERATED if one.id == operation)
    members = ROOT["components"]["schemas"][item]["properties"].keys()
    own = FILTERS.get(operation, {}).keys()
    assert own <= _filters(operation) <= own | members
