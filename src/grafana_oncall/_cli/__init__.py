"""The command `grafana-oncall`, which is also `python -m grafana_oncall`."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from grafana_oncall._core.extras import install

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    if not all(map(find_spec, ("cyclopts", "rich"))):
        sys.stderr.write(f"The command needs an extra: {install('cli')}\n")
        return 2
    from .app import run  # noqa: PLC0415  # it needs the extra

    return run(sys.argv[1:] if arguments is None else [*arguments])
