"""What `Writes` does for every resource: fields, defaults, and positions in a list."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from grafana_oncall.testing import FakeOnCall, FakeRequest
from grafana_oncall.testing._resources.collection import Collection
from grafana_oncall.testing._resources.writes import PLACE, Writes, fields
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import text
from grafana_oncall.testing._server.responses import FakeResponse, RefusedError

INVALID = (400, {"detail": "Invalid value for position field"})


@attrs.define(kw_only=True, eq=False)
class _Step:
    """An object with a position in its list."""

    id: str
    of: str
    name: str = "unnamed"
    seen: str | None = None
    position: int = 0


STEPS = Collection(
    name="steps",
    kind=_Step,
    writes=Writes(
        prefix="X",
        fields=fields(
            lambda _: {"of": text(), "name": text(), **PLACE},
            required=("of",),
            required_by_put=("name",),
            fixed=("of",),
            crashes_on_lists=True,
        ),
        defaults=lambda context: {"seen": context.grant.user.username},
        siblings=lambda step: step.of,
    ),
)


@attrs.define
class _Server:
    """Calls the collection as the dispatcher does."""

    fake: FakeOnCall

    def ask(self, method: str, body: Any, of: str = "") -> tuple[int, Any]:
        """Return the status and the body of the response."""
        name = next((each.id for each in self.steps.values() if each.name == of), of)
        handler = {"POST": STEPS.create, "DELETE": STEPS.delete}.get(method, STEPS.update)
        response = self._answer(handler, method, body, name)
        is_json = "json" in response.headers.get("Content-Type", "")
        return response.status, response.json() if is_json else None

    def _answer(self, handler: Any, method: str, body: Any, name: str) -> FakeResponse:
        kind = {"Content-Type": "application/json"}
        context = Context(
            world=self.fake._world,
            grant=self.fake._world.grants[self.fake.token],
            now=self.fake.now(),
            request=FakeRequest(method, "/", "", kind, json.dumps(body).encode()),
            path="/",
            id=name,
        )
        try:
            response: FakeResponse = handler(context)
        except RefusedError as refusal:
            return refusal.response
        return response

    @property
    def steps(self) -> dict[str, _Step]:
        """All steps by id."""
        return self.fake._world.store(_Step)

    def add(self, of: str, **positions: int | None) -> None:
        """Create a step for each name, at this position."""
        for name, position in positions.items():
            place = {} if position is None else {"position": position}
            assert self.ask("POST", {"of": of, "name": name, **place})[0] == 201

    def order(self, of: str) -> dict[str, int]:
        """The positions in a list by name."""
        steps = [step for step in self.steps.values() if step.of == of]
        return {step.name: step.position for step in sorted(steps, key=lambda step: step.position)}


@pytest.fixture
def server(fake: FakeOnCall) -> _Server:
    """A server with four steps in one list, and one in another."""
    server = _Server(fake)
    server.add("list", a=None, b=None, c=None, d=None)
    server.add("other", z=None)
    return server


def test_a_new_object_is_the_last_of_its_list(server: _Server) -> None:
    """Of each list by itself; a gap is kept, and a deletion leaves one."""
    assert server.order("list") == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert server.order("other") == {"z": 0}
    assert server.ask("DELETE", {}, of="b")[0] == 204
    server.add("list", e=99, f=None, g=-1)
    assert server.order("list") == {"a": 0, "c": 2, "d": 3, "e": 99, "f": 100, "g": 101}


@pytest.mark.parametrize(
    ("name", "place", "after"),
    [
        pytest.param("a", {"position": 3}, {"b": 0, "c": 1, "d": 2, "a": 3}, id="to the end"),
        pytest.param("a", {"position": 2}, {"b": 0, "c": 1, "a": 2, "d": 3}, id="down"),
        pytest.param("d", {"position": 0}, {"d": 0, "a": 1, "b": 2, "c": 3}, id="up"),
        pytest.param("b", {"position": 1}, {"a": 0, "b": 1, "c": 2, "d": 3}, id="nowhere"),
        pytest.param("b", {"position": -1}, {"a": 0, "c": 1, "d": 2, "b": 3}, id="last"),
        pytest.param("b", {"position": 9}, {"a": 0, "c": 1, "d": 2, "b": 9}, id="beyond the end"),
        pytest.param(
            *("a", {"position": 3, "manual_order": True}),
            {"d": 0, "b": 1, "c": 2, "a": 3},
            id="a swap",
        ),
        pytest.param(
            *("a", {"position": 7, "manual_order": True}),
            {"b": 1, "c": 2, "d": 3, "a": 7},
            id="a swap with nobody",
        ),
    ],
)
def test_an_update_moves_or_swaps(
    server: _Server, name: str, place: dict[str, Any], after: dict[str, int]
) -> None:
    """Other lists stay as they are."""
    status, shown = server.ask("PATCH", place, of=name)
    assert (status, shown["position"]) == (200, after[name])
    assert server.order("list") == after
    assert server.order("other") == {"z": 0}


def test_an_insertion_shifts_those_after_it(server: _Server) -> None:
    """By one."""
    server.add("list", e=1)
    assert server.order("list") == {"a": 0, "e": 1, "b": 2, "c": 3, "d": 4}


@pytest.mark.parametrize(
    "place",
    [
        pytest.param({"position": -2}, id="below the lowest"),
        pytest.param({"position": 2**31}, id="above the highest"),
        pytest.param({"position": -1, "manual_order": True}, id="a swap with the end"),
    ],
)
def test_a_position_that_is_refused_leaves_the_new_object_behind(
    server: _Server, place: dict[str, Any]
) -> None:
    """At the end. An update changes nothing."""
    assert server.ask("PATCH", {"name": "new", **place}, of="a") == INVALID
    assert server.order("list") == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert server.ask("POST", {"of": "list", "name": "e", **place}) == INVALID
    assert server.order("list") == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("first", "A valid integer is required.", id="a text"),
        pytest.param(None, "This field may not be null.", id="null"),
    ],
)
def test_a_position_that_is_no_number_makes_nothing(
    server: _Server, value: Any, problem: str
) -> None:
    """It is refused with the other fields."""
    refused = server.ask("POST", {"of": "list", "name": "", "position": value})
    blank = ["This field may not be blank."]
    assert refused == (400, {"name": blank, "position": [problem]})
    assert len(server.steps) == 5


def test_defaults_are_those_of_the_class_and_of_the_request(server: _Server) -> None:
    """Unless the body has the field."""
    status, made = server.ask("POST", {"of": "new", "seen": "ignored"})
    assert status == 201
    assert {**made, "id": "X1"} == {
        "id": "X1",
        "of": "new",
        "name": "unnamed",
        "seen": "admin",
        "position": 0,
    }
    assert made["id"].startswith("X")


def test_an_update_ignores_what_is_fixed(server: _Server) -> None:
    """And a PUT has required fields that a PATCH has not."""
    status, shown = server.ask("PATCH", {"of": "other"}, of="a")
    assert (status, shown["of"]) == (200, "list")
    assert server.ask("PUT", {"of": "other"}, of="a") == (
        400,
        {"name": ["This field is required."]},
    )
    assert server.ask("PUT", {"name": "x"}, of="NONE")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_that_is_no_object_crashes_some_resources(server: _Server, method: str) -> None:
    """Null does not."""
    bodies: tuple[Any, ...] = ([], "x", 5)
    for body in bodies:
        assert server.ask(method, body, of="a") == (500, None)
    nothing = {"non_field_errors": ["No data provided"]}
    assert server.ask(method, None, of="a") == (400, nothing)
