"""Exit codes."""

from enum import IntEnum


class Exit(IntEnum):
    """What the exit code of a command says."""

    DONE = 0
    """What was asked for is done."""
    FAILED = 1
    """The server refused it, or could not be reached. Nothing is in doubt."""
    USAGE = 2
    """The command makes no sense, or was not confirmed; nothing was written."""
    UNFINISHED = 3
    """A bulk run is over, and some groups were not acted on; its report says which, and why."""
    UNKNOWN = 4
    """A write may have had its effect, and may not."""
    INTERRUPTED = 130
    """Ctrl-C; a bulk run printed what it had done."""


HELP = (
    "Exit codes: 0 done; 1 refused or unreachable; 2 wrong usage, nothing written; 3 a bulk run "
    "left some groups; 4 a write is in doubt; 130 interrupted.\n\n"
    "GRAFANA_ONCALL_URL and GRAFANA_ONCALL_ACCESS_TOKEN say where and who; GRAFANA_URL names the "
    "stack of a service account's token. A token is never taken from arguments, which other users "
    "of the machine can see."
)
