"""The request builders: one pure function per operationId, in a module for each tag."""

from collections.abc import Sequence
from typing import Final

import jinja2

from codegen.read.paths import Operation

from .models import TEMPLATES

_PACKAGE: Final = '"""Request builders: a module for each tag, and `_all` for every tag."""'


def render_operations(operations: Sequence[Operation], header: str) -> dict[str, str]:
    """File name -> source of the package: none of its modules but `_all` imports another."""
    environment = _environment()
    tags = {
        tag: [op for op in operations if op.tag == tag]
        for tag in sorted({op.tag for op in operations})
    }
    every = environment.get_template("all_operations.jinja2")
    files = {
        "__init__": f"{header}\n{_PACKAGE}\n",
        "_all": every.render(header=header, operations=operations, tags=tags),
        **{tag: _module(environment, tagged, header) for tag, tagged in tags.items()},
    }
    return {f"operations/{name}.py": source for name, source in files.items()}


def _module(environment: jinja2.Environment, operations: Sequence[Operation], header: str) -> str:
    """Source of the builders of one tag."""
    return environment.get_template("operations.jinja2").render(
        header=header,
        operations=operations,
        constraints=sorted(
            {rule for op in operations for one in op.parameters if (rule := one.rule)}
        ),
        classes=sorted({name for op in operations for name in (op.body, op.answer) if name}),
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # Python is written, not HTML
        keep_trailing_newline=True,
    )
    environment.filters |= _FILTERS
    return environment


def _docstring(text: str) -> str:
    """The text as it stands between triple quotes."""
    return text.replace("\\", "\\\\").replace('"""', r"\"\"\"")


def _class_name(schema: str | None) -> str:
    return schema.rpartition(".")[2] if schema else "None"


def _returns(operation: Operation) -> str:
    name = _class_name(operation.answer)
    return f"Page[{name}]" if operation.is_page else name


def _signature(operation: Operation) -> str:
    """Path parameters, then the body, then the query by keyword only."""
    arguments = [f"{one.name}: str" for one in operation.parameters if one.rule]
    if operation.body:
        hint = _class_name(operation.body)
        arguments.append(
            f"body: {hint}" + ("" if operation.body_required else " | UnsetType = UNSET")
        )
    asked = [one for one in operation.parameters if not one.rule]
    if asked:
        arguments.append("*")
        arguments += [f"{one.name}: {one.hint} | UnsetType = UNSET" for one in asked]
    return ", ".join(arguments)


def _path(operation: Operation) -> str:
    """The expression that puts the parameters in their places."""
    path = operation.path
    for one in operation.parameters:
        path = path.replace(f"{{{one.name}}}", f"{{segment({one.name!r}, {one.name}, {one.rule})}}")
    return f'"{path}"' if path == operation.path else f'f"{path}"'


_FILTERS: Final = {
    "class_name": _class_name,
    "docstring": _docstring,
    "path": _path,
    "repr": repr,
    "returns": _returns,
    "signature": _signature,
}
