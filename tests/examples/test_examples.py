"""The examples as a whole: their size, their tests, and the page that lists them."""

import re

import pytest

from tests.support.documents import ROOT
from tests.support.examples import FOLDER, PROGRAMS

PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_fits_on_a_screen_or_two_and_has_its_tests(name: str) -> None:
    """Fewer than a hundred lines."""
    assert len((FOLDER / name).read_text(encoding="utf-8").splitlines()) < 100
    assert (ROOT / "tests" / "examples" / f"test_{name}").exists()


def test_the_page_has_a_row_for_each_example_and_says_how_to_run_it() -> None:
    """And no other."""
    assert sorted(re.findall(r"^\| \[(\w+\.py)\]\(\1\) \|", PAGE, re.MULTILINE)) == PROGRAMS
    commands = "".join(re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL))
    run = re.findall(r"python examples/(\w+\.py)|--app-dir examples (\w+):app", commands)
    assert sorted({program or f"{module}.py" for program, module in run}) == PROGRAMS
