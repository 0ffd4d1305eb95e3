"""The specification as a parsed document, and the checks that all readers share."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
import yaml

Json: TypeAlias = dict[str, Any]
Shape: TypeAlias = Mapping[str, type | tuple[type, ...]]

SCHEMAS: Final = "#/components/schemas/"
METHODS: Final = ("get", "post", "put", "patch", "delete")

# Six times as fast, where PyYAML was built with libyaml.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_ROOT: Final[Shape] = {
    **dict.fromkeys(("openapi",), str),
    **dict.fromkeys(("info", "paths", "webhooks", "components", "externalDocs"), dict),
    **dict.fromkeys(("servers", "security", "tags"), list),
}
_COMPONENTS: Final = ("schemas", "parameters", "responses", "securitySchemes")


class Unsupported(Exception):
    """The specification uses something that cannot be rendered faithfully.

    Attributes:
        pointer: JSON pointer of the unsupported part.
        reason: What is wrong with it.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer}: {reason}")
        self.pointer = pointer
        self.reason = reason


def below(pointer: str, key: object) -> str:
    """Return the JSON pointer of a member."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def check_shape(node: Any, known: Shape, pointer: str, required: Collection[str] = ()) -> None:
    """Check that a node is an object with these members and no others.

    Args:
        node: The node.
        known: The type, or types, of each allowed member. Descriptions and examples are always
            allowed.
        pointer: JSON pointer of the node.
        required: Members that must be present.

    Raises:
        Unsupported: The node has another shape.
    """
    if not isinstance(node, dict):
        raise Unsupported(pointer, "an object is required here")
    for key in sorted(node.keys() - {"example", "examples"} - known.keys() - {"description"}):
        raise Unsupported(below(pointer, key), "this keyword is not supported here")
    for key, types in ({"description": str} | dict(known)).items():
        if key in node and not _is_a(node[key], types):
            raise Unsupported(below(pointer, key), f"{node[key]!r} is not supported here")
    for key in required:
        if key not in node:
            raise Unsupported(pointer, f"{key} is missing")


def _is_a(value: object, types: type | tuple[type, ...]) -> bool:
    return isinstance(value, types) and (types is bool or not isinstance(value, bool))


@attrs.frozen(kw_only=True)
class Spec:
    """The parsed specification."""

    root: Json

    @classmethod
    def load(cls, path: Path) -> "Spec":
        """Load a YAML file."""
        return cls(root=yaml.load(path.read_text(encoding="utf-8"), _LOADER))  # noqa: S506  # both are safe

    def check(self) -> None:
        """Check the document as a whole; the readers check its parts.

        Raises:
            Unsupported: The document is not JSON, or has sections that cannot be rendered.
        """
        _check_text(self.root, "#")
        check_shape(self.root, _ROOT, "#", ["paths"])
        components = self.root.get("components", {})
        check_shape(components, dict.fromkeys(_COMPONENTS, dict), "#/components")
        check_shape(self.schemas, dict.fromkeys(self.schemas, dict), "#/components/schemas")

    @property
    def schemas(self) -> Mapping[str, Json]:
        """Component schemas by name."""
        return self._components("schemas")

    def _components(self, kind: str) -> Mapping[str, Json]:
        found: Mapping[str, Json] = self.root.get("components", {}).get(kind, {})
        return found

    def name(self, reference: Any, pointer: str, kind: str = "schemas") -> str:
        """Return the name of the component of this kind that a reference points to.

        Raises:
            Unsupported: The node is not a reference, or there is no such component.
        """
        check_shape(reference, {"$ref": str}, pointer, ["$ref"])
        folder, _, name = reference["$ref"].rpartition("/")
        if folder != f"#/components/{kind}" or name not in self._components(kind):
            raise Unsupported(f"{pointer}/$ref", f"points to none of the {kind} in this document")
        return str(name)

    def resolve(self, node: Any, pointer: str, kind: str = "schemas") -> tuple[Any, str]:
        """Follow a reference; return any other node as it is.

        Returns:
            The node and its JSON pointer.
        """
        if not isinstance(node, dict) or "$ref" not in node:
            return node, pointer
        name = self.name(node, pointer, kind)
        return self._components(kind)[name], f"#/components/{kind}/{name}"


@attrs.frozen(kw_only=True)
class Tag:
    """A resource."""

    name: str
    description: str
    by_hand: bool
    """Whether the facade's class is extended by hand."""


def read_tags(spec: Spec) -> dict[str, Tag]:
    """Return the tags by their names.

    Raises:
        Unsupported: A tag has another `x-facade` than `by hand`.
    """
    tags: dict[str, Tag] = {}
    for index, node in enumerate(spec.root.get("tags", [])):
        facade = node.get("x-facade")
        if facade not in {None, "by hand"}:
            pointer = f"#/tags/{index}/x-facade"
            raise Unsupported(pointer, "a class is generated, or extended `by hand`")
        name, description = node["name"], node.get("description", "")
        tags[name] = Tag(name=name, description=description, by_hand=facade is not None)
    return tags


def _check_text(node: Any, pointer: str) -> None:
    """Reject keys that are not strings and texts that would need escaping in Python source."""
    if isinstance(node, str) and not node.replace("\n", "").isprintable():
        raise Unsupported(pointer, "contains unprintable characters")
    members = node.items() if isinstance(node, dict) else ()
    for key, value in enumerate(node) if isinstance(node, list) else members:
        if isinstance(node, dict) and not isinstance(key, str):
            raise Unsupported(below(pointer, key), "a key must be a string")
        _check_text(value, below(pointer, key))
