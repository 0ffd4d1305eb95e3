"""What a row of `COLLECTIONS` gives a resource without another line: list, get, saved state."""

from __future__ import annotations

from typing import Any

import pytest

from grafana_oncall.testing import OPERATION_NAMES, FakeOnCall, VirtualClock
from grafana_oncall.testing._resources.collection import Collection, singular
from grafana_oncall.testing._server.populate import COLLECTIONS
from tests.support.fake_requests import ask, ids

every_collection = pytest.mark.parametrize(
    "collection", [pytest.param(each, id=each.name) for each in COLLECTIONS]
)


@pytest.fixture
def full(fake: FakeOnCall) -> FakeOnCall:
    """A server with two objects of each collection."""
    for name in ("one", "two"):
        fake.add_team(name)
        fake.add_integration(name=name)
        fake.add_escalation_chain(name)
        fake.add_slack_channel(name)
        fake.add_user_group(name)
    fake.add_user("second")
    return fake


@every_collection
def test_a_collection_is_listed_and_its_objects_are_got(
    full: FakeOnCall, collection: Collection[Any]
) -> None:
    """Oldest first; by operations that are named after it."""
    listed = ask(full, "GET", f"{collection.name}/")
    assert len(listed.json()["results"]) == 2, "`full` has two objects of each"
    if collection.is_only_listed:
        assert f"get_{singular(collection.name)}" not in OPERATION_NAMES
        return
    got = [ask(full, "GET", f"{collection.name}/{each}/").json() for each in ids(listed)]
    assert got == listed.json()["results"]
    assert ask(full, "GET", f"{collection.name}/NONE/").status == 404
    names = [f"list_{collection.name}", f"get_{singular(collection.name)}"]
    assert {*names} <= {*OPERATION_NAMES}
    assert [call.operation for call in full.calls[:2]] == names


@every_collection
def test_a_collection_is_saved_and_loaded(
    full: FakeOnCall, clock: VirtualClock, collection: Collection[Any]
) -> None:
    """Under its name in the document."""
    path = f"{collection.name}/"
    loaded = FakeOnCall.from_json(full.to_json(), clock=clock)
    assert ask(loaded, "GET", path).body == ask(full, "GET", path).body


@pytest.mark.parametrize(
    ("name", "one"),
    [("teams", "team"), ("escalation_policies", "escalation_policy"), ("routes", "route")],
)
def test_operations_on_one_object_are_named_in_the_singular(name: str, one: str) -> None:
    """As in the specification."""
    assert singular(name) == one
