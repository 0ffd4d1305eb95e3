"""What a path and its operations may be; everything else is refused."""

import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from .names import BUILDER, PARAMETER, TAG, check_name
from .schemas import check_schema, is_class, is_page, page_item, used_schemas
from .spec import METHODS, Json, Shape, Spec, Unsupported, below, check_shape

_PATH: Final = r"/(?:(?:[a-z0-9_-]+|\{\w+\})/)*"
_ITEM: Final[Shape] = {**dict.fromkeys(METHODS, dict), "parameters": list}
_OPERATION: Final[Shape] = {
    **dict.fromkeys(("operationId", "summary", "x-permission", "x-repeat", "x-check"), str),
    **dict.fromkeys(("tags", "parameters", "security"), list),
    **dict.fromkeys(("requestBody", "responses"), dict),
    "x-needs-user": bool,
}
_PARAMETER: Final[Shape] = {
    **dict.fromkeys(("name", "in", "style"), str),
    **dict.fromkeys(("required", "explode"), bool),
    "schema": dict,
}
_REPEATS: Final = ("safe", "same", "already", "missing", "never")


@attrs.frozen(kw_only=True)
class Parameter:
    """A parameter of the path or of the query."""

    name: str
    hint: str
    rule: str | None
    """Name of the constraint, where it is a parameter of the path."""


@attrs.frozen(kw_only=True)
class Operation:
    """An operation that can be rendered."""

    pointer: str
    tag: str
    """Its resource: the name of the module that its builder is in."""
    method: str
    path: str
    id: str
    summary: str
    description: str
    permission: str
    needs_user: bool
    check: str
    docs: str
    repeat: str
    parameters: list[Parameter]
    body: str | None
    """Name of the schema, like that of the answer."""
    body_required: bool
    answer: str | None
    is_page: bool
    """Whether the answer is a page of such items."""


def read_operations(spec: Spec) -> Iterator[Operation]:
    """The operations in the order of the document; raises Unsupported where one is refused."""
    for path, item in spec.root["paths"].items():
        pointer = below("#/paths", path)
        check_shape(item, _ITEM, pointer)
        if not re.fullmatch(_PATH, path):
            raise Unsupported(pointer, "a path is made of /lower-case/ and /{parameter}/")
        for method in METHODS:
            if method in item:
                yield _operation(spec, path, method, item)


def _operation(spec: Spec, path: str, method: str, item: Json) -> Operation:
    pointer, node = f"{below('#/paths', path)}/{method}", item[method]
    check_shape(node, _OPERATION, pointer, ["operationId", "tags", "summary", "responses"])
    check_name(node["operationId"], BUILDER, f"{pointer}/operationId")
    parameters = [
        *_parameters(spec, item, below("#/paths", path)),
        *_parameters(spec, node, pointer),
    ]
    _check_places(path, parameters, pointer)
    tag, docs = _tag(spec, node["tags"], f"{pointer}/tags")
    answer, of_page = _answer(spec, node["responses"], f"{pointer}/responses")
    return Operation(
        pointer=pointer,
        tag=tag,
        method=method.upper(),
        path=path.removeprefix("/"),
        id=node["operationId"],
        summary=node["summary"],
        description=node.get("description", ""),
        permission=node.get("x-permission", ""),
        needs_user=node.get("x-needs-user", False),
        check=node.get("x-check", "look at what the server holds."),
        docs=docs,
        repeat=_repeat(node, method, pointer),
        parameters=parameters,
        body=read_body(spec, node, pointer),
        body_required=node.get("requestBody", {}).get("required", False),
        answer=answer,
        is_page=of_page,
    )


def _check_places(path: str, parameters: list[Parameter], pointer: str) -> None:
    declared = [one.name for one in parameters if one.rule]
    if sorted(declared) != sorted(re.findall(r"\{(\w+)\}", path)):
        raise Unsupported(pointer, "a path needs each of its parameters, and once")
    if len({one.name for one in parameters}) < len(parameters):
        raise Unsupported(pointer, "two parameters have one name")


def _parameters(spec: Spec, node: Json, pointer: str) -> Iterator[Parameter]:
    for number, one in enumerate(node.get("parameters", [])):
        yield _parameter(spec, *spec.resolve(one, f"{pointer}/parameters/{number}", "parameters"))


