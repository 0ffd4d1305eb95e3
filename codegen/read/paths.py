"""Read the paths and their operations; reject whatever cannot be rendered."""

import re
from collections.abc import Iterator
from typing import Final

import attrs

from . import extensions
from .bodies import Member, read_members
from .names import BUILDER, check_name
from .parameters import Parameter, read_parameters
from .schemas import is_class, is_page, is_union, page_item, variants
from .spec import METHODS, Json, Shape, Spec, Unsupported, below, check_shape

_PATH: Final = r"/(?:(?:[a-z0-9_-]+|\{\w+\})/)*"
_ITEM: Final[Shape] = {**dict.fromkeys(METHODS, dict), "parameters": list}
_OPERATION: Final[Shape] = {
    **dict.fromkeys(("operationId", "summary", "x-permission", "x-retry", "x-check"), str),
    **dict.fromkeys(
        ("x-method", "x-facade", "x-body", "x-read-back", "x-reconcile", "x-rules"), str
    ),
    **dict.fromkeys(("tags", "parameters", "security"), list),
    **dict.fromkeys(("requestBody", "responses"), dict),
    **dict.fromkeys(("x-needs-user", "x-repeats"), bool),
    "x-raises": dict,
    "x-kept": list,
    "x-merge": dict,
}
_TEXTS: Final = {"text/calendar", "text/plain"}
"""Media types of responses other than JSON."""
_ANY_OBJECT: Final = {
    "application/json": {"schema": {"type": "object", "additionalProperties": True}}
}
"""The content of a response that may have any members."""


@attrs.frozen(kw_only=True)
class Operation:
    """An operation, ready to be rendered."""

    pointer: str
    tag: str
    """Also the name of the module with its request builder."""
    method: str
    path: str
    id: str
    summary: str
    description: str
    permission: str
    needs_user: bool
    check: str
    docs: str
    retry: str
    parameters: list[Parameter]
    body: str | None
    """Name of the schema of the request body."""
    body_required: bool
    body_name: str
    """Name of the argument of the facade that is the whole body, if its schema is a union."""
    variants: list[str]
    """Names of the schemas of that union."""
    members: list[Member]
    """Members of the body; none if the method is written by hand."""
    result: str | None
    """Name of the schema of the response, or of a page's items."""
    is_page: bool
    """Whether the response is a page of such items."""
    plain: str | None
    """Type of a response that is no class: a text, or any JSON object."""
    success: int
    """Status of the successful response."""
    facade: str
    """Name of its method in the facade."""
    by_hand: bool
    """Whether that method is written by hand."""
    read_back: str | None
    """Id of the operation that reads the object, to compare it with the body in doubt."""
    reconcile: str | None
    """Id of the list in which a new object is found by name."""
    raises: dict[str, str]
    """Errors that the facade documents besides those of every method, with the reasons."""
    kept: list[str]
    """Members of the body with ids, of which the server drops those that it does not know."""
    merge: extensions.Merge | None
    repeats: bool
    """Whether the list may have an object several times, so that its count is not theirs."""
    rules: str | None
    """Name of the function with the rules for members of the body together."""

    @property
    def ids(self) -> list[str]:
        """Names of the parameters of the path."""
        return [each.name for each in self.parameters if each.rule]

    @property
    def filters(self) -> list[Parameter]:
        """The query parameters that are arguments of this operation alone."""
        implicit = {"page", "perpage"}  # pagers count the pages, and `perpage` is documented once
        return [
            each
            for each in self.parameters
            if not each.rule and each.const is None and each.name not in implicit
        ]


def read_operations(spec: Spec) -> Iterator[Operation]:
    """Yield the operations in document order.

    Raises:
        Unsupported: A path or an operation cannot be rendered.
    """
    for path, item in spec.root["paths"].items():
        pointer = below("#/paths", path)
        check_shape(item, _ITEM, pointer)
        if not re.fullmatch(_PATH, path):
            raise Unsupported(pointer, "a path consists of /lower-case/ and /{parameter}/ segments")
        for method in METHODS:
            if method in item:
                yield _operation(spec, path, method, item)


