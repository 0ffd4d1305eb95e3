"""Exit codes, and what `--help` says about them: the table of `grafana-oncall --help`."""

from enum import IntEnum
from typing import Self


class Exit(IntEnum):
    """What the exit code of a command means."""

    meaning: str
    """As `--help` says it."""

    def __new__(cls, code: int, meaning: str) -> Self:
        """Make a code that has a meaning."""
        made = int.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        return made

    DONE = 0, "Done, also if there was nothing to list."
    FAILED = 1, "Refused, or the server could not be reached; no write is in doubt."
    USAGE = 2, "Wrong usage, a missing setting, or not confirmed; nothing was sent."
    UNFINISHED = 3, "A bulk run is over, and left the groups that its report names."
    UNKNOWN = 4, "A write may have had its effect, and may not."
    INTERRUPTED = 130, "Ctrl-C; a bulk run has reported what it did."
    PIPE_CLOSED = 141, "The program that reads the output ended first, as in `| head`."
    TERMINATED = 143, "SIGTERM; otherwise as for Ctrl-C."


HELP = "\n".join(("Exit codes:", *(f"  {code:>3}  {code.meaning}" for code in Exit)))
