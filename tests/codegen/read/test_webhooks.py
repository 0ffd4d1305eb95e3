"""Webhooks: the class of each body is rendered, everything else is checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from codegen.read.spec import Json
from tests.support.specs import (
    MEMBER,
    NULL,
    OF_TAGS,
    OTHER,
    REMOVED,
    SCHEMAS,
    STRING,
    Rendered,
    json_content,
    minimal,
    refused,
    rendered,
)

HOOK = "#/webhooks/thing_changed"
POST = f"{HOOK}/post"
BODY = f"{POST}/requestBody"
SCHEMA = f"{BODY}/content/application~1json/schema"
NEWS = f"{SCHEMAS}news.News"
KIND: Json = {"type": "string", "enum": ["a thing was made", "gone"]}


def with_webhook(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return changes that add a webhook with a class and an enum, followed by the given changes."""
    news = {
        "type": "object",
        "description": "Something happened.",
        "required": ["kind"],
        "properties": {
            "kind": {"$ref": f"{SCHEMAS}news.Kind"},
            "thing": {"oneOf": [{"$ref": f"{SCHEMAS}things.Thing"}, NULL]},
            "payload": {},
        },
    }
    post = {
        "operationId": "on_thing_changed",
        "tags": ["things"],
        "summary": "A thing changed.",
        "description": "Sent once.",
        "requestBody": {"required": True, "content": json_content("news.News")},
        "responses": {"200": {"description": "Taken."}},
    }
    added = {
        NEWS: news,
        f"{SCHEMAS}news.Kind": KIND,
        "#/webhooks": {"thing_changed": {"post": post}},
    }
    return added | (changes or {})


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Render a specification with a webhook."""
    return rendered(minimal(with_webhook()), tmp_path_factory.mktemp("webhooks"))


def test_the_body_of_a_webhook_and_what_it_refers_to_are_rendered(package: Rendered) -> None:
    """Like responses, they accept unknown members, and None stands for absent ones."""
    news: Any = package.news.News
    assert news.__doc__ == "Something happened."
    assert {one.name: one.default for one in attrs.fields(news)} == {
        "kind": attrs.NOTHING,
        "thing": None,
        "payload": None,
    }
    read = msgspec.convert({"kind": "a thing was made", "thing": {"id": "a"}, "new": 1}, news)
    assert read.kind is package.news.Kind.A_THING_WAS_MADE
    assert read.thing == package.things.Thing(id="a")
    assert msgspec.convert({"kind": "unheard of"}, news).kind == "unheard of"


def test_a_webhook_is_not_an_operation(package: Rendered, tmp_path: Path) -> None:
    """The client does not call it: without the webhook, only its classes are missing."""
    without = rendered(minimal(), tmp_path)
    assert set(package.files) - set(without.files) == {"models/news.py"}
    assert {name: package.files[name] for name in OF_TAGS} == {
        name: without.files[name] for name in OF_TAGS
    }


def test_webhooks_may_be_empty(tmp_path: Path) -> None:
    """An empty section is the same as none."""
    assert set(rendered(minimal({"#/webhooks": {}}), tmp_path).files) == {
        *("__init__.py", "constraints.py", "models/__init__.py", "models/things.py"),
        *OF_TAGS,
    }


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        pytest.param({"#/webhooks": []}, "#/webhooks", id="webhooks that are a list"),
        pytest.param({"#/webhooks/a b": {"post": {}}}, "#/webhooks/a b", id="invalid name"),
        pytest.param({"#/webhooks/~1a~1": {"post": {}}}, "#/webhooks/~1a~1", id="path for a name"),
        pytest.param({HOOK: None}, HOOK, id="null for a webhook"),
        pytest.param({HOOK: {}}, HOOK, id="no method"),
        pytest.param({f"{HOOK}/put": {}}, f"{HOOK}/put", id="another method"),
        pytest.param({f"{HOOK}/parameters": []}, f"{HOOK}/parameters", id="parameters"),
        pytest.param({POST: None}, POST, id="null for the method"),
        pytest.param({f"{POST}/parameters": []}, f"{POST}/parameters", id="parameters of post"),
        pytest.param({f"{POST}/security": []}, f"{POST}/security", id="security"),
        pytest.param({f"{POST}/x-retry": "safe"}, f"{POST}/x-retry", id="x-retry"),
        pytest.param({f"{POST}/summary": 1}, f"{POST}/summary", id="summary that is not a string"),
        pytest.param({f"{POST}/responses": REMOVED}, POST, id="no responses"),
        pytest.param({BODY: REMOVED}, POST, id="no body"),
        pytest.param({BODY: None}, BODY, id="null for the body"),
        pytest.param({f"{BODY}/required": False}, BODY, id="optional body"),
        pytest.param({f"{BODY}/required": REMOVED}, BODY, id="body that is not marked as required"),
        pytest.param({f"{BODY}/content": REMOVED}, BODY, id="no content"),
        pytest.param(
            {f"{BODY}/content": {"text/plain": {}}}, f"{BODY}/content/text~1plain", id="text"
        ),
        pytest.param({SCHEMA: STRING}, f"{SCHEMA}/type", id="inline schema"),
        pytest.param({SCHEMA: {"$ref": f"{SCHEMAS}Id"}}, SCHEMA, id="no class"),
        pytest.param({SCHEMA: {"$ref": f"{SCHEMAS}news.No"}}, f"{SCHEMA}/$ref", id="nothing"),
        pytest.param({f"{NEWS}/x-kind": "request"}, BODY, id="class of a request"),
        pytest.param({f"{NEWS}/title": "News"}, f"{NEWS}/title", id="class that is refused"),
        pytest.param(
            {f"{NEWS}/properties/thing": {"anyOf": [OTHER]}},
            f"{NEWS}/properties/thing",
            id="member that is refused",
        ),
        pytest.param({MEMBER: {"format": "x"}}, MEMBER, id="further down"),
    ],
)
def test_a_webhook_that_is_not_supported_is_refused(changes: dict[str, Any], pointer: str) -> None:
    """The error has the pointer of the unsupported part."""
    assert refused(with_webhook(changes)) == pointer


def test_a_class_of_a_webhook_needs_a_unique_name() -> None:
    """One public module exports all of them."""
    news = f"{SCHEMAS}news.Thing"
    changes = {news: {"type": "object", "properties": {"a": STRING}}, SCHEMA: {"$ref": news}}
    assert refused(with_webhook(changes)) in {news, f"{SCHEMAS}things.Thing"}
