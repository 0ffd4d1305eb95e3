"""What `make audit` makes of the output of pip-audit, and what it found before."""

import json

import pytest
from packaging.version import Version

from tests.packaging.audit import problems
from tests.packaging.project import lower_bounds

GOOD = {"name": "httpx", "version": "0.28.0", "vulns": []}
BAD = {
    "name": "aiohttp",
    "version": "3.12.0",
    "vulns": [
        {"id": "CVE-2026-22815", "fix_versions": ["3.13.4"], "description": "Headers."},
        {"id": "CVE-0", "fix_versions": []},
    ],
}
SKIPPED = {"name": "h11", "skip_reason": "Dependency not found"}


def test_vulnerabilities_are_problems_and_so_is_what_was_not_checked() -> None:
    """pip-audit itself succeeds if its service knows none of the packages."""
    assert [*problems(json.dumps({"dependencies": [GOOD, BAD, SKIPPED], "fixes": []}))] == [
        "aiohttp 3.12.0: CVE-2026-22815, fixed in 3.13.4",
        "aiohttp 3.12.0: CVE-0, fixed in no version yet",
        "h11 was not checked: Dependency not found",
    ]


def test_a_service_that_knows_no_package_has_checked_nothing() -> None:
    """Which is reported once."""
    assert [*problems(json.dumps({"dependencies": [SKIPPED, SKIPPED]}))] == [
        "nothing was checked: the vulnerability service knows none of the packages"
    ]


def test_without_vulnerabilities_there_are_no_problems() -> None:
    """In any package."""
    assert [*problems(json.dumps({"dependencies": [GOOD], "fixes": []}))] == []


@pytest.mark.parametrize("output", ["", "Traceback", "<html>"])
def test_anything_else_is_no_result(output: str) -> None:
    """For example, that of a service that cannot be reached."""
    with pytest.raises(ValueError, match="Expecting value"):
        list(problems(output))


@pytest.mark.parametrize(
    ("name", "fixed"),
    [
        pytest.param("aiohttp", "3.14.4", id="headers without limit, reads out of bounds"),
        pytest.param("httpcore", "1.0.9", id="h11 reads chunked bodies that end wrongly"),
        pytest.param("jinja2", "3.1.6", id="templates leave the sandbox"),
    ],
)
def test_no_lowest_version_is_known_to_be_vulnerable(name: str, fixed: str) -> None:
    """These versions were."""
    assert Version(lower_bounds()[name]) >= Version(fixed)
