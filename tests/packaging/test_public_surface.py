"""The public surface changes only by a decision."""

import difflib
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.public_surface import COMMAND, PINNED, surface

SMALL: Final = {
    "__init__.py": """
from ._hats import Hat, LIMIT
from msgspec import UNSET
from . import shops
__all__ = ["Hat", "LIMIT", "UNSET", "shops"]
__version__ = "1.0"
""",
    "_hats.py": """
import attrs
from enum import StrEnum
LIMIT: Final = 3
Size = int | float
class Kind(StrEnum):
    BOWLER = "bowler"
class Maker:
    def __init__(self, tools): ...
class _Worn:
    def wear(self, *, slowly: bool = False) -> None: ...
@attrs.frozen(kw_only=True)
class Hat(_Worn):
    kind: Kind
    size: "Size | None" = attrs.field(default=None, repr=False)
    _owner: str = ""
    @property
    def label(self) -> str: ...
    def _lose(self) -> None: ...
""",
    "shops/__init__.py": """
from .._hats import LIMIT, Hat, Maker
class NoHat(ValueError):
    def __init__(self, wanted: str) -> None:
        self.wanted: str = wanted
        self._at = 0
        self.fitter = Fitter()
class Fitter:
    def __init__(self) -> None: ...
    def fit(self) -> None: ...
__all__ = ["NoHat", "Shop"]
class Shop:
    def __init__(self, maker: Maker) -> None: ...
    async def buy(self, kind: Literal["bowler"], many: int = LIMIT) -> list[Hat]: ...
    def __len__(self) -> int: ...
def _count(): ...
""",
    "shops/__main__.py": "def main(): ...\nif __name__ == '__main__':\n    main()\n",
    "../_plugin.py": "import pytest\n@pytest.fixture(name='hat')\ndef a_hat() -> Hat: ...\n",
}
"""A package that has one of each."""

SMALL_SURFACE: Final = """
_plugin.a_hat @pytest.fixture(name='hat') def() -> Hat
grafana_oncall.Hat @attrs.frozen(kw_only=True) class(_Worn)
grafana_oncall.Hat.kind: Kind
grafana_oncall.Hat.label @property def(self) -> str
grafana_oncall.Hat.size: Size | None default=None
grafana_oncall.LIMIT: Final = 3
grafana_oncall.UNSET is msgspec.UNSET
grafana_oncall._hats.Kind class(StrEnum)
grafana_oncall._hats.Kind.BOWLER = 'bowler'
grafana_oncall._hats.Size = int | float
grafana_oncall._hats._Worn class()
grafana_oncall._hats._Worn.wear def(self, *, slowly: bool=False) -> None
grafana_oncall.shops module
grafana_oncall.shops.Fitter class()
grafana_oncall.shops.Fitter.__init__ def(self) -> None
grafana_oncall.shops.Fitter.fit def(self) -> None
grafana_oncall.shops.NoHat class(ValueError)
grafana_oncall.shops.NoHat.__init__ def(self, wanted: str) -> None
grafana_oncall.shops.NoHat.fitter = Fitter()
grafana_oncall.shops.NoHat.wanted: str
grafana_oncall.shops.Shop class()
grafana_oncall.shops.Shop.__len__ def(self) -> int
grafana_oncall.shops.Shop.buy async def(self, kind: Literal['bowler'], many: int=LIMIT) -> list[Hat]
grafana_oncall.shops.__main__ command
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The small package as files."""
    for name, text in SMALL.items():
        path = tmp_path / "grafana_oncall" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def _changes(before: list[str], after: list[str]) -> list[str]:
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_the_public_surface_is_the_pinned_one() -> None:
    """Names, signatures, fields, bases and defaults are those in the file."""
    pinned = PINNED.read_text(encoding="utf-8").splitlines()
    changes = "\n".join(_changes(pinned, surface()))
    assert not changes, f"The public surface has changed. If that is intended: {COMMAND}\n{changes}"


def test_one_of_each_kind_is_listed(sources: Path) -> None:
    """With what public things are made of, and without what is internal."""
    assert surface(sources) == SMALL_SURFACE.split("\n")[1:-1]


@pytest.mark.parametrize(
    ("file", "old", "new", "shown"),
    [
        pytest.param(
            "shops/__init__.py",
            "NoHat(ValueError)",
            "NoHat(KeyError)",
            [
                "-grafana_oncall.shops.NoHat class(ValueError)",
                "+grafana_oncall.shops.NoHat class(KeyError)",
            ],
            id="the base of an error",
        ),
        pytest.param(
            "_hats.py",
            "slowly: bool = False",
            "slowly: bool",
            [
                "-grafana_oncall._hats._Worn.wear def(self, *, slowly: bool=False) -> None",
                "+grafana_oncall._hats._Worn.wear def(self, *, slowly: bool) -> None",
            ],
            id="the default of an argument of an inherited method",
        ),
        pytest.param(
            "_hats.py",
            '    BOWLER = "bowler"',
            '    BOWLER = "bowler"\n    TOP = "top"',
            ["+grafana_oncall._hats.Kind.TOP = 'top'"],
            id="a new member of an enum that a field has",
        ),
        pytest.param(
            "_hats.py",
            "default=None, repr=False",
            "default=1, repr=False",
            [
                "-grafana_oncall.Hat.size: Size | None default=None",
                "+grafana_oncall.Hat.size: Size | None default=1",
            ],
            id="the default of a field",
        ),
        pytest.param(
            "__init__.py",
            '"LIMIT", ',
            "",
            ["-grafana_oncall.LIMIT: Final = 3", "+grafana_oncall._hats.LIMIT: Final = 3"],
            id="a name that is no longer exported, and still a default",
        ),
        pytest.param("_hats.py", "_lose(self)", "_lose(self, at)", [], id="a private method"),
        pytest.param("__init__.py", '"1.0"', '"1.1"', [], id="the version"),
        pytest.param(
            "_hats.py", "self, tools", "self", [], id="how that is made which only the package has"
        ),
    ],
)
def test_a_change_is_shown_if_users_can_see_it(
    sources: Path, file: str, old: str, new: str, shown: list[str]
) -> None:
    """As the lines removed and added."""
    before, path = surface(sources), sources / "grafana_oncall" / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert old in text
    assert _changes(before, surface(sources)) == shown
