"""`make release-check`: what is built here can be published, installed and used.

It builds both distributions into `dist`, checks their metadata as the package index does, and
installs each into an empty environment, where a small job, the command and the demo run.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.packaging.conftest import Distributions, build
from tests.packaging.environments import Environment
from tests.packaging.project import PROJECT, ROOT

PROGRAM = ROOT / "tests/packaging/programs/end_to_end.py"


def _uncommitted() -> str:
    command = ["git", "status", "--porcelain"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _check_metadata(built: Distributions) -> None:
    files = [str(built.sdist), str(built.wheel)]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)


def _smoke(distribution: Path, folder: Path) -> Iterator[str]:
    environment = Environment.make(folder)
    environment.install(f"{distribution}[cli,rich,testing]")
    yield environment.run("-W", "error", PROGRAM).strip()
    yield environment.run("-m", "grafana_oncall", "--version").strip()
    yield environment.run("-m", "grafana_oncall.testing.demo").strip().splitlines()[-1].strip()


def missing() -> list[str]:
    """What the project must have before it is published for the first time."""
    urls = PROJECT.get("urls", {})
    return [name for name in ("Source", "Issues", "Changelog") if name not in urls]


def main() -> None:
    """Print what was seen; what fails ends the command."""
    if changes := _uncommitted():
        sys.exit(
            f"make release-check: commit or remove this first, it would be built too:\n{changes}"
        )
    built = build(ROOT, ROOT / "dist")
    _check_metadata(built)
    with TemporaryDirectory(prefix="release-") as folder:
        for distribution in (built.sdist, built.wheel):
            for line in _smoke(distribution, Path(folder, distribution.suffix[1:])):
                print(f"{distribution.name}: {line}")  # noqa: T201  # a command
    if lacking := missing():
        print(f"To be published, it still needs {', '.join(lacking)} in [project.urls].")  # noqa: T201


if __name__ == "__main__":
    main()
