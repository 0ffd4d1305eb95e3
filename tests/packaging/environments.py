"""Virtual environments that have the wheel, and know nothing of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

_OURS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "MYPYPATH", "PYTEST_ADDOPTS")
"""What is meant for the tests themselves; what pip is told by the environment stays."""


def outside() -> Mapping[str, str]:
    """The variables of a process that does not see the sources."""
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def run(
    command: Sequence[str | Path], cwd: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs a command that does not see the sources, whatever it ends with."""
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
        """An empty one, even without pip."""
        command = [python, "-m", "venv", "--without-pip", str(folder)]
        _check(run(command, folder.parent, **variables))
        return cls(folder)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def install(self, *requirements: str | Path, constraints: Sequence[str] = ()) -> None:
        """Installs the newest versions that requirements and constraints allow."""
        limits = self.folder / "constraints.txt"
        limits.write_text("\n".join(constraints), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--quiet", "--no-input"]
        _check(run([*pip, "install", "--constraint", str(limits), *requirements], self.folder))

    def run(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """What Python prints with these arguments; a failure is one of the test."""
        return _check(run([self.python, *arguments], cwd or self.folder))

    def fails(self, *arguments: str | Path) -> str:
        """What Python says with these arguments, with which it must fail."""
        done = run([self.python, *arguments], self.folder)
        assert done.returncode != 0, done.stdout
        return done.stderr


def _check(done: subprocess.CompletedProcess[str]) -> str:
    said = f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    assert done.returncode == 0, f"{' '.join(map(str, done.args))}\n{said}"
    return done.stdout
