"""Methods that do more than their request: look-ups, updates that read first, ids that are kept."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from codegen.read.spec import Json, Unsupported
from grafana_oncall import OnCallClient
from grafana_oncall.errors import IdsDropped, InvalidArgument, MultipleFound, NotFound
from tests.support import virtual_time
from tests.support.specs import Rendered, json_content, minimal, rendered

SCHEMAS = """
things.Thing:
  type: object
  required: [id, name]
  properties:
    id: { type: string }
    name: { type: string }
    team: { type: [string, "null"] }
    filter: { type: [array, "null"], items: { type: string } }
    kind: { type: [string, "null"] }
    rule: { type: [string, "null"] }
    users: { type: array, items: { type: string }, default: [] }
    others: { type: [array, "null"], items: { type: string } }
things.ThingPage:
  x-kind: page
  allOf:
    - type: object
      properties: { results: { type: array, items: { $ref: "#/components/schemas/things.Thing" } } }
things.ThingUpdate:
  type: object
  x-kind: request
  properties:
    name: { type: string }
    team: { type: [string, "null"] }
    filter: { type: [array, "null"], items: { type: string } }
    kind: { type: string }
    rule: { type: string }
    users: { type: array, items: { type: string } }
    others: { type: array, items: { type: string } }
"""
LIST = """
operationId: list_things
tags: [things]
summary: List things.
parameters:
  - { name: page, in: query, schema: { type: integer } }
  - name: name
    in: query
    description: Exact name.
    x-lookup: true
    schema: { type: string }
  - { name: team, in: query, schema: { type: string } }
responses:
  "200":
    description: Things.
    content: { application/json: { schema: { $ref: "#/components/schemas/things.ThingPage" } } }
"""
UPDATE = """
operationId: update_thing
tags: [things]
summary: Change a thing.
x-retry: same
x-read-back: get_thing
x-merge: { read: get_thing, members: [team, filter] }
x-kept: [users, others]
parameters:
  - { name: since, in: query, schema: { type: string, format: date-time } }
responses:
  "200":
    description: The thing.
    content: { application/json: { schema: { $ref: "#/components/schemas/things.Thing" } } }
"""
EXPORT = """
operationId: export_thing
tags: [things]
summary: Export a thing.
responses:
  "200":
    description: A calendar.
    content: { text/calendar: { schema: { type: string } } }
"""
STORED: dict[str, Any] = {"id": "abc", "name": "x", "team": None, "filter": ["C1"]}


def specification() -> Json:
    """A list with a look-up, updates that need more than they are given, and a text."""
    root = minimal()
    root["components"]["schemas"] |= yaml.safe_load(SCHEMAS)
    root["paths"]["/things/"] = {"get": yaml.safe_load(LIST)}
    body = {"content": json_content("things.ThingUpdate"), "required": True}
    update = {**yaml.safe_load(UPDATE), "requestBody": body}
    of_thing = root["paths"]["/things/{thing_id}/"]
    of_thing["put"] = update
    of_thing["get"]["parameters"] = [*update["parameters"], dict(LIMIT)]
    together = {"read": "get_thing", "members": ["kind", "rule"], "when": "any"}
    only_ids = [{"$ref": "#/components/parameters/thing_id"}]
    root["paths"]["/things/{thing_id}/rule/"] = {
        "parameters": only_ids,
        "put": {**update, "operationId": "update_thing_rule", "x-merge": together, "x-kept": []},
    }
    root["paths"]["/things/{thing_id}/export/"] = {
        "parameters": only_ids,
        "get": {**yaml.safe_load(EXPORT), "parameters": [dict(SINCE_EVER)]},
    }
    return root


SINCE_EVER: Json = {
    "name": "since",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "const": "1970-01-01T00:00:00Z"},
}
LIMIT: Json = {"name": "limit", "in": "query", "schema": {"type": "integer"}}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The rendered package."""
    return rendered(specification(), tmp_path_factory.mktemp("composed"))


