"""The facade: a class for each tag, with a method for each operation.

Ids of the path are positional, members of the body and filters are keywords. An operation that the
specification marks `x-facade: by hand` gets no method: it is written in a subclass.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from codegen.read.bodies import Member
from codegen.read.ids import objects_by_id
from codegen.read.paths import Operation, Parameter
from codegen.read.spec import Unsupported

from .templating import class_name, id_hint, jinja_environment


@attrs.frozen
class Argument:
    """How the facade takes a query parameter, or a member of a body."""

    hint: str
    """Type hint; empty for that of the member."""
    value: str
    """The expression for what is sent: `{0}` is the name of the argument, `{1}` its class."""
    description: str = ""
    """Its description, where it is not that of the parameter; of a member, if it has none."""
    name: str = ""
    """Name of the argument, where it is not that of the parameter."""
    positional: bool = False
    """Whether it may be given without its name."""


ARGUMENTS: Final[Mapping[str, Argument]] = {
    "id": Argument("str", 'arguments.identifier("{0}", {0})'),
    "text": Argument("str", 'arguments.text_filter("{0}", {0})'),
    "whole": Argument("int", 'arguments.optional_whole("{0}", {0})'),
    "team": Argument(
        "str",
        'arguments.identifier("{0}", {0})',
        "Id of the team, or `NO_TEAM` for none; None does not filter.",
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
"""Query parameters, by their `x-argument`, or by what their type implies."""

MEMBERS: Final[Mapping[str, Argument]] = {
    "filled": Argument("", 'arguments.filled("{0}", {0})'),
    "enum": Argument("", 'arguments.one_of("{0}", {0}, {1})'),
    "nested": Argument("", 'bodies.nested("{0}", {0}, {1})'),
    "templates": Argument("", 'bodies.templates("{0}", {0}, {1})'),
    "labels": Argument("LabelsLike", "label_rules.to_inputs({0})"),
    "dynamic_labels": Argument("LabelsLike", "label_rules.to_dynamic_inputs({0})"),
    "delay": Argument(
        "timedelta | int | arguments.Forever",
        "arguments.silence_delay({0})",
        "How long, as a timedelta (rounded up to seconds) or in whole seconds, from 1 second to"
        " 68 years; or `FOREVER`.",
        positional=True,
    ),
}
"""Members of bodies, by their `x-argument`, or by what their type implies."""

_IMPLICIT: Final = {"page", "perpage"}
"""Parameters of lists: pagers count the pages, and `perpage` is documented once."""

_PERPAGE: Final = (
    "Items on a page. Undocumented: servers use their own number without it, and may ignore it."
)
_PREFETCH: Final = (
    "Pages to request ahead, once the second page is requested; up to as many more may be buffered."
    " 0 to 64; 0 requests none ahead."
)
_RECONCILE: Final = (
    "Whether to look for the `name`, which is then required, when a request got no response, and to"
    " retry if nothing has it. Costs a request for the list before, and one each time a request is"
    " in doubt. What another program creates by this name at the same moment is taken for the"
    " result."
)


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

    Raises:
        Unsupported: A method cannot be rendered.
    """
    by_id, objects = {op.id: op for op in operations}, objects_by_id(operations)
    for op in operations:
        if not op.by_hand:
            _check(op, by_id)
    template = jinja_environment(_FILTERS).get_template("resources.jinja2")
    files = {"__init__": f'{header}\n"""The facade: a class for each tag."""\n'}
    for tag in sorted({op.tag for op in operations}):
        methods = [op for op in operations if op.tag == tag and not op.by_hand]
        files[tag] = template.render(
            header=header,
            tag=tag,
            description=descriptions.get(tag, ""),
            docs=next(op.docs for op in operations if op.tag == tag),
            operations=methods,
            objects=objects,
            classes=sorted({name for op in methods for name in _classes(op, objects)}),
        )
    return {f"resources/{name}.py": source for name, source in files.items()}


def argument(parameter: Parameter) -> str:
    """Return the name of the argument that the facade has for a query parameter."""
    return _argument(parameter).name


def _check(operation: Operation, by_id: Mapping[str, Operation]) -> None:
    """Check what the specification says for the facade alone."""
    for parameter in operation.parameters:
        if parameter.argument and parameter.argument not in ARGUMENTS:
            reason = f"x-argument of {parameter.name} is one of {', '.join(ARGUMENTS)}"
            raise Unsupported(operation.pointer, reason)
    for member in operation.members:
        if member.argument and member.argument not in MEMBERS:
            raise Unsupported(member.pointer, f"x-argument is one of {', '.join(MEMBERS)}")
        if member.name in _ids(operation):
            raise Unsupported(member.pointer, "a parameter of the path has this name")
    if operation.read_back and not _gets_it(operation, by_id.get(operation.read_back)):
        raise Unsupported(f"{operation.pointer}/x-read-back", "names what gets the same object")
    if operation.reconcile and not _finds_it(operation, by_id.get(operation.reconcile)):
        raise Unsupported(f"{operation.pointer}/x-reconcile", "names the list of such objects")


