"""Checks of what the specification says for the facade alone."""

from collections.abc import Mapping

from codegen.read.parameters import Parameter
from codegen.read.paths import Operation
from codegen.read.spec import Unsupported

from .arguments import ARGUMENTS, MEMBERS


def lookups(operation: Operation) -> list[Parameter]:
    """Return the filters by which the facade finds one object."""
    return [each for each in operation.filters if each.lookup]


def check(operation: Operation, by_id: Mapping[str, Operation]) -> None:
    """Check what the specification says for the facade alone.

    Raises:
        Unsupported: It cannot be rendered.
    """
    for parameter in operation.parameters:
        if parameter.argument and parameter.argument not in ARGUMENTS:
            reason = f"x-argument of {parameter.name} is one of {', '.join(ARGUMENTS)}"
            raise Unsupported(operation.pointer, reason)
    for member in operation.members:
        if member.argument and member.argument not in MEMBERS:
            raise Unsupported(member.pointer, f"x-argument is one of {', '.join(MEMBERS)}")
        if member.name in operation.ids:
            raise Unsupported(member.pointer, "a parameter of the path has this name")
    if operation.read_back and not _gets_it(operation, by_id.get(operation.read_back)):
        raise Unsupported(f"{operation.pointer}/x-read-back", "names what gets the same object")
    if operation.reconcile and not _finds_it(operation, by_id.get(operation.reconcile)):
        raise Unsupported(f"{operation.pointer}/x-reconcile", "names the list of such objects")
    _check_merge(operation, by_id)
    _check_lookups(operation)


def _check_merge(operation: Operation, by_id: Mapping[str, Operation]) -> None:
    merge, pointer = operation.merge, f"{operation.pointer}/x-merge"
    if merge is None:
        return
    if not _gets_it(operation, by_id.get(merge.read)):
        raise Unsupported(f"{pointer}/read", "names what gets the same object")
    optional = {member.name for member in operation.members if not member.required}
    if not optional.issuperset(merge.members):
        raise Unsupported(f"{pointer}/members", "names optional members of the body")


def _check_lookups(operation: Operation) -> None:
    looks_up = any(parameter.lookup for parameter in operation.parameters)
    if looks_up and (not operation.is_page or any(each.required for each in operation.parameters)):
        reason = "x-lookup is for a filter of a list that needs no other parameter"
        raise Unsupported(operation.pointer, reason)


def _gets_it(operation: Operation, read: Operation | None) -> bool:
    """Whether an operation gets the object that another changes."""
    return read is not None and (read.ids, read.result) == (operation.ids, operation.result)


def _finds_it(operation: Operation, listed: Operation | None) -> bool:
    """Whether an operation lists objects like the one that another creates, by name."""
    if listed is None or not listed.is_page or listed.result != operation.result:
        return False
    filters = {parameter.name for parameter in listed.parameters}
    return "name" in filters.intersection(member.name for member in operation.members)
