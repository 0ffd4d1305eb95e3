"""The examples in openapi.yaml match their schemas."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest
from jsonschema import Draft202012Validator

from codegen.read.spec import METHODS, SCHEMAS, Json, Spec
from tests.support.specs import OPENAPI

ROOT: Json = Spec.load(OPENAPI).root
"""Parsed at import, because parametrization needs it before fixtures exist."""


def _examples() -> Iterator[Any]:
    """Yield every example of a body, a response or a parameter, and every sample in a schema."""
    for path, item in (ROOT["paths"] | ROOT["webhooks"]).items():
        for method in sorted(item.keys() & set(METHODS)):
            content = item[method].get("requestBody", {}).get("content", {})
            for one in content.values():
                for name, example in one.get("examples", {}).items():
                    label = f"{method} {path} {name}"
                    yield pytest.param(one["schema"], example["value"], id=label)
    for name, schema in ROOT["components"]["schemas"].items():
        for number, sample in enumerate(schema.get("examples", [])):
            yield pytest.param({"$ref": SCHEMAS + name}, sample, id=f"{name} {number}")
    yield from _error_responses()
    listed = [*ROOT["paths"]["/alert_groups/"]["get"]["parameters"]]
    for one in [*listed, *ROOT["components"]["parameters"].values()]:
        if "example" in one:
            yield pytest.param(one["schema"], one["example"], id=f"parameter {one['name']}")


def _error_responses() -> Iterator[Any]:
    for title, response in ROOT["components"]["responses"].items():
        content = response["content"].get("application/json", {})
        for name, example in content.get("examples", {}).items():
            yield pytest.param(content["schema"], example["value"], id=f"{title} {name}")


EXAMPLES = list(_examples())


def _validator(schema: Json) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": ROOT["components"]})


def test_the_specification_is_valid_openapi() -> None:
    """The official schema of OpenAPI accepts it."""
    openapi_spec_validator.validate(ROOT)


@pytest.mark.parametrize(("schema", "example"), EXAMPLES)
def test_every_example_matches_its_schema(schema: Json, example: Any) -> None:
    """Users copy examples, so they have to work."""
    _validator(schema).validate(example)


def test_every_body_has_an_example_and_every_resource_a_sample() -> None:
    """Without them, the test above would prove little."""
    shown = {str(one.id) for one in EXAMPLES}
    bodies = {one.rpartition(" ")[0] for one in shown}
    for path, item in ROOT["paths"].items():
        for method in sorted(item.keys() & set(METHODS)):
            if "requestBody" in item[method]:
                assert f"{method} {path}" in bodies
    assert {"alert_groups.AlertGroup 0", "integrations.Integration 0"} <= shown
    assert "post alert_group_event observed" in shown


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        pytest.param("alert_groups.AlertGroupSilence", {"delay": "10"}, id="type"),
        pytest.param("alert_groups.AlertGroupSilence", {"delay": -2}, id="limit of a reference"),
        pytest.param("alert_groups.AlertGroupDelete", {"mode": "wipeout"}, id="enum"),
        pytest.param("labels.LabelInput", {"key": {"name": "a"}}, id="required"),
        pytest.param(
            "integrations.IntegrationUpdate",
            {"labels": [{"key": {"name": "1"}, "value": {"name": "a"}}]},
            id="pattern, three references down",
        ),
        pytest.param("integrations.IntegrationUpdate", {"templates": {"slack": 1}}, id="oneOf"),
        pytest.param("webhooks.WebhookEvent", {"event": {"type": "resolve"}}, id="half an event"),
    ],
)
def test_a_wrong_body_does_not_match_its_schema(name: str, wrong: Json) -> None:
    """References are followed when the examples are validated."""
    with pytest.raises(jsonschema.ValidationError):
        _validator({"$ref": SCHEMAS + name}).validate(wrong)
