"""The documentation builds without a warning, and has every public name."""

import inspect
import pickle
import subprocess
import sys
from typing import Any, Final

import attrs
import pytest

from docs._sphinx.borrowed import descriptions
from docs._sphinx.names import MODULES, PACKAGE, TYPES, is_type_variable, public_names
from grafana_oncall.errors import Attempt, Problem
from tests.packaging.project import ROOT
from tests.packaging.public_surface import PINNED

OPTIONS: Final = ("--quiet", "--fail-on-warning", "--keep-going", "--nitpicky")


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the reference; one without a description is a warning, and so an error.

    All is read and every link is resolved, but no page is written: that would be half of the time.
    """
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", *OPTIONS, "--builder", "dummy"]
    where = ["-d", str(folder / "doctrees"), str(ROOT / "docs"), str(folder / "nothing")]
    subprocess.run([*command, *where], check=True)
    environment = pickle.loads((folder / "doctrees" / "environment.pickle").read_bytes())  # noqa: S301  # written above
    return {*environment.domaindata["py"]["objects"]}


def test_every_public_name_has_its_place(documented: set[str]) -> None:
    """Classes, functions, constants and aliases, and each member of a class."""
    missing = _surface() - documented
    assert not missing


def _surface() -> set[str]:
    """The names that the pinned surface has of what users import, as the reference has them."""
    names = [*public_names().values(), *(f"{PACKAGE}.{name}" for name in TYPES)]
    places = public_names() | {name: name for name in names}
    found: set[str] = set()
    for line in PINNED.read_text("utf-8").splitlines():
        name = line.split()[0].removesuffix(":")
        for owner in (name, name.rpartition(".")[0]):
            if owner in places and not is_type_variable(name) and "__" not in name:
                found.add(places[owner] + name.removeprefix(owner))
    return found


def test_the_surface_is_looked_for_in_every_module() -> None:
    """The test above compares something of each."""
    modules = {name.split(".")[1] for name in _surface()}
    assert {*MODULES} - {"client"} <= modules
    assert "grafana_oncall.bulk.BulkOptions.dry_run" in _surface()
    assert "grafana_oncall.models.AlertGroup.title" in _surface()


@pytest.mark.parametrize("kind", [Attempt, Problem])
def test_the_text_of_what_errors_have_repeats_those_of_its_fields(kind: type[Any]) -> None:
    """For `help()`: errors import nothing, so not the base class that would show the latter."""
    texts = {
        name: " ".join(text)
        for module in ("_arguments", "_request")
        for (owner, name), text in descriptions(f"grafana_oncall.errors.{module}").items()
        if owner == kind.__name__
    }
    shown = " ".join((inspect.getdoc(kind) or "").split())
    listed = " ".join(f"{field.name}: {texts[field.name].strip()}" for field in attrs.fields(kind))
    assert shown.endswith(f"Attributes: {listed}")
