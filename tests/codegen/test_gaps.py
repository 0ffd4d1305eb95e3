"""Known gaps: neither refused with a pointer nor rendered faithfully."""

import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from codegen.spec import Json, Unsupported
from tests.codegen.specs import REMOVED, Rendered, gap, json_content, minimal, rendered

PATH: Final = "#/paths/~1things~1{thing_id}~1"
GET: Final = f"{PATH}/get"
SCHEMAS: Final = "#/components/schemas/"
THING: Final = f"{SCHEMAS}things.Thing"
MEMBERS: Final = f"{THING}/properties"
CONTENT: Final = f"{GET}/responses/200/content"
STRING: Final[Json] = {"type": "string"}
TIME: Final[Json] = {"type": "string", "format": "date-time"}
ID: Final[Json] = {"$ref": f"{SCHEMAS}Id"}
OBJECT: Final[Json] = {"type": "object", "properties": {"name": STRING}}
ANSWER: Final[Json] = {"200": {"description": "Done.", "content": json_content("things.Thing")}}
OPERATION: Final[Json] = {"operationId": "made", "tags": ["things"], "summary": "Do."}

Holds = Callable[[Rendered], object]


def _refused(_: Rendered) -> bool:
    """Nothing but a refusal will do."""
    return False


def _has(*members: str) -> Holds:
    """The class has these members, and types that can be found."""

    def holds(made: Rendered) -> bool:
        cls: Any = made.things.Thing
        typing.get_type_hints(cls)
        return set(members) <= {one.metadata.get("wire", one.name) for one in attrs.fields(cls)}

    return holds


def _returns(module: str, name: str) -> Holds:
    """The builder answers with this class."""

    def holds(made: Rendered) -> bool:
        expected = getattr(getattr(made, module), name)
        return bool(made.operations.get_thing("a").returns is expected)

    return holds


def _documented(made: Rendered) -> bool:
    return '"x' in (made.things.Thing.__doc__ or made.files["things.py"])


def _query(parameter: Json) -> dict[str, Any]:
    listed = [{"name": "text", "in": "query", "schema": STRING} | parameter]
    return {f"{GET}/parameters": listed}


