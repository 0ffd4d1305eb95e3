"""The models: datamodel-code-generator with templates of ours, one module per dotted prefix."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import datamodel_code_generator as generator
from datamodel_code_generator.enums import DataModelType, InputFileType

from codegen.read.schemas import is_class
from codegen.read.spec import SCHEMAS, Json, Spec, Unsupported

TEMPLATES: Final = Path(__file__).parent / "templates"

_LIMITS: Final = {
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"),
    *("example", "examples"),
}


def render_models(spec: Spec, classes: list[str], header: str) -> dict[str, str]:
    """File name -> source, for the schemas of these names."""
    if not classes:
        return {}
    with TemporaryDirectory() as folder:
        output = Path(folder) / "models"
        generator.generate(
            json.dumps(_document(spec, classes)),
            input_file_type=InputFileType.OpenAPI,
            output=output,
            output_model_type=DataModelType.DataclassesDataclass,
            output_datetime_class=generator.DatetimeClassType.Datetime,
            target_python_version=generator.PythonVersion.PY_311,
            custom_template_dir=TEMPLATES,
            custom_file_header=header,
            additional_imports=[
                "attrs",
                "grafana_oncall._values.UNSET",
                "grafana_oncall._values.AwareDatetime",
                "grafana_oncall._values.OpenStrEnum",
                "grafana_oncall._values.UnsetType",
            ],
            keyword_only=True,
            strict_nullable=True,
            use_schema_description=True,
            use_field_description=True,
            capitalise_enum_members=True,
            use_standard_collections=True,
            use_generic_container_types=True,
            use_union_operator=True,
            use_type_checking_imports=False,
            formatters=[],
        )
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted(output.glob("*.py"))
            if path.name != "__init__.py"
        }


def _document(spec: Spec, classes: list[str]) -> Json:
    """The specification as the generator needs it: classes only, everything else inlined."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "models", "version": "1"},
        "paths": {},
        "components": {"schemas": {name: _inlined(spec, spec.schemas[name]) for name in classes}},
    }


def _inlined(spec: Spec, schema: Json, within: tuple[str, ...] = ()) -> Json:
    """The schema without its limits, and with what its references to no class point to."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        if is_class(spec.schemas[name]):
            return schema
        if name in within:
            raise Unsupported(SCHEMAS + name, "refers to itself, and is no class")
        own = {key: value for key, value in schema.items() if key != "$ref"}
        return _inlined(spec, spec.schemas[name] | own, (*within, name))
    found = {key: value for key, value in schema.items() if key not in _LIMITS}
    for key, value in found.items():
        match key:
            case "items":
                found[key] = _inlined(spec, value, within)
            case "oneOf":
                found[key] = [_inlined(spec, one, within) for one in value]
            case "properties":
                found[key] = {name: _inlined(spec, one, within) for name, one in value.items()}
            case _:
                pass
    return found
