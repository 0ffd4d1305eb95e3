"""Read the webhooks. Only the class of a webhook's body is rendered."""

from collections.abc import Iterator
from typing import Any, Final

from .names import BUILDER, check_name
from .paths import read_body
from .spec import Shape, Spec, Unsupported, below, check_shape

_OPERATION: Final[Shape] = {
    **dict.fromkeys(("operationId", "summary"), str),
    **dict.fromkeys(("requestBody", "responses"), dict),
    "tags": list,
}


def read_webhooks(spec: Spec) -> Iterator[str]:
    """Yield the schema name of each webhook's body, in document order.

    Raises:
        Unsupported: A webhook cannot be rendered.
    """
    for name, item in spec.root.get("webhooks", {}).items():
        pointer = below("#/webhooks", name)
        check_name(name, BUILDER, pointer)
        check_shape(item, {"post": dict}, pointer, ["post"])
        yield _body(spec, item["post"], f"{pointer}/post")


def _body(spec: Spec, node: Any, pointer: str) -> str:
    check_shape(node, _OPERATION, pointer, ["requestBody", "responses"])
    name, pointer = read_body(spec, node, pointer), f"{pointer}/requestBody"
    if name is None or not node["requestBody"].get("required", False):
        raise Unsupported(pointer, "the body of a webhook must be required")
    if "x-kind" in spec.schemas[name]:
        raise Unsupported(pointer, "x-kind is for what is sent; a webhook is received")
    return name
