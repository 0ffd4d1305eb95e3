"""The recipes of CONTRIBUTING name files that there are, and what is in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.project import ROOT

_TEXT: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
_RECIPES: Final = dict(
    re.findall(
        r"^### (.+?)\n(.*?)(?=^##)",
        _TEXT.partition("\n## Recipes\n")[2],
        re.DOTALL | re.MULTILINE,
    )
)
_CODE: Final = re.compile(r"`([^`]+)`")
_PATH: Final = re.compile(r"[\w./<>-]+\.(?:py|md|yaml|json|toml)")
_NAME: Final = re.compile(r"_?[A-Za-z]\w*[_A-Z]\w*|_[a-z]+")
_BELOW: Final = ("", "src/grafana_oncall", "tests/unit/_session")
"""Where paths begin: the last is said at the head of a table."""


def _files(recipe: str) -> Iterator[tuple[str, list[Path]]]:
    """Each path of a recipe with the files that it stands for.

    A name alone is that of a file beside the last one; what is in angle brackets is any name.
    """
    folder = ROOT
    for code in _CODE.findall(recipe):
        if _PATH.fullmatch(code):
            pattern = re.sub(r"<\w+>", "*", code)
            places = [folder, *(ROOT / below for below in _BELOW)]
            found = [path for place in places for path in place.glob(pattern)]
            yield code, found
            folder = found[0].parent if found else folder


@pytest.mark.parametrize("title", _RECIPES)
def test_every_file_that_a_recipe_names_exists(title: str) -> None:
    """Otherwise, it was renamed without the recipe."""
    assert not [name for name, found in _files(_RECIPES[title]) if not found]


@pytest.mark.parametrize("title", _RECIPES)
def test_what_a_recipe_names_is_in_one_of_its_files(title: str) -> None:
    """Functions, classes and tables, under these names."""
    texts = [path.read_text("utf-8") for _, found in _files(_RECIPES[title]) for path in found]
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    named = {code for code in _CODE.findall(_RECIPES[title]) if _NAME.fullmatch(code)}
    missing = named - words
    assert not missing


def test_the_recipes_are_found() -> None:
    """All of them, with their files and names."""
    assert len(_RECIPES) > 10
    files = [name for recipe in _RECIPES.values() for name, _ in _files(recipe)]
    assert {"openapi.yaml", "bulk/outcomes.py", "testing/_resources/<tag>.py"} <= {*files}
