"""Files that one program at a time may write."""

import os
import sys
from io import FileIO

if sys.platform == "win32":
    import msvcrt
    from contextlib import suppress
    from typing import Final

    # Nobody else can read or write bytes that are locked. So what is locked is one far behind the
    # end, as SQLite does it: the last that `msvcrt.locking` can reach, which locks where a file is.
    _LOCKED: Final = 2**31 - 2

    def _locking(file: int, how: int) -> None:
        position = os.lseek(file, 0, os.SEEK_CUR)
        os.lseek(file, _LOCKED, os.SEEK_SET)
        try:
            msvcrt.locking(file, how, 1)
        finally:
            os.lseek(file, position, os.SEEK_SET)

    def _lock(file: int) -> None:
        try:
            _locking(file, msvcrt.LK_NBLCK)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

    def _unlock(file: int) -> None:
        with suppress(PermissionError):  # it was not locked, which is no error elsewhere
            _locking(file, msvcrt.LK_UNLCK)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


def lock(file: FileIO | int) -> None:
    """Lock a file until `unlock`, or until the process ends.

    Two that opened a file exclude each other also within one process.

    Raises:
        BlockingIOError: Another has it.
    """
    _lock(file if isinstance(file, int) else file.fileno())


def unlock(file: FileIO | int) -> None:
    """Let others lock it.

    Closing is not enough where a child process was forked meanwhile: it has the file open.
    """
    _unlock(file if isinstance(file, int) else file.fileno())
