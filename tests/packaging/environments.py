"""Virtual environments that have the wheel, and cannot see this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from tests.support.certificates import OUTSIDE

_FOR_TESTS = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "MYPYPATH",
    "PYTEST_ADDOPTS",
    "SSL_CERT_FILE",
)
"""Variables for the tests themselves; those that configure pip stay."""


def outside() -> Mapping[str, str]:
    """The variables of a process that cannot see the sources."""
    inherited = {name: value for name, value in os.environ.items() if name not in _FOR_TESTS}
    return inherited | OUTSIDE


def run(
    command: Sequence[str | Path], cwd: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that cannot see the sources, whatever its exit code."""
    environment = {**outside(), **variables}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@attrs.frozen
class Environment:
    """A virtual environment; what runs in it has its folder as the working directory."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, *, python: str = sys.executable, **variables: str) -> Environment:
        """Create an empty one, even without pip."""
        command = [python, "-m", "venv", "--without-pip", str(folder)]
        _check(run(command, folder.parent, **variables))
        return cls(folder)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def install(self, *requirements: str | Path, constraints: Sequence[str] = ()) -> None:
        """Install the newest versions that requirements and constraints allow."""
        limits = self.folder / "constraints.txt"
        limits.write_text("\n".join(constraints), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--quiet", "--no-input"]
        options = ["--no-compile", "--constraint", str(limits)]  # few of the modules are imported
        _check(run([*pip, "install", *options, *requirements], self.folder))

    def run(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Return what Python prints with these arguments; a failure fails the test."""
        return _check(run([self.python, *arguments], cwd or self.folder))

    def fails(self, *arguments: str | Path) -> str:
        """Return what Python prints when it fails with these arguments, as it must."""
        done = run([self.python, *arguments], self.folder)
        assert done.returncode != 0, done.stdout
        return done.stderr


def _check(done: subprocess.CompletedProcess[str]) -> str:
    said = f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    assert done.returncode == 0, f"{' '.join(map(str, done.args))}\n{said}"
    return done.stdout
