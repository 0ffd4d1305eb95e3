"""openapi.yaml as the tests read it: its operations, and the errors that its schemas find."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
from jsonschema import Draft202012Validator, FormatChecker

from codegen.read.spec import METHODS, Spec

Json: TypeAlias = dict[str, Any]

FOLDER: Final = Path(__file__).parents[2]
ROOT: Final[Json] = Spec.load(FOLDER / "openapi.yaml").root


def _closed(root: Json) -> Json:
    closed = deepcopy(root)
    for schema in closed["components"]["schemas"].values():
        if schema.get("x-kind") == "request":
            schema["additionalProperties"] = False
    return closed


CLOSED: Final = _closed(ROOT)
"""The same, where unknown members make the body of a request invalid.

The SDK sends none. Real servers ignore some of them, and fail on others.
"""


def resolved(node: Json) -> Json:
    """The target of a reference; any other node as it is."""
    if "$ref" not in node:
        return node
    found = ROOT
    for key in node["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


_FORMATS: Final = FormatChecker(["date-time"])
_WRITTEN: Final = {
    "local-date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "time-utc": r"\d\d:\d\d:\d\dZ",
}
"""How the times of the server's own formats are written."""
for _form, _pattern in _WRITTEN.items():
    _FORMATS.checks(_form)(
        lambda value, pattern=_pattern: (
            not isinstance(value, str) or bool(re.fullmatch(pattern, value))
        )
    )


def faults(schema: Json, value: Any, root: Json = ROOT) -> list[str]:
    """The errors that a schema of the document finds in a value, each with its JSON path."""
    validator = Draft202012Validator(
        schema | {"components": root["components"]}, format_checker=_FORMATS
    )
    return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(value)]


@attrs.frozen(kw_only=True)
class Operation:
    """An operation of the specification."""

    id: str
    tag: str
    method: str
    path: str
    parameters: Mapping[tuple[str, str], Json]
    """By place and name."""
    body: Json | None
    """Schema of the body."""
    body_required: bool
    responses: Mapping[str, Json]
    """By status."""
    read_first: str | None
    """The operation that reads what an update must send."""


def _operations() -> Iterator[Operation]:
    for path, item in ROOT["paths"].items():
        for method in sorted(item.keys() & set(METHODS)):
            node = item[method]
            listed = [*item.get("parameters", []), *node.get("parameters", [])]
            parameters = [resolved(one) for one in listed]
            body = node.get("requestBody", {})
            yield Operation(
                id=node["operationId"],
                tag=node["tags"][0],
                method=method.upper(),
                path=path,
                parameters={(one["in"], one["name"]): one for one in parameters},
                body=body["content"]["application/json"]["schema"] if body else None,
                body_required=body.get("required", False),
                responses={status: resolved(one) for status, one in node["responses"].items()},
                read_first=node.get("x-merge", {}).get("read"),
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
