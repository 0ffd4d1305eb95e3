"""Bodies that depend on their type, and members that the generator of models has no types for."""

import inspect
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
import yaml

from codegen.__main__ import render
from codegen.read.spec import Json, Spec, Unsupported
from grafana_oncall._codec.converter import dumps, loads
from grafana_oncall._listing import bodies
from grafana_oncall.errors import InvalidArgument
from tests.support.specs import Rendered, json_content, minimal, rendered

SCHEMAS = """
things.Colour: { type: string, description: A colour., x-known-values: [red, light green] }
things.Open:
  type: object
  required: [id, colour, start, at]
  properties:
    id: { type: string }
    type: { type: [string, "null"] }
    colour: { $ref: "#/components/schemas/things.Colour" }
    colours: { type: array, items: { $ref: "#/components/schemas/things.Colour" } }
    start: { type: string, format: local-date-time }
    at: { type: [string, "null"], format: time-utc }
things.Wait:
  type: object
  description: Wait a while.
  x-kind: request
  required: [type, owner]
  properties:
    type: { type: string, const: wait }
    owner: { type: string, minLength: 1, maxLength: 3, pattern: "^[A-Z]+$" }
    duration: { type: [integer, "null"], minimum: 60, maximum: 3600, x-argument: seconds }
    start: { type: string, format: local-date-time }
    at: { type: string, format: time-utc }
things.Notify:
  type: object
  x-kind: request
  required: [type, people, pause]
  properties:
    type: { type: string, const: notify }
    people: { type: array, maxItems: 2, items: { type: string, minLength: 1 } }
    pause: { type: integer, minimum: 1, x-argument: seconds }
    colour: { $ref: "#/components/schemas/things.Colour" }
    groups: { type: array, items: { type: array, items: { $ref: "#/components/schemas/Id" } } }
things.Step:
  description: What happens.
  oneOf:
    - { $ref: "#/components/schemas/things.Wait" }
    - { $ref: "#/components/schemas/things.Notify" }
  discriminator: { propertyName: type }
"""

NINE = datetime(2026, 3, 1, 9)  # noqa: DTZ001  # of no zone, which is what is tested


