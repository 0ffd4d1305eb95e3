"""Names in the output: each must be an identifier and stand for one thing only."""

import re
from collections.abc import Iterable
from keyword import kwlist
from typing import Final

from .spec import Unsupported

_NO_KEYWORD: Final = rf"(?!(?:{'|'.join(kwlist)})\b)"
CLASS: Final = (
    r"(?!.*datetime|(?:attrs|constraints|operations)\.)"
    rf"{_NO_KEYWORD}[a-z][a-z0-9_]*\.[A-Z][A-Za-z0-9]*"
)
"""Module and class, as in `labels.LabelInput`.

"datetime" is excluded because the class template replaces it in type hints.
"""
CONSTANT: Final = r"[A-Z][A-Z0-9_]*"
MEMBER: Final = r"(?!(?:self|attrs|datetime|str|int|float|bool)$)[a-z][A-Za-z0-9_-]*"
"""A member as named on the wire; datamodel-code-generator turns it into an identifier."""
BUILDER: Final = rf"{_NO_KEYWORD}[a-z][a-z0-9_]*"
TAG: Final = BUILDER
"""A tag, which becomes the name of the module with its request builders."""
ARGUMENT: Final = (
    r"(?!(?:self|arguments|attrs|bodies|body|enums|label_rules|operations|reconcile|request|rules|times)$)"
    rf"{BUILDER}"
)
"""A member of a request body, which the facade takes as an argument of this name."""
PARAMETER: Final = rf"(?!(?:body|query|segment|type)$){BUILDER}"

_USED_BY_TEMPLATES: Final = (
    *("int", "query", "segment", "str", "type", "OPERATIONS", "UNSET"),
    *("AwareDatetime", "Any", "False", "Final", "Literal", "Mapping", "None", "OpenStrEnum"),
    *(
        "LabelsLike",
        "Operation",
        "Page",
        "Pager",
        "Request",
        "Resource",
        "Sequence",
        "StrEnum",
        "StringRule",
        "True",
        "UnsetType",
    ),
)


def check_name(name: str, pattern: str, pointer: str) -> None:
    """Check that a name matches one of the patterns of this module.

    Raises:
        Unsupported: It does not.
    """
    if not re.fullmatch(pattern, name):
        raise Unsupported(pointer, f"{name!r} is not a valid name here")


def check_unique(claims: Iterable[tuple[str, str]]) -> None:
    """Check that no two things share a name, not even in different modules.

    Args:
        claims: Names and the JSON pointers of what they stand for.

    Raises:
        Unsupported: A name is taken, by an earlier claim or by the templates.
    """
    taken = dict.fromkeys(_USED_BY_TEMPLATES, "the templates")
    for name, pointer in claims:
        if name in taken:
            raise Unsupported(pointer, f"the name {name!r} is already used by {taken[name]}")
        taken[name] = pointer
