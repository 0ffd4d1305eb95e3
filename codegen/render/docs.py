"""The page of operations for readers, in Markdown: a table for each tag."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from codegen.read.parameters import Parameter
from codegen.read.paths import Operation
from codegen.read.spec import Tag

from .arguments import argument
from .checks import lookups

_HEAD: Final = """\
<!-- Written by `make codegen` from openapi.yaml. Do not edit. -->

# Operations

Every call, by resource; `help()` has the arguments of each, with their limits and the errors.
Methods take an id, or the object that has it.

- **Permission** is what the token needs, after `{prefix}.`: by the role of a user, or as a
  permission of a service account.
- **Token** is `user` where a service account is refused: only a user's OnCall API key works.
- **Repeated** is what a retry meets if the first attempt had its effect although no response came:

  | | |
  |---|---|
{meanings}
"""
_MEANINGS: Final = {
    "safe": ("reads", "Nothing: the call only reads, and is retried."),
    "same": ("same", "The effect of two is that of one: the call is retried."),
    "already": (
        "refused",
        "It is refused, being so already: a call that returns nothing succeeds.",
    ),
    "missing": ("gone", "A 404, because it is gone already: the call succeeds."),
    "never": (
        "twice",
        (
            "The effect, twice: the call is not retried, and raises `OutcomeUnknown`. With"
            " `reconcile=True`, where a method takes it, it looks for what it made."
        ),
    ),
}
_COLUMNS: Final = "| Call | Request | Permission | Token | Repeated |\n|---|---|---|---|---|"


def render_docs(operations: Sequence[Operation], tags: Mapping[str, Tag]) -> str:
    """Render the page.

    Args:
        operations: All operations.
        tags: The tags, in the order of the page.
    """
    prefix = next((op.permission.partition(".")[0] for op in operations if op.permission), "")
    meanings = "\n".join(f"  | {word} | {text} |" for word, text in _MEANINGS.values())
    parts = [_HEAD.format(prefix=prefix, meanings=meanings)]
    for name, tag in tags.items():
        tagged = [op for op in operations if op.tag == name]
        if tagged:
            title = name.replace("_", " ").capitalize()
            link = f"[Grafana's page]({tagged[0].docs})"
            about = f"{' '.join(tag.description.split())} {link}".strip()
            rows = "\n".join(row for op in tagged for row in _rows(op))
            parts.append(f"## {title}\n\n{about}\n\n{_COLUMNS}\n{rows}\n")
    return "\n".join(parts)


def _rows(operation: Operation) -> Iterator[str]:
    """Yield the row of an operation, and those of the look-ups by its list."""
    request = f"{operation.method} {operation.path}"
    yield _row(operation, f"{operation.facade}({_arguments(operation)})", request)
    for one in lookups(operation):
        yield _row(operation, f"by_{one.name}({one.name})", f"{request}?{one.name}=")


def _row(operation: Operation, call: str, request: str) -> str:
    permission = operation.permission.partition(".")[2]
    cells = [
        f"`{operation.tag}.{call}`",
        f"`{request}`",
        f"`{permission}`" if permission else "",
        "user" if operation.needs_user else "any",
        _MEANINGS[operation.retry][0],
    ]
    return f"| {' | '.join(cells)} |"


def _arguments(operation: Operation) -> str:
    """Render the ids, the filters or the required arguments, and that there are others."""
    if operation.by_hand:
        return ", ".join([*operation.ids, "…"])
    required = [one.name for one in operation.members if one.required]
    keywords = [*map(_name, operation.filters), *required]
    body = [operation.body_name] if operation.variants else []
    more = len(operation.members) > len(required)
    given = [*operation.ids, *body, *(f"{name}=" for name in keywords), *(["…"] if more else [])]
    return ", ".join(given)


def _name(parameter: Parameter) -> str:
    return argument(parameter).name
