"""openapi.yaml as the tests read it: its operations, and validators of its schemas."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from codegen.__main__ import ROOT as FOLDER
from codegen.spec import METHODS

Json: TypeAlias = dict[str, Any]

OPENAPI: Final = FOLDER / "openapi.yaml"
ROOT: Final[Json] = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))


def resolved(node: Json) -> Json:
    """What a reference points to; any other node as it is."""
    if "$ref" not in node:
        return node
    found = ROOT
    for key in node["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def validator(schema: Json) -> Draft202012Validator:
    """A validator of a schema of the document, which checks formats too."""
    return Draft202012Validator(
        schema | {"components": ROOT["components"]}, format_checker=FormatChecker(["date-time"])
    )


def faults(schema: Json, value: Any) -> list[str]:
    """What is wrong with a value, each with its JSON path."""
    return [f"{one.json_path}: {one.message}" for one in validator(schema).iter_errors(value)]


@attrs.frozen(kw_only=True)
class Operation:
    """An operation of the specification."""

    id: str
    method: str
    path: str
    parameters: Mapping[tuple[str, str], Json]
    """By place and name."""
    body: Json | None
    """Schema of the body."""
    body_required: bool
    responses: Mapping[str, Json]
    """By status."""


def _operations() -> Iterator[Operation]:
    for path, item in ROOT["paths"].items():
        for method in sorted(item.keys() & set(METHODS)):
            node = item[method]
            listed = [*item.get("parameters", []), *node.get("parameters", [])]
            parameters = [resolved(one) for one in listed]
            body = node.get("requestBody", {})
            yield Operation(
                id=node["operationId"],
                method=method.upper(),
                path=path,
                parameters={(one["in"], one["name"]): one for one in parameters},
                body=body["content"]["application/json"]["schema"] if body else None,
                body_required=body.get("required", False),
                responses={status: resolved(one) for status, one in node["responses"].items()},
            )


OPERATIONS: Final[Mapping[str, Operation]] = {one.id: one for one in _operations()}
"""By their operationId."""

LINKS: Final = frozenset(
    link["operationId"]
    for one in OPERATIONS.values()
    for response in one.responses.values()
    for link in response.get("links", {}).values()
)
"""The operations that a link leads to."""
