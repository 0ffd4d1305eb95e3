"""Refusals: what would not be rendered faithfully raises Unsupported, and says where it stands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import render
from codegen.spec import Json, Spec, Unsupported
from grafana_oncall._request import Page
from tests.codegen.specs import REMOVED, json_content, minimal, of, rendered

SCHEMAS = "#/components/schemas/"
THING = f"{SCHEMAS}things.Thing"
MEMBER = f"{THING}/properties/member"
PATH = "#/paths/~1things~1{thing_id}~1"
GET = f"{PATH}/get"
OTHER: Json = {"$ref": f"{SCHEMAS}things.Other"}
NULL: Json = {"type": "null"}
STRING: Json = {"type": "string"}
OBJECT: Json = {"type": "object", "properties": {"a": STRING}}


def _refused(changes: Mapping[str, Any]) -> str:
    """The pointer of the refusal; the message has it too."""
    with pytest.raises(Unsupported) as caught:
        render(Spec(root=minimal(changes)))
    assert str(caught.value) == f"{caught.value.pointer}: {caught.value.reason}"
    return caught.value.pointer


@pytest.mark.parametrize(
    ("schema", "below"),
    [
        pytest.param({"allOf": [OTHER]}, "", id="allOf"),
        pytest.param({"anyOf": [STRING, NULL]}, "", id="anyOf"),
        pytest.param({"not": STRING}, "", id="not"),
        pytest.param({"oneOf": [OTHER, OTHER]}, "", id="oneOf two classes"),
        pytest.param({"oneOf": [OTHER, OTHER, NULL]}, "", id="oneOf two classes or null"),
        pytest.param({"oneOf": [NULL, OTHER]}, "", id="oneOf null first"),
        pytest.param({"oneOf": [OTHER]}, "", id="oneOf one"),
        pytest.param({"oneOf": [STRING, NULL]}, "", id="oneOf without a reference"),
        pytest.param({"oneOf": [OTHER, NULL], "default": None}, "/default", id="beside oneOf"),
        pytest.param(
            {"oneOf": [OTHER | {"title": "x"}, NULL]}, "/oneOf/0/title", id="beside $ref in oneOf"
        ),
        pytest.param(
            {"oneOf": [{"$ref": "#/components/parameters/thing_id"}, NULL]},
            "/oneOf/0",
            id="oneOf of no schema",
        ),
        pytest.param(STRING | {"const": "a"}, "/const", id="const"),
        pytest.param({"const": "a"}, "", id="const without type"),
        pytest.param(OBJECT, "", id="inline object"),
        pytest.param({"type": "array", "items": OBJECT}, "/items", id="inline object in an array"),
        pytest.param(STRING | {"enum": ["a"]}, "", id="inline enum"),
        pytest.param({"type": "integer", "enum": [1]}, "/enum", id="enum of integers"),
        pytest.param({"enum": ["a"]}, "", id="enum without type"),
        pytest.param({"type": "object"}, "", id="object of nothing"),
        pytest.param(
            {"type": "object", "additionalProperties": False}, "", id="object of no member"
        ),
        pytest.param(
            {"type": "object", "additionalProperties": STRING}, "", id="object of strings"
        ),
        pytest.param(
            {"type": "object", "additionalProperties": True, "patternProperties": {"^a": STRING}},
            "/patternProperties",
            id="patternProperties",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": True, "x-kind": "page?"},
            "/x-kind",
            id="unknown x-kind of a free object",
        ),
        pytest.param(STRING | {"format": "uuid"}, "/format", id="unknown format"),
        pytest.param({"type": "integer", "format": "int64"}, "/format", id="format of an integer"),
        pytest.param(STRING | {"maxlength": 3}, "/maxlength", id="typo"),
        pytest.param(STRING | {"nullable": True}, "/nullable", id="keyword of OpenAPI 3.0"),
        pytest.param(STRING | {"default": "a"}, "/default", id="default of a string"),
        pytest.param(STRING | {"maxItems": 3}, "/maxItems", id="keyword of another type"),
        pytest.param({"type": "boolean", "minimum": 0}, "/minimum", id="limit of a boolean"),
        pytest.param({"type": "number", "multipleOf": 2}, "/multipleOf", id="multipleOf"),
        pytest.param({"type": "file"}, "", id="unknown type"),
        pytest.param(NULL, "", id="only null"),
        pytest.param({"type": ["string", "integer"]}, "", id="two types"),
        pytest.param({"type": ["null", "string"]}, "", id="null first"),
        pytest.param({"minLength": 1}, "", id="no type"),
        pytest.param({"type": "array"}, "", id="array without items"),
        pytest.param(
            {"type": "array", "items": STRING, "default": ["a"]}, "/default", id="default of array"
        ),
        pytest.param(
            {"type": "array", "items": STRING, "default": None}, "/default", id="default null"
        ),
        pytest.param(
            {"type": "array", "items": STRING, "minItems": 1}, "/minItems", id="limit of array"
        ),
        pytest.param(
            {"type": "array", "items": STRING | {"format": "date"}},
            "/items/format",
            id="unknown format in an array",
        ),
        pytest.param(OTHER | {"maxLength": 1}, "/maxLength", id="beside $ref"),
        pytest.param({"$ref": "#/components/parameters/thing_id"}, "", id="$ref to no schema"),
    ],
)
def test_a_member_that_is_not_supported_is_refused(schema: Json, below: str) -> None:
    """Never a silent Any."""
    assert _refused({MEMBER: schema}) == MEMBER + below


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(f"{SCHEMAS}things.Nothing", id="no such schema"),
        pytest.param(f"{THING}/nothing/id", id="no such place in a schema"),
        pytest.param("#/components/schemas/Id/type/str", id="below a string"),
        pytest.param("components/schemas/Id", id="no pointer"),
        pytest.param("other.yaml#/components/schemas/Id", id="another file"),
    ],
)
@pytest.mark.parametrize("place", [MEMBER, f"{GET}/responses/200/content/application~1json/schema"])
def test_a_reference_to_nothing_is_refused(place: str, reference: str) -> None:
    """The refusal names what is missing."""
    assert _refused({place: {"$ref": reference}}) == reference


@pytest.mark.parametrize(
    ("keyword", "value", "below"),
    [
        pytest.param("additionalProperties", True, "/additionalProperties", id="others allowed"),
        pytest.param("additionalProperties", False, "/additionalProperties", id="others forbidden"),
        pytest.param("patternProperties", {"^a": STRING}, "/patternProperties", id="patterns"),
        pytest.param("required", ["id", "di"], "/required", id="required member does not exist"),
        pytest.param("x-kind", "requst", "/x-kind", id="unknown x-kind"),
        pytest.param("x-kind", "page", "", id="page that is none"),
        pytest.param("x-kinds", "request", "/x-kinds", id="typo in an extension"),
        pytest.param("title", "Thing", "/title", id="title"),
        pytest.param("type", None, "", id="null for a type"),
        pytest.param("type", REMOVED, "", id="no type"),
        pytest.param("oneOf", [OTHER, NULL], "/properties", id="oneOf beside properties"),
        pytest.param("x-constraint", "THING", "/x-constraint", id="constraint on an object"),
    ],
)
def test_a_class_that_is_not_supported_is_refused(keyword: str, value: Any, below: str) -> None:
    """What a component schema says beside its properties is not dropped."""
    assert _refused({f"{THING}/{keyword}": value}) == THING + below


@pytest.mark.parametrize(
    ("schema", "below"),
    [
        pytest.param({"type": "string", "enum": ["a"], "format": "uuid"}, "/format", id="enum"),
        pytest.param({"type": "array", "items": OBJECT}, "/items", id="array"),
        pytest.param({"allOf": [OTHER]}, "", id="allOf outside a page"),
        pytest.param({"type": "object"}, "", id="object"),
    ],
)
def test_a_named_schema_that_is_not_supported_is_refused(schema: Json, below: str) -> None:
    """The pointer is that of the component, wherever it is used."""
    changes = {f"{SCHEMAS}Named": schema, MEMBER: {"$ref": f"{SCHEMAS}Named"}}
    assert _refused(changes) == f"{SCHEMAS}Named{below}"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="empty"),
        pytest.param([OTHER], id="envelope only"),
        pytest.param([{"properties": {"results": {"type": "array"}}}], id="no items"),
        pytest.param([{"properties": {"results": {"items": STRING}}}], id="items of no component"),
        pytest.param(
            [{"properties": {"results": {"items": {"$ref": "#/components/parameters/thing_id"}}}}],
            id="items that are no schema",
        ),
    ],
)
@pytest.mark.parametrize("place", ["responses/200/content", "requestBody"])
def test_a_page_without_items_is_refused(parts: list[Json], place: str) -> None:
    """The type of its items is all that is taken from a page."""
    page, content = f"{SCHEMAS}things.Page", json_content("things.Page")
    used = content if place.endswith("content") else {"content": content}
    changes = {page: {"x-kind": "page", "allOf": parts}, f"{GET}/{place}": used}
    assert _refused(changes) == page


def test_what_stands_round_the_items_of_a_page_is_not_rendered(tmp_path: Path) -> None:
    """So that the envelope may say what it likes."""
    item = {"properties": {"results": {"items": {"$ref": THING}}}}
    changes = {
        f"{SCHEMAS}Envelope": {"type": "object", "minProperties": 4, "additionalProperties": True},
        f"{SCHEMAS}things.Page": {
            "x-kind": "page",
            "allOf": [{"$ref": f"{SCHEMAS}Envelope"}, item],
        },
        f"{GET}/responses/200/content": json_content("things.Page"),
    }
    made = rendered(minimal(changes), tmp_path)
    assert made.operations.get_thing("a").returns == of(Page, made.things.Thing)


@pytest.mark.parametrize(
    ("parameter", "place"),
    [
        pytest.param({"in": "header", "schema": STRING}, GET, id="header"),
        pytest.param({"in": "cookie", "schema": STRING}, GET, id="cookie"),
        pytest.param({"in": "header", "schema": STRING}, PATH, id="header of the whole path"),
        pytest.param({"in": "query", "schema": {"type": "number"}}, GET, id="number"),
        pytest.param({"in": "query", "schema": {"type": "boolean"}}, GET, id="boolean"),
        pytest.param({"in": "query", "schema": {}}, GET, id="anything"),
        pytest.param({"in": "query", "schema": {"type": ["string", "null"]}}, GET, id="nullable"),
        pytest.param({"in": "query", "schema": {"type": "array"}}, GET, id="array of anything"),
        pytest.param(
            {"in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
            GET,
            id="array of integers",
        ),
        pytest.param({"in": "query", "schema": OTHER}, GET, id="object"),
    ],
)
def test_a_parameter_that_is_not_supported_is_refused(parameter: Json, place: str) -> None:
    """Paths take ids; queries take strings, integers and repeated strings."""
    listed = [{"$ref": "#/components/parameters/thing_id"}] if place == PATH else []
    changes = {f"{place}/parameters": [*listed, {"name": "x"} | parameter]}
    assert _refused(changes) == f"{GET}/parameters"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        pytest.param({f"{GET}/operationId": REMOVED}, GET, id="no operationId"),
        pytest.param({f"{GET}/tags": REMOVED}, f"{GET}/tags", id="no tag"),
        pytest.param({f"{GET}/tags": ["unlisted"]}, f"{GET}/tags", id="unlisted tag"),
        pytest.param({"#/tags": REMOVED}, f"{GET}/tags", id="no tags at all"),
        pytest.param(
            {f"{GET}/responses/201": {"description": "Made."}},
            f"{GET}/responses",
            id="two successful responses",
        ),
        pytest.param(
            {f"{GET}/responses/200": REMOVED}, f"{GET}/responses", id="no successful response"
        ),
        pytest.param(
            {f"{GET}/responses/200/content": {"text/html": {"schema": OTHER}}},
            f"{GET}/responses/200/content",
            id="answer of another type",
        ),
        pytest.param(
            {f"{GET}/responses/200/content": {"application/json": {"schema": STRING}}},
            f"{GET}/responses/200/content",
            id="inline answer",
        ),
        pytest.param(
            {f"{GET}/requestBody": {"content": {"multipart/form-data": {"schema": OTHER}}}},
            f"{GET}/requestBody/content",
            id="body of another type",
        ),
        pytest.param(
            {f"{GET}/requestBody": {"content": {"application/json": {"schema": OBJECT}}}},
            f"{GET}/requestBody/content",
            id="inline body",
        ),
        pytest.param(
            {"#/components/parameters/thing_id/schema": STRING},
            PATH,
            id="path parameter without x-constraint",
        ),
        pytest.param(
            {f"{SCHEMAS}Id/x-constraint": REMOVED}, PATH, id="its schema without x-constraint"
        ),
    ],
)
def test_an_operation_that_is_not_supported_is_refused(
    changes: dict[str, Any], pointer: str
) -> None:
    """A builder is right or is not written."""
    assert _refused(changes) == pointer


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "string", "pattern": "a"}, id="string without description"),
        pytest.param({"type": "string", "description": "a"}, id="string without pattern"),
        pytest.param({"type": "array", "items": STRING}, id="array without maxItems"),
        pytest.param({"type": "integer", "minimum": 1}, id="integer without maximum"),
        pytest.param({"type": "integer", "maximum": 1}, id="integer without minimum"),
        pytest.param({"type": "number", "minimum": 0, "maximum": 1}, id="number"),
        pytest.param(
            {"type": ["string", "null"], "description": "a", "pattern": "a"}, id="nullable"
        ),
    ],
)
def test_a_constraint_without_limits_is_refused(schema: Json) -> None:
    """Even where no operation uses the schema."""
    named = schema | {"x-constraint": "NAMED"}
    assert _refused({f"{SCHEMAS}Named": named}) == f"{SCHEMAS}Named"


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({}, id="anything"),
        pytest.param({"description": "Any.", "example": 1, "examples": [1]}, id="documentation"),
        pytest.param({"type": "object", "additionalProperties": True}, id="any object"),
        pytest.param({"type": "array", "items": {}, "default": [], "maxItems": 3}, id="array"),
        pytest.param({"oneOf": [OTHER, NULL], "description": "Other."}, id="nullable reference"),
        pytest.param(OTHER | {"description": "Other."}, id="reference with a description"),
        pytest.param(
            {"type": ["array", "null"], "items": {"items": {}, "type": "array"}}, id="deep"
        ),
        pytest.param({"type": "string", "format": "date-time", "minLength": 1}, id="string"),
    ],
)
def test_what_stands_next_to_a_refused_schema_is_supported(schema: Json, tmp_path: Path) -> None:
    """The refusals above are not of the small specification itself."""
    package = rendered(minimal({MEMBER: schema}), tmp_path)
    assert package.things.Thing(id="a").member in (None, ())
