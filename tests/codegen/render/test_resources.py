"""The facade, as seen by calling the rendered classes."""

import asyncio
import inspect
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml

from codegen.read.spec import Json, Unsupported
from grafana_oncall import Request
from grafana_oncall.errors import InvalidArgument
from tests.support.specs import Rendered, json_content, minimal, rendered

LIST = """
operationId: list_things
tags: [things]
summary: List things.
description: Newest first.
parameters:
  - { name: page, in: query, schema: { type: integer } }
  - { name: perpage, in: query, schema: { type: integer } }
  - { name: name, in: query, description: Exact name., schema: { type: string } }
  - { name: id, in: query, description: Exact id., schema: { $ref: "#/components/schemas/Id" } }
  - { name: size, in: query, description: Its size., schema: { type: integer } }
  - name: kind
    in: query
    description: Its kind.
    schema: { type: string, enum: [large, small] }
  - name: after
    in: query
    description: Since when.
    required: true
    schema: { type: string, format: date-time }
  - name: until
    in: query
    x-argument: day
    schema: { type: string }
  - { name: open, in: query, schema: { type: boolean } }
  - name: label
    in: query
    description: On the wire.
    x-argument: labels
    schema: { type: array, items: { type: string } }
responses:
  "200":
    description: Things.
    content: { application/json: { schema: { $ref: "#/components/schemas/things.ThingPage" } } }
"""
PAGE = """
x-kind: page
allOf:
  - type: object
    properties: { results: { type: array, items: { $ref: "#/components/schemas/things.Thing" } } }
"""


class Session:
    """What a facade sends through; it records the requests."""

    def __init__(self) -> None:
        self.sent: list[Request[Any]] = []

    async def send(self, request: Request[Any]) -> None:
        """Record a request."""
        self.sent.append(request)


