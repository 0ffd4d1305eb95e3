"""The example of the guide to tests, in a project of a user who has installed the wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADING = "## In pytest"
GUIDE = ROOT / "docs/guides/testing.md"

NO_INDEX = "(from versions: none)"
"""What pip says about a package that certainly exists when it reaches no index."""


def _example() -> str:
    """The first program below the heading."""
    _, _, section = GUIDE.read_text(encoding="utf-8").partition(f"\n{HEADING}\n")
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found, f"the guide has no program below {HEADING!r}"
    return found[1]


def _environment() -> dict[str, str]:
    """Variables without what leads to this checkout."""
    hidden = ("PYTHON", "PYTEST", "COV_CORE", "COVERAGE", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


def _run(directory: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Built from this checkout."""
    options = ("--wheel", "--no-isolation", "--outdir", tmp_path)
    built = _run(ROOT, sys.executable, "-m", "build", *options)
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = tmp_path.glob("*.whl")
    return made


@pytest.fixture
def python(tmp_path: Path, wheel: Path) -> Path:
    """The Python of an environment with the wheel, pytest and pytest-asyncio."""
    home = tmp_path / "venv"
    assert _run(tmp_path, sys.executable, "-m", "venv", "--without-pip", home).returncode == 0
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = (f"{wheel}[testing]", "pytest", "pytest-asyncio>=1.4")
    pip = (sys.executable, "-m", "pip", "--python", python)  # the environment needs none of its own
    installed = _run(tmp_path, *pip, "install", "--retries", "0", *wanted)
    said = installed.stdout + installed.stderr
    if NO_INDEX in said and "CI" not in os.environ:
        pytest.skip("no package index can be reached, and pip needs one for a new environment")
    assert installed.returncode == 0, said
    return python


def test_the_example_of_the_guide_passes_where_the_wheel_is_installed(
    python: Path, tmp_path: Path
) -> None:
    """Unchanged, with only pytest and pytest-asyncio beside it; warnings are errors."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_example.py").write_text(_example(), encoding="utf-8")
    scope = "asyncio_default_fixture_loop_scope=function"
    options = ("-W", "error", "--strict-markers", "-o", scope, "-v")
    result = _run(project, python, "-W", "error", "-m", "pytest", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("PASSED") == _example().count("async def test_") == 2
