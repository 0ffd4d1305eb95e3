"""The facade: a class for each tag, with a method for each operation.

Ids of the path are positional, members of the body and filters are keywords. An operation that the
specification marks `x-facade: by hand` gets no method: it is written in a subclass.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from codegen.read.bodies import Member
from codegen.read.ids import objects_by_id
from codegen.read.parameters import Parameter
from codegen.read.paths import Operation
from codegen.read.spec import Unsupported

from .arguments import ARGUMENTS, MEMBERS, PERPAGE, PREFETCH, RECONCILE, argument, member_argument
from .templating import class_name, id_hint, jinja_environment

_IMPLICIT: Final = {"page", "perpage"}
"""Parameters of lists: pagers count the pages, and `perpage` is documented once."""


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
    yield from operation.variants
    for member in operation.members:
        yield from member.classes


def _ids(operation: Operation) -> list[str]:
    return [each.name for each in operation.parameters if each.rule]


def _filters(operation: Operation) -> list[Parameter]:
    """Return the query parameters that are arguments of this operation alone."""
    return [each for each in operation.parameters if not each.rule and each.name not in _IMPLICIT]


def _has_perpage(operation: Operation) -> bool:
    return any(each.name == "perpage" for each in operation.parameters)


def _parameter(member: Member) -> str:
    """Render a member as a parameter of the method."""
    hint = member_argument(member).hint + (" | None" if member.nullable else "")
    return f"{member.name}: {hint}" + ("" if member.required else " | UnsetType = UNSET")


def _filter(parameter: Parameter) -> str:
    """Render a query parameter as a parameter of the method."""
    taken = argument(parameter)
    return f"{taken.name}: {taken.hint}" + ("" if parameter.required else " | None = None")


def _is_positional(member: Member) -> bool:
    return member_argument(member).positional


def _signature(operation: Operation, objects: Mapping[str, str]) -> str:
    """Render the parameters of a method."""
    positional = [f"{name}: {id_hint(name, objects)}" for name in _ids(operation)]
    if operation.variants:
        hint = class_name(operation.body)
        positional.append(f"{operation.body_name}: {hint} | Mapping[str, Any]")
    positional += [_parameter(each) for each in operation.members if _is_positional(each)]
    keywords = [_parameter(each) for each in operation.members if not _is_positional(each)]
    keywords += map(_filter, sorted(_filters(operation), key=lambda each: not each.required))
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
    members = {each.name: member_argument(each).description for each in operation.members}
    if operation.variants:
        kinds = ", ".join(f"`{class_name(each)}`" for each in operation.variants)
        members[operation.body_name] = f"One of {kinds}; or a mapping of that shape."
    filters = {each.name: each.description for each in map(argument, _filters(operation))}
    described = {**ids, **members, **filters}
    if _has_perpage(operation):
        described["perpage"] = PERPAGE
    if operation.is_page:
        described["prefetch"] = PREFETCH
    if operation.reconcile:
        described["reconcile"] = RECONCILE
    return {name: description for name, description in described.items() if description}


def _call(operation: Operation) -> str:
    """Render the call of the request builder."""
    given = [*_ids(operation), *(["body"] if operation.body else [])]
    for parameter in _filters(operation):
        taken = argument(parameter)
        given.append(f"{parameter.name}={taken.value.format(taken.name)}")
    if _has_perpage(operation):
        given.append('perpage=arguments.optional_whole("perpage", perpage)')
    return f"operations.{operation.id}({', '.join(given)})"


def _value(member: Member) -> str:
    """Render what is sent for a member: the checked value, or None or UNSET as they are."""
    name, value = member.name, member_argument(member).value
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
