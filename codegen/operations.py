"""The request builders: one pure function per operationId."""

from typing import Any, Final

import attrs
import jinja2

from .models import TEMPLATES
from .spec import SCHEMAS, Json, Spec, Unsupported, is_page, page_item

_REPEATS: Final = ("safe", "same", "already", "missing", "never")
_PRIMITIVES: Final = {"string": "str", "integer": "int"}


@attrs.frozen(kw_only=True)
class Builder:
    """What the template needs to know of one operation."""

    id: str
    method: str
    path: str
    permission: str
    needs_user: bool
    repeat: str
    check: str
    docs: str
    summary: str
    description: str
    signature: str
    path_expression: str
    query: list[tuple[str, str]]
    body: str | None
    returns: str

    @property
    def constant(self) -> str:
        """Name of the operation's constant."""
        return self.id.upper()


def render_operations(spec: Spec, header: str) -> str:
    """Source of the module of request builders."""
    builders = [_builder(spec, *operation) for operation in spec.operations()]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # Python is written, not HTML
        keep_trailing_newline=True,
    )
    return environment.get_template("operations.jinja2").render(
        header=header,
        operations=builders,
        constraints=_constraints(spec),
        models=_imports(builders, spec),
    )


def _builder(spec: Spec, path: str, method: str, item: Json, operation: Json) -> Builder:
    pointer = f"#/paths/{path.replace('/', '~1')}/{method}"
    if "operationId" not in operation:
        raise Unsupported(pointer, "an operation needs an operationId")
    listed = [*item.get("parameters", []), *operation.get("parameters", [])]
    parameters = [spec.resolve(one, f"{pointer}/parameters")[0] for one in listed]
    placed = {one["name"]: one for one in parameters if one["in"] == "path"}
    asked = [one for one in parameters if one["in"] == "query"]
    if len(placed) + len(asked) != len(parameters):
        raise Unsupported(f"{pointer}/parameters", "only path and query parameters are supported")
    body = _body(operation, pointer)
    arguments = [f"{name}: str" for name in placed]
    if body:
        required = operation["requestBody"].get("required")
        arguments.append(f"body: {body}" if required else f"body: {body} | UnsetType = UNSET")
    if asked:
        arguments.append("*")
        arguments += [f"{one['name']}: {_hint(spec, one, pointer)} = UNSET" for one in asked]
    return Builder(
        id=operation["operationId"],
        method=method.upper(),
        path=path.removeprefix("/"),
        permission=operation.get("x-permission", ""),
        needs_user=bool(operation.get("x-needs-user")),
        repeat=_repeat(operation, method, pointer),
        check=operation.get("x-check", "look at what the server holds."),
        docs=_docs(spec, operation, pointer),
        summary=operation["summary"],
        description=operation.get("description", ""),
        signature=", ".join(arguments),
        path_expression=_path_expression(spec, path.removeprefix("/"), placed),
        query=[(one["name"], one["name"]) for one in asked],
        body=body,
        returns=_returns(spec, operation, pointer),
    )


def _repeat(operation: Json, method: str, pointer: str) -> str:
    """What a repeat does; unless the specification says it, a write must not be repeated."""
    repeat = operation.get("x-repeat", "safe" if method == "get" else "never")
    if repeat not in _REPEATS:
        raise Unsupported(f"{pointer}/x-repeat", f"{repeat!r} is none of {', '.join(_REPEATS)}")
    return str(repeat)


def _docs(spec: Spec, operation: Json, pointer: str) -> str:
    """The documentation page: that of the operation's tag."""
    for tag in spec.root.get("tags", []):
        if tag["name"] in operation.get("tags", []):
            return str(tag["externalDocs"]["url"])
    raise Unsupported(f"{pointer}/tags", "an operation needs a tag that has externalDocs")


def _path_expression(spec: Spec, path: str, placed: dict[str, Json]) -> str:
    for name, parameter in placed.items():
        schema, _ = spec.resolve(parameter["schema"], "")
        rule = schema.get("x-constraint")
        if not rule:
            pointer = f"#/paths/~1{path.replace('/', '~1')}"
            reason = f"the path parameter {name!r} needs a schema with x-constraint"
            raise Unsupported(pointer, reason)
        path = path.replace(f"{{{name}}}", f"{{segment({name!r}, {name}, {rule})}}")
    return f'f"{path}"' if placed else f'"{path}"'


def _hint(spec: Spec, parameter: Json, pointer: str) -> str:
    schema, _ = spec.resolve(parameter["schema"], pointer)
    match schema:
        case {"type": "string", "enum": values}:
            hint = f"Literal[{', '.join(map(repr, values))}]"
        case {"type": "array", "items": items} if _is_string(spec, items):
            hint = "Sequence[str]"
        case {"type": "string" | "integer" as kind}:
            hint = _PRIMITIVES[kind]
        case _:
            reason = f"the schema of the parameter {parameter['name']!r} is not supported"
            raise Unsupported(f"{pointer}/parameters", reason)
    return f"{hint} | UnsetType"


def _is_string(spec: Spec, schema: Json) -> bool:
    return spec.resolve(schema, "")[0].get("type") == "string"


def _json_schema(node: Json, pointer: str) -> str | None:
    """Name of the component that the JSON content refers to, None without content."""
    if "content" not in node:
        return None
    match node["content"]:
        case {"application/json": {"schema": {"$ref": str(reference)}}}:
            return reference.removeprefix(SCHEMAS)
        case _:
            raise Unsupported(f"{pointer}/content", "content must be application/json with a $ref")


def _body(operation: Json, pointer: str) -> str | None:
    name = _json_schema(operation.get("requestBody", {}), f"{pointer}/requestBody")
    return _class_name(name) if name else None


def _returns(spec: Spec, operation: Json, pointer: str) -> str:
    pointer = f"{pointer}/responses"
    success = [status for status in operation["responses"] if status.startswith("2")]
    if len(success) != 1:
        raise Unsupported(pointer, "exactly one successful response is supported")
    name = _json_schema(operation["responses"][success[0]], f"{pointer}/{success[0]}")
    if name is None:
        return "None"
    schema = spec.schemas[name]
    if is_page(schema):
        return f"Page[{_class_name(page_item(schema, SCHEMAS + name))}]"
    return _class_name(name)


def _class_name(schema_name: str) -> str:
    return schema_name.rsplit(".", 1)[-1]


def _constraints(spec: Spec) -> list[str]:
    schemas: Any = (
        spec.resolve(parameter["schema"], "")[0]
        for _, _, item, _ in spec.operations()
        for parameter, _ in (spec.resolve(one, "") for one in item.get("parameters", []))
    )
    return sorted({schema["x-constraint"] for schema in schemas})


def _imports(builders: list[Builder], spec: Spec) -> list[tuple[str, list[str]]]:
    used = {builder.body for builder in builders}
    used |= {builder.returns.removeprefix("Page[").rstrip("]") for builder in builders}
    modules: dict[str, list[str]] = {}
    for name in spec.schemas:
        module, _, class_name = name.rpartition(".")
        if module and class_name in used:
            modules.setdefault(module, []).append(class_name)
    return [(module, sorted(names)) for module, names in sorted(modules.items())]