def _gets_it(operation: Operation, read: Operation | None) -> bool:
    """Whether an operation gets the object that another changes."""
    return read is not None and (_ids(read), read.result) == (_ids(operation), operation.result)


def _finds_it(operation: Operation, listed: Operation | None) -> bool:
    """Whether an operation lists objects like the one that another creates, by name."""
    if listed is None or not listed.is_page or listed.result != operation.result:
        return False
    filters = {parameter.name for parameter in listed.parameters}
    return "name" in filters.intersection(member.name for member in operation.members)


def _classes(operation: Operation, objects: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the schemas whose classes the method uses."""
    yield from (objects[name] for name in _ids(operation) if name in objects)
    if operation.result:
        yield operation.result
    if operation.body:
        yield operation.body
    for member in operation.members:
        yield from member.classes


def _ids(operation: Operation) -> list[str]:
    return [each.name for each in operation.parameters if each.rule]


def _filters(operation: Operation) -> list[Parameter]:
    """Return the query parameters that are arguments of this operation alone."""
    return [each for each in operation.parameters if not each.rule and each.name not in _IMPLICIT]


def _has_perpage(operation: Operation) -> bool:
    return any(each.name == "perpage" for each in operation.parameters)


def _argument(parameter: Parameter) -> Argument:
    plain = Argument(parameter.hint, "arguments.optional({0})")
    found = ARGUMENTS.get(parameter.argument, plain)
    return attrs.evolve(
        found,
        name=found.name or parameter.name,
        description=found.description or parameter.description,
    )


def _member(member: Member) -> Argument:
    found = MEMBERS.get(member.argument, Argument("", "{0}"))
    return attrs.evolve(
        found,
        hint=found.hint or member.hint,
        description=member.description or found.description or member.fallback,
    )


def _parameter(member: Member) -> str:
    """Render a member as a parameter of the method."""
    hint = _member(member).hint + (" | None" if member.nullable else "")
    return f"{member.name}: {hint}" + ("" if member.required else " | UnsetType = UNSET")


def _signature(operation: Operation, objects: Mapping[str, str]) -> str:
    """Render the parameters of a method."""
    positional = [f"{name}: {id_hint(name, objects)}" for name in _ids(operation)]
    positional += [_parameter(each) for each in operation.members if _member(each).positional]
    keywords = [_parameter(each) for each in operation.members if not _member(each).positional]
    filters = map(_argument, _filters(operation))
    keywords += [f"{each.name}: {each.hint} | None = None" for each in filters]
    if _has_perpage(operation):
        keywords.append("perpage: int | None = None")
    if operation.is_page:
        keywords.append("prefetch: int = DEFAULT_PREFETCH")
    if operation.reconcile:
        keywords.append("reconcile: bool = False")
    return ", ".join(["self", *positional, *(["*", *keywords] if keywords else [])])


def _arguments(operation: Operation, objects: Mapping[str, str]) -> dict[str, str]:
    """Return the description of each argument that has one."""
    ids = {each.name: each.description for each in operation.parameters if each.rule}
    ids |= {name: f"{ids[name].rstrip('.')}, or the object." for name in ids if name in objects}
    members = {each.name: _member(each).description for each in operation.members}
    filters = {each.name: each.description for each in map(_argument, _filters(operation))}
    described = {**ids, **members, **filters}
    if _has_perpage(operation):
        described["perpage"] = _PERPAGE
    if operation.is_page:
        described["prefetch"] = _PREFETCH
    if operation.reconcile:
        described["reconcile"] = _RECONCILE
    return {name: description for name, description in described.items() if description}


def _call(operation: Operation) -> str:
    """Render the call of the request builder."""
    given = [*_ids(operation), *(["body"] if operation.body else [])]
    for parameter in _filters(operation):
        argument = _argument(parameter)
        given.append(f"{parameter.name}={argument.value.format(argument.name)}")
    if _has_perpage(operation):
        given.append('perpage=arguments.optional_whole("perpage", perpage)')
    return f"operations.{operation.id}({', '.join(given)})"


def _value(member: Member) -> str:
    """Render what is sent for a member: the checked value, or None or UNSET as they are."""
    name, value = member.name, _member(member).value
    if value == "{0}":
        return name
    checked = value.format(name, class_name(next(iter(member.classes), None)))
    absent = [*([] if member.required else ["UNSET"]), *(["None"] if member.nullable else [])]
    if not absent:
        return checked
    test = " or ".join(f"{name} is {each}" for each in absent)
    return f"({name} if {test} else {checked})"


def _in_python(text: str) -> str:
    """Speak of None in place of null."""
    return re.sub(r"\b[Nn]ull\b", "None", text)


def _pascal(tag: str) -> str:
    return "".join(word.capitalize() for word in tag.split("_"))


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "arguments": _arguments,
    "call": _call,
    "ids": _ids,
    "in_python": _in_python,
    "pascal": _pascal,
    "signature": _signature,
    "value": _value,
}
