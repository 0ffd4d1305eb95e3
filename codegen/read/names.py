"""The names of what is rendered: each an identifier, and each of one thing only."""

import re
from collections.abc import Iterable
from keyword import kwlist
from typing import Final

from .spec import Unsupported

_FREE: Final = rf"(?!(?:{'|'.join(kwlist)})\b)"
CLASS: Final = (
    rf"(?!.*datetime|(?:attrs|constraints|operations)\.){_FREE}[a-z][a-z0-9_]*\.[A-Z][A-Za-z0-9]*"
)
"""Module and class; the template for classes replaces "datetime" in types."""
CONSTANT: Final = r"[A-Z][A-Z0-9_]*"
MEMBER: Final = r"(?!(?:self|attrs|datetime|str|int|float|bool)$)[a-z][A-Za-z0-9_-]*"
"""A member's name on the wire; datamodel-code-generator makes an identifier of it."""
BUILDER: Final = rf"{_FREE}[a-z][a-z0-9_]*"
TAG: Final = BUILDER
"""A tag of operations, which names the module of their builders."""
PARAMETER: Final = rf"(?!(?:body|query|segment|type)$){BUILDER}"

_TEMPLATES: Final = (
    *("int", "query", "segment", "str", "type", "OPERATIONS", "UNSET"),
    *("AwareDatetime", "Any", "False", "Final", "Literal", "Mapping", "None", "OpenStrEnum"),
    *("Operation", "Page", "Request", "Sequence", "StrEnum", "StringRule", "True", "UnsetType"),
)


def check_name(name: str, pattern: str, pointer: str) -> None:
    """Raises Unsupported where the name is not of this kind."""
    if not re.fullmatch(pattern, name):
        raise Unsupported(pointer, f"{name!r} cannot be a name here")


def check_unique(claims: Iterable[tuple[str, str]]) -> None:
    """Raises Unsupported at the first name that something else has, in whatever module."""
    taken = dict.fromkeys(_TEMPLATES, "the templates")
    for name, pointer in claims:
        if name in taken:
            raise Unsupported(pointer, f"the name {name!r} is that of {taken[name]} already")
        taken[name] = pointer
