"""What the server calls: of a webhook, the class of its body is rendered, and nothing else."""

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
    """Names of the schemas of the bodies, in the order of the document."""
    for name, item in spec.root.get("webhooks", {}).items():
        pointer = below("#/webhooks", name)
        check_name(name, BUILDER, pointer)
        check_shape(item, {"post": dict}, pointer, ["post"])
        yield _body(spec, item["post"], f"{pointer}/post")


def _body(spec: Spec, node: Any, pointer: str) -> str:
    check_shape(node, _OPERATION, pointer, ["requestBody", "responses"])
    name, pointer = read_body(spec, node, pointer), f"{pointer}/requestBody"
    if name is None or not node["requestBody"].get("required", False):
        raise Unsupported(pointer, "the body of a webhook is required")
    if "x-kind" in spec.schemas[name]:
        raise Unsupported(pointer, "the body of a webhook is read, so it has no x-kind")
    return name
