"""Request builders: one pure function per operation, one module per tag."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jinja2

from codegen.read.ids import objects_by_id
from codegen.read.paths import Operation

from .templating import class_name, id_hint, jinja_environment

_PACKAGE: Final = '"""Request builders: a module for each tag, and `_all` for every tag."""'


def render_operations(operations: Sequence[Operation], header: str) -> dict[str, str]:
    """Render the package of request builders.

    The module of a tag imports no other module of the package; only `_all` imports them all.

    Returns:
        Source by file name.
    """
    environment = jinja_environment(_FILTERS)
    tags = {
        tag: [op for op in operations if op.tag == tag]
        for tag in sorted({op.tag for op in operations})
    }
    objects = objects_by_id(operations)
    all_tags = environment.get_template("all_operations.jinja2")
    files = {
        "__init__": f"{header}\n{_PACKAGE}\n",
        "_all": all_tags.render(header=header, operations=operations, tags=tags),
        **{tag: _module(environment, tagged, objects, header) for tag, tagged in tags.items()},
    }
    return {f"operations/{name}.py": source for name, source in files.items()}


def _module(
    environment: jinja2.Environment,
    operations: Sequence[Operation],
    objects: Mapping[str, str],
    header: str,
) -> str:
    """Render the builders of one tag."""
    identified = {
        objects[param.name] for op in operations for param in op.parameters if param.name in objects
    }
    return environment.get_template("operations.jinja2").render(
        header=header,
        operations=operations,
        constraints=sorted(
            {param.rule for op in operations for param in op.parameters if param.rule}
        ),
        objects=objects,
        classes=sorted(
            identified | {name for op in operations for name in (op.body, op.result) if name}
        ),
    )


def _returns(operation: Operation) -> str:
    name = operation.plain or class_name(operation.result)
    return f"Page[{name}]" if operation.is_page else name


def _signature(operation: Operation, objects: Mapping[str, str]) -> str:
    """Render the parameters: those of the path, the body, then the query as keyword-only ones."""
    arguments = [
        f"{param.name}: {id_hint(param.name, objects)}"
        for param in operation.parameters
        if param.rule
    ]
    if operation.body:
        hint = class_name(operation.body)
        arguments.append(
            f"body: {hint}" + ("" if operation.body_required else " | UnsetType = UNSET")
        )
    query = [param for param in operation.parameters if not param.rule and param.const is None]
    if query:
        arguments.append("*")
        arguments += [
            f"{param.name}: {param.hint}" + ("" if param.required else " | UnsetType = UNSET")
            for param in query
        ]
    return ", ".join(arguments)


def _path(operation: Operation, objects: Mapping[str, str]) -> str:
    """Render the expression for the path, with the parameters filled in."""
    path = operation.path
    for param in operation.parameters:
        kind = f", {class_name(objects[param.name])}" if param.name in objects else ""
        segment = f"{{segment({param.name!r}, {param.name}, {param.rule}{kind})}}"
        path = path.replace(f"{{{param.name}}}", segment)
    return f'"{path}"' if path == operation.path else f'f"{path}"'


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "path": _path,
    "returns": _returns,
    "signature": _signature,
}
