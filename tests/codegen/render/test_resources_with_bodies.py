"""The facade of operations with a body, as seen by calling the rendered classes."""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_type_hints

import attrs
import httpx
import pytest
import yaml

from codegen.__main__ import render
from codegen.read.spec import Json, Spec, Unsupported
from grafana_oncall import FOREVER, UNSET, OnCallClient, Request, Response, Result
from grafana_oncall._core.types import UnsetType
from grafana_oncall._validation.arguments import Forever
from grafana_oncall.errors import InvalidArgument, LabelError, TemplateError
from grafana_oncall.labels import LabelsLike
from tests.support import virtual_time
from tests.support.specs import Rendered, json_content, minimal, of, rendered

SCHEMAS = """
things.Kind: { type: string, enum: [large, small], x-enum-aliases: { big: large } }
things.Template:
  type: object
  x-kind: request
  properties: { title: { type: [string, "null"] } }
things.Badge: { type: object, properties: { title: { type: [string, "null"] } } }
things.BadgeInput:
  type: object
  x-kind: request
  properties: { title: { type: [string, "null"] } }
things.Labels: { type: array, items: { $ref: "#/components/schemas/things.Template" } }
things.Size: { type: integer, description: Its size. }
things.Pause:
  type: object
  x-kind: request
  required: [delay]
  properties: { delay: { $ref: "#/components/schemas/things.Size", x-argument: delay } }
things.ThingPage:
  x-kind: page
  allOf:
    - type: object
      properties: { results: { type: array, items: { $ref: "#/components/schemas/things.Thing" } } }
things.ThingInput:
  type: object
  x-kind: request
  required: [kind, name, size]
  properties:
    name: { type: string, minLength: 1, description: "Its name; null is not one." }
    kind: { $ref: "#/components/schemas/things.Kind" }
    size: { $ref: "#/components/schemas/things.Size" }
    note: { type: [string, "null"], description: A note. }
    weight: { type: number }
    hot: { type: boolean }
    since: { type: string, format: date-time }
    tags: { type: array, items: { type: string } }
    kinds: { type: array, items: { $ref: "#/components/schemas/things.Kind" } }
    extra: { type: object, additionalProperties: true }
    anything: {}
    block: { $ref: "#/components/schemas/things.Template" }
    nullable:
      oneOf: [{ $ref: "#/components/schemas/things.Template" }, { type: "null" }]
    badge: { $ref: "#/components/schemas/things.BadgeInput" }
    texts: { $ref: "#/components/schemas/things.Template", x-argument: templates }
    labels: { $ref: "#/components/schemas/things.Labels", x-argument: labels }
"""
PATHS = """
/things/:
  get:
    operationId: list_things
    tags: [things]
    summary: List things.
    parameters: [{ name: name, in: query, schema: { type: string } }]
    responses: { "200": { description: Things. } }
  post:
    operationId: create_thing
    tags: [things]
    summary: Create a thing.
    x-reconcile: list_things
    x-raises: { BadRequest: The name exists. }
    responses: { "201": { description: The thing. } }
/things/{thing_id}/pause/:
  parameters: [{ $ref: "#/components/parameters/thing_id" }]
  post:
    operationId: pause_thing
    tags: [things]
    summary: Pause a thing.
    responses: { "200": { description: Paused. } }
"""
PUT = """
operationId: update_thing
tags: [things]
summary: Change a thing.
x-read-back: get_thing
responses: { "200": { description: The thing. } }
"""
THING = {"name": "a", "kind": "small", "size": 1}


class Session:
    """What a facade sends through; it records the requests."""

    def __init__(self) -> None:
        self.sent: list[Request[Any]] = []
        self.read_back: Any = None

    async def send(self, request: Request[Any], *, read_back: Any = None) -> None:
        """Record a request."""
        self.sent.append(request)
        self.read_back = read_back


