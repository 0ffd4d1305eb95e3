"""What is in the source distribution and in the wheel, and what is not."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import Distributions
from tests.packaging.project import PROJECT, PYPROJECT
from tests.packaging.source_tree import SOURCES


@pytest.fixture(scope="session")
def wheel(built: Distributions) -> dict[str, bytes]:
    """The files of the wheel."""
    return _wheel_files(built.wheel)


@pytest.fixture(scope="session")
def sdist(built: Distributions) -> dict[str, bytes]:
    """The files of the source distribution, below its folder."""
    return _sdist_files(built.sdist)


def _wheel_files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _sdist_files(path: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            folder, _, name = member.name.partition("/")
            assert folder == path.name.removesuffix(".tar.gz")
            assert file, f"{member.name} is no plain file"
            files[name] = file.read()
    return files


def _sources() -> dict[str, bytes]:
    """The modules, the marker that they are typed, and the page of the fake."""
    kinds = ("*.py", "py.typed", "*.html", "*.css", "*.js")
    files = [path for kind in kinds for path in SOURCES.rglob(kind)]
    return {path.relative_to(SOURCES).as_posix(): path.read_bytes() for path in files}


def _tops(names: dict[str, bytes]) -> set[str]:
    return {name.split("/")[0] for name in names}


def test_the_wheel_has_the_sources_and_its_metadata(wheel: dict[str, bytes]) -> None:
    """Byte by byte, and nothing else: no tests, no generator, no caches."""
    metadata = {name for name in wheel if ".dist-info/" in name}
    assert {name: wheel[name] for name in wheel.keys() - metadata} == _sources()
    wanted = {"METADATA", "RECORD", "WHEEL", "licenses/LICENSE"}
    if "entry-points" in PROJECT or "scripts" in PROJECT:
        wanted.add("entry_points.txt")
    assert {name.partition(".dist-info/")[2] for name in metadata} == wanted


def test_at_the_top_of_the_wheel_is_what_the_project_says(wheel: dict[str, bytes]) -> None:
    """It takes no other name in site-packages."""
    packages = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    expected = {Path(package).name for package in packages}
    assert {name for name in _tops(wheel) if not name.endswith(".dist-info")} == expected
    assert all(name.lstrip("_").startswith("grafana_oncall") for name in expected)


def test_types_and_generated_models_are_in_the_wheel(wheel: dict[str, bytes]) -> None:
    """Without py.typed, type checkers ignore the package."""
    assert "grafana_oncall/py.typed" in wheel
    assert "grafana_oncall/_generated/models/alert_groups.py" in wheel


def test_the_page_of_the_fake_is_in_the_wheel(wheel: dict[str, bytes]) -> None:
    """Whole, as the fake on a socket reads it."""
    for name in ("page.html", "page.css", "page.js"):
        assert f"grafana_oncall/testing/_page/{name}" in wheel


def test_the_source_distribution_has_what_the_wheel_is_built_from(sdist: dict[str, bytes]) -> None:
    """And the specification from which the models are generated."""
    assert _tops(sdist) == {
        ".gitignore",  # hatchling adds it, so that the wheel omits what git ignores
        "CHANGELOG.md",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "SECURITY.md",
        "openapi.yaml",
        "pyproject.toml",
        "src",
    }
    inside = {
        name.removeprefix("src/"): data for name, data in sdist.items() if name.startswith("src/")
    }
    assert inside == _sources()


def test_another_checkout_gives_the_same_bytes(
    built: Distributions, built_elsewhere: Distributions
) -> None:
    """Whatever its path, its age, and the litter in it."""
    assert _wheel_files(built_elsewhere.wheel) == _wheel_files(built.wheel)
    assert _sdist_files(built_elsewhere.sdist) == _sdist_files(built.sdist)
    assert built_elsewhere.wheel.read_bytes() == built.wheel.read_bytes()
    assert built_elsewhere.sdist.read_bytes() == built.sdist.read_bytes()


def test_no_file_reveals_where_it_was_built(built_elsewhere: Distributions) -> None:
    """It names neither the checkout nor the user's folder."""
    checkout = built_elsewhere.wheel.parents[1] / "another-checkout"
    assert checkout.is_dir()
    for files in (_wheel_files(built_elsewhere.wheel), _sdist_files(built_elsewhere.sdist)):
        for name, data in files.items():
            assert checkout.name.encode() not in data, name
            assert str(checkout.parent).encode() not in data, name