def _parameter(spec: Spec, node: Any, pointer: str) -> Parameter:
    check_shape(node, _PARAMETER, pointer, ["name", "in", "schema"])
    check_name(node["name"], PARAMETER, f"{pointer}/name")
    if node["in"] not in {"path", "query"}:
        raise Unsupported(f"{pointer}/in", "only path and query parameters are supported")
    placed = node["in"] == "path"
    if node.get("required", False) is not placed:
        raise Unsupported(f"{pointer}/required", "path parameters are required, and no others")
    if node.get("style", "form") != "form" or not node.get("explode", True):
        raise Unsupported(pointer, "an array is repeated: style form, explode true")
    hint = _hint(spec, node["schema"], f"{pointer}/schema")
    rule = spec.resolve(node["schema"], pointer)[0].get("x-constraint")
    if placed and (hint != "str" or not rule):
        raise Unsupported(f"{pointer}/schema", "a path takes strings with x-constraint")
    return Parameter(name=node["name"], hint=hint, rule=rule if placed else None)


def _hint(spec: Spec, node: Json, pointer: str) -> str:
    schema, place = spec.resolve(node, pointer)
    named = schema is not node or "enum" in node
    used_schemas(spec, check_schema(spec, schema, place, named=named))
    match schema:
        case {"type": "string", "enum": values} if schema is node:
            return f"Literal[{', '.join(map(repr, values))}]"
        case {"type": "array", "items": items} if _plain(spec.resolve(items, place)[0]) == "str":
            return "Sequence[str]"
        case _ if hint := _plain(schema):
            return hint
        case _:
            reason = "a query takes strings, integers, inline enums and arrays of strings"
            raise Unsupported(pointer, reason)


def _plain(schema: Json) -> str | None:
    match schema:
        case {"enum": _} | {"format": _}:
            return None
        case {"type": "string" | "integer" as kind}:
            return {"string": "str", "integer": "int"}[kind]
        case _:
            return None


def read_body(spec: Spec, node: Json, pointer: str) -> str | None:
    """Name of the class that an operation takes, if it takes one."""
    if "requestBody" not in node:
        return None
    pointer = f"{pointer}/requestBody"
    check_shape(node["requestBody"], {"required": bool, "content": dict}, pointer, ["content"])
    return _class(spec, *_content(node["requestBody"], pointer))


def _answer(spec: Spec, responses: Json, pointer: str) -> tuple[str | None, bool]:
    """Name of the class, and whether it is that of a page's items."""
    success = [status for status in responses if status.startswith("2")]
    if len(success) != 1:
        raise Unsupported(pointer, "exactly one successful response is supported")
    pointer = f"{pointer}/{success[0]}"
    check_shape(responses[success[0]], {"content": dict, "links": dict}, pointer)
    if "content" not in responses[success[0]]:
        return None, False
    reference, pointer = _content(responses[success[0]], pointer)
    schema, place = spec.resolve(reference, pointer)
    if is_page(schema):
        return _class(spec, *page_item(schema, place)), True
    return _class(spec, reference, pointer), False


def _content(node: Json, pointer: str) -> tuple[Json, str]:
    """The schema of JSON content, and where it stands."""
    json, pointer = "application/json", f"{pointer}/content"
    check_shape(node["content"], {json: dict}, pointer, [json])
    check_shape(node["content"][json], {"schema": dict}, below(pointer, json), ["schema"])
    return node["content"][json]["schema"], f"{below(pointer, json)}/schema"


def _class(spec: Spec, reference: Json, pointer: str) -> str:
    name = spec.name(reference, pointer)
    if not is_class(spec.schemas[name]):
        raise Unsupported(pointer, "bodies and answers are classes")
    return name


def _repeat(node: Json, method: str, pointer: str) -> str:
    """What a repeat does; unless the specification says it, a write must not be repeated."""
    repeat = str(node.get("x-repeat", "safe" if method == "get" else "never"))
    if repeat not in _REPEATS:
        raise Unsupported(f"{pointer}/x-repeat", f"{repeat!r} is none of {', '.join(_REPEATS)}")
    return repeat


def _tag(spec: Spec, tags: list[Any], pointer: str) -> tuple[str, str]:
    """The tag of an operation, and the documentation page of that."""
    if len(tags) != 1:
        raise Unsupported(pointer, "an operation has one tag, which names the module it is in")
    pointer = f"{pointer}/0"
    for tag in spec.root.get("tags", []):
        match tag:
            case {"name": str(name), "externalDocs": {"url": str(url)}} if name == tags[0]:
                check_name(name, TAG, pointer)
                return name, url
            case _:
                pass
    raise Unsupported(pointer, f"{tags[0]!r} is no tag of this document that has externalDocs")
