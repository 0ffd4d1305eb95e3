"""What was sent, checked against openapi.yaml without any code of the SDK."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import attrs
import httpx

from grafana_oncall.testing import FakeRequest
from tests.contract.specification import CLOSED, OPERATIONS, Json, Operation, faults, resolved

PREFIX: Final = "/oncall/api/v1"


@attrs.frozen
class Sent:
    """A request as it left the client."""

    method: str
    path: str
    """Percent-encoded, without the query."""
    query: str
    headers: Mapping[str, str]
    """Names are in lower case."""
    body: bytes

    @classmethod
    def of(cls, request: httpx.Request) -> Sent:
        """As a transport receives it."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        return cls(request.method, path, query, dict(request.headers), request.content)

    @classmethod
    def to_fake(cls, request: FakeRequest) -> Sent:
        """As the fake received it."""
        return cls(request.method, request.path, request.query, request.headers, request.body)

    @property
    def operation(self) -> str | None:
        """The operation with this method and path."""
        return next(
            (operation.id for operation in OPERATIONS.values() if self._match(operation)), None
        )

    def faults(self) -> list[str]:
        """What violates the specification."""
        if self.operation is None:
            return [f"{self.method} {self.path} is no operation"]
        operation = OPERATIONS[self.operation]
        return [
            *self._in_path(operation),
            *self._in_query(operation),
            *self._in_body(operation),
            *self._in_headers(),
        ]

    def _match(self, operation: Operation) -> re.Match[str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path)
        found = re.fullmatch(re.escape(PREFIX) + pattern, self.path)
        return found if operation.method == self.method else None

    def _in_path(self, operation: Operation) -> Iterator[str]:
        found = self._match(operation)
        assert found is not None
        for name, text in found.groupdict().items():
            yield from faults(operation.parameters["path", name]["schema"], unquote(text))

    def _in_query(self, operation: Operation) -> Iterator[str]:
        given: defaultdict[str, list[str]] = defaultdict(list)
        for name, text in parse_qsl(self.query, keep_blank_values=True, errors="strict"):
            given[name].append(text)
        for name, texts in given.items():
            if ("query", name) not in operation.parameters:
                yield f"{name} is no parameter"
                continue
            schema = operation.parameters["query", name]["schema"]
            if resolved(schema)["type"] == "array":
                yield from faults(schema, texts)
            elif len(texts) > 1:
                yield f"{name} is repeated"
            else:
                yield from faults(schema, _typed(schema, texts[0]))

    def _in_body(self, operation: Operation) -> Iterator[str]:
        if operation.body is None or not self.body:
            if operation.body_required or self.body:
                yield f"a body of {len(self.body)} bytes"
            return
        yield from faults(operation.body, json.loads(self.body), CLOSED)
        if self.headers.get("content-type") != "application/json":
            yield "the body is not announced as JSON"

    def _in_headers(self) -> Iterator[str]:
        if "transfer-encoding" in self.headers:
            yield "a chunked body, which real servers read as empty"
        if self.body and self.headers.get("content-length") != str(len(self.body)):
            yield "no Content-Length of the body"
        if not re.fullmatch(r"[!-~]+", self.headers.get("authorization", "")):
            yield "no bare token"


def _typed(schema: Json, text: str) -> Any:
    """The value that a text in the query represents."""
    kind = resolved(schema)["type"]
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return int(text) if kind == "integer" and re.fullmatch(r"-?[0-9]+", text) else text
