"""The documentation builds without a warning, and has every public name."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from sphinx.util.inventory import InventoryFile

from docs._sphinx.names import MODULES, PACKAGE, TYPES, is_type_variable, public_names
from tests.packaging.project import ROOT
from tests.packaging.public_surface import PINNED

OPTIONS: Final = ("--quiet", "--fail-on-warning", "--keep-going", "--nitpicky")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; a name without a description is a warning, and so an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", *OPTIONS, "-d", str(folder / "doctrees")]
    subprocess.run([*command, str(ROOT / "docs"), str(folder / "html")], check=True)
    return folder / "html"


def test_every_public_name_has_its_place(site: Path) -> None:
    """Classes, functions, constants and aliases, and each member of a class."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    documented = {name for kind in inventory.data.values() for name in kind}
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