class Server:
    """Answers with what a test gives it, and records the requests."""

    def __init__(self, package: Rendered) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        """Method, path with query, and body of each request."""
        self._package = package

    def run(
        self, call: Callable[[Any], Any], respond: Callable[[httpx.Request], httpx.Response]
    ) -> Any:
        """Return the result of a call of the facade."""

        def record(request: httpx.Request) -> httpx.Response:
            target = request.url.raw_path.decode().removeprefix("/api/v1")
            body = json.loads(request.content) if request.content else None
            self.sent.append((request.method, target, body))
            return respond(request)

        async def main() -> Any:
            transport = httpx.MockTransport(record)
            async with OnCallClient(
                url="https://oncall.test", token="any", transport=transport
            ) as client:
                return await call(self._package.resources("things").Things(client._session))

        return virtual_time.run(main())


@pytest.fixture
def server(package: Rendered) -> Server:
    """A server of things."""
    return Server(package)


def listed(*items: Json) -> httpx.Response:
    """A page with these items."""
    body = {"count": len(items), "next": None, "previous": None, "results": items}
    return httpx.Response(200, json=body)


def thing(name: str, of_id: str = "abc") -> Json:
    """An item of a list."""
    return {"id": of_id, "name": name}


def stored(**changes: Any) -> Callable[[httpx.Request], httpx.Response]:
    """A server whose object is this, whatever is written."""
    return lambda _: httpx.Response(200, json=STORED | changes)


def test_a_look_up_is_one_request_for_the_object(server: Server) -> None:
    """By the filter of the list."""
    found = server.run(lambda things: things.by_name("a b"), lambda _: listed(thing("a b")))
    assert found.id == "abc"
    assert server.sent == [("GET", "/things/?name=a+b", None)]


def test_the_exact_spelling_wins_where_the_server_ignores_case(server: Server) -> None:
    """Without it, the server's comparison counts."""
    both = listed(thing("SRE", "upper"), thing("sre", "lower"))
    assert server.run(lambda things: things.by_name("sre"), lambda _: both).id == "lower"
    one = listed(thing("SRE", "upper"))
    assert server.run(lambda things: things.by_name("sre"), lambda _: one).id == "upper"


def test_an_object_that_is_listed_twice_is_one(server: Server) -> None:
    """As lists with ties or joins do."""
    twice = listed(thing("a"), thing("a"))
    assert server.run(lambda things: things.by_name("a"), lambda _: twice).id == "abc"


def test_what_is_not_found_has_similar_names_at_the_cost_of_another_request(
    server: Server,
) -> None:
    """Those of the whole list, most alike first."""
    every = listed(*(thing(name) for name in ("platform", "web", "Plattform", "db")))

    def respond(request: httpx.Request) -> httpx.Response:
        return listed() if "name" in request.url.params else every

    with pytest.raises(NotFound) as caught:
        server.run(lambda things: things.by_name("plattfrom"), respond)
    assert str(caught.value) == (
        "list_things: 404 Not found. (GET /api/v1/things/). Hint: nothing has name='plattfrom'; "
        "similar: 'Plattform', 'platform'."
    )
    assert caught.value.is_certain
    assert [target for _, target, _ in server.sent] == [
        "/things/?name=plattfrom",
        "/things/?perpage=1000",
    ]


def test_what_is_not_found_is_said_though_similar_names_cannot_be_read(server: Server) -> None:
    """The answer is known before."""

    def respond(request: httpx.Request) -> httpx.Response:
        return listed() if "name" in request.url.params else httpx.Response(403, json={})

    with pytest.raises(NotFound, match=r"nothing has name='x'\.$"):
        server.run(lambda things: things.by_name("x"), respond)


def test_several_objects_are_an_error_with_their_ids(server: Server) -> None:
    """Nobody knows which one is meant."""
    both = listed(thing("a", "one"), thing("a", "two"))
    with pytest.raises(MultipleFound, match="2 have name='a': one, two") as caught:
        server.run(lambda things: things.by_name("a"), lambda _: both)
    assert caught.value.ids == ("one", "two")


