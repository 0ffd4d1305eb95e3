"""Reads the specification, and refuses whatever the renderers would not render faithfully."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
import yaml

Json: TypeAlias = dict[str, Any]

SCHEMAS: Final = "#/components/schemas/"
METHODS: Final = ("get", "post", "put", "patch", "delete")

_DOCUMENTATION: Final = {"description", "examples", "example"}
_KEYWORDS: Final[Mapping[str, set[str]]] = {
    "object": {"type", "x-kind", "required", "properties", "additionalProperties"},
    "array": {"type", "items", "maxItems", "default", "x-constraint"},
    "string": {
        *("type", "enum", "format", "pattern", "minLength", "maxLength"),
        *("x-enum-aliases", "x-constraint"),
    },
    "integer": {"type", "minimum", "maximum", "x-constraint"},
    "number": {"type", "minimum", "maximum"},
    "boolean": {"type"},
}


class Unsupported(Exception):
    """The specification uses something that would not be rendered faithfully."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer}: {reason}")
        self.pointer = pointer
        self.reason = reason


@attrs.frozen(kw_only=True)
class Spec:
    """The parsed specification."""

    root: Json

    @classmethod
    def load(cls, path: Path) -> "Spec":
        """Reads a YAML file."""
        return cls(root=yaml.safe_load(path.read_text(encoding="utf-8")))

    @property
    def schemas(self) -> Mapping[str, Json]:
        """The component schemas by name."""
        found: Mapping[str, Json] = self.root.get("components", {}).get("schemas", {})
        return found

    def resolve(self, node: Json, pointer: str) -> tuple[Json, str]:
        """The node that a reference points to, and its own pointer; other nodes as they are."""
        while "$ref" in node:
            pointer = node["$ref"]
            node = self._at(pointer)
        return node, pointer

    def _at(self, pointer: str) -> Json:
        node: Any = self.root
        for key in pointer.removeprefix("#/").split("/"):
            if not pointer.startswith("#/") or not isinstance(node, dict) or key not in node:
                raise Unsupported(pointer, "points to nothing in this document")
            node = node[key]
        return node  # type: ignore[no-any-return]  # checked by whoever reads it

    def operations(self) -> Iterator[tuple[str, str, Json, Json]]:
        """Path, method, path item and operation, in the order of the document."""
        for path, item in self.root.get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    yield path, method, item, item[method]

    def used_schemas(self) -> list[str]:
        """Names of the schemas that requests and successful answers reach, in document order."""
        seen: set[str] = set()
        for _, _, item, operation in self.operations():
            self._reach([item.get("parameters", []), operation.get("parameters", [])], seen)
            self._reach(operation.get("requestBody", {}), seen)
            for status, response in operation["responses"].items():
                if status.startswith("2"):
                    self._reach(response, seen)
        return [name for name in self.schemas if name in seen]

    def _reach(self, node: Any, seen: set[str]) -> None:
        if isinstance(node, list):
            for one in node:
                self._reach(one, seen)
        elif isinstance(node, dict):
            reference = node.get("$ref", "")
            name = reference.removeprefix(SCHEMAS)
            if reference and name not in seen:
                if reference.startswith(SCHEMAS):
                    seen.add(name)
                self._reach(self._at(reference), seen)
            for value in node.values():
                self._reach(value, seen)


def is_page(schema: Json) -> bool:
    """Whether the schema is the envelope of a list."""
    return schema.get("x-kind") == "page"


def is_class(schema: Json) -> bool:
    """Whether the schema is rendered as a class of its own."""
    return "properties" in schema or "enum" in schema


def check(spec: Spec) -> None:
    """Raises Unsupported at the first schema that would not be rendered faithfully."""
    for name in spec.used_schemas():
        schema = spec.schemas[name]
        pointer = SCHEMAS + name
        if is_page(schema):
            page_item(schema, pointer)
        elif name != "Envelope":
            check_schema(schema, pointer, named=True)


def page_item(schema: Json, pointer: str) -> str:
    """Name of the schema of a page's items."""
    for part in schema.get("allOf", []):
        items = part.get("properties", {}).get("results", {}).get("items", {})
        if items.get("$ref", "").startswith(SCHEMAS):
            return str(items["$ref"]).removeprefix(SCHEMAS)
    raise Unsupported(pointer, "a page needs allOf with properties.results.items.$ref")


def check_schema(schema: Json, pointer: str, *, named: bool = False) -> None:
    """Raises Unsupported where a schema has something beyond the supported subset."""
    if "$ref" in schema:
        _only(schema, {"$ref"}, pointer)
        if not schema["$ref"].startswith(SCHEMAS):
            raise Unsupported(pointer, "a reference to something that is not a component schema")
    elif "oneOf" in schema:
        _check_nullable_reference(schema, pointer)
    elif set(schema) - _DOCUMENTATION:
        _check_typed(schema, pointer, named=named)


def _check_nullable_reference(schema: Json, pointer: str) -> None:
    _only(schema, {"oneOf"}, pointer)
    match schema["oneOf"]:
        case [{"$ref": _} as reference, {"type": "null"}]:
            check_schema(reference, f"{pointer}/oneOf/0")
        case _:
            raise Unsupported(pointer, "oneOf is supported as [a $ref, type null] only")


def _check_typed(schema: Json, pointer: str, *, named: bool) -> None:
    match schema.get("type"):
        case str(kind) | [str(kind), "null"] if kind in _KEYWORDS:
            _only(schema, _KEYWORDS[kind], pointer)
        case other:
            raise Unsupported(pointer, f"type {other!r} is not supported")
    if kind == "array":
        _check_array(schema, pointer)
    elif kind == "object":
        _check_object(schema, pointer, named=named)
    elif "enum" in schema and not named:
        raise Unsupported(pointer, "an enum needs a name: make it a component schema")
    elif schema.get("format", "date-time") != "date-time":
        raise Unsupported(f"{pointer}/format", f"format {schema['format']!r} is not supported")


def _check_array(schema: Json, pointer: str) -> None:
    if "items" not in schema:
        raise Unsupported(pointer, "an array needs items")
    if schema.get("default", []) != []:
        raise Unsupported(f"{pointer}/default", "the default of an array can only be []")
    check_schema(schema["items"], f"{pointer}/items")


def _check_object(schema: Json, pointer: str, *, named: bool) -> None:
    if schema.get("x-kind", "request") != "request":
        raise Unsupported(f"{pointer}/x-kind", f"{schema['x-kind']!r} is not request or page")
    if "properties" not in schema:
        if schema.get("additionalProperties") is not True:
            reason = "an object needs properties, or additionalProperties: true (any JSON object)"
            raise Unsupported(pointer, reason)
        return
    if not named:
        raise Unsupported(pointer, "an object needs a name: make it a component schema")
    if "additionalProperties" in schema:
        raise Unsupported(f"{pointer}/additionalProperties", "not supported beside properties")
    for name in schema.get("required", []):
        if name not in schema["properties"]:
            raise Unsupported(f"{pointer}/required", f"{name!r} is not among the properties")
    for name, member in schema["properties"].items():
        check_schema(member, f"{pointer}/properties/{name}")


def _only(schema: Json, known: set[str], pointer: str) -> None:
    unknown = sorted(set(schema) - known - _DOCUMENTATION)
    if unknown:
        raise Unsupported(f"{pointer}/{unknown[0]}", "this keyword is not supported here")
