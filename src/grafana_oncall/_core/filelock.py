"""Locks on files that only one process at a time may write."""

import os
import sys
from contextlib import suppress
from io import FileIO

if sys.platform == "win32":
    import msvcrt
    from typing import Final

    # On Windows, other processes can neither read nor write locked bytes. So the lock is on a byte
    # far beyond the end of the file, as in SQLite: the last one that `msvcrt.locking` can reach.
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
        _locking(file, msvcrt.LK_UNLCK)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


def lock(file: FileIO | int) -> None:
    """Lock a file until `unlock`, or until the process ends.

    Two file objects exclude each other also within one process.

    Raises:
        BlockingIOError: It is already locked.
        OSError: The file system has no locks, as some network file systems.
    """
    _lock(file if isinstance(file, int) else file.fileno())


def unlock(file: FileIO | int) -> None:
    """Release the lock, if there is one.

    Closing the file is not enough if a child process was forked meanwhile, which has it open too.
    """
    with suppress(OSError):  # Windows raises it where nothing was locked
        _unlock(file if isinstance(file, int) else file.fileno())
