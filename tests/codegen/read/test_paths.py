"""Unsupported paths, operations, parameters and names are refused; for schemas see test_schemas."""

from typing import Any

import pytest

from codegen.__main__ import render
from codegen.read.spec import Json, Spec
from tests.support.specs import (
    GET,
    OBJECT,
    OTHER,
    PATH,
    REMOVED,
    SCHEMAS,
    STRING,
    THING,
    THING_ID,
    json_content,
    minimal,
    refused,
)

RESPONSE = f"{GET}/responses/200"
JSON = "content/application~1json"
INTEGERS: Json = {"type": "array", "items": {"type": "integer"}}
STATES: Json = {"type": "array", "items": STRING | {"enum": ["a"]}}
CONSTANT: Json = STRING | {"const": "a"}
STATE = f"{SCHEMAS}things.State"
ODD = f"{SCHEMAS}things.Odd"


@pytest.mark.parametrize(
    ("parameter", "below"),
    [
        pytest.param({"in": "header"}, "/in", id="header"),
        pytest.param({"in": "cookie"}, "/in", id="cookie"),
        pytest.param({"schema": {"type": "number"}}, "/schema", id="number"),
        pytest.param({"schema": {}}, "/schema", id="anything"),
        pytest.param({"schema": {"type": ["string", "null"]}}, "/schema", id="nullable"),
        pytest.param({"schema": {"type": "array"}}, "/schema", id="array of anything"),
        pytest.param({"schema": INTEGERS}, "/schema", id="array of integers"),
        pytest.param({"schema": STATES}, "/schema/items", id="array of an enum"),
        pytest.param({"schema": OTHER}, "/schema", id="object"),
        pytest.param({"schema": OBJECT}, "/schema", id="inline object"),
        pytest.param({"schema": {"$ref": STATE}}, "/schema", id="enum that is a class"),
        pytest.param({"schema": STRING | {"format": "time-utc"}}, "/schema", id="time of day"),
        pytest.param(
            {"schema": {"type": "integer", "enum": [1]}}, "/schema", id="enum of integers"
        ),
        pytest.param(
            {"schema": STRING | {"default": "a"}}, "/schema/default", id="unknown keyword"
        ),
        pytest.param({"schema": True}, "/schema", id="true for a schema"),
        pytest.param({"required": "yes"}, "/required", id="required in words"),
        pytest.param({"schema": CONSTANT}, "/required", id="constant that may be left out"),
        pytest.param({"explode": False}, "", id="array that is not repeated"),
        pytest.param({"style": "pipeDelimited"}, "", id="array with another separator"),
        pytest.param({"deprecated": True}, "/deprecated", id="deprecated"),
        pytest.param({"name": "query"}, "/name", id="name that the builder uses"),
        pytest.param({"name": "body"}, "/name", id="name of the body"),
        pytest.param({"name": "page-size"}, "/name", id="not an identifier"),
        pytest.param({"name": "from"}, "/name", id="keyword of Python"),
        pytest.param({"name": 1}, "/name", id="name that is not a string"),
    ],
)
@pytest.mark.parametrize("place", [GET, PATH])
def test_a_parameter_that_is_not_supported_is_refused(
    parameter: Json, below: str, place: str
) -> None:
    """Query parameters are texts, numbers, flags, inline enums or arrays of strings."""
    one = {"name": "x", "in": "query", "schema": STRING} | parameter
    changes = {
        STATE: {"type": "string", "enum": ["a"]},
        f"{place}/parameters": [{"$ref": THING_ID}, one],
    }
    assert refused(changes) == f"{place}/parameters/1{below}"