def root() -> Json:
    """A specification with an operation whose body is one of two classes."""
    made = minimal()
    made["components"]["schemas"] |= yaml.safe_load(SCHEMAS)
    item = made["paths"]["/things/{thing_id}/"]
    item["get"]["responses"]["200"]["content"] = json_content("things.Open")
    item["put"] = {
        "operationId": "update_thing",
        "tags": ["things"],
        "summary": "Set the step of a thing.",
        "x-body": "step",
        "requestBody": {"required": True, "content": json_content("things.Step")},
        "responses": {"200": {"description": "It.", "content": json_content("things.Open")}},
    }
    return made


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The rendered specification."""
    return rendered(root(), tmp_path_factory.mktemp("rendered"))


def sent(package: Rendered, step: object) -> Any:
    """Return the JSON of a body that is one of the classes."""
    models = (package.things.Wait, package.things.Notify)
    return msgspec.json.decode(dumps(bodies.one_of("step", step, models)))


def problem(package: Rendered, step: object) -> str:
    """Return the message for a body that is refused."""
    with pytest.raises(InvalidArgument) as caught:
        sent(package, step)
    return str(caught.value)


def test_a_class_of_a_union_knows_its_type(package: Rendered) -> None:
    """It need not be given."""
    assert sent(package, package.things.Wait(owner="ME")) == {"type": "wait", "owner": "ME"}


def test_a_mapping_is_taken_for_the_class_that_its_type_names(package: Rendered) -> None:
    """It is checked like an object of that class."""
    given = {"type": "notify", "people": ["U1"], "pause": 5}
    assert sent(package, given) == given
    assert "duration" in problem(package, given | {"duration": 60})


@pytest.mark.parametrize("step", [{"owner": "ME"}, {"type": "sing"}, {"type": 1}, 7, None, "wait"])
def test_an_unknown_type_is_refused_with_those_that_are_known(
    package: Rendered, step: object
) -> None:
    """A body without a type, too."""
    assert problem(package, step).endswith("(known: wait, notify).")


def test_all_problems_of_a_body_are_named_at_once(package: Rendered) -> None:
    """Length, pattern and range are those of the specification."""
    wrong = package.things.Wait(owner="much", duration=5)
    assert problem(package, wrong) == (
        "Expected `str` of length <= 3 @ step.owner; Expected `int` >= 60 @ step.duration"
    )
    crowd = {"type": "notify", "people": ["a", "b", "c"], "pause": 0}
    assert problem(package, crowd) == (
        "Expected `array` of length <= 2 @ step.people; Expected `int` >= 1 @ step.pause"
    )


def test_durations_may_be_timedeltas(package: Rendered) -> None:
    """Fractions are rounded up."""
    made = package.things.Wait(owner="ME", duration=timedelta(minutes=1, microseconds=1))
    assert made.duration == 61
    assert sent(package, package.things.Wait(owner="ME", duration=None))["duration"] is None
    assert package.things.Notify(people=[], pause=timedelta(hours=1)).pause == 3600


def test_times_without_a_date_or_a_zone_are_sent_as_the_server_reads_them(
    package: Rendered,
) -> None:
    """A naive datetime has no offset; a time of day is in UTC."""
    step = package.things.Wait(
        owner="ME",
        start=NINE,
        at=time(9, 30, tzinfo=UTC),
    )
    assert sent(package, step)["start"] == "2026-03-01T09:00:00"
    assert sent(package, step)["at"] == "09:30:00Z"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("start", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("start", date(2026, 3, 1)),
        ("start", NINE.replace(microsecond=1)),
        ("at", time(9, 30, 0, 1, tzinfo=UTC)),
        ("at", time(9, 30)),
        ("at", "soon"),
    ],
)
def test_a_time_of_the_other_kind_is_refused(package: Rendered, member: str, value: object) -> None:
    """Nothing is converted silently."""
    assert problem(package, {"type": "wait", "owner": "ME", member: value}).endswith(
        f" @ step.{member}"
    )


def test_known_values_are_open_when_read(package: Rendered) -> None:
    """A server may add values; times are read as they are written."""
    content = b'{"id": "a", "colour": "mauve", "start": "2026-03-01T09:00:00", "at": "09:00:00Z"}'
    read = loads(content, package.things.Open)
    assert (read.colour, read.start, read.at) == (
        "mauve",
        NINE,
        time(9, tzinfo=UTC),
    )


def test_known_values_are_for_type_checkers_and_readers(package: Rendered) -> None:
    """Completion shows them; at run time they are strings."""
    source = package.files["models/things.py"]
    assert 'Colour: TypeAlias = Literal["red", "light green"] | str' in source
    assert package.things.Colour is str
    assert "Colour" in import_table(package)
    assert "Step" in import_table(package)


def import_table(package: Rendered) -> Mapping[str, Any]:
    """The names that the package of models exports."""
    exec(package.files["models/__init__.py"], found := {"__name__": "table"})  # noqa: S102  # generated here
    return dict.fromkeys(found["__all__"])


def test_the_facade_takes_the_body_as_one_argument(package: Rendered) -> None:
    """Its name is that of the specification, and the docstring lists the classes."""
    method = package.resources("things").Things.update
    assert [*inspect.signature(method).parameters] == ["self", "thing_id", "step"]
    assert "step: One of `Wait`, `Notify`; or a mapping of that shape." in str(method.__doc__)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("required: [type, owner]", "a class of a union is a request, and has a required const"),
        ("const: notify", "share a module, and no type"),
        ("propertyName: type", "classes are told apart by their type"),
        ('$ref: "#/components/schemas/things.Notify"', "a class of a union is a request"),
    ],
)
def test_a_union_whose_classes_cannot_be_told_apart_is_refused(change: str, reason: str) -> None:
    """Each class has another type, which it always has."""
    others = {
        "required: [type, owner]": "required: [owner]",
        "const: notify": "const: wait",
        "propertyName: type": "propertyName: kind",
        '$ref: "#/components/schemas/things.Notify"': '$ref: "#/components/schemas/things.Other"',
    }
    made = root()
    made["components"]["schemas"] |= yaml.safe_load(SCHEMAS.replace(change, others[change]))
    with pytest.raises(Unsupported, match=reason):
        render(Spec(root=made))
