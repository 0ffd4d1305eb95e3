"""The committed files in `_generated` match openapi.yaml."""

import inspect
from importlib import import_module
from typing import Any

import attrs
import pytest

from codegen.read.spec import METHODS, SCHEMAS, Json, Spec
from grafana_oncall._core.request import Operation, Page, Request
from grafana_oncall._core.types import OpenStrEnum, StringRule
from grafana_oncall._generated import constraints, models
from grafana_oncall._generated.models import webhooks
from grafana_oncall._generated.operations import _all as operations
from tests.support.specs import OPENAPI, of

MODULES = tuple(import_module(f"grafana_oncall{name}") for name in models.MODULES)
ACTIONS = ("acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence")

ROOT: Json = Spec.load(OPENAPI).root
"""Parsed at import, because parametrization needs it before fixtures exist."""

CLASSES = [
    one
    for module in MODULES
    for one in vars(module).values()
    if inspect.isclass(one) and one.__module__ == module.__name__ and attrs.has(one)
]
CALLS = [
    pytest.param(path, method, item, item[method], id=item[method]["operationId"])
    for path, item in ROOT["paths"].items()
    for method in METHODS
    if method in item
]


def _found(item: Json, operation: Json) -> list[Json]:
    listed = [*item.get("parameters", []), *operation.get("parameters", [])]
    components = ROOT["components"]["parameters"]
    return [components[one["$ref"].rsplit("/", 1)[-1]] if "$ref" in one else one for one in listed]


def _parameters(item: Json, operation: Json, place: str) -> list[str]:
    """Return the names of those that are arguments."""
    return [
        one["name"]
        for one in _found(item, operation)
        if one["in"] == place and "const" not in one["schema"]
    ]


def _constants(item: Json, operation: Json) -> dict[str, str]:
    """Return the query parameters that every request has."""
    return {
        one["name"]: one["schema"]["const"]
        for one in _found(item, operation)
        if "const" in one["schema"]
    }


ANY_OBJECT = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
"""Of a response that says nothing."""


def _needed(item: Json, operation: Json) -> dict[str, str]:
    """Return an argument for each query parameter that is required."""
    listed = [*item.get("parameters", []), *operation.get("parameters", [])]
    return {
        one["name"]: "2026-12-01"
        for one in listed
        if one.get("in") == "query" and one.get("required")
    }


def _class_of(node: Json) -> Any:
    """Return the class for the schema of the content."""
    name = node["content"]["application/json"]["schema"]["$ref"].removeprefix(SCHEMAS)
    module, class_name = name.split(".")
    return getattr({one.__name__.rpartition(".")[2]: one for one in MODULES}[module], class_name)


def _item_of(node: Json) -> Any:
    """Return the class of the items of a page."""
    name = node["content"]["application/json"]["schema"]["$ref"].removeprefix(SCHEMAS)
    (page,) = [one for one in ROOT["components"]["schemas"][name]["allOf"] if "properties" in one]
    items = page["properties"]["results"]["items"]
    return _class_of({"content": {"application/json": {"schema": items}}})


@pytest.mark.parametrize("cls", CLASSES)
def test_every_model_is_frozen_slotted_and_keyword_only(cls: Any) -> None:
    """Models are values, whether received or sent; a page has many, so they hold members only."""
    empty = object.__new__(cls)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(empty, attrs.fields(cls)[0].name, None)
    assert not hasattr(empty, "__dict__")
    assert not hasattr(empty, "__weakref__")
    assert all(one.kw_only for one in attrs.fields(cls))


def test_every_class_is_a_model_or_an_open_enum() -> None:
    """Each schema in use that has members or values has its class; there are no others."""
    made = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in MODULES
        for name, one in vars(module).items()
        if inspect.isclass(one) and one.__module__ == module.__name__
        if attrs.has(one) or issubclass(one, OpenStrEnum)
    }
    schemas: Json = ROOT["components"]["schemas"]
    assert made == {
        name
        for name, one in schemas.items()
        if ("properties" in one or "enum" in one) and "." in name
    }
    assert len(CLASSES) > 20


