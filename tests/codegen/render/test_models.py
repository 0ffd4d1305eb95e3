"""Models, as seen by inspecting and using the rendered classes."""

import inspect
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Optional

import attrs
import msgspec
import pytest

from grafana_oncall._core.types import UNSET, AwareDatetime, OpenStrEnum, UnsetType
from tests.support.specs import OF_TAGS, Rendered, of, rendered, with_schemas

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
things.Received:
  type: object
  description: |-
    A thing as received.

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
    secret: { type: [string, "null"], format: password }
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
    secret: { type: string, format: password, maxLength: 9 }
"""

RECEIVED = {
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
    """Render models of every kind."""
    return rendered(with_schemas("things.Received", SCHEMAS), tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def received(package: Rendered) -> Any:
    """Return the class of a response."""
    return package.things.Received


@pytest.fixture(scope="module")
def sent(package: Rendered) -> Any:
    """Return the class of a request body."""
    return package.things.Input


def _members(cls: Any) -> dict[str, tuple[object, object]]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return {one.name: (hints[one.name], one.default) for one in attrs.fields(cls)}


def test_an_optional_member_of_a_response_may_be_none(package: Rendered, received: Any) -> None:
    """Absent and null are both None; an array with the default [] is an empty tuple."""
    things: Any = package.things
    needed = attrs.NOTHING
    assert _members(received) == {
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
        "whens": (tuple[AwareDatetime, ...] | None, None),
        "part_needed": (things.Part | None, needed),
        "part": (things.Part | None, None),
        "owner": (package.others.Owner | None, None),
        "rule": (str | None, None),
        "own_rule": (str | None, None),
        "names": (tuple[str, ...], needed),
        "parts": (tuple[things.Part, ...], ()),
        "maybe": (tuple[str | None, ...] | None, None),
        "payload": (Any, None),
        "payload_needed": (Any, needed),
        "mapping": (Mapping[str, Any] | None, None),
        "request": (things.Input | None, None),
        "class_": (str | None, None),
        "x_y": (str | None, None),
        "pattern": (str | None, None),
        "secret": (str | None, None),
        "example": (int | None, None),
        "list": (tuple[str, ...] | None, None),
    }


def test_an_optional_member_of_a_request_may_be_unset(package: Rendered, sent: Any) -> None:
    """UNSET means absent; None is allowed if the schema has null. A default is not sent."""
    things: Any = package.things
    few = Annotated[Sequence[str], msgspec.Meta(max_length=3)]
    needed = attrs.NOTHING
    assert _members(sent) == {
        "id": (str, needed),
        "nothing": (str | None, needed),
        "absent": (str | UnsetType, UNSET),
        "either": (int | None | UnsetType, UNSET),
        "part": (things.Part | None | UnsetType, UNSET),
        "names": (few | UnsetType, UNSET),
        "parts": (of(Sequence, things.Part) | UnsetType, UNSET),
        "plain": (things.Plain | UnsetType, UNSET),
        "class_": (str, needed),
        "from_": (str | UnsetType, UNSET),
        "secret": (Annotated[str, msgspec.Meta(max_length=9)] | UnsetType, UNSET),
    }


def test_no_repr_shows_a_secret(received: Any, sent: Any) -> None:
    """A string of format password; it is received, sent and checked as any other."""
    shown = repr(received(**{**RECEIVED, "part_needed": None, "secret": "hunter2"}))
    written = repr(sent(id="a", nothing=None, class_="c", secret="hunter2"))
    assert "nothing=None" in written
    for text in (shown, written):
        assert "secret" not in text
        assert "hunter2" not in text


@pytest.mark.parametrize(
    ("cls", "wires"),
    [
        pytest.param("Received", {"class_": "class", "x_y": "x-y"}, id="response"),
        pytest.param("Input", {"class_": "class", "from_": "from"}, id="request"),
        pytest.param("Part", {}, id="nothing to rename"),
    ],
)
def test_a_member_that_cannot_be_an_identifier_keeps_its_name_in_the_metadata(
    package: Rendered, cls: str, wires: dict[str, str]
) -> None:
    """Keywords and other invalid names are renamed; all other members have no metadata."""
    fields = attrs.fields(getattr(package.things, cls))
    assert {one.name: one.metadata["wire"] for one in fields if one.metadata} == wires


def test_what_is_received_is_hashed_by_its_id(received: Any) -> None:
    """So that any JSON in its members does no harm; equal values have equal ids."""
    value = msgspec.convert(RECEIVED | {"payload": {"a": []}}, received)
    assert hash(value) == hash(value.id)


@pytest.mark.parametrize("cls", ["Received", "Input", "Part"])
def test_every_class_is_frozen_slotted_and_keyword_only(package: Rendered, cls: str) -> None:
    """Requests are values, too."""
    made: Any = getattr(package.things, cls)
    empty = object.__new__(made)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        empty.id = "other"
    assert not hasattr(empty, "__dict__")
    assert all(one.kw_only for one in attrs.fields(made))


def test_a_time_is_decoded_as_an_aware_datetime(received: Any) -> None:
    """In members and arrays; a time without a zone is refused."""
    value = msgspec.convert(RECEIVED | {"whens": ["2026-01-01T00:00:00Z"]}, received)
    assert value.when == datetime(2026, 1, 1, tzinfo=UTC)
    assert value.whens == (value.when,)
    for naive in ({"when": "2026-01-01T00:00:00"}, {"whens": ["2026-01-01T00:00:00"]}):
        with pytest.raises(msgspec.ValidationError, match="timezone"):
            msgspec.convert(RECEIVED | naive, received)


def test_an_enum_is_open(package: Rendered) -> None:
    """Known values are members, aliases lead to them, and unknown values stay strings."""
    state: Any = package.things.State
    assert OpenStrEnum in state.__mro__
    assert [one.value for one in state] == ["new", "in-progress", "1st"]
    assert state("fresh") is state.NEW
    assert state("in-progress") is state.IN_PROGRESS
    assert state("unheard-of") == "unheard-of"
    assert package.things.Plain.__spellings__ == {}


def test_an_unknown_value_of_an_enum_is_decoded(package: Rendered, received: Any) -> None:
    """The member is declared as the enum, not as a plain string."""
    assert (
        msgspec.convert(RECEIVED | {"state": "fresh"}, received).state is package.things.State.NEW
    )
    assert msgspec.convert(RECEIVED | {"state": "other"}, received).state == "other"


def test_the_description_of_a_schema_is_the_docstring(package: Rendered, received: Any) -> None:
    """With its paragraphs; without a description there is no docstring."""
    things = package.things
    description = "A thing as received.\n\nA second paragraph.\n\nAttributes:\n    id: Its id.\n"
    assert (inspect.getdoc(received) or "").startswith(description)
    assert things.State.__doc__ == "How it is."
    assert not things.Part.__doc__


@pytest.mark.parametrize(
    ("member", "text"),
    [
        pytest.param("id: str", "Its id.", id="own description"),
        pytest.param(
            "rule: str | None = None", "Ids are small letters.", id="description of the schema"
        ),
        pytest.param("own_rule: str | None = None", "Its own.", id="beside a reference"),
        pytest.param("payload: Any = None", "Any JSON.", id="any JSON"),
        pytest.param(
            "names: Annotated[Sequence[str], msgspec.Meta(max_length=3)] | UnsetType = UNSET",
            "Some names.",
            id="in a request",
        ),
    ],
)
def test_the_description_of_a_member_is_below_it(package: Rendered, member: str, text: str) -> None:
    """Editors show it from there."""
    assert f'    {member}\n    """{text}"""\n' in package.files["models/things.py"]


def test_modules_may_refer_to_each_other(tmp_path: Path) -> None:
    """Even in a cycle."""
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


def test_every_prefix_has_its_module(package: Rendered) -> None:
    """Classes may refer to other modules; arrays, strings and constraints are not classes."""
    assert set(package.files) == {
        *(
            "__init__.py",
            "constraints.py",
            "models/__init__.py",
            "models/others.py",
            "models/things.py",
        ),
        *OF_TAGS,
    }
    made = {name for name in vars(package.things) if name[0].isupper()}
    assert made >= {"Received", "Input", "Part", "State", "Plain"}
    assert not made & {"Names", "Id", "Owner"}


def test_every_file_is_marked_as_generated(files: Mapping[str, str]) -> None:
    """Its first line names the command and the source."""
    for name, source in files.items():
        first = source.partition("\n")[0]
        assert first == "# Written by `make codegen` from openapi.yaml. Do not edit.", name
