"""Format the rendered source with ruff: two processes for all files, since starting one is slow."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_STYLE: Final = ("--isolated", "--no-cache", "--line-length=100", "--target-version=py311")
_COMMA: Final = "lint.isort.split-on-trailing-comma=false"
_COMMANDS: Final = (
    # A comma at the end of what is left of a list of imports must not keep it on several lines.
    ("check", *_STYLE, "--quiet", "--fix", "--select=F401,I", "--config", _COMMA),
    ("format", *_STYLE, "--quiet", "--config", "format.skip-magic-trailing-comma=true"),
)
_REPOSITORY: Final = Path(__file__).parents[2]
"""Ruff runs here, so that it knows which imports are first-party."""


def format_sources(files: Mapping[str, str]) -> dict[str, str]:
    """Remove unused imports, sort the others, and format the source.

    Args:
        files: Source by file name.

    Returns:
        The formatted source by file name, sorted.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, source in files.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(source, encoding="utf-8")
        for command in _COMMANDS:
            subprocess.run(  # noqa: S603  # the installed ruff, with constant arguments
                [sys.executable, "-m", "ruff", *command, name], cwd=_REPOSITORY, check=True
            )
        return {file: (folder / file).read_text(encoding="utf-8") for file in sorted(files)}