def _operation(spec: Spec, path: str, method: str, item: Json) -> Operation:
    """Return one operation; its parameters are also those of its path."""
    pointer, node = f"{below('#/paths', path)}/{method}", item[method]
    check_shape(node, _OPERATION, pointer, ["operationId", "tags", "summary", "responses"])
    check_name(node["operationId"], BUILDER, f"{pointer}/operationId")
    parameters = [
        *read_parameters(spec, item, below("#/paths", path)),
        *read_parameters(spec, node, pointer),
    ]
    _check_parameters(path, parameters, pointer)
    tag, docs = extensions.tag(spec, node["tags"], f"{pointer}/tags")
    body, by_hand = read_body(spec, node, pointer), extensions.is_by_hand(node, pointer)
    success = _success(node["responses"], f"{pointer}/responses")
    result, is_page = _result(spec, node["responses"][success], f"{pointer}/responses/{success}")
    merge, kept = extensions.merge(node, f"{pointer}/x-merge"), node.get("x-kept", [])
    lookups = [parameter.name for parameter in parameters if parameter.lookup]
    named = [*kept, *(merge.members if merge else []), *lookups]
    _check_members(spec, result, named, pointer)
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
        retry=extensions.retry(node, method, pointer),
        parameters=parameters,
        body=body,
        body_required=node.get("requestBody", {}).get("required", False),
        body_name=node.get("x-body", "body"),
        variants=variants(spec, body) if body and is_union(spec.schemas[body]) else [],
        members=[] if by_hand else [*read_members(spec, body)],
        result=result,
        is_page=is_page,
        plain=_plain(node["responses"][success]),
        success=int(success),
        facade=extensions.facade(node, tag, pointer),
        by_hand=by_hand,
        read_back=node.get("x-read-back"),
        reconcile=node.get("x-reconcile"),
        raises=extensions.raises(node, f"{pointer}/x-raises"),
        kept=kept,
        merge=merge,
        repeats=node.get("x-repeats", False),
        rules=extensions.rules(node, f"{pointer}/x-rules"),
    )


def _check_parameters(path: str, parameters: list[Parameter], pointer: str) -> None:
    """Check that the path and its parameters match, and that no name is used twice."""
    declared = [parameter.name for parameter in parameters if parameter.rule]
    if sorted(declared) != sorted(re.findall(r"\{(\w+)\}", path)):
        raise Unsupported(pointer, "each {parameter} of a path must be declared, exactly once")
    if len({parameter.name for parameter in parameters}) < len(parameters):
        raise Unsupported(pointer, "two parameters have the same name")


def _check_members(spec: Spec, result: str | None, names: list[str], pointer: str) -> None:
    """Check that the response has the members that extensions name."""
    known = spec.schemas[result].get("properties", {}) if result else {}
    for name in names:
        if name not in known:
            reason = f"{name!r} is named by an extension, and is no member of the response"
            raise Unsupported(pointer, reason)


def read_body(spec: Spec, node: Json, pointer: str) -> str | None:
    """Return the schema name of an operation's body, or None if it has no body.

    Raises:
        Unsupported: The body is not JSON with a reference to a class.
    """
    if "requestBody" not in node:
        return None
    pointer = f"{pointer}/requestBody"
    check_shape(node["requestBody"], {"required": bool, "content": dict}, pointer, ["content"])
    reference, pointer = _content(node["requestBody"], pointer)
    name = spec.name(reference, pointer)
    return name if is_union(spec.schemas[name]) else _class(spec, reference, pointer)


def _success(responses: Json, pointer: str) -> str:
    """Return the status of the successful response."""
    statuses = [status for status in responses if re.fullmatch("2[0-9][0-9]", status)]
    if len(statuses) != 1 or any(status.startswith("2") for status in {*responses} - {*statuses}):
        raise Unsupported(pointer, "exactly one successful response is supported")
    return statuses[0]


def _result(spec: Spec, response: Json, pointer: str) -> tuple[str | None, bool]:
    """Return the schema name of the response or of its items, and whether it is a page."""
    check_shape(response, {"content": dict, "links": dict}, pointer)
    if "content" not in response or _plain(response):
        return None, False
    reference, pointer = _content(response, pointer)
    schema, at = spec.resolve(reference, pointer)
    if is_page(schema):
        return _class(spec, *page_item(schema, at)), True
    return _class(spec, reference, pointer), False


def _plain(response: Json) -> str | None:
    """Return the type of a response that is a text of one media type, or any JSON object."""
    content = response.get("content", {})
    if content.keys() <= _TEXTS and [*content.values()] == [{"schema": {"type": "string"}}]:
        return "str"
    return "dict[str, Any]" if content == _ANY_OBJECT else None


def _content(node: Json, pointer: str) -> tuple[Json, str]:
    """Return the schema of JSON content and its pointer."""
    json, pointer = "application/json", f"{pointer}/content"
    check_shape(node["content"], {json: dict}, pointer, [json])
    check_shape(node["content"][json], {"schema": dict}, below(pointer, json), ["schema"])
    return node["content"][json]["schema"], f"{below(pointer, json)}/schema"


def _class(spec: Spec, reference: Json, pointer: str) -> str:
    name = spec.name(reference, pointer)
    if not is_class(spec.schemas[name]):
        raise Unsupported(pointer, "the body of a request or response must be a class")
    return name
