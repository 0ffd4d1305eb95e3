"""Request builders, as seen by calling the rendered functions."""

import inspect
import re
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from grafana_oncall._core.request import Page, Request
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall.errors import InvalidArgument
from tests.support.specs import (
    GET,
    OF_TAGS,
    PATH,
    STRING,
    THING_ID,
    Rendered,
    json_content,
    minimal,
    of,
    rendered,
)

PATHS = """
/things/:
  get:
    operationId: list_things
    tags: [things]
    summary: List things.
    description: |-
      Newest first.

      A second paragraph.
    x-permission: things:read
    parameters:
      - { name: name, in: query, schema: { type: string } }
      - { name: rule, in: query, schema: { $ref: "#/components/schemas/Id" } }
      - { name: page, in: query, schema: { type: integer, minimum: 1 } }
      - name: label
        in: query
        schema: { type: array, items: { $ref: "#/components/schemas/Id" } }
      - $ref: "#/components/parameters/state"
    responses:
      "200": { description: A page. }
  post:
    operationId: create_thing
    tags: [others]
    summary: Create a thing.
    x-permission: things:write
    x-needs-user: true
    requestBody: { required: true }
    responses:
      "201": { description: The thing. }
/things/{thing_id}/:
  parameters:
    - $ref: "#/components/parameters/thing_id"
  delete:
    operationId: delete_thing
    tags: [things]
    summary: Delete a thing.
    requestBody: { required: false }
    responses:
      "204": { description: Deleted. }
      "404": { description: Gone. }
/things/{thing_id}/parts/{part_id}/:
  parameters:
    - $ref: "#/components/parameters/thing_id"
    - { name: part_id, in: path, required: true, schema: { $ref: "#/components/schemas/Part" } }
  patch:
    operationId: change_part
    tags: [things]
    summary: Change a part.
    parameters:
      - { name: quiet, in: query, schema: { type: string, enum: ["yes", "no"] } }
    requestBody: {}
    responses:
      "200": { description: The thing. }
"""

