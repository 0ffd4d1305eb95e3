"""The metadata of the wheel."""

import configparser
import re
import zipfile
from email.message import Message
from email.parser import BytesParser

import pytest
from packaging.requirements import Requirement

import grafana_oncall
from tests.packaging.conftest import Distributions
from tests.packaging.project import EXTRAS, PROJECT, PYTHONS, ROOT, lower_bounds, requirements


def _read(built: Distributions, name: str) -> bytes:
    with zipfile.ZipFile(built.wheel) as archive:
        folder = next(path for path in archive.namelist() if ".dist-info/" in path).split("/")[0]
        return archive.read(f"{folder}/{name}")


@pytest.fixture(scope="session")
def metadata(built: Distributions) -> Message:
    """The METADATA of the wheel."""
    return BytesParser().parsebytes(_read(built, "METADATA"))


def test_name_and_version_are_those_of_the_package(metadata: Message) -> None:
    """The version is defined in one place, and the changelog begins with it."""
    assert metadata["Name"] == PROJECT["name"]
    assert metadata["Version"] == grafana_oncall.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == grafana_oncall.__version__


def test_it_runs_where_the_project_says(built: Distributions, metadata: Message) -> None:
    """On any system, from the lowest Python that is promised."""
    assert metadata["Requires-Python"] == PROJECT["requires-python"] == f">={PYTHONS[0]}"
    assert built.wheel.name.endswith("-py3-none-any.whl")
    assert b"Root-Is-Purelib: true" in _read(built, "WHEEL")


def test_it_requires_what_the_project_requires(metadata: Message) -> None:
    """Each extra with its own requirements, and no others."""
    expected = {str(Requirement(text)) for text in PROJECT["dependencies"]}
    for extra, texts in EXTRAS.items():
        expected |= {str(Requirement(f"{text}; extra == '{extra}'")) for text in texts}
    required = metadata.get_all("Requires-Dist", [])
    assert {str(Requirement(text)) for text in required} == expected
    assert len(required) == len(expected)
    assert set(metadata.get_all("Provides-Extra", [])) == set(EXTRAS)


def test_each_dependency_has_one_lower_bound() -> None:
    """Which the tests of the lowest versions install."""
    bounds = lower_bounds()
    assert {requirement.name for requirement in requirements()} == set(bounds)
    for requirement in requirements():
        assert f">={bounds[requirement.name]}" in str(requirement.specifier)


def test_readme_and_licence_are_included(built: Distributions, metadata: Message) -> None:
    """Unchanged from the checkout."""
    payload = metadata.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload == (ROOT / "README.md").read_bytes()
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert _read(built, "licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_entry_points_are_those_of_the_project(built: Distributions) -> None:
    """The project names everything that runs on behalf of the package."""
    with zipfile.ZipFile(built.wheel) as archive:
        has_some = any(name.endswith("/entry_points.txt") for name in archive.namelist())
    found = configparser.ConfigParser(delimiters="=")
    found.read_string(_read(built, "entry_points.txt").decode() if has_some else "")
    expected = dict(PROJECT.get("entry-points", {}))
    if "scripts" in PROJECT:
        expected["console_scripts"] = PROJECT["scripts"]
    assert {group: dict(found[group]) for group in found.sections()} == expected