@pytest.mark.parametrize(
    ("changes", "below"),
    [
        pytest.param({f"{THING_ID}/schema": STRING}, "/schema", id="no constraint"),
        pytest.param(
            {f"{SCHEMAS}Id/x-constraint": REMOVED}, "/schema", id="no referenced constraint"
        ),
        pytest.param(
            {f"{THING_ID}/schema/x-constraint": "ID", f"{THING_ID}/schema/$ref": REMOVED}
            | {f"{THING_ID}/schema/type": "string"},
            "/schema/x-constraint",
            id="inline constraint",
        ),
        pytest.param({f"{THING_ID}/schema": REMOVED}, "", id="no schema"),
        pytest.param({f"{THING_ID}/required": REMOVED}, "/required", id="optional"),
        pytest.param({f"{THING_ID}/in": "path "}, "/in", id="unknown place"),
        pytest.param({f"{THING_ID}/$ref": THING_ID}, "/$ref", id="reference to a reference"),
    ],
)
def test_a_path_parameter_that_is_not_supported_is_refused(
    changes: dict[str, Any], below: str
) -> None:
    """Path parameters are strings with a constraint; the pointer is that of the component."""
    assert refused(changes) == THING_ID + below


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        pytest.param({"#/jsonSchemaDialect": "x"}, "#/jsonSchemaDialect", id="dialect"),
        pytest.param({"#/paths": REMOVED}, "#", id="no paths"),
        pytest.param({"#/components/links": {}}, "#/components/links", id="other components"),
        pytest.param({f"{SCHEMAS}Id": True}, f"{SCHEMAS}Id", id="true for a component"),
        pytest.param({f"{PATH}/head": {}}, f"{PATH}/head", id="unknown method"),
        pytest.param({f"{PATH}/servers": []}, f"{PATH}/servers", id="other servers"),
        pytest.param({f"{PATH}/get": None}, GET, id="null for an operation"),
        pytest.param({"#/paths/~1a": {}}, "#/paths/~1a", id="no slash at the end"),
        pytest.param({"#/paths/~1a'b~1": {}}, "#/paths/~1a'b~1", id="quote in a path"),
        pytest.param({"#/paths/~1{a}.json~1": {}}, "#/paths/~1{a}.json~1", id="part of a segment"),
        pytest.param({f"{PATH}/parameters": []}, GET, id="placeholder without a parameter"),
        pytest.param({f"{GET}/parameters": [{"$ref": THING_ID}]}, GET, id="parameter twice"),
        pytest.param(
            {f"{GET}/parameters": [{"name": "thing_id", "in": "query", "schema": STRING}]},
            GET,
            id="path and query parameter of one name",
        ),
        pytest.param(
            {f"{GET}/parameters": [{"$ref": f"{SCHEMAS}Id"}]},
            f"{GET}/parameters/0/$ref",
            id="schema for a parameter",
        ),
        pytest.param({f"{GET}/deprecated": True}, f"{GET}/deprecated", id="unknown keyword"),
        pytest.param({f"{GET}/x-repeats": 1}, f"{GET}/x-repeats", id="repeats in a number"),
        pytest.param({f"{GET}/x-retry": "maybe"}, f"{GET}/x-retry", id="unknown repeat"),
        pytest.param({f"{GET}/x-check": 1}, f"{GET}/x-check", id="check that is not a string"),
        pytest.param(
            {f"{GET}/x-needs-user": 1}, f"{GET}/x-needs-user", id="flag that is not a boolean"
        ),
        pytest.param({f"{GET}/operationId": REMOVED}, GET, id="no operationId"),
        pytest.param({f"{GET}/summary": REMOVED}, GET, id="no summary"),
        pytest.param({f"{GET}/responses": REMOVED}, GET, id="no responses"),
        pytest.param({f"{GET}/tags": REMOVED}, GET, id="no tag"),
        pytest.param({f"{GET}/tags": []}, f"{GET}/tags", id="empty tags"),
        pytest.param({f"{GET}/tags": ["things", "others"]}, f"{GET}/tags", id="two tags"),
        pytest.param({f"{GET}/tags": "things"}, f"{GET}/tags", id="text for tags"),
        pytest.param({f"{GET}/tags": ["unlisted"]}, f"{GET}/tags/0", id="unlisted tag"),
        pytest.param({f"{GET}/tags": [None]}, f"{GET}/tags/0", id="null for a tag"),
        pytest.param({"#/tags": REMOVED}, f"{GET}/tags/0", id="no tags at all"),
        pytest.param({"#/tags": [{"name": "things"}]}, f"{GET}/tags/0", id="tag without a page"),
    ],
)
def test_an_operation_that_is_not_supported_is_refused(
    changes: dict[str, Any], pointer: str
) -> None:
    """A builder is generated correctly or not at all."""
    assert refused(changes) == pointer


@pytest.mark.parametrize(
    ("response", "below"),
    [
        pytest.param({"201": {"description": "Made."}}, "", id="two successes"),
        pytest.param({"200": REMOVED}, "", id="no success"),
        pytest.param({200: {"description": "Done."}}, "/200", id="status as a number"),
        pytest.param({"200": {"$ref": "#/components/responses/Error"}}, "/200/$ref", id="$ref"),
        pytest.param({"200": {"headers": {}}}, "/200/headers", id="headers"),
        pytest.param({"200": None}, "/200", id="null"),
    ],
)
def test_a_response_that_is_not_supported_is_refused(response: dict[Any, Any], below: str) -> None:
    """There is one successful response: JSON of a class, or no content."""
    listed: dict[Any, Any] = {"200": {"description": "The thing."}} | response
    kept = {status: one for status, one in listed.items() if one is not REMOVED}
    assert refused({f"{GET}/responses": kept}) == f"{GET}/responses{below}"


@pytest.mark.parametrize(
    ("content", "below"),
    [
        pytest.param({"text/html": {"schema": OTHER}}, "content/text~1html", id="another type"),
        pytest.param(
            json_content("things.Thing") | {"text/html": {}}, "content/text~1html", id="two types"
        ),
        pytest.param({"text/calendar": {}}, "content/text~1calendar", id="no string"),
        pytest.param({}, "content", id="no type"),
        pytest.param({"application/json": {}}, JSON, id="no schema"),
        pytest.param({"application/json": {"schema": STRING}}, f"{JSON}/schema/type", id="inline"),
        pytest.param(
            {"application/json": {"schema": OTHER, "encoding": {}}},
            f"{JSON}/encoding",
            id="encoding",
        ),
        pytest.param(json_content("Id"), f"{JSON}/schema", id="string"),
        pytest.param(json_content("things.Names"), f"{JSON}/schema", id="array"),
    ],
)
@pytest.mark.parametrize("place", [RESPONSE, f"{GET}/requestBody"])
def test_content_that_is_not_supported_is_refused(content: Json, below: str, place: str) -> None:
    """The bodies of requests and responses are JSON of a class."""
    names = {"type": "array", "items": {"$ref": THING}}
    changes = {f"{SCHEMAS}things.Names": names, place: {"content": content}}
    assert refused(changes) == f"{place}/{below}"


