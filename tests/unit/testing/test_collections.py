"""What a row of `COLLECTIONS` gives a resource without another line: list, get, saved state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
        schedule = fake.add_schedule(name)
        start = fake.now() + timedelta(days=1)
        fake.add_shift_swap(schedule, fake.user, start=start, end=start + timedelta(days=1))
        fake.add_escalation_policy(fake.add_escalation_chain(name))
        fake.add_shift(name, start=datetime(2026, 3, 2, 9, tzinfo=UTC))
        fake.add_slack_channel(name)
        fake.add_user_group(name)
        fake.add_personal_notification_rule(fake.user)
        fake.add_resolution_note(fake.add_group(), name)
        fake.add_webhook_response(fake.add_webhook(name))
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
    results = listed.json()["results"]
    assert [{**one, **listed_one} for one, listed_one in zip(got, results, strict=True)] == got
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
    saved = full.to_json()
    loaded = FakeOnCall.from_json(saved, clock=clock)
    assert loaded.to_json() == saved
    assert ask(loaded, "GET", path).body == ask(full, "GET", path).body


@every_collection
def test_every_list_takes_the_same_liberties(full: FakeOnCall, collection: Collection[Any]) -> None:
    """The slash is optional, unknown parameters count for nothing, and there is always a page."""
    path = collection.name
    whole = ask(full, "GET", f"{path}/").json()
    assert ask(full, "GET", path, query="colour=red").json() == whole
    for query in ("page=0", "page=abc", "page=2"):
        page = ask(full, "GET", path, query=query).json()
        assert (page["results"], page["current_page_number"]) == (whole["results"], 1)
    last = ask(full, "GET", path, query="perpage=1&page=9").json()
    assert (last["results"], last["current_page_number"]) == (whole["results"][1:], 2)
    assert last["previous"].endswith(f"/{path}?perpage=1")


@every_collection
def test_every_list_refuses_the_same_requests(
    full: FakeOnCall, collection: Collection[Any]
) -> None:
    """Wrong methods crash the server, and only JSON is spoken."""
    path = f"{collection.name}/"
    assert ask(full, "OPTIONS", path).status == 500
    assert ask(full, "DELETE", path).status == 500
    assert ask(full, "GET", f"{path}NONE/nothing/").status == 404
    assert ask(full, "GET", path, headers={"Accept": "text/html"}).status == 406
    assert ask(full, "GET", path, query="format=xml").status == 404
    assert ask(full, "GET", path, token="unknown").status == 403
    full.add_token("nobody", role="none")
    assert ask(full, "GET", path, token="nobody").status == 403
    full.add_token("viewer", role="viewer")
    assert ask(full, "GET", path, token="viewer").status == 200
    full.add_token("glsa_1")
    of_the_stack = {"X-Grafana-URL": "https://stack.test"}
    answer = ask(full, "GET", path, token="glsa_1", headers=of_the_stack)
    assert answer.status == (403 if collection.needs_user else 200)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@every_collection
def test_writes_are_for_their_role_only(
    full: FakeOnCall, collection: Collection[Any], method: str
) -> None:
    """Whatever the body; a resource that is only read has none."""
    (first, _) = full._world.store(collection.kind)
    path = f"{collection.name}/" if method == "POST" else f"{collection.name}/{first}/"
    full.add_token("viewer", role="viewer")
    full.add_token("editor", role="editor")
    if collection.writes is None:
        is_no_route = collection.is_only_listed and method != "POST"
        assert ask(full, method, path).status == (404 if is_no_route else 500)
        return
    refusal = {"detail": "You do not have permission to perform this action."}
    assert ask(full, method, path, {}, token="viewer").json() == refusal
    is_allowed = collection.writes.role == "editor"
    assert (ask(full, method, path, {}, token="editor").status != 403) is is_allowed


@pytest.mark.parametrize(
    ("name", "one"),
    [("teams", "team"), ("escalation_policies", "escalation_policy"), ("routes", "route")],
)
def test_operations_on_one_object_are_named_in_the_singular(name: str, one: str) -> None:
    """As in the specification."""
    assert singular(name) == one
