"""Files that one program at a time may write. Windows has no such locks: there, any may."""

import sys
from io import FileIO


def lock(file: FileIO | int) -> None:
    """Until `unlock`, or the end of the process; raises BlockingIOError while another has it.

    Two that opened a file exclude each other also within one process.
    """
    if sys.platform != "win32":
        import fcntl  # noqa: PLC0415  # Windows has none

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def unlock(file: FileIO | int) -> None:
    """Closing is not enough where a child process was forked meanwhile: it has the file open."""
    if sys.platform != "win32":
        import fcntl  # noqa: PLC0415  # Windows has none

        fcntl.flock(file, fcntl.LOCK_UN)