def specification() -> Json:
    """A resource that is created, changed and paused."""
    root = minimal()
    root["components"]["schemas"] |= yaml.safe_load(SCHEMAS)
    root["components"]["schemas"]["things.Thing"]["properties"] |= {
        "name": {"type": "string"},
        "badge": {"$ref": "#/components/schemas/things.Badge"},
    }
    paths = yaml.safe_load(PATHS)
    thing, body = json_content("things.Thing"), json_content("things.ThingInput")
    paths["/things/"]["get"]["responses"]["200"]["content"] = json_content("things.ThingPage")
    create = paths["/things/"]["post"]
    create |= {"requestBody": {"required": True, "content": body}}
    create["responses"]["201"]["content"] = thing
    pause = {"required": True, "content": json_content("things.Pause")}
    paths["/things/{thing_id}/pause/"]["post"]["requestBody"] = pause
    update = yaml.safe_load(PUT) | {"requestBody": {"required": True, "content": body}}
    update["responses"]["200"]["content"] = thing
    root["paths"]["/things/{thing_id}/"]["put"] = update
    root["paths"] |= paths
    return root


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The rendered package."""
    return rendered(specification(), tmp_path_factory.mktemp("bodies"))


@pytest.fixture
def things(package: Rendered) -> Any:
    """A facade of things."""
    return package.resources("things").Things(Session())


def test_members_of_the_body_are_keywords(things: Any) -> None:
    """Required ones without a default; others are absent unless they are given."""
    parameters = inspect.signature(things.create).parameters
    keywords = {one for one in parameters.values() if one.kind is one.KEYWORD_ONLY}
    assert keywords == {*parameters.values()}
    needed = [name for name, one in parameters.items() if one.default is one.empty]
    assert needed == ["name", "kind", "size"]
    absent = {name for name, one in parameters.items() if one.default is UNSET}
    assert absent == parameters.keys() - {*needed, "reconcile"}


def test_a_list_has_no_page_size_if_the_server_has_none(things: Any) -> None:
    """The specification decides whether it is a parameter."""
    assert [*inspect.signature(things.list).parameters] == ["name", "prefetch"]


def test_ids_come_first_and_a_delay_may_be_positional(things: Any) -> None:
    """As in `pause(thing.id, timedelta(hours=3))`."""
    assert [*inspect.signature(things.update).parameters][:2] == ["thing_id", "name"]
    assert {one.kind for one in inspect.signature(things.pause).parameters.values()} == {
        inspect.Parameter.POSITIONAL_OR_KEYWORD
    }
    asyncio.run(things.pause("abc", timedelta(seconds=1.5)))
    asyncio.run(things.pause("abc", delay=FOREVER))
    assert [request.body.delay for request in things._session.sent] == [2, -1]


@pytest.mark.parametrize(
    ("method", "name", "expected"),
    [
        pytest.param("create", "name", str, id="text"),
        pytest.param("create", "size", int, id="number of a schema"),
        pytest.param("create", "note", str | None | UnsetType, id="text or null"),
        pytest.param("create", "weight", float | UnsetType, id="fraction"),
        pytest.param("create", "hot", bool | UnsetType, id="boolean"),
        pytest.param("create", "since", datetime | UnsetType, id="time"),
        pytest.param("create", "tags", Sequence[str] | UnsetType, id="list"),
        pytest.param("create", "extra", Mapping[str, Any] | UnsetType, id="object"),
        pytest.param("create", "labels", Union[LabelsLike, UnsetType], id="labels"),  # noqa: UP007  # a name
        pytest.param("create", "reconcile", bool, id="reconcile"),
        pytest.param("pause", "delay", timedelta | int | Forever, id="delay"),
    ],
)
def test_the_type_of_an_argument_is_that_of_its_schema(
    things: Any, method: str, name: str, expected: Any
) -> None:
    """Or that of its `x-argument`."""
    assert get_type_hints(getattr(things, method))[name] == expected


def test_a_nested_model_may_be_a_mapping_and_an_enum_its_values(
    package: Rendered, things: Any
) -> None:
    """With the other spellings of the enum."""
    hints, models = get_type_hints(things.create), package.things
    assert hints["kind"] == models.Kind | Literal["large", "small", "big"]
    assert hints["kinds"] == of(Sequence, hints["kind"]) | UnsetType
    assert hints["block"] == models.Template | Mapping[str, Any] | UnsetType
    assert hints["nullable"] == models.Template | Mapping[str, Any] | None | UnsetType


def test_what_can_be_read_and_written_has_an_alias_for_all_that_may_be_given(
    package: Rendered, things: Any
) -> None:
    """Which keeps signatures short: it is among the models, and the signature shows its name."""
    models = package.things
    assert models.BadgeLike == models.BadgeInput | models.Badge | Mapping[str, Any] | None
    shown = inspect.signature(things.create).parameters["badge"]
    assert shown.annotation == "BadgeLike | UnsetType"
    assert get_type_hints(things.create)["badge"] == models.BadgeLike | UnsetType
    assert not hasattr(models, "TemplateLike")


def test_the_body_has_what_is_given_and_nothing_else(package: Rendered, things: Any) -> None:
    """As models; null and absent differ."""
    block = package.things.Template(title="{{ no template")
    given = {"note": None, "tags": ["x"], "block": block, "nullable": None, "kind": "big"}
    given["since"] = datetime(2026, 1, 1, tzinfo=UTC)
    asyncio.run(things.create(**THING | given))
    (request,) = things._session.sent
    present = attrs.asdict(request.body, recurse=False, filter=lambda _, value: value is not UNSET)
    assert present == {**THING, **given, "kind": package.things.Kind.LARGE}
    asyncio.run(things.create(**THING, block={"title": None}))
    assert things._session.sent[1].body.block.title is None


@pytest.mark.parametrize(
    ("given", "error", "named"),
    [
        pytest.param({"name": ""}, InvalidArgument, "name", id="empty"),
        pytest.param({"size": "1"}, InvalidArgument, "size", id="type"),
        pytest.param({"size": None}, InvalidArgument, "size", id="null"),
        pytest.param({"kind": "huge"}, InvalidArgument, "kind", id="enum"),
        pytest.param({"kind": 1}, InvalidArgument, "kind", id="no enum"),
        pytest.param({"tags": "x"}, InvalidArgument, "tags", id="list"),
        pytest.param({"block": {"titel": ""}}, InvalidArgument, "block", id="nested"),
        pytest.param({"block": None}, InvalidArgument, "block", id="nested null"),
        pytest.param({"since": datetime(2026, 1, 1)}, InvalidArgument, "since", id="naive"),  # noqa: DTZ001  # the point
        pytest.param({"texts": {"title": "{{"}}, TemplateError, "texts", id="template"),
        pytest.param({"labels": {"1": "x"}}, LabelError, "labels", id="label"),
    ],
)
def test_bad_members_are_refused_before_anything_is_sent(
    things: Any, given: dict[str, Any], error: type[InvalidArgument], named: str
) -> None:
    """By the check for the type, or the one that the specification names."""
    with pytest.raises(error) as refused:
        asyncio.run(things.create(**THING | given))
    assert refused.value.argument == named
    assert things._session.sent == []


def test_the_docstring_describes_members_and_errors(things: Any) -> None:
    """By their own description or that of their schema; null is None in Python."""
    text = inspect.getdoc(things.create) or ""
    assert "Args:\n    name: Its name; None is not one.\n    size: Its size.\n" in text
    assert "    reconcile: Whether to look for the `name`" in text
    assert text.endswith("Raises:\n    BadRequest: The name exists.")
    assert "delay: How long, as a timedelta" in (inspect.getdoc(things.pause) or "")


@pytest.mark.parametrize(
    ("stored", "holds"),
    [
        pytest.param(b'{"id":"abc","name":"a","kind":"small","size":1}', True, id="changed"),
        pytest.param(b'{"id":"abc","name":"a","kind":"small","size":2}', False, id="not changed"),
    ],
)
def test_a_doubtful_change_reads_the_object_and_compares_it(
    package: Rendered, things: Any, stored: bytes, *, holds: bool
) -> None:
    """Because of `x-read-back`."""
    read: list[Request[Any]] = []
    current = Result[Any](value=None, response=Response(status=200, headers={}, content=stored))

    async def send(request: Request[Any]) -> Result[Any]:
        read.append(request)
        return current

    async def main() -> object:
        await things.update("abc", **THING)
        return await things._session.read_back(send)

    assert asyncio.run(main()) is (current if holds else None)
    assert read == [package.operations.get_thing("abc")]


def test_a_doubtful_creation_is_found_by_its_name(package: Rendered) -> None:
    """Because of `x-reconcile`, on demand: an object that existed before does not count."""
    listed = [{"id": "old", "name": "a"}]
    sent: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        sent.append(f"{request.method} {request.url.query.decode()}".strip())
        if request.method == "POST":
            listed.append({"id": "new", "name": "a"})
            raise httpx.ReadError("the connection is lost", request=request)
        envelope = {"count": len(listed), "next": None, "previous": None, "results": listed}
        return httpx.Response(200, json=envelope)

    async def main() -> Any:
        async with OnCallClient(
            url="https://oncall.test", token="any", transport=httpx.MockTransport(serve)
        ) as client:
            facade = package.resources("things").Things(client._session)
            return await facade.create(**THING, reconcile=True)

    assert virtual_time.run(main()).id == "new"
    assert sent == ["GET name=a", "POST", "GET name=a"]


CREATE = "#/paths/~1things~1/post"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param({"x-read-back": "get_other"}, f"{CREATE}/x-read-back", id="unknown"),
        pytest.param({"x-read-back": "get_thing"}, f"{CREATE}/x-read-back", id="other ids"),
        pytest.param({"x-reconcile": "get_thing"}, f"{CREATE}/x-reconcile", id="no list"),
        pytest.param({"x-reconcile": "find"}, f"{CREATE}/x-reconcile", id="unknown list"),
        pytest.param({"x-facade": "no"}, f"{CREATE}/x-facade", id="facade"),
    ],
)
def test_an_operation_that_cannot_be_a_method_is_refused(change: Json, pointer: str) -> None:
    """With its location."""
    root = specification()
    root["paths"]["/things/"]["post"] |= change
    with pytest.raises(Unsupported) as refused:
        render(Spec(root=root))
    assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    ("name", "member"),
    [
        pytest.param("operations", {"type": "string"}, id="name of the facade"),
        pytest.param("no-name", {"type": "string"}, id="no identifier"),
        pytest.param("thing_id", {"type": "string"}, id="name of an id"),
        pytest.param("note", {"type": "string", "x-argument": "other"}, id="unknown x-argument"),
    ],
)
def test_a_member_that_cannot_be_an_argument_is_refused(name: str, member: Json) -> None:
    """With its location."""
    root = specification()
    root["components"]["schemas"]["things.ThingInput"]["properties"][name] = member
    with pytest.raises(Unsupported) as refused:
        render(Spec(root=root))
    assert refused.value.pointer == f"#/components/schemas/things.ThingInput/properties/{name}"


def test_a_method_that_is_written_by_hand_is_not_generated(tmp_path: Path) -> None:
    """Its members may then have any type."""
    root = specification()
    root["paths"]["/things/"]["post"]["x-facade"] = "by hand"
    root["paths"]["/things/{thing_id}/"]["put"]["x-facade"] = "by hand"
    schema = root["components"]["schemas"]["things.ThingInput"]
    schema["properties"]["operations"] = {"type": "string"}
    facade = rendered(root, tmp_path).resources("things").Things
    assert not {"create", "update"} & {*dir(facade)}
    assert hasattr(facade, "pause")


def test_a_list_of_itself_is_no_argument() -> None:
    """Its type would be infinite."""
    root = specification()
    loop = {"$ref": "#/components/schemas/things.Loop"}
    root["components"]["schemas"]["things.Loop"] = {"type": "array", "items": loop}
    root["components"]["schemas"]["things.ThingInput"]["properties"]["loop"] = loop
    with pytest.raises(Unsupported, match="only a class may refer to itself"):
        render(Spec(root=root))
