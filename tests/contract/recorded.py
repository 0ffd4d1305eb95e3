"""The recorded shapes: their content, their schemas, and what the SDK decodes them to.

`shapes/*.json` are written by hand, as real servers respond. In each, `of` names the operations or
the webhook, `reads` what the SDK decodes, by dotted path, `raises` the error that it becomes, and
`beyond_the_specification` where a later server exceeds the specification.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, time
from pathlib import Path
from typing import Any, Final

import attrs

from grafana_oncall import Request, Response, operations, webhooks
from grafana_oncall._codec.decode import decode
from tests.contract.specification import OPERATIONS, ROOT, Json, resolved


@attrs.frozen
class Shape:
    """One response to an operation, or one event of a webhook, as it arrived."""

    of: str
    """The operation, or the webhook."""
    recorded: Json

    @property
    def name(self) -> str:
        """Unique among the shapes."""
        return f"{self.of}: {self.recorded['id']}"

    @property
    def value(self) -> Any:
        """What was sent: JSON or text; None for an empty body."""
        return self.recorded.get("body", self.recorded.get("text"))

    @property
    def content(self) -> bytes:
        """The same as bytes."""
        if "body" in self.recorded:
            return json.dumps(self.value).encode()
        return (self.value or "").encode()

    @property
    def headers(self) -> dict[str, str]:
        """Names are in lower case, as in the SDK."""
        kind = {"content-type": "application/json"} if "body" in self.recorded else {}
        return {**kind, **self.recorded.get("headers", {})}

    @property
    def media_type(self) -> str | None:
        """Without its parameters; None for an empty body."""
        kind = self.headers.get("content-type")
        return None if kind is None else kind.partition(";")[0]

    @property
    def described(self) -> Json:
        """What the specification says about it: a response, or the body of a webhook."""
        if self.of in ROOT["webhooks"]:
            body: Json = ROOT["webhooks"][self.of]["post"]["requestBody"]
            return body
        return OPERATIONS[self.of].responses[str(self.recorded["status"])]

    @property
    def schema(self) -> Json:
        """The schema of the value."""
        schema: Json = self.described["content"][self.media_type]["schema"]
        return schema

    def decoded(self) -> object:
        """What the SDK decodes it to."""
        if self.of in ROOT["webhooks"]:
            return webhooks.parse(self.content)
        status: int = self.recorded["status"]
        response = Response(status=status, headers=self.headers, content=self.content)
        return decode(_request(self.of, self.recorded.get("body")), response)

    def changed(self, path: str, value: Any) -> Shape:
        """The same with another value at a dotted path of its body; `...` removes the member."""
        recorded = deepcopy(self.recorded)
        *parents, last = path.split(".")
        node: Any = recorded["body"]
        for key in parents:
            node = node[int(key) if key.isdigit() else key]
        if value is ...:
            del node[last]
        else:
            node[last] = value
        return Shape(self.of, recorded)


def _request(operation: str, body: Any) -> Request[Any]:
    """A request of the operation with this response: for the same object, or the same page."""
    builder: Callable[..., Request[Any]] = getattr(operations, operation)
    body = body if isinstance(body, dict) else {}
    about = body.get("id") if isinstance(body.get("id"), str) else "ID1"
    parameters = inspect.signature(builder).parameters
    needed = {
        name: None if name == "body" else about
        for name, one in parameters.items()
        if one.default is one.empty
    }
    if "page" in parameters and "results" in body:
        needed["page"] = body.get("current_page_number", 1)
    return builder(**needed)


SHAPES: Final = [
    Shape(of, recorded)
    for file in sorted((Path(__file__).parent / "shapes").glob("*.json"))
    for recorded in json.loads(file.read_text(encoding="utf-8"))
    for of in recorded["of"]
]
RESPONSES: Final = [one for one in SHAPES if one.of in OPERATIONS]
EVENTS: Final = [one for one in SHAPES if one.of in ROOT["webhooks"]]


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, as JSON."""
    for key in path.split(".") if path else ():
        value = value[int(key)] if key.isdigit() else getattr(value, key)
    match value:
        case datetime() | time():
            return value.isoformat()
        case tuple():
            return list(value)
        case dict():
            return {name: at(member, "") for name, member in value.items()}
        case _:
            return value


def members(schema: Json, value: Any) -> Iterator[tuple[str, str]]:
    """The members of component schemas that have a value, as (schema, member)."""
    for part in [*schema.get("allOf", []), *schema.get("oneOf", [])]:
        yield from members(part, value)
    node = resolved(schema)
    if node is not schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from members(node, value)
        if isinstance(value, dict):
            known = node.get("properties", {})
            yield from ((name, one) for one in known if value.get(one) is not None)
    if isinstance(value, dict):
        for one, member in node.get("properties", {}).items():
            yield from members(member, value.get(one))
    for item in value if isinstance(value, list) else ():
        yield from members(node.get("items", {}), item)


def reached(schema: Json) -> set[str]:
    """The component schemas of classes that a schema refers to."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        node: Any = waiting.pop()
        if isinstance(node, dict) and "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            if name not in found:
                found.add(name)
                waiting.append(resolved(node))
        elif isinstance(node, (dict, list)):
            waiting += list(node.values() if isinstance(node, dict) else node)
    return {one for one in found if "properties" in ROOT["components"]["schemas"][one]}
