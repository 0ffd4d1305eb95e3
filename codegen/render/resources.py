"""The facade: a class for each tag, with a method for each operation.

Ids of the path are positional, members of the body and filters are keywords. An operation that the
specification marks `x-facade: by hand` gets no method: it is written in a subclass.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs

from codegen.read.bodies import Member
from codegen.read.extensions import Merge
from codegen.read.ids import objects_by_id
from codegen.read.parameters import Parameter
from codegen.read.paths import Operation
from codegen.read.spec import Tag

from .arguments import PERPAGE, PREFETCH, RECONCILE, argument, member_argument
from .checks import check, lookups
from .templating import class_name, id_hint, jinja_environment

_ALL: Final = (
    "All methods raise `InvalidArgument` before anything is sent, `StatusError` for an error"
    " response, `TransportError` if there is no response, `DecodeError` for a response that is not"
    " what the API promises, and `ClientStateError` when the client is closed."
)
_PACKAGE: Final = '"""The facade: a class for each tag, and `_all` for every tag."""'


def render_resources(
    operations: Sequence[Operation], tags: Mapping[str, Tag], header: str
) -> dict[str, str]:
    """Render the base classes of the facade.

    Args:
        operations: All operations.
        tags: The tags by their names.
        header: The first line of each file.

    Returns:
        Source by file name.

    Raises:
        Unsupported: A method cannot be rendered.
    """
    by_id, objects = {op.id: op for op in operations}, objects_by_id(operations)
    for op in operations:
        if not op.by_hand:
            check(op, by_id)
    environment = jinja_environment({**_FILTERS, "read": partial(_read, by_id)})
    template = environment.get_template("resources.jinja2")
    used = {op.tag for op in operations}
    accessors = environment.get_template("accessors.jinja2")
    files = {
        "__init__": f"{header}\n{_PACKAGE}\n",
        "_all": accessors.render(
            header=header, tags=[tag for name, tag in tags.items() if name in used]
        ),
    }
    for tag in sorted(used):
        tagged = [op for op in operations if op.tag == tag]
        methods = [op for op in tagged if not op.by_hand]
        files[tag] = template.render(
            header=header,
            tag=tag,
            description=tags[tag].description,
            about=_about_methods(tagged),
            docs=tagged[0].docs,
            operations=methods,
            objects=objects,
            classes=sorted({name for op in methods for name in _classes(op, objects)}),
        )
    return {f"resources/{name}.py": source for name, source in files.items()}


def _classes(operation: Operation, objects: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the schemas whose classes the method uses."""
    yield from (objects[name] for name in operation.ids if name in objects)
    if operation.result:
        yield operation.result
    if operation.body:
        yield operation.body
    yield from operation.variants
    for member in operation.members:
        yield from member.classes


def _returns(operation: Operation) -> str:
    """Render the type of what the method returns."""
    result = operation.plain or class_name(operation.result)
    return f"Pager[{result}]" if operation.is_page else result


def _has_perpage(operation: Operation) -> bool:
    return any(each.name == "perpage" for each in operation.parameters)


def _parameter(member: Member) -> str:
    """Render a member as a parameter of the method."""
    hint = member_argument(member).hint
    if member.nullable:
        hint += " | None"
    return f"{member.name}: {hint}" + ("" if member.required else " | UnsetType = UNSET")


def _filter(parameter: Parameter) -> str:
    """Render a query parameter as a parameter of the method."""
    taken = argument(parameter)
    return f"{taken.name}: {taken.hint}" + ("" if parameter.required else " | None = None")


def _is_positional(member: Member) -> bool:
    return member_argument(member).positional


def _signature(operation: Operation, objects: Mapping[str, str]) -> str:
    """Render the parameters of a method."""
    positional = [f"{name}: {id_hint(name, objects)}" for name in operation.ids]
    if operation.variants:
        hint = class_name(operation.body)
        positional.append(f"{operation.body_name}: {hint} | Mapping[str, Any]")
    positional += [_parameter(each) for each in operation.members if _is_positional(each)]
    keywords = [_parameter(each) for each in operation.members if not _is_positional(each)]
    keywords += map(_filter, sorted(operation.filters, key=lambda each: not each.required))
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
    filters = {each.name: each.description for each in map(argument, operation.filters)}
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
    given = [*operation.ids, *(["body"] if operation.body else [])]
    for parameter in operation.filters:
        taken = argument(parameter)
        given.append(f"{parameter.name}={taken.value.format(taken.name)}")
    if _has_perpage(operation):
        given.append('perpage=arguments.optional_whole("perpage", perpage)')
    return f"operations.{operation.id}({', '.join(given)})"


def _read(by_id: Mapping[str, Operation], operation: Operation, name: str) -> str:
    """Render the request that reads the object which an operation changes."""
    read, own = by_id[name], {each.name for each in operation.parameters}
    shared = [each for each in read.parameters if each.name in own]
    return _call(attrs.evolve(read, parameters=shared))


def _noun(operation: Operation) -> str:
    return operation.tag.removesuffix("s").replace("_", " ")


def _notes(operation: Operation) -> list[str]:
    """Return the paragraphs of the docstring after the summary."""
    merge = operation.merge
    notes = [operation.description, _note(operation, merge) if merge else ""]
    return [note for note in notes if note]


def _note(operation: Operation, merge: Merge) -> str:
    """Return what the docstring says about an update that reads first."""
    names = [f"`{name}`" for name in merge.members]
    if merge.together:
        when, what = f"With only one of {' and '.join(names)},", "the other"
    elif len(names) > 1:
        when, what = f"Unless {' and '.join(names)} are given,", "what is missing of them"
    else:
        when, what = f"Without {names[0]},", "it"
    return (
        f"{when} reads the {_noun(operation)} first and sends {what} as it is, because the server"
        " would reset it or refuse the change. If another program changes it between the two"
        " requests, that change is undone."
    )


def _raises(operation: Operation) -> dict[str, str]:
    """Return the errors that the docstring names."""
    if not operation.kept:
        return operation.raises
    names = " or ".join(f"`{name}`" for name in operation.kept)
    reason = f"The server does not know some of the ids in {names}. It stored all the rest."
    return {**operation.raises, "IdsDropped": reason}


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


def _module(tag: Tag) -> str:
    """Return the module of the class of a tag."""
    return f"grafana_oncall.resources.{tag.name}" if tag.by_hand else f".{tag.name}"


def _about(tag: Tag) -> str:
    """Return the first paragraph of the description of a tag."""
    return tag.description.partition("\n\n")[0] or f"{_pascal(tag.name)}."


def _about_methods(operations: Sequence[Operation]) -> str:
    """Return what the docstring of a class says about all its methods."""
    sentences = [_ALL]
    if any(op.is_page for op in operations):
        sentences.insert(0, "Nothing is sent by `list` until it is iterated.")
    if any(op.method != "GET" for op in operations):
        sentences.append("Writes raise `OutcomeUnknown` if their effect cannot be established.")
    return " ".join(sentences)


def _in_python(text: str) -> str:
    """Speak of None in place of null."""
    return re.sub(r"\b[Nn]ull\b", "None", text)


def _pascal(tag: str) -> str:
    return "".join(word.capitalize() for word in tag.split("_"))


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "arguments": _arguments,
    "call": _call,
    "in_python": _in_python,
    "lookups": lookups,
    "module": _module,
    "notes": _notes,
    "noun": _noun,
    "pascal": _pascal,
    "about": _about,
    "argument": argument,
    "raises": _raises,
    "returns": _returns,
    "signature": _signature,
    "value": _value,
}
