"""Files that one program at a time may write."""

import sys
from io import FileIO


def lock(file: FileIO) -> None:
    """Until it is closed, or the process ends; raises BlockingIOError while somebody else has it.

    Two that opened a file exclude each other also within one process.
    """
    if sys.platform != "win32":  # which has no such locks
        import fcntl  # noqa: PLC0415  # for the same reason

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