@pytest.mark.parametrize("name", [None, "", 5])
def test_a_value_that_cannot_be_looked_up_is_refused(server: Server, name: Any) -> None:
    """Before anything is sent; None would find everything."""
    with pytest.raises(InvalidArgument) as caught:
        server.run(lambda things: things.by_name(name), lambda _: listed())
    assert caught.value.argument == "name"
    assert "filter" not in str(caught.value)
    assert server.sent == []


def test_an_update_sends_what_it_is_not_given_as_it_is(server: Server) -> None:
    """After a read, with the arguments that both requests take."""
    server.run(lambda things: things.update("abc", name="y"), stored())
    assert server.sent == [
        ("GET", "/things/abc/", None),
        ("PUT", "/things/abc/", {"name": "y", "team": None, "filter": ["C1"]}),
    ]


def test_an_update_reads_with_the_parameters_that_it_takes(server: Server) -> None:
    """A server may show the object only with them."""
    since = virtual_time.now()
    server.run(lambda things: things.update("abc", name="y", since=since), stored())
    assert [target.partition("?")[2][:6] for _, target, _ in server.sent] == ["since="] * 2


def test_what_is_given_replaces_what_is_there(server: Server) -> None:
    """Only what is missing is read."""
    server.run(lambda things: things.update("abc", team="T1"), stored())
    assert server.sent[-1][2] == {"team": "T1", "filter": ["C1"]}


def test_an_update_that_is_given_all_of_it_reads_nothing(server: Server) -> None:
    """Null is a value."""
    server.run(lambda things: things.update("abc", team=None, filter=None), stored())
    assert server.sent == [("PUT", "/things/abc/", {"team": None, "filter": None})]


@pytest.mark.parametrize(
    ("given", "requests"),
    [
        pytest.param({"name": "y"}, 1, id="none of them"),
        pytest.param({"kind": "b", "rule": "c"}, 1, id="both"),
        pytest.param({"kind": "b"}, 2, id="one"),
    ],
)
def test_members_that_are_only_sent_together_are_read_if_one_is_given(
    server: Server, given: dict[str, str], requests: int
) -> None:
    """Without any of them, the server keeps them."""
    server.run(lambda things: things.update_rule("abc", **given), stored(kind="a", rule="r"))
    assert len(server.sent) == requests
    assert server.sent[-1][2] == ({"rule": "r"} if requests == 2 else {}) | given


def test_what_the_object_lacks_is_not_sent_where_null_is_no_value(server: Server) -> None:
    """The server would refuse it."""
    server.run(lambda things: things.update_rule("abc", kind="b"), stored(kind="a", rule=None))
    assert server.sent[-1][2] == {"kind": "b"}


def test_bad_arguments_are_refused_before_the_read(server: Server) -> None:
    """Nothing at all is sent."""
    with pytest.raises(InvalidArgument):
        server.run(lambda things: things.update("abc", name=5), stored())
    assert server.sent == []


def test_ids_that_the_server_drops_are_an_error_that_has_the_result(server: Server) -> None:
    """With what was kept and what was lost; a member that was not sent is not compared."""
    given = {"users": ["U1", "UX", "U1"], "team": None, "filter": None}
    with pytest.raises(IdsDropped, match=r"dropped them \(users: 'UX'\)") as caught:
        server.run(lambda things: things.update("abc", **given), stored(users=["U1"]))
    assert caught.value.kept == {"users": ("U1",), "others": ()}
    assert caught.value.lost == {"users": ("UX",)}
    assert caught.value.result.id == "abc"


def test_ids_of_every_member_are_compared(server: Server) -> None:
    """Null stands for none."""
    given = {"others": ["O1"], "team": None, "filter": None}
    with pytest.raises(IdsDropped) as caught:
        server.run(lambda things: things.update("abc", **given), stored(others=None))
    assert caught.value.lost == {"others": ("O1",)}


