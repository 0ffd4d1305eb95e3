"""The facade: a class for each tag, with a method for each operation that has no body.

An operation with a body has more to it than the specification says (labels and times are checked,
mappings become models), so its method is written by hand, in a subclass.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from codegen.read.paths import Operation, Parameter

from .templating import class_name, jinja_environment


@attrs.frozen
class Argument:
    """How the facade takes a query parameter."""

    hint: str
    value: str
    """The expression for what is sent, in which `{0}` is the name of the argument."""
    description: str = ""
    """Its description, where it is not that of the parameter."""
    name: str = ""
    """Name of the argument, where it is not that of the parameter."""


ARGUMENTS: Final[Mapping[str, Argument]] = {
    "id": Argument("str", 'arguments.identifier("{0}", {0})'),
    "text": Argument("str", 'arguments.text_filter("{0}", {0})'),
    "whole": Argument("int", 'arguments.optional_whole("{0}", {0})'),
    "team": Argument(
        "str", 'arguments.identifier("{0}", {0})', "Id of the team, or `NO_TEAM` for none."
    ),
    "labels": Argument(
        "LabelsLike",
        "UNSET if {0} is None else label_rules.to_query({0})",
        'Labels that must all be there, such as `{"team": "SRE"}` or `["team:SRE"]`;'
        " case-sensitive. Any label that the server can match is allowed.",
        name="labels",
    ),
    "time_range": Argument(
        "tuple[datetime, datetime]",
        "arguments.time_range({0})",
        "First and last moment of the start, timezone-aware and inclusive; widened to seconds.",
    ),
    "state": Argument(
        "enums.State",
        "enums.state_filter({0})",
        "`firing` (also spelled `new`), `acknowledged`, `resolved` or `silenced`.",
    ),
    "roles": Argument(
        "Sequence[arguments.Role]",
        "arguments.role_filter({0})",
        "Any of `admin`, `editor`, `viewer` and `none`; the user has one of them.",
    ),
}
"""By the `x-argument` of the parameter, or by what its type implies."""

_IMPLICIT: Final = {"page", "perpage"}
"""Parameters of every list: pagers count the pages, and `perpage` is documented once."""


def render_resources(
    operations: Sequence[Operation], descriptions: Mapping[str, str], header: str
) -> dict[str, str]:
    """Render the base classes of the facade.

    Args:
        operations: All operations.
        descriptions: The description of each tag.
        header: The first line of each file.

    Returns:
        Source by file name.
    """
    template = jinja_environment(_FILTERS).get_template("resources.jinja2")
    files = {"__init__": f'{header}\n"""The facade: a class for each tag."""\n'}
    for tag in sorted({op.tag for op in operations}):
        methods = [op for op in operations if op.tag == tag and not op.body]
        files[tag] = template.render(
            header=header,
            tag=tag,
            description=descriptions.get(tag, ""),
            docs=next(op.docs for op in operations if op.tag == tag),
            operations=methods,
            results=sorted({op.result for op in methods if op.result}),
        )
    return {f"resources/{name}.py": source for name, source in files.items()}


def argument(parameter: Parameter) -> str:
    """Return the name of the argument that the facade has for a query parameter."""
    return _argument(parameter).name


def _filters(operation: Operation) -> list[Parameter]:
    """Return the query parameters that are arguments of this operation alone."""
    return [one for one in operation.parameters if not one.rule and one.name not in _IMPLICIT]


def _argument(parameter: Parameter) -> Argument:
    plain = Argument(parameter.hint, "arguments.optional({0})")
    found = ARGUMENTS.get(parameter.argument, plain)
    return attrs.evolve(
        found,
        name=found.name or parameter.name,
        description=found.description or parameter.description,
    )


def _value(parameter: Parameter) -> str:
    argument = _argument(parameter)
    return argument.value.format(argument.name)


def _pascal(tag: str) -> str:
    return "".join(word.capitalize() for word in tag.split("_"))


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "argument": _argument,
    "filters": _filters,
    "pascal": _pascal,
    "result": class_name,
    "value": _value,
}
