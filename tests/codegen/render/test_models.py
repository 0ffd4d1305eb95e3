"""Models: what the rendered classes are, asked of the classes themselves."""

import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Optional

import attrs
import msgspec
import pytest

from grafana_oncall._values import UNSET, AwareDatetime, OpenStrEnum, UnsetType
from tests.codegen.specs import OPERATIONS, Rendered, of, rendered, with_schemas

SCHEMAS = """
things.Names: { type: array, description: Some names., items: { type: string }, maxItems: 3 }
things.State:
  type: string
  description: How it is.
  enum: [new, in-progress, 1st]
  x-enum-aliases: { fresh: new }
things.Plain: { type: string, enum: [a] }
things.Part: { type: object, properties: { id: { type: string } } }
others.Owner: { type: object, required: [id], properties: { id: { type: string } } }
things.Answer:
  type: object
  description: |-
    A thing as answered.

    A second paragraph.
  required: [id, nothing, state, when, part_needed, names, payload_needed]
  properties:
    id: { type: string, minLength: 1, description: Its id. }
    nothing: { type: [string, "null"] }
    absent: { type: string }
    either: { type: [integer, "null"] }
    number: { type: number }
    flag: { type: boolean }
    state: { $ref: "#/components/schemas/things.State" }
    state_or_null: { oneOf: [{ $ref: "#/components/schemas/things.State" }, { type: "null" }] }
    when: { type: string, format: date-time }
    when_or_null: { type: [string, "null"], format: date-time }
    whens: { type: array, items: { type: string, format: date-time } }
    part_needed: { oneOf: [{ $ref: "#/components/schemas/things.Part" }, { type: "null" }] }
    part: { oneOf: [{ $ref: "#/components/schemas/things.Part" }, { type: "null" }] }
    owner: { $ref: "#/components/schemas/others.Owner" }
    rule: { $ref: "#/components/schemas/Id" }
    own_rule: { $ref: "#/components/schemas/Id", description: Its own. }
    names: { type: array, items: { type: string } }
    parts: { type: array, items: { $ref: "#/components/schemas/things.Part" }, default: [] }
    maybe: { type: [array, "null"], items: { type: [string, "null"] } }
    payload: { description: Any JSON. }
    payload_needed: {}
    mapping: { type: object, additionalProperties: true }
    request: { $ref: "#/components/schemas/things.Input" }
    class: { type: string }
    x-y: { type: string, description: Odd. }
    pattern: { type: string }
    example: { type: integer }
    list: { type: array, items: { type: string } }
things.Input:
  type: object
  x-kind: request
  required: [id, nothing, class]
  properties:
    id: { type: string }
    nothing: { type: [string, "null"] }
    absent: { type: string }
    either: { type: [integer, "null"] }
    part: { oneOf: [{ $ref: "#/components/schemas/things.Part" }, { type: "null" }] }
    names: { $ref: "#/components/schemas/things.Names" }
    parts: { type: array, items: { $ref: "#/components/schemas/things.Part" }, default: [] }
    plain: { $ref: "#/components/schemas/things.Plain" }
    class: { type: string }
    from: { type: string }
"""

