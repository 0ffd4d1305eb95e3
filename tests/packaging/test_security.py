"""What SECURITY.md promises is tested."""

import re

import pytest

from tests.packaging.project import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TESTS = re.findall(r"`(tests/\S+\.py)::(\w+)`", TEXT)


def test_each_promise_names_a_test() -> None:
    """In its last cell."""
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")][1:]
    assert len(TESTS) == len(rows)
    assert all("::" in row.rpartition(" | ")[2] for row in rows)


@pytest.mark.parametrize(("path", "name"), TESTS, ids=[name for _, name in TESTS])
def test_the_test_of_a_promise_exists(path: str, name: str) -> None:
    """Under this name."""
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE)
