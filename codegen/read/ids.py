"""What the ids in paths identify."""

from collections.abc import Iterable

from .paths import Operation


def objects_by_id(operations: Iterable[Operation]) -> dict[str, str]:
    """Return the schema of the object that each path parameter identifies, where one gets it."""
    found: dict[str, str] = {}
    for op in operations:
        ids = [each.name for each in op.parameters if each.rule]
        if op.method == "GET" and op.path.endswith("}/") and len(ids) == 1 and op.result:
            found[ids[0]] = op.result
    return found