def specification() -> Json:
    """A resource with a list, an object, an action and a creation."""
    root = minimal()
    get = root["paths"]["/things/{thing_id}/"]["get"]
    get["x-raises"] = {"NotFound": "There is no such thing."}
    root["components"]["parameters"]["thing_id"]["description"] = "Id of the thing."
    root["components"]["schemas"]["things.ThingPage"] = yaml.safe_load(PAGE)
    root["components"]["schemas"]["things.ThingInput"] = {
        "type": "object",
        "x-kind": "request",
        "properties": {"name": {"type": "string"}},
    }
    created = {"responses": {"201": {"description": "Made."}}, "summary": "Create a thing."}
    body = {"content": json_content("things.ThingInput"), "required": True}
    root["paths"]["/things/"] = {
        "get": yaml.safe_load(LIST),
        "post": {**created, "operationId": "create_thing", "tags": ["things"], "requestBody": body},
    }
    root["paths"]["/things/{thing_id}/end/"] = {
        "parameters": [{"$ref": "#/components/parameters/thing_id"}],
        "post": {
            "operationId": "end_thing_now",
            "tags": ["things"],
            "summary": "End a thing.",
            "x-needs-user": True,
            "responses": {"200": {"description": "Ended."}},
        },
    }
    root["paths"]["/things/current/"] = {
        "get": {**get, "operationId": "get_current_thing", "x-method": "current", "x-raises": {}}
    }
    return root


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The rendered package."""
    return rendered(specification(), tmp_path_factory.mktemp("facade"))


@pytest.fixture
def things(package: Rendered) -> Any:
    """A facade of things."""
    return package.resources("things").Things(Session())


def test_a_method_has_the_name_of_its_operation_without_the_tag(things: Any) -> None:
    """Or the name that the specification gives it."""
    methods = {name for name, _ in inspect.getmembers(type(things), inspect.isfunction)}
    assert {name for name in methods if name[0] != "_"} == {
        *("list", "get", "current", "end_now", "create")
    }


def test_ids_are_positional_and_filters_are_keywords(things: Any) -> None:
    """The required ones first; the page is the pager's business."""
    assert [*inspect.signature(things.get).parameters] == ["thing_id"]
    listed = inspect.signature(things.list).parameters
    assert [*listed] == [
        *("after", "name", "id", "size", "kind", "until", "open", "labels", "perpage", "prefetch")
    ]
    assert {one.kind for one in listed.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert listed["after"].default is inspect.Parameter.empty
    assert {one.default for one in [*listed.values()][1:-1]} == {None}


def test_a_method_sends_the_request_of_its_operation(package: Rendered, things: Any) -> None:
    """With its arguments, and nothing else."""
    asyncio.run(things.get("abc"))
    asyncio.run(things.end_now("abc"))
    asyncio.run(things.current())
    assert [(one.operation.id, one.path) for one in things._session.sent] == [
        ("get_thing", "things/abc/"),
        ("end_thing_now", "things/abc/end/"),
        ("get_current_thing", "things/current/"),
    ]
    assert things._session.sent[0] == package.operations.get_thing("abc")


def test_times_and_flags_are_sent_as_the_server_reads_them(things: Any) -> None:
    """In UTC; true and false in small letters."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    pager = things.list(after=noon, until=noon.date(), open=False)
    assert pager.request.query == (
        ("after", "2026-03-01T12:00:00Z"),
        ("until", "2026-03-01"),
        ("open", "false"),
    )
    hints = get_type_hints(things.list)
    assert (hints["after"], hints["until"], hints["open"]) == (
        datetime,
        date | None,
        bool | None,
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"after": None}, "after", id="required"),
        pytest.param({"after": datetime(2026, 3, 1)}, "after", id="naive"),  # noqa: DTZ001  # it is
        pytest.param({"until": "today"}, "until", id="day"),
        pytest.param({"open": "yes"}, "open", id="flag"),
        pytest.param({"name": ""}, "name", id="text"),
        pytest.param({"id": "a b"}, "id", id="id"),
        pytest.param({"size": 0}, "size", id="number"),
        pytest.param({"labels": {}}, "labels", id="labels"),
        pytest.param({"perpage": True}, "perpage", id="items on a page"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    things: Any, given: dict[str, Any], named: str
) -> None:
    """By the check for the type, or the one that the specification names."""
    with pytest.raises(InvalidArgument) as refused:
        things.list(**{"after": datetime(2026, 3, 1, tzinfo=UTC), **given})
    assert refused.value.argument == named


def test_the_docstring_has_what_the_specification_says(things: Any) -> None:
    """Summary, description, arguments and errors."""
    assert inspect.getdoc(things.get) == (
        "Get one thing.\n\nArgs:\n    thing_id: Id of the thing, or the object.\n\n"
        "Raises:\n    NotFound: There is no such thing."
    )
    assert "Needs a user's OnCall API key." in (inspect.getdoc(things.end_now) or "")
    listed = inspect.getdoc(things.list) or ""
    assert listed.startswith("List things.\n\nNewest first.\n\nArgs:\n    name: Exact name.\n")
    assert "On the wire" not in listed
    assert "https://docs.example/things" in (inspect.getdoc(type(things)) or "")


def test_the_result_has_the_type_of_the_response(package: Rendered, things: Any) -> None:
    """The class of the model."""
    assert get_type_hints(things.get)["return"] is package.things.Thing


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"x-method": "no name"}, "not a valid name", id="method"),
        pytest.param({"x-raises": {"NotFound": 404}}, "x-raises/NotFound", id="reason"),
    ],
)
def test_what_cannot_be_rendered_is_refused(change: Json, reason: str, tmp_path: Path) -> None:
    """With its location."""
    root = specification()
    root["paths"]["/things/{thing_id}/"]["get"] |= change
    with pytest.raises(Unsupported, match=reason):
        rendered(root, tmp_path)


def test_a_filter_that_the_facade_cannot_take_is_refused(tmp_path: Path) -> None:
    """With those that are known."""
    root = specification()
    root["paths"]["/things/"]["get"]["parameters"][2]["x-argument"] = "other"
    with pytest.raises(Unsupported, match="x-argument of name is one of id, text, "):
        rendered(root, tmp_path)


def test_a_client_has_a_property_for_each_resource(package: Rendered) -> None:
    """Made once, when it is first used."""
    resources = import_module(f"{package.name}.resources._all").Resources
    client = resources()
    client._session = Session()
    assert isinstance(client.things, package.resources("things").Things)
    assert client.things is client.things
    assert [name for name in vars(resources) if name[0] != "_"] == ["things"]


def test_the_class_of_a_resource_may_be_extended_by_hand(tmp_path: Path) -> None:
    """Then the property makes the other one."""
    root = specification()
    root["tags"][1]["x-facade"] = "by hand"
    source = rendered(root, tmp_path).files["resources/_all.py"]
    assert "from grafana_oncall.resources.things import Things" in source
    root["tags"][1]["x-facade"] = True
    with pytest.raises(Unsupported, match="#/tags/1/x-facade: a class is generated, or extended"):
        rendered(root, tmp_path)


def test_the_class_says_only_what_its_methods_do(package: Rendered, tmp_path: Path) -> None:
    """Without a list or a write, nothing of them."""
    both = inspect.getdoc(package.resources("things").Things) or ""
    assert "Nothing is sent by `list`" in both
    assert "Writes raise `OutcomeUnknown`" in both
    neither = inspect.getdoc(rendered(minimal(), tmp_path).resources("things").Things) or ""
    assert "All methods raise `InvalidArgument`" in neither
    assert "`list`" not in neither
    assert "OutcomeUnknown" not in neither