PAGE: dict[str, Any] = {
    "x-kind": "page",
    "allOf": [
        {"type": "object", "properties": {"count": {"type": "integer"}}},
        {"properties": {"results": {"items": {"$ref": "#/components/schemas/things.Thing"}}}},
    ],
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Render builders of every kind."""
    root = minimal()
    root["paths"] = paths = yaml.safe_load(PATHS)
    root["components"]["parameters"]["state"] = {
        "name": "state",
        "in": "query",
        "schema": {"type": "string", "enum": ["new", "it's"]},
    }
    root["components"]["schemas"] |= {
        "Part": {
            "type": "string",
            "description": "Parts are anything.",
            "pattern": "^.+$",
            "x-constraint": "PART",
        },
        "things.ThingPage": PAGE,
        "things.ThingInput": {
            "x-kind": "request",
            "type": "object",
            "properties": {"name": {"type": "string"}},
        },
    }
    single, parts = paths["/things/{thing_id}/"], paths["/things/{thing_id}/parts/{part_id}/"]
    body = json_content("things.ThingInput")
    for operation in (paths["/things/"]["post"], single["delete"], parts["patch"]):
        operation["requestBody"]["content"] = body
    for success, schema in (
        (paths["/things/"]["get"]["responses"]["200"], "things.ThingPage"),
        (paths["/things/"]["post"]["responses"]["201"], "things.Thing"),
        (parts["patch"]["responses"]["200"], "things.Thing"),
    ):
        success["content"] = json_content(schema)
    return rendered(root, tmp_path_factory.mktemp("builders"))


def test_path_parameters_are_encoded_in_the_path(package: Rendered) -> None:
    """A path may have several of them."""
    request = package.operations.change_part("abc", "a/b c")
    assert request.path == "things/abc/parts/a%2Fb%20c/"
    assert request.operation.path == "things/{thing_id}/parts/{part_id}/"


@pytest.mark.parametrize(
    "thing_id",
    [
        pytest.param("ABC", id="pattern"),
        pytest.param("abcdefghij", id="length"),
        pytest.param(7, id="not a string"),
    ],
)
def test_a_path_parameter_must_satisfy_its_constraint(package: Rendered, thing_id: Any) -> None:
    """An invalid one raises InvalidArgument, with the name of the argument and the rule."""
    with pytest.raises(InvalidArgument, match="Ids are small letters; 0 to 9") as caught:
        package.operations.change_part(thing_id, "x")
    assert caught.value.argument == "thing_id"
    with pytest.raises(InvalidArgument, match="Parts are anything"):
        package.operations.change_part("abc", "")


def test_query_parameters_keep_the_order_of_the_document(package: Rendered) -> None:
    """Arrays are repeated parameters; absent parameters are left out."""
    request = package.operations.list_things(label=["b", "a"], page=2, name="n", state="new")
    assert request.query == (
        *(("name", "n"), ("page", "2")),
        *(("label", "b"), ("label", "a"), ("state", "new")),
    )
    assert package.operations.list_things().query == ()


def test_query_parameters_have_the_types_of_their_schemas(package: Rendered) -> None:
    """References are followed, enums are Literals, and every parameter is optional."""
    hints = typing.get_type_hints(package.operations.list_things)
    assert hints == {
        "name": str | UnsetType,
        "rule": str | UnsetType,
        "page": int | UnsetType,
        "label": Sequence[str] | UnsetType,
        "state": Literal["new", "it's"] | UnsetType,
        "return": of(Request, of(Page, package.things.Thing)),
    }


@pytest.mark.parametrize(
    ("builder", "positional", "keyword_only"),
    [
        pytest.param("list_things", {}, ["name", "rule", "page", "label", "state"], id="list"),
        pytest.param("create_thing", {"body": inspect.Parameter.empty}, [], id="body required"),
        pytest.param(
            "delete_thing",
            {"thing_id": inspect.Parameter.empty, "body": UNSET},
            [],
            id="body optional",
        ),
        pytest.param(
            "change_part",
            {
                "thing_id": inspect.Parameter.empty,
                "part_id": inspect.Parameter.empty,
                "body": UNSET,
            },
            ["quiet"],
            id="body optional by default, and a query",
        ),
    ],
)
def test_the_signature_follows_the_operation(
    package: Rendered, builder: str, positional: dict[str, object], keyword_only: list[str]
) -> None:
    """Path parameters, then the body, then the query as keyword-only parameters."""
    parameters = inspect.signature(getattr(package.operations, builder)).parameters.values()
    named = [one for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY]
    assert [(one.name, one.default) for one in named] == [(name, UNSET) for name in keyword_only]
    placed = [one for one in parameters if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert [(one.name, one.default) for one in placed] == list(positional.items())


def test_a_body_has_the_type_of_its_schema(package: Rendered) -> None:
    """Only an optional body may be unset."""
    operations, body = package.operations, package.things.ThingInput
    assert typing.get_type_hints(operations.create_thing)["body"] is body
    assert typing.get_type_hints(operations.delete_thing)["body"] == body | UnsetType


def test_a_body_is_passed_on_unchanged(package: Rendered) -> None:
    """An absent body stays unset, and so does the body of an operation that has none."""
    body = package.things.ThingInput()
    assert package.operations.create_thing(body).body is body
    assert package.operations.delete_thing("a", body).body is body
    assert package.operations.delete_thing("a").body is UNSET
    assert package.operations.list_things().body is UNSET


def test_the_result_has_the_type_of_the_successful_response(package: Rendered) -> None:
    """A Page for an envelope, None for no content; error responses are ignored."""
    thing: Any = package.things.Thing
    assert package.operations.list_things().returns == of(Page, thing)
    assert package.operations.create_thing(None).returns is thing
    assert package.operations.delete_thing("a").returns is type(None)
    hints = typing.get_type_hints(package.operations.delete_thing)
    assert hints["return"] == Request[None]


@pytest.mark.parametrize(
    ("constant", "expected"),
    [
        pytest.param(
            "LIST_THINGS",
            ("list_things", "GET", "things/", "things:read", False, "https://docs.example/things"),
            id="list",
        ),
        pytest.param(
            "CREATE_THING",
            (
                "create_thing",
                "POST",
                "things/",
                "things:write",
                True,
                "https://docs.example/others",
            ),
            id="needs a user, another tag",
        ),
        pytest.param(
            "DELETE_THING",
            (
                "delete_thing",
                "DELETE",
                "things/{thing_id}/",
                "",
                False,
                "https://docs.example/things",
            ),
            id="no permission",
        ),
    ],
)
def test_the_constant_describes_the_operation(
    package: Rendered, constant: str, expected: tuple[object, ...]
) -> None:
    """Method, path, permission, need for a user, and the documentation page of its tag."""
    one = getattr(package.operations, constant)
    assert (one.id, one.method, one.path, one.permission, one.needs_user, one.docs) == expected


def test_a_request_knows_its_operation(package: Rendered) -> None:
    """It refers to the constant itself."""
    operations = package.operations
    assert operations.list_things().operation is operations.LIST_THINGS
    assert operations.change_part("a", "b").operation is operations.CHANGE_PART


def test_operations_lists_every_operation_in_the_order_of_the_document(package: Rendered) -> None:
    """Once each."""
    assert [one.id for one in package.operations.OPERATIONS] == [
        *("list_things", "create_thing", "delete_thing", "change_part")
    ]


def test_each_tag_has_a_module_of_its_builders(package: Rendered) -> None:
    """It imports only what its own builders need."""
    made = {name for name in package.files if name.startswith(("operations/", "resources/"))}
    assert made == OF_TAGS | {"operations/others.py", "resources/others.py"}
    others = package.files["operations/others.py"]
    assert "def create_thing(" in others
    assert "import Thing, ThingInput\n" in others
    assert not {"ID", "Sequence", "list_things", "query"} & {*re.findall(r"\w+", others)}
    assert "def create_thing(" not in package.files["operations/things.py"]
    assert package.files["operations/__init__.py"].count("\n") == 2


def test_the_module_of_all_tags_exports_every_builder(package: Rendered) -> None:
    """And the table of operations, which `grafana_oncall.operations` re-exports."""
    builders = [one.id for one in package.operations.OPERATIONS]
    assert sorted(package.operations.__all__) == sorted(["OPERATIONS", *builders])


def test_the_docstring_has_summary_route_and_description(package: Rendered) -> None:
    """The description is optional and keeps its paragraphs."""
    operations = package.operations
    assert inspect.getdoc(operations.list_things) == (
        "List things.\n\n`GET /api/v1/things/`\n\nNewest first.\n\nA second paragraph."
    )
    expected = "Delete a thing.\n\n`DELETE /api/v1/things/{thing_id}/`"
    assert inspect.getdoc(operations.delete_thing) == expected


def test_a_schema_that_no_operation_reaches_is_not_rendered(tmp_path: Path) -> None:
    """Neither one that only error responses use nor one that nothing uses."""
    root = minimal()
    root["components"]["schemas"] |= {
        "errors.Error": {"type": "object", "properties": {"detail": {"anyOf": []}}},
        "unused.Unused": {"anyOf": []},
    }
    root["components"]["responses"]["Error"]["content"] = json_content("errors.Error")
    package = rendered(root, tmp_path)
    assert set(package.files) == {
        "__init__.py",
        "constraints.py",
        "models/__init__.py",
        "models/things.py",
        *OF_TAGS,
    }


def test_links_and_error_responses_are_not_rendered(tmp_path: Path) -> None:
    """They are documentation only."""
    link = {"operationId": "get_thing", "parameters": {"thing_id": "$response.body#/id"}}
    changes = {
        f"{GET}/responses/200/links": {"repeat": link},
        f"{GET}/responses/404": {"description": "There is none."},
    }
    made = rendered(minimal(changes), tmp_path / "linked")
    assert made.files == rendered(minimal(), tmp_path / "plain").files


QUERY: dict[str, Any] = {"name": "text", "in": "query", "schema": STRING}
LISTED: dict[str, Any] = {"$ref": THING_ID}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{PATH}/parameters": [LISTED, QUERY]}, id="query parameter of the path"),
        pytest.param(
            {f"{PATH}/parameters": [QUERY], f"{GET}/parameters": [LISTED]},
            id="path parameter of the operation",
        ),
    ],
)
def test_a_parameter_may_be_declared_with_the_path_or_the_operation(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    """The builder is the same."""
    request = rendered(minimal(changes), tmp_path).operations.get_thing("a", text="b")
    assert (request.path, request.query) == ("things/a/", (("text", "b"),))


def test_a_specification_needs_neither_path_parameters_nor_models(tmp_path: Path) -> None:
    """The modules then have nothing to import."""
    get = minimal()["paths"]["/things/{thing_id}/"]["get"]
    get["responses"] = {"204": {"description": "Done."}}
    made = rendered(minimal({"#/paths": {"/": {"get": get}}}), tmp_path)
    assert made.operations.get_thing().path == ""
    assert set(made.files) == {"__init__.py", "constraints.py", *OF_TAGS}