ANSWER = {
    "id": "a",
    "nothing": None,
    "state": "new",
    "when": "2026-01-01T00:00:00Z",
    "part_needed": None,
    "names": ["n"],
    "payload_needed": 1,
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Models of every kind."""
    return rendered(with_schemas("things.Answer", SCHEMAS), tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def answer(package: Rendered) -> Any:
    """The class of answers."""
    return package.things.Answer


@pytest.fixture(scope="module")
def given(package: Rendered) -> Any:
    """The class of request bodies."""
    return package.things.Input


def _members(cls: Any) -> dict[str, tuple[object, object]]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return {one.name: (hints[one.name], one.default) for one in attrs.fields(cls)}


def test_a_member_of_an_answer_that_is_not_required_may_be_none(
    package: Rendered, answer: Any
) -> None:
    """Absent and null are both None; an array with the default [] is an empty tuple."""
    things: Any = package.things
    needed = attrs.NOTHING
    assert _members(answer) == {
        "id": (str, needed),
        "nothing": (str | None, needed),
        "absent": (str | None, None),
        "either": (int | None, None),
        "number": (float | None, None),
        "flag": (bool | None, None),
        "state": (things.State, needed),
        "state_or_null": (things.State | None, None),
        "when": (AwareDatetime, needed),
        "when_or_null": (of(Optional, AwareDatetime), None),
        "whens": (Sequence[AwareDatetime] | None, None),
        "part_needed": (things.Part | None, needed),
        "part": (things.Part | None, None),
        "owner": (package.others.Owner | None, None),
        "rule": (str | None, None),
        "own_rule": (str | None, None),
        "names": (Sequence[str], needed),
        "parts": (of(Sequence, things.Part), ()),
        "maybe": (Sequence[str | None] | None, None),
        "payload": (Any, None),
        "payload_needed": (Any, needed),
        "mapping": (Mapping[str, Any] | None, None),
        "request": (things.Input | None, None),
        "class_": (str | None, None),
        "x_y": (str | None, None),
        "pattern": (str | None, None),
        "example": (int | None, None),
        "list": (Sequence[str] | None, None),
    }


def test_a_member_of_a_request_that_is_not_required_may_be_unset(
    package: Rendered, given: Any
) -> None:
    """Absent is UNSET, and null is None only where the schema has null; a default is not sent."""
    things: Any = package.things
    needed = attrs.NOTHING
    assert _members(given) == {
        "id": (str, needed),
        "nothing": (str | None, needed),
        "absent": (str | UnsetType, UNSET),
        "either": (int | None | UnsetType, UNSET),
        "part": (things.Part | None | UnsetType, UNSET),
        "names": (Sequence[str] | UnsetType, UNSET),
        "parts": (of(Sequence, things.Part) | UnsetType, UNSET),
        "plain": (things.Plain | UnsetType, UNSET),
        "class_": (str, needed),
        "from_": (str | UnsetType, UNSET),
    }


@pytest.mark.parametrize(
    ("cls", "wires"),
    [
        pytest.param("Answer", {"class_": "class", "x_y": "x-y"}, id="answer"),
        pytest.param("Input", {"class_": "class", "from_": "from"}, id="request"),
        pytest.param("Part", {}, id="nothing to rename"),
    ],
)
def test_a_member_that_cannot_be_an_identifier_keeps_its_name_in_the_metadata(
    package: Rendered, cls: str, wires: dict[str, str]
) -> None:
    """Keywords and odd names are renamed; every other member has no metadata."""
    fields = attrs.fields(getattr(package.things, cls))
    assert {one.name: one.metadata["wire"] for one in fields if one.metadata} == wires


@pytest.mark.parametrize("cls", ["Answer", "Input", "Part"])
def test_every_class_is_frozen_slotted_and_keyword_only(package: Rendered, cls: str) -> None:
    """Requests, too, are values."""
    made: Any = getattr(package.things, cls)
    empty = object.__new__(made)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        empty.id = "other"
    assert not hasattr(empty, "__dict__")
    assert all(one.kw_only for one in attrs.fields(made))


def test_a_time_is_read_as_an_aware_datetime(answer: Any) -> None:
    """In a member and in an array, and a time without a zone is refused."""
    read = msgspec.convert(ANSWER | {"whens": ["2026-01-01T00:00:00Z"]}, answer)
    assert read.when == datetime(2026, 1, 1, tzinfo=UTC)
    assert read.whens == [read.when]
    for naive in ({"when": "2026-01-01T00:00:00"}, {"whens": ["2026-01-01T00:00:00"]}):
        with pytest.raises(msgspec.ValidationError, match="timezone"):
            msgspec.convert(ANSWER | naive, answer)


def test_an_enum_is_open(package: Rendered) -> None:
    """Known values are members, other spellings are found, and unknown ones stay strings."""
    state: Any = package.things.State
    assert OpenStrEnum in state.__mro__
    assert [one.value for one in state] == ["new", "in-progress", "1st"]
    assert state("fresh") is state.NEW
    assert state("in-progress") is state.IN_PROGRESS
    assert state("unheard-of") == "unheard-of"
    assert package.things.Plain.__spellings__ == {}


def test_an_unknown_value_of_an_enum_is_decoded(package: Rendered, answer: Any) -> None:
    """The member has the type of the enum, and not of a plain string."""
    assert msgspec.convert(ANSWER | {"state": "fresh"}, answer).state is package.things.State.NEW
    assert msgspec.convert(ANSWER | {"state": "other"}, answer).state == "other"


def test_the_description_of_a_schema_is_the_docstring(package: Rendered, answer: Any) -> None:
    """With its paragraphs; a schema without a description has none of its own."""
    things = package.things
    assert answer.__doc__ == "A thing as answered.\n\n    A second paragraph."
    assert things.State.__doc__ == "How it is."
    assert not things.Part.__doc__


@pytest.mark.parametrize(
    ("member", "text"),
    [
        pytest.param("id: str", "Its id.", id="own description"),
        pytest.param("rule: str | None = None", "Ids are small letters.", id="that of the schema"),
        pytest.param("own_rule: str | None = None", "Its own.", id="beside a reference"),
        pytest.param("payload: Any = None", "Any JSON.", id="any JSON"),
        pytest.param("names: Sequence[str] | UnsetType = UNSET", "Some names.", id="in a request"),
    ],
)
def test_the_description_of_a_member_stands_below_it(
    package: Rendered, member: str, text: str
) -> None:
    """Editors show it."""
    assert f'    {member}\n    """{text}"""\n' in package.files["things.py"]


def test_modules_may_refer_to_each_other(tmp_path: Path) -> None:
    """In a circle, too."""
    schemas = """
        things.Thing:
          { type: object, properties: { owner: { $ref: "#/components/schemas/zoo.Owner" } } }
        zoo.Owner:
          { type: object, properties: { thing: { $ref: "#/components/schemas/things.Thing" } } }
    """
    made = rendered(with_schemas("things.Thing", schemas), tmp_path)
    thing, owner = made.things.Thing, made.zoo.Owner
    assert typing.get_type_hints(thing)["owner"] == of(Optional, owner)
    assert typing.get_type_hints(owner)["thing"] == of(Optional, thing)
    assert made.operations.get_thing("a").returns is thing


def test_a_module_is_made_for_every_prefix(package: Rendered) -> None:
    """A class refers to one of another module; arrays, strings and rules make no class."""
    assert set(package.files) == {
        *("__init__.py", "constraints.py", "others.py", "things.py"),
        *OPERATIONS,
    }
    made = {name for name in vars(package.things) if name[0].isupper()}
    assert made >= {"Answer", "Input", "Part", "State", "Plain"}
    assert not made & {"Names", "Id", "Owner"}


def test_every_file_says_that_it_is_generated(files: Mapping[str, str]) -> None:
    """The first line of each says by what, and from what."""
    for name, source in files.items():
        first = source.partition("\n")[0]
        assert first == "# Written by `make codegen` from openapi.yaml. Do not edit.", name
