"""Examples of openapi.yaml, held against its schemas."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest
import yaml
from jsonschema import Draft202012Validator

from codegen.read.spec import METHODS, SCHEMAS, Json
from tests.codegen.specs import OPENAPI

ROOT: Json = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))
"""Parsed here, since tables of parameters are made before there are fixtures."""


def _examples() -> Iterator[Any]:
    """Every example of a body or an answer, and every sample in a schema."""
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
    yield from _refusals()
    listed = [*ROOT["paths"]["/alert_groups/"]["get"]["parameters"]]
    for one in [*listed, *ROOT["components"]["parameters"].values()]:
        if "example" in one:
            yield pytest.param(one["schema"], one["example"], id=f"parameter {one['name']}")


def _refusals() -> Iterator[Any]:
    for title, response in ROOT["components"]["responses"].items():
        refusal = response["content"].get("application/json", {})
        for name, example in refusal.get("examples", {}).items():
            yield pytest.param(refusal["schema"], example["value"], id=f"{title} {name}")


EXAMPLES = list(_examples())


def _validator(schema: Json) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": ROOT["components"]})


def test_the_specification_is_valid_openapi() -> None:
    """Checked with its own schema."""
    openapi_spec_validator.validate(ROOT)


@pytest.mark.parametrize(("schema", "example"), EXAMPLES)
def test_every_example_is_what_its_schema_says(schema: Json, example: Any) -> None:
    """Examples are shown to users: they had better work."""
    _validator(schema).validate(example)


def test_every_body_has_an_example_and_every_answer_a_sample() -> None:
    """Otherwise the test above proves little."""
    shown = {str(one.id) for one in EXAMPLES}
    for path, item in ROOT["paths"].items():
        for method in sorted(item.keys() & set(METHODS)):
            if "requestBody" in item[method]:
                assert f"{method} {path} documented" in shown
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
def test_a_wrong_body_is_not_what_its_schema_says(name: str, wrong: Json) -> None:
    """The schemas of the examples are really resolved."""
    with pytest.raises(jsonschema.ValidationError):
        _validator({"$ref": SCHEMAS + name}).validate(wrong)
