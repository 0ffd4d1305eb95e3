"""Models: datamodel-code-generator with our own templates, one module per dotted prefix.

The package itself only says which module has which model.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import datamodel_code_generator as generator
from datamodel_code_generator.enums import DataModelType, InputFileType

from codegen.read.bodies import LIKE
from codegen.read.hints import special_hint
from codegen.read.schemas import SECRET, is_alias, is_class, is_known, variants
from codegen.read.spec import SCHEMAS, Json, Spec, Unsupported

from .templating import TEMPLATES, jinja_environment

_LIMITS: Final = {
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"),
    *("const", "example", "examples", "x-known-values", "x-closed"),
}
_IMPORTS: Final = (
    *("attrs", "msgspec", "collections.abc.Mapping"),
    *("typing.TYPE_CHECKING", "typing.Annotated", "typing.Any", "typing.Literal"),
    "typing.TypeAlias",
    "grafana_oncall._core.serializable.Serializable",
    "grafana_oncall._core.serializable.short_repr",
    "grafana_oncall._core.types.UNSET",
    "grafana_oncall._core.types.AwareDatetime",
    "grafana_oncall._core.types.LocalDatetime",
    "grafana_oncall._core.types.OpenStrEnum",
    "grafana_oncall._core.types.UtcTime",
    "grafana_oncall._core.types.optional_seconds",
    "grafana_oncall._core.types.seconds",
    "grafana_oncall._core.types.UnsetType",
)
"""What the templates may use; what a module does not use is left out when it is formatted."""


def render_models(
    spec: Spec, names: list[str], likes: Iterable[str], header: str
) -> dict[str, str]:
    """Render the schemas with these names: classes, and aliases beside them.

    Args:
        spec: The specification.
        names: The names of the schemas.
        likes: The names of the aliases of all that may be given for a class.
        header: The first line of each file.

    Returns:
        Source by file name.

    Raises:
        Unsupported: A schema that is not a class refers to itself.
    """
    classes = [name for name in names if is_class(spec.schemas[name])]
    if not classes:
        return {}
    modules = _classes(_document(spec, classes), header)
    for module, source in _aliases(spec, names, likes).items():
        modules[module] += source
    modules["__init__"] = _package([*names, *likes], header)
    return {f"models/{name}.py": source for name, source in modules.items()}


def _classes(document: Json, header: str) -> dict[str, str]:
    """Render the classes of a document; return the source of each module but the package itself."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "models"
        generator.generate(
            json.dumps(document),
            input_file_type=InputFileType.OpenAPI,
            output=output,
            output_model_type=DataModelType.DataclassesDataclass,
            output_datetime_class=generator.DatetimeClassType.Datetime,
            target_python_version=generator.PythonVersion.PY_311,
            custom_template_dir=TEMPLATES,
            custom_file_header=header,
            additional_imports=[*_IMPORTS],
            keyword_only=True,
            strict_nullable=True,
            use_schema_description=True,
            use_field_description=True,
            capitalise_enum_members=True,
            use_standard_collections=True,
            use_generic_container_types=True,
            use_union_operator=True,
            use_type_checking_imports=False,
            field_extra_keys={"x-hint", "x-argument", "x-const", "x-secret"},
            formatters=[],
        )
        return {
            path.stem: path.read_text(encoding="utf-8")
            for path in sorted(output.glob("*.py"))
            if path.name != "__init__.py"
        }


def _aliases(spec: Spec, names: list[str], likes: Iterable[str]) -> dict[str, str]:
    """Render the aliases of each module."""
    template = jinja_environment().get_template("aliases.jinja2")
    modules: dict[str, list[Json]] = {}
    for name in names:
        schema = spec.schemas[name]
        if is_alias(schema):
            module, _, alias = name.rpartition(".")
            classes = [] if is_known(schema) else variants(spec, name)
            modules.setdefault(module, []).append(
                {
                    "name": alias,
                    "description": schema.get("description", ""),
                    "values": schema.get("x-known-values", []),
                    "classes": [each.rpartition(".")[2] for each in classes],
                }
            )
    for name in likes:
        module, _, alias = name.rpartition(".")
        modules.setdefault(module, []).append(_like(alias))
    return {module: template.render(aliases=found) for module, found in modules.items()}


def _like(alias: str) -> Json:
    """Return the alias of all that may be given for a class that can be read and written."""
    read = alias.removesuffix(LIKE)
    return {
        "name": alias,
        "description": f"A `{read}Input`, a mapping of its shape, or what was read: a `{read}`, or"
        " None for the defaults.",
        "values": [],
        "classes": [f"{read}Input", read, "Mapping[str, Any]", "None"],
    }


def _package(names: list[str], header: str) -> str:
    """Render the table of every class and alias."""
    by_module: dict[str, list[str]] = {}
    for name in sorted(names):
        module, _, class_name = name.rpartition(".")
        by_module.setdefault(module, []).append(class_name)
    template = jinja_environment().get_template("models.jinja2")
    return template.render(header=header, modules=by_module)


def _document(spec: Spec, classes: list[str]) -> Json:
    """Build the document for the generator: classes only, with all other schemas inlined."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "models", "version": "1"},
        "paths": {},
        "components": {"schemas": {name: _class(spec, spec.schemas[name]) for name in classes}},
    }


def _class(spec: Spec, schema: Json) -> Json:
    """Return a class for the generator, with the hints that it cannot know."""
    inlined = _inline(spec, schema)
    limits = schema.get("x-kind") == "request"
    for name, member in schema.get("properties", {}).items():
        if hint := special_hint(spec, member, limits=limits):
            inlined["properties"][name] |= {"x-hint": hint}
        if member.get("format") == SECRET:
            inlined["properties"][name] |= {"x-secret": True}
        if "const" in member:
            inlined["properties"][name] |= {"x-const": member["const"]}
    return inlined


def _inline(spec: Spec, schema: Json, parents: tuple[str, ...] = ()) -> Json:
    """Drop the limits of a schema and replace its references to schemas that are not classes."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        if is_class(spec.schemas[name]):
            return schema
        if name in parents:
            raise Unsupported(SCHEMAS + name, "only a class may refer to itself")
        own = {key: value for key, value in schema.items() if key != "$ref"}
        return _inline(spec, spec.schemas[name] | own, (*parents, name))
    limits = _LIMITS | ({"enum"} if schema.get("type") == "integer" else set())
    inlined = {key: value for key, value in schema.items() if key not in limits}
    if inlined.get("format") != "date-time":
        inlined.pop("format", None)
    for key, value in inlined.items():
        match key:
            case "items":
                inlined[key] = _inline(spec, value, parents)
            case "oneOf":
                inlined[key] = [_inline(spec, part, parents) for part in value]
            case "properties":
                inlined[key] = {name: _inline(spec, one, parents) for name, one in value.items()}
            case _:
                pass
    return inlined
