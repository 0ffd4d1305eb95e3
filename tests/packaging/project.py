"""pyproject.toml, parsed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]

PYPROJECT: Final[Mapping[str, Any]] = tomllib.loads(
    (ROOT / "pyproject.toml").read_text(encoding="utf-8")
)
PROJECT: Final[Mapping[str, Any]] = PYPROJECT["project"]
EXTRAS: Final[Mapping[str, Sequence[str]]] = PROJECT["optional-dependencies"]
PYTHONS: Final[Sequence[str]] = [
    classifier.rpartition(" ")[2]
    for classifier in PROJECT["classifiers"]
    if "Python :: 3." in classifier
]
"""The versions of Python that the project promises, such as 3.11."""


def requirements() -> Iterator[Requirement]:
    """Requirements of the package and its extras."""
    for text in (*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)):
        yield Requirement(text)


def lower_bounds() -> dict[str, str]:
    """The lowest version of each dependency that the project allows."""
    return {
        requirement.name: bound.version
        for requirement in requirements()
        for bound in requirement.specifier
        if bound.operator == ">="
    }
