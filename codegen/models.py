"""The models: datamodel-code-generator with templates of ours, one module per dotted prefix."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import datamodel_code_generator as generator
from datamodel_code_generator.enums import DataModelType, InputFileType

from .spec import SCHEMAS, Json, Spec, is_class, is_page

TEMPLATES: Final = Path(__file__).parent / "templates"

_LIMITS: Final = {
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"),
    *("example", "examples"),
}


def render_models(spec: Spec, header: str) -> dict[str, str]:
    """File name -> source, for the schemas that operations use."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "models"
        generator.generate(
            json.dumps(_document(spec)),
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


def _document(spec: Spec) -> Json:
    """The specification as the generator needs it: classes only, everything else inlined."""
    classes = {
        name: _inlined(spec, spec.schemas[name])
        for name in spec.used_schemas()
        if is_class(spec.schemas[name]) and not is_page(spec.schemas[name]) and "." in name
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "models", "version": "1"},
        "paths": {},
        "components": {"schemas": classes},
    }


def _inlined(spec: Spec, node: Any) -> Any:
    if isinstance(node, list):
        return [_inlined(spec, one) for one in node]
    if not isinstance(node, dict):
        return node
    name = node.get("$ref", "").removeprefix(SCHEMAS)
    if name and not is_class(spec.schemas[name]):
        return _inlined(spec, spec.schemas[name])
    return {key: _inlined(spec, value) for key, value in node.items() if key not in _LIMITS}