@pytest.mark.parametrize(
    ("body", "below"),
    [
        pytest.param({"$ref": "#/components/requestBodies/Body"}, "/$ref", id="$ref"),
        pytest.param({"required": True}, "", id="no content"),
        pytest.param(
            {"content": json_content("things.Thing"), "required": "yes"},
            "/required",
            id="flag that is not a boolean",
        ),
    ],
)
def test_a_body_that_is_not_supported_is_refused(body: Json, below: str) -> None:
    """It is written in the operation itself."""
    assert refused({f"{GET}/requestBody": body}) == f"{GET}/requestBody{below}"


@pytest.mark.parametrize(
    "name",
    [
        *("self", "attrs", "datetime", "str", "int", "float", "bool"),
        *("Upper", "_private", "1st", "a b", "a/b", "a~b", "ä", ""),
    ],
)
def test_a_member_whose_name_would_break_its_class_is_refused(name: str) -> None:
    """The template or the class itself uses the name, or it cannot become an identifier."""
    pointer = f"{THING}/properties/{name.replace('~', '~0').replace('/', '~1')}"
    assert refused({f"{THING}/properties": {"id": STRING, name: STRING}}) == pointer


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Plain", id="no module"),
        pytest.param("zoo.things.Thing", id="two dots"),
        pytest.param("things.Thing_One", id="underscore"),
        pytest.param("things.thing", id="lower-case class"),
        pytest.param("Things.One", id="upper-case module"),
        pytest.param("datetimes.Zone", id="datetime in the module"),
        pytest.param("things.Olddatetime", id="datetime in the class"),
        pytest.param("class.Thing", id="keyword for a module"),
        pytest.param("things.None", id="keyword for a class"),
        pytest.param("attrs.Thing", id="module that the template imports"),
        pytest.param("operations.Thing", id="module of the builders"),
        pytest.param("constraints.Thing", id="module of the constants"),
        pytest.param("things.Sequence", id="class that the template imports"),
        pytest.param("zoo.Thing", id="class of another module"),
        pytest.param("zoo.ID", id="constant"),
    ],
)
@pytest.mark.parametrize("used", [f"{THING}/properties/x", f"{RESPONSE}/{JSON}/schema"])
def test_a_class_whose_name_is_invalid_or_taken_is_refused(name: str, used: str) -> None:
    """A class is named module.Class, and nothing else in any module has its name."""
    thing = {"type": "object", "properties": {"thing": {"$ref": THING}}}
    changes = {SCHEMAS + name: thing, used: {"$ref": SCHEMAS + name}}
    assert refused(changes) == SCHEMAS + name


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("get-thing", id="not an identifier"),
        pytest.param("getThing", id="upper-case letter"),
        pytest.param("import", id="keyword"),
        pytest.param("segment", id="function that the builders call"),
        pytest.param("operations", id="constant is the table of all"),
        pytest.param("id", id="constant is that of a constraint"),
        pytest.param("other_thing", id="that of another operation"),
    ],
)
def test_an_operation_whose_name_is_invalid_or_taken_is_refused(name: str) -> None:
    """The builder has that name, and the constant has it in capitals."""
    other = {
        "operationId": "other_thing",
        "tags": ["things"],
        "summary": "Do.",
        "responses": {"204": {"description": "Done."}},
    }
    changes = {f"{GET}/operationId": name, "#/paths/~1a~1": {"get": other}}
    taken = {"other_thing": "#/paths/~1a~1/get"}
    assert refused(changes) == f"{taken.get(name, GET)}/operationId"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("more things", id="space"),
        pytest.param("more-things", id="not an identifier"),
        pytest.param("Things", id="upper-case letter"),
        pytest.param("_all", id="module of all builders"),
        pytest.param("__init__", id="the package itself"),
        pytest.param("../things", id="path"),
        pytest.param("import", id="keyword"),
        pytest.param("", id="empty"),
    ],
)
def test_a_tag_that_cannot_name_a_module_is_refused(name: str) -> None:
    """A tag that no operation has may have any name."""
    odd = {"name": name, "externalDocs": {"url": "https://docs.example/odd"}}
    tags = [*minimal()["tags"], odd]
    assert refused({"#/tags": tags, f"{GET}/tags": [name]}) == f"{GET}/tags/0"
    assert render(Spec(root=minimal({"#/tags": tags}))) == render(Spec(root=minimal()))
