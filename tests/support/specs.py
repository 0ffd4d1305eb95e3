"""Build small specifications, and import the packages rendered from them."""

import itertools
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import attrs
import pytest
import yaml

from codegen.__main__ import ROOT, render, write
from codegen.read.spec import Json, Spec, Unsupported

OPENAPI: Final = ROOT / "openapi.yaml"
PATH: Final = "#/paths/~1things~1{thing_id}~1"
GET: Final = f"{PATH}/get"
OF_TAGS: Final = frozenset(
    [f"operations/{name}.py" for name in ("__init__", "_all", "things")]
    + [f"resources/{name}.py" for name in ("__init__", "_all", "things")]
)
"""Builders and facade for the smallest specification, which has one tag."""
THING_ID: Final = "#/components/parameters/thing_id"
SCHEMAS: Final = "#/components/schemas/"
THING: Final = f"{SCHEMAS}things.Thing"
MEMBER: Final = f"{THING}/properties/member"
STRING: Final[Json] = {"type": "string"}
NULL: Final[Json] = {"type": "null"}
OBJECT: Final[Json] = {"type": "object", "properties": {"a": STRING}}
OTHER: Final[Json] = {"$ref": f"{SCHEMAS}things.Other"}
REMOVED: Final = object()
"""As the value of a change: remove the key."""

_MINIMAL: Final = """
openapi: 3.1.0
info: { title: Things, version: "1" }
tags:
  - name: others
    externalDocs: { url: "https://docs.example/others" }
  - name: things
    externalDocs: { url: "https://docs.example/things" }
paths:
  /things/{thing_id}/:
    parameters:
      - $ref: "#/components/parameters/thing_id"
    get:
      operationId: get_thing
      tags: [things]
      summary: Get one thing.
      parameters: []
      responses:
        "200":
          description: The thing.
          content:
            application/json:
              schema: { $ref: "#/components/schemas/things.Thing" }
        default: { $ref: "#/components/responses/Error" }
components:
  parameters:
    thing_id:
      name: thing_id
      in: path
      required: true
      schema: { $ref: "#/components/schemas/Id" }
  responses:
    Error: { description: An error. }
  schemas:
    Id:
      type: string
      description: Ids are small letters.
      pattern: "^[a-z]+$"
      maxLength: 9
      x-constraint: ID
    things.Other:
      type: object
      properties: { name: { type: string } }
    things.Thing:
      type: object
      required: [id]
      properties:
        id: { type: string }
        other: { $ref: "#/components/schemas/things.Other" }
"""

_NUMBERS: Final = itertools.count()


@attrs.frozen(kw_only=True)
class Rendered:
    """A rendered package, imported."""

    name: str
    files: Mapping[str, str]

    @property
    def operations(self) -> ModuleType:
        """The module that exports the builders of every tag."""
        return import_module(f"{self.name}.operations._all")

    @property
    def constraints(self) -> ModuleType:
        """The module of constraints."""
        return import_module(f"{self.name}.constraints")

    def resources(self, tag: str) -> ModuleType:
        """Import the facade of a tag."""
        return import_module(f"{self.name}.resources.{tag}")

    def __getattr__(self, module: str) -> ModuleType:
        """Import a module of models by its name."""
        return import_module(f"{self.name}.models.{module}")


def of(generic: Any, item: Any) -> Any:
    """Return `generic[item]` for a class that only exists at run time."""
    return generic[item]


def minimal(changes: Mapping[str, Any] | None = None) -> Json:
    """Return the smallest supported specification, with changes by JSON pointer."""
    root: Json = yaml.safe_load(_MINIMAL)
    for pointer, value in (changes or {}).items():
        *parents, last = (
            key.replace("~1", "/") for key in pointer.removeprefix("#").strip("/").split("/")
        )
        node = root
        for key in parents:
            node = node[key]
        if value is REMOVED:
            del node[last]
        else:
            node[last] = value
    return root


def with_schemas(response: str, schemas: str) -> Json:
    """Return the smallest specification with more schemas (YAML), one of them for the response."""
    root = minimal()
    root["components"]["schemas"] |= yaml.safe_load(schemas)
    success = root["paths"]["/things/{thing_id}/"]["get"]["responses"]["200"]
    success["content"] = json_content(response)
    return root


def json_content(schema: str) -> Json:
    """Return JSON content with a reference to a component schema."""
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def refused(changes: Mapping[str, Any]) -> str:
    """Render the smallest specification with changes; return the pointer in the error."""
    with pytest.raises(Unsupported) as caught:
        render(Spec(root=minimal(changes)))
    assert str(caught.value) == f"{caught.value.pointer}: {caught.value.reason}"
    return caught.value.pointer


def rendered(root: Json, folder: Path) -> Rendered:
    """Render into the folder and import the result under a unique name."""
    name = f"rendered_{next(_NUMBERS)}"
    files = render(Spec(root=root))
    write(files, folder / name)
    found = spec_from_file_location(name, folder / name / "__init__.py")
    assert found is not None
    assert found.loader is not None
    sys.modules[name] = package = module_from_spec(found)
    found.loader.exec_module(package)
    for file in files:
        module = file.removesuffix(".py").removesuffix("__init__").rstrip("/")
        import_module(".".join([name, *filter(None, module.split("/"))]))
    return Rendered(name=name, files=files)
