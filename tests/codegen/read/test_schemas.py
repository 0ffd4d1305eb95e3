"""Unsupported schemas are refused, with the JSON pointer of what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from codegen.read.spec import Json
from grafana_oncall._core.request import Page
from tests.support.specs import (
    GET,
    MEMBER,
    NULL,
    OBJECT,
    OTHER,
    REMOVED,
    SCHEMAS,
    STRING,
    THING,
    THING_ID,
    json_content,
    minimal,
    of,
    refused,
    rendered,
)

CONTENT = f"{GET}/responses/200/content"
PAGE = f"{SCHEMAS}things.Page"
ITEMS = f"{PAGE}/allOf/0/properties/results/items"
RULE: Json = STRING | {"description": "a", "pattern": "^a$"}
ENUM: Json = {"type": "string", "enum": ["a"]}


def _of(items: Json) -> Json:
    return {"properties": {"results": {"items": items}}}


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
            "/oneOf/0/$ref",
            id="oneOf of no schema",
        ),
        pytest.param(STRING | {"const": 1}, "/const", id="const that is no text"),
        pytest.param(STRING | {"x-known-values": ["a"]}, "", id="known values without a name"),
        pytest.param({"const": "a"}, "", id="const without type"),
        pytest.param(OBJECT, "", id="inline object"),
        pytest.param({"type": "array", "items": OBJECT}, "/items", id="inline object in an array"),
        pytest.param(STRING | {"enum": ["a"]}, "", id="inline enum"),
        pytest.param({"type": "integer", "enum": ["1"]}, "/enum", id="texts of an integer"),
        pytest.param({"enum": ["a"]}, "", id="enum without type"),
        pytest.param({"type": "object"}, "", id="object of nothing"),
        pytest.param(
            {"type": "object", "additionalProperties": False},
            "/additionalProperties",
            id="object of no member",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": STRING},
            "/additionalProperties",
            id="object of strings",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": True, "required": ["a"]},
            "/required",
            id="object with a member that is required",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": True, "patternProperties": {"^a": STRING}},
            "/patternProperties",
            id="patternProperties",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": True, "x-kind": "page?"},
            "/x-kind",
            id="x-kind of a free object",
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
        pytest.param({"$ref": "#/components/parameters/thing_id"}, "/$ref", id="$ref to no schema"),
        pytest.param({"$ref": 1}, "/$ref", id="$ref that is not a string"),
        pytest.param({"type": "array", "items": True}, "/items", id="true for a schema"),
        pytest.param(True, "", id="true for a member"),
        pytest.param(STRING | {"minLength": True}, "/minLength", id="limit that is not a number"),
        pytest.param(STRING | {"description": 1}, "/description", id="description that is no text"),
        pytest.param(STRING | {"x-constraint": "A"}, "/x-constraint", id="inline constraint"),
        pytest.param(
            STRING | {"format": "date-time", "minLength": 1}, "/minLength", id="limit of a time"
        ),
        pytest.param({"description": "a\0"}, "/description", id="unprintable text"),
        pytest.param({"example": [{1: "a"}]}, "/example/0/1", id="key that is not a string"),
    ],
)
def test_a_member_that_is_not_supported_is_refused(schema: Json, below: str) -> None:
    """It never silently becomes Any."""
    assert refused({MEMBER: schema}) == MEMBER + below


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(f"{SCHEMAS}things.Nothing", id="no such schema"),
        pytest.param(f"{THING}/nothing/id", id="no such place in a schema"),
        pytest.param(f"{THING}/properties/id", id="into a schema"),
        pytest.param("#/components/schemas/Id/type/str", id="below a string"),
        pytest.param("components/schemas/Id", id="not a pointer"),
        pytest.param("other.yaml#/components/schemas/Id", id="another file"),
    ],
)
@pytest.mark.parametrize("place", [MEMBER, f"{GET}/responses/200/content/application~1json/schema"])
def test_a_dangling_reference_is_refused(place: str, reference: str) -> None:
    """The error has the pointer of the reference."""
    assert refused({place: {"$ref": reference}}) == f"{place}/$ref"


@pytest.mark.parametrize(
    ("keyword", "value", "below"),
    [
        pytest.param("additionalProperties", True, "/additionalProperties", id="others allowed"),
        pytest.param("additionalProperties", False, "/additionalProperties", id="others forbidden"),
        pytest.param("patternProperties", {"^a": STRING}, "/patternProperties", id="patterns"),
        pytest.param("required", ["id", "di"], "/required", id="required member does not exist"),
        pytest.param("x-kind", "requst", "/x-kind", id="unknown x-kind"),
        pytest.param("properties", {}, "/properties", id="no members"),
        pytest.param("x-kind", "page", "/properties", id="page without allOf"),
        pytest.param("x-kinds", "request", "/x-kinds", id="typo in an extension"),
        pytest.param("title", "Thing", "/title", id="title"),
        pytest.param("type", None, "", id="null for a type"),
        pytest.param("type", ["object", "null"], "/properties", id="class or null"),
        pytest.param("type", REMOVED, "", id="no type"),
        pytest.param("oneOf", [OTHER, NULL], "/properties", id="oneOf beside properties"),
        pytest.param("x-constraint", "THING", "/x-constraint", id="constraint on an object"),
    ],
)
def test_a_class_that_is_not_supported_is_refused(keyword: str, value: Any, below: str) -> None:
    """No keyword of a component schema is silently dropped."""
    assert refused({f"{THING}/{keyword}": value}) == THING + below


@pytest.mark.parametrize(
    ("schema", "below"),
    [
        pytest.param(ENUM | {"format": "uuid"}, "/format", id="enum with a format"),
        pytest.param(ENUM | {"type": ["string", "null"]}, "/enum", id="enum or null"),
        pytest.param(ENUM | {"enum": []}, "/enum", id="enum without values"),
        pytest.param(ENUM | {"enum": ["a", "a"]}, "/enum", id="duplicate value"),
        pytest.param(ENUM | {"enum": ["a", None]}, "/enum", id="null among the values"),
        pytest.param(ENUM | {"enum": ["a", ""]}, "/enum", id="empty value"),
        pytest.param(
            ENUM | {"x-enum-aliases": {"b": "c"}}, "/x-enum-aliases", id="alias of no value"
        ),
        pytest.param({"type": "array", "items": OBJECT}, "/items", id="array"),
        pytest.param(
            {"type": "array", "items": {"$ref": f"{SCHEMAS}things.Named"}}, "", id="array of itself"
        ),
        pytest.param({"allOf": [OTHER]}, "", id="allOf outside a page"),
        pytest.param({"type": "object"}, "", id="object"),
    ],
)
def test_a_named_schema_that_is_not_supported_is_refused(schema: Json, below: str) -> None:
    """The error has the pointer of the component, wherever it is used."""
    named = f"{SCHEMAS}things.Named"
    assert refused({named: schema, MEMBER: {"$ref": named}}) == named + below


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        pytest.param([], PAGE, id="empty"),
        pytest.param([OTHER], PAGE, id="envelope only"),
        pytest.param([{"properties": {"results": {"type": "array"}}}], PAGE, id="no items"),
        pytest.param([_of(STRING)], PAGE, id="items of no component"),
        pytest.param([_of({"$ref": THING_ID})], f"{ITEMS}/$ref", id="items that are no schema"),
        pytest.param([_of({"$ref": f"{SCHEMAS}Id"})], ITEMS, id="items that are no class"),
        pytest.param([_of({"$ref": PAGE})], ITEMS, id="items that are pages"),
    ],
)
def test_a_page_without_items_is_refused(parts: list[Json], pointer: str) -> None:
    """A page is rendered as the type of its items."""
    changes = {PAGE: {"x-kind": "page", "allOf": parts}, CONTENT: json_content("things.Page")}
    assert refused(changes) == pointer


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        pytest.param({MEMBER: {"$ref": PAGE}}, f"{MEMBER}/$ref", id="member"),
        pytest.param(
            {f"{GET}/requestBody": {"content": json_content("things.Page")}},
            f"{GET}/requestBody/content/application~1json/schema",
            id="body",
        ),
    ],
)
def test_a_page_that_is_not_a_response_is_refused(changes: dict[str, Any], pointer: str) -> None:
    """There is no class for it."""
    page = {"x-kind": "page", "allOf": [_of({"$ref": THING})]}
    assert refused({PAGE: page} | changes) == pointer


def test_the_envelope_of_a_page_is_not_rendered(tmp_path: Path) -> None:
    """It may therefore use any keyword."""
    envelope = f"{SCHEMAS}Envelope"
    changes = {
        envelope: {"type": "object", "minProperties": 4, "additionalProperties": True},
        PAGE: {"x-kind": "page", "allOf": [{"$ref": envelope}, _of({"$ref": THING})]},
        CONTENT: json_content("things.Page"),
    }
    made = rendered(minimal(changes), tmp_path)
    assert made.operations.get_thing("a").returns == of(Page, made.things.Thing)


@pytest.mark.parametrize(
    ("schema", "below"),
    [
        pytest.param({"type": "string", "pattern": "^a$"}, "", id="string without description"),
        pytest.param({"type": "string", "description": "a"}, "", id="string without pattern"),
        pytest.param({"type": "array", "items": STRING}, "", id="array without maxItems"),
        pytest.param({"type": "integer", "minimum": 1}, "", id="integer without maximum"),
        pytest.param({"type": "integer", "maximum": 1}, "", id="integer without minimum"),
        pytest.param(RULE | {"type": ["string", "null"]}, "", id="nullable"),
        pytest.param({"type": "number", "minimum": 0, "maximum": 1}, "/x-constraint", id="number"),
        pytest.param(RULE | {"pattern": "^($"}, "/pattern", id="invalid regular expression"),
        pytest.param(RULE | {"pattern": "a"}, "/pattern", id="pattern without anchors"),
        pytest.param(RULE | {"pattern": "^a|b$"}, "/pattern", id="pattern with alternatives"),
        pytest.param(RULE | {"x-constraint": "named"}, "/x-constraint", id="lower-case name"),
        pytest.param(RULE | {"x-constraint": "ID"}, "/x-constraint", id="name that is taken"),
        pytest.param(RULE | {"x-constraint": 1}, "/x-constraint", id="name that is not a string"),
    ],
)
def test_a_constraint_that_is_not_supported_is_refused(schema: Json, below: str) -> None:
    """Even if no operation uses the schema."""
    named = {"x-constraint": "NAMED"} | schema
    assert refused({f"{SCHEMAS}Named": named}) == f"{SCHEMAS}Named{below}"


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
        pytest.param({"type": "string", "format": "date-time"}, id="time"),
        pytest.param({"$ref": f"{SCHEMAS}Id", "description": "Id."}, id="reference to no class"),
    ],
)
def test_the_supported_neighbours_of_refused_schemas_are_rendered(
    schema: Json, tmp_path: Path
) -> None:
    """This shows that the errors above are not about the small specification itself."""
    package = rendered(minimal({MEMBER: schema}), tmp_path)
    assert package.things.Thing(id="a").member in (None, ())