ROWS: Final[list[tuple[str, Mapping[str, Any], Holds]]] = [
    # Imported without a word, and wrong.
    ("member named like a limit", {f"{MEMBERS}/pattern": STRING}, _has("pattern")),
    ("member named example", {f"{MEMBERS}/example": STRING}, _has("example")),
    (
        "member datetime beside a time",
        {f"{MEMBERS}/datetime": STRING, f"{MEMBERS}/at": TIME},
        _has("datetime", "at"),
    ),
    (
        "module with datetime in its name",
        {f"{MEMBERS}/x": {"$ref": f"{SCHEMAS}datetimes.Zone"}, f"{SCHEMAS}datetimes.Zone": OBJECT},
        _has("x"),
    ),
    (
        "null of a named enum",
        {
            f"{SCHEMAS}things.State": {"type": ["string", "null"], "enum": ["a"]},
            f"{MEMBERS}/id": {"$ref": f"{SCHEMAS}things.State"},
        },
        lambda made: "None" in str(typing.get_type_hints(made.things.Thing)["id"]),
    ),
    (
        "referenced answer",
        {
            "#/components/responses/Done": ANSWER["200"],
            f"{GET}/responses/200": {"$ref": "#/components/responses/Done"},
        },
        _returns("things", "Thing"),
    ),
    (
        "referenced body",
        {
            "#/components/requestBodies": {"Body": {"content": json_content("things.Thing")}},
            f"{GET}/requestBody": {"$ref": "#/components/requestBodies/Body"},
        },
        lambda made: "body" in inspect.signature(made.operations.get_thing).parameters,
    ),
    (
        "required query parameter",
        _query({"required": True}),
        lambda made: (
            inspect.signature(made.operations.get_thing).parameters["text"].default
            is inspect.Parameter.empty
        ),
    ),
    (
        "array that is not repeated",
        _query({"explode": False, "schema": {"type": "array", "items": STRING}}),
        _refused,
    ),
    ("enum of integers in a query", _query({"schema": {"type": "integer", "enum": [1]}}), _refused),
    (
        "enum in an array in a query",
        _query({"schema": {"type": "array", "items": {"type": "string", "enum": ["a"]}}}),
        _refused,
    ),
    (
        "query parameter named query",
        _query({"name": "query"}),
        lambda made: made.operations.get_thing("a", query="b").query == (("query", "b"),),
    ),
    (
        "two classes of one name",
        {f"{SCHEMAS}zoo.Thing": OBJECT, f"{MEMBERS}/x": {"$ref": f"{SCHEMAS}zoo.Thing"}},
        _returns("things", "Thing"),
    ),
    (
        "two constraints of one name",
        {
            f"{SCHEMAS}Later": {
                "type": "string",
                "description": "Later.",
                "pattern": "b",
                "x-constraint": "ID",
            }
        },
        _refused,
    ),
    (
        "place in the path without a parameter",
        {"#/paths/~1a~1{b}~1": {"get": OPERATION | {"responses": ANSWER}}},
        _refused,
    ),
    (
        "method that is not rendered",
        {f"{PATH}/head": OPERATION | {"responses": ANSWER}},
        lambda made: made.operations.made("a"),
    ),
    # Rendered, and cannot be imported.
    ("member named self", {f"{MEMBERS}/self": STRING}, _has("self")),
    (
        "member named attrs",
        {f"{MEMBERS}/attrs": STRING, f"{MEMBERS}/x-y": STRING},
        _has("attrs", "x-y"),
    ),
    (
        "null among the values of an enum",
        {
            f"{SCHEMAS}things.State": {"type": ["string", "null"], "enum": ["a", None]},
            f"{MEMBERS}/x": {"$ref": f"{SCHEMAS}things.State"},
        },
        _has("x"),
    ),
    (
        "class with an underscore",
        {f"{SCHEMAS}things.Thing_One": OBJECT, CONTENT: json_content("things.Thing_One")},
        _returns("things", "Thing_One"),
    ),
    (
        "two dots",
        {f"{SCHEMAS}zoo.things.Thing": OBJECT, CONTENT: json_content("zoo.things.Thing")},
        _refused,
    ),
    (
        "member of a class without a module",
        {f"{SCHEMAS}Plain": OBJECT, f"{MEMBERS}/x": {"$ref": f"{SCHEMAS}Plain"}},
        _refused,
    ),
    (
        "inline constraint",
        {
            "#/components/parameters/thing_id/schema": {
                "type": "string",
                "description": "Inline.",
                "pattern": "a",
                "x-constraint": "INLINE",
            }
        },
        lambda made: made.operations.get_thing("a"),
    ),
    # Fails while it is rendered, without a pointer.
    ("tag without externalDocs", {"#/tags": [{"name": "things"}]}, _refused),
    ("no summary", {f"{GET}/summary": REMOVED}, _refused),
    ("status as a number", {f"{GET}/responses": {200: ANSWER["200"]}}, _refused),
    ("parameter without a schema", {f"{GET}/parameters": [{"name": "x", "in": "query"}]}, _refused),
    ("reference into a schema", {f"{MEMBERS}/x": {"$ref": f"{MEMBERS}/id"}}, _refused),
    ("true for a schema", {f"{MEMBERS}/x": {"type": "array", "items": True}}, _refused),
    (
        "answer of a class without a module",
        {
            f"{SCHEMAS}Plain": {"type": "object", "properties": {"thing": {"$ref": THING}}},
            CONTENT: json_content("Plain"),
        },
        _refused,
    ),
    (
        "answer that is an array",
        {
            f"{SCHEMAS}things.Names": {"type": "array", "items": {"$ref": THING}},
            CONTENT: json_content("things.Names"),
        },
        _refused,
    ),
    (
        "query parameter that is no identifier",
        _query({"name": "page-size"}),
        lambda made: made.operations.get_thing("a"),
    ),
    (
        "query parameter of the whole path",
        {
            f"{PATH}/parameters": [
                {"$ref": "#/components/parameters/thing_id"},
                {"name": "text", "in": "query", "schema": STRING},
            ]
        },
        lambda made: made.operations.get_thing("a", text="b"),
    ),
    (
        "path parameter of the operation",
        {
            f"{PATH}/parameters": [],
            f"{GET}/parameters": [{"$ref": "#/components/parameters/thing_id"}],
        },
        lambda made: made.operations.get_thing("a"),
    ),
    (
        "no path parameter",
        {"#/paths": {"/things/": {"get": OPERATION | {"responses": ANSWER}}}},
        lambda made: made.operations.made(),
    ),
    (
        "nothing but answers without content",
        {f"{GET}/responses": {"204": {"description": "Done."}}},
        lambda made: made.operations.get_thing("a"),
    ),
    ("class without members", {f"{SCHEMAS}things.Other": OBJECT | {"properties": {}}}, _has("id")),
    ("description that ends in a quote", {f"{THING}/description": 'Say "x"'}, _documented),
    ("member's description that does", {f"{MEMBERS}/id/description": 'Say "x"'}, _documented),
    (
        "three quotes in an operation's description",
        {f"{GET}/description": 'Say """x".'},
        lambda made: made.operations.get_thing("a"),
    ),
    (
        "backslash in an operation's description",
        {f"{GET}/description": r"Say \d."},
        lambda made: r"Say \d." in str(inspect.getdoc(made.operations.get_thing)),
    ),
]


@gap
@pytest.mark.parametrize(
    ("root", "holds"),
    [pytest.param(minimal(changes), holds, id=name) for name, changes, holds in ROWS],
)
def test_a_specification_is_refused_or_rendered_faithfully(
    root: Json, holds: Holds, tmp_path: Path
) -> None:
    """Never neither."""
    try:
        made = rendered(root, tmp_path)
    except Unsupported:
        return
    assert holds(made)