@pytest.mark.parametrize("cls", CLASSES)
def test_every_model_has_the_members_of_its_schema(cls: Any) -> None:
    """None is lost, and a renamed one keeps its wire name."""
    schema = ROOT["components"]["schemas"][f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"]
    wires = {one.metadata.get("wire", one.name): one for one in attrs.fields(cls)}
    assert wires.keys() == schema["properties"].keys()
    needed = {wire for wire, one in wires.items() if one.default is attrs.NOTHING}
    const = {name for name, member in schema["properties"].items() if "const" in member}
    assert needed == set(schema.get("required", [])) - const


def test_every_webhook_has_the_class_of_its_body() -> None:
    """There is one webhook."""
    bodies = {
        name: _class_of(item["post"]["requestBody"]) for name, item in ROOT["webhooks"].items()
    }
    assert bodies == {"alert_group_event": webhooks.WebhookEvent}


@pytest.mark.parametrize(("path", "method", "item", "operation"), CALLS)
def test_every_operation_has_its_builder(
    path: str, method: str, item: Json, operation: Json
) -> None:
    """The builder's request has the method, path and permission of the specification."""
    name = operation["operationId"]
    builder, constant = getattr(operations, name), getattr(operations, name.upper())
    ids = dict.fromkeys(_parameters(item, operation, "path"), "ID1")
    body = {"body": object()} if "requestBody" in operation else {}
    needed = _needed(item, operation)
    request = builder(**ids, **body, **needed)
    assert isinstance(request, Request)
    assert request.operation is constant
    assert constant in operations.OPERATIONS
    assert (constant.id, constant.method, f"/{constant.path}") == (name, method.upper(), path)
    assert constant.permission == operation.get("x-permission", "")
    assert f"/{request.path}" == path.format(**ids)
    assert dict(request.query) == needed | _constants(item, operation)
    assert body == {} or request.body is body["body"]


@pytest.mark.parametrize(("path", "method", "item", "operation"), CALLS)
def test_every_builder_has_the_parameters_of_its_operation(
    path: str, method: str, item: Json, operation: Json
) -> None:
    """Ids by position, then the body, then the query by keyword."""
    del path, method
    signature = inspect.signature(getattr(operations, operation["operationId"]))
    named = [one for one in signature.parameters.values() if one.kind is one.KEYWORD_ONLY]
    assert [one.name for one in named] == _parameters(item, operation, "query")
    body = ["body"] if "requestBody" in operation else []
    placed = [*_parameters(item, operation, "path"), *body]
    assert list(signature.parameters)[: len(placed)] == placed


@pytest.mark.parametrize(("path", "method", "item", "operation"), CALLS)
def test_every_builder_returns_the_type_of_its_response(
    path: str, method: str, item: Json, operation: Json
) -> None:
    """For a list a Page of the items, without content None."""
    del path, method
    body = {"body": None} if "requestBody" in operation else {}
    ids = dict.fromkeys(_parameters(item, operation, "path"), "ID1")
    given = {**ids, **body, **_needed(item, operation)}
    returns = getattr(operations, operation["operationId"])(**given).returns
    success = next(one for status, one in operation["responses"].items() if status[0] == "2")
    if operation["operationId"].startswith("list_"):
        assert returns == of(Page, _item_of(success))
    elif success.get("content") == ANY_OBJECT:
        assert returns == dict[str, Any]
    elif "text/calendar" in success.get("content", {}):
        assert returns is str
    elif "content" in success:
        assert returns is _class_of(success)
    else:
        assert returns is type(None)


def test_operations_are_in_the_order_of_the_document() -> None:
    """OF_TAGS has each of them once, including everything in the modules of the tags."""
    listed = [one.id for one in operations.OPERATIONS]
    assert len(listed) == len(set(listed)) > 16
    assert set(listed) == {str(one.id) for one in CALLS}
    tags = [import_module(f"{operations.__package__}.{one['name']}") for one in ROOT["tags"]]
    constants = [one for tag in tags for one in vars(tag).values() if isinstance(one, Operation)]
    assert constants == list(operations.OPERATIONS)


def test_what_needs_a_user_is_what_no_service_account_is_offered_for() -> None:
    """The six actions on groups, and more."""
    needing = {one.id for one in operations.OPERATIONS if one.needs_user}
    users_only = {
        str(one["operationId"])
        for item in ROOT["paths"].values()
        for one in item.values()
        # Of a calendar, no token of a client is asked for.
        if isinstance(one, dict)
        and one.get("security")
        and not any("serviceAccountToken" in way for way in one["security"])
    }
    assert needing == users_only > {f"{action}_alert_group" for action in ACTIONS}


@pytest.mark.parametrize(
    ("resource", "page"),
    [
        pytest.param("integrations/", "integrations/", id="integrations"),
        pytest.param("alert_groups/", "alertgroups/", id="alert groups"),
    ],
)
def test_every_operation_links_to_its_documentation(resource: str, page: str) -> None:
    """There is one page per resource."""
    docs = "https://grafana.com/docs/grafana-cloud/"
    root = f"{docs}observe-and-act/respond-to-incidents/reference/oncall-api/"
    found = {one.docs for one in operations.OPERATIONS if one.path.startswith(resource)}
    assert found == {root + page}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(one, id=one["x-constraint"])
        for one in ROOT["components"]["schemas"].values()
        if "x-constraint" in one
    ],
)
def test_every_constraint_has_its_constant(schema: Json) -> None:
    """With the limits of its schema."""
    name = schema["x-constraint"]
    if schema["type"] == "string":
        rule = getattr(constraints, name)
        assert isinstance(rule, StringRule)
        assert rule.pattern == schema["pattern"]
        assert (rule.min_length, rule.max_length) == (
            *(schema.get("minLength", 0), schema.get("maxLength")),
        )
        assert rule.text.startswith(schema["description"].rstrip("."))
        return
    limits = {"MIN": schema.get("minimum"), "MAX": schema.get("maximum", schema.get("maxItems"))}
    for suffix, limit in limits.items():
        assert getattr(constraints, f"{name}_{suffix}", None) == limit


def test_the_constraints_are_those_of_the_server() -> None:
    """The facade imports them by these names."""
    made = {name for name in vars(constraints) if name.isupper()}
    assert made == {
        *("ID", "LABEL_FILTER", "LABEL_KEY", "LABEL_VALUE"),
        *("LABELS_MAX", "SILENCE_DELAY_MIN", "SILENCE_DELAY_MAX"),
    }
    assert constraints.LABELS_MAX == 50
    assert constraints.SILENCE_DELAY_MIN == -1