def test_ids_that_the_server_keeps_in_another_order_are_kept(server: Server) -> None:
    """They are sets there."""
    given = {"users": ["U2", "U1"], "team": None, "filter": None}
    kept = server.run(lambda things: things.update("abc", **given), stored(users=["U1", "U2"]))
    assert kept.users == ("U1", "U2")


def test_a_text_is_returned_as_it_is(server: Server) -> None:
    """With the type of a text."""
    text = "BEGIN:VCALENDAR\r\nSUMMARY:\xe4\r\nEND:VCALENDAR\r\n"
    response = httpx.Response(200, text=text, headers={"content-type": "text/calendar"})
    assert server.run(lambda things: things.export("abc"), lambda _: response) == text


def test_a_parameter_with_one_value_is_sent_by_every_request(
    server: Server, package: Rendered
) -> None:
    """No caller gives it, neither to the facade nor to the builder."""
    text = httpx.Response(200, text="x", headers={"content-type": "text/calendar"})
    server.run(lambda things: things.export("abc"), lambda _: text)
    assert server.sent == [("GET", "/things/abc/export/?since=1970-01-01T00%3A00%3A00Z", None)]
    assert [*inspect.signature(package.operations.export_thing).parameters] == ["thing_id"]
    assert [*inspect.signature(package.resources("things").Things.export).parameters] == [
        "self",
        "thing_id",
    ]


def test_the_docstrings_say_what_is_done(package: Rendered) -> None:
    """The read and its race, the errors, the type."""
    things = package.resources("things").Things
    update = " ".join((inspect.getdoc(things.update) or "").split())
    assert (
        "Unless `team` and `filter` are given, reads the thing first and sends what is missing of"
        " them as it is" in update
    )
    assert "that change is undone" in update
    assert "IdsDropped: The server does not know some of the ids in `users` or `others`." in update
    rule = " ".join((inspect.getdoc(things.update_rule) or "").split())
    assert "With only one of `kind` and `rule`, reads the thing first" in rule
    assert "IdsDropped" not in rule
    assert "Get the thing with this name" in (inspect.getdoc(things.by_name) or "")
    assert inspect.signature(things.export).return_annotation in {str, "str"}


PUT = ("/things/{thing_id}/", "put")


@pytest.mark.parametrize(
    ("where", "change", "reason"),
    [
        pytest.param(PUT, {"x-kept": ["nobody"]}, "'nobody' is named by", id="no such ids"),
        pytest.param(
            PUT, {"x-merge": {"read": "list_things", "members": ["team"]}}, "same object", id="read"
        ),
        pytest.param(
            PUT, {"x-merge": {"read": "get_thing", "members": ["size"]}}, "'size' is", id="member"
        ),
        pytest.param(
            PUT, {"x-merge": {"read": "get_thing", "members": ["id"]}}, "optional mem", id="input"
        ),
        pytest.param(PUT, {"x-merge": {"members": ["team"]}}, "read is missing", id="no read"),
        pytest.param(PUT, {"x-rules": "a.b"}, "'a.b' is not a valid name", id="rules"),
        pytest.param(
            ("/things/", "get"), {"x-rules": "a"}, "for the members of a body", id="no body"
        ),
        pytest.param(
            PUT,
            {"x-merge": {"read": "get_thing", "members": ["team"], "when": "all"}},
            "is left out, or `any`",
            id="when",
        ),
        pytest.param(
            PUT,
            {"parameters": [{**LIMIT, "name": "team", "x-lookup": True}]},
            "x-lookup is for a filter of a list",
            id="look-up by a filter of no list",
        ),
        pytest.param(
            ("/things/", "get"),
            {"parameters": [{**LIMIT, "x-lookup": True}]},
            "'limit' is named by an extension",
            id="look-up by what objects lack",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(
    where: tuple[str, str], change: Json, reason: str, tmp_path: Path
) -> None:
    """With its place."""
    root = specification()
    path, method = where
    root["paths"][path][method] |= change
    with pytest.raises(Unsupported, match=reason):
        rendered(root, tmp_path)
