"""Files that the SDK keeps: regular, readable by their owner only, locked, a JSON object a line.

Each line ends with a checksum as its last member, so that it is still JSON, and damage by a disk or
an editor is noticed. CRC-32 finds every change of up to 32 bits in a row, and so every changed bit.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final
from zlib import crc32

if sys.platform == "win32":
    import msvcrt

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


NO_SYMLINK: Final = getattr(os, "O_NOFOLLOW", 0)
"""Flag of `open_private`: raise OSError where the path is a symbolic link."""

_FLAGS: Final = (
    getattr(os, "O_NONBLOCK", 0)  # to open a pipe would wait for its other end
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)  # else Windows adds \r
)
_OWNER_ONLY: Final = 0o600
_END: Final = b',"crc":"%08x"}\n'
_END_LENGTH: Final = len(_END % 0)


def open_private(path: Path, flags: int) -> int:
    """Open a regular file like `os.open`; only its owner can read one that this creates.

    Raises:
        OSError: As `os.open`; also for a path that no file can have, and for anything else than a
            regular file, such as a pipe or a device, of which there may be no end.
    """
    try:
        file = os.open(path, flags | _FLAGS, _OWNER_ONLY)
    except ValueError as error:
        raise OSError(errno.EINVAL, f"No file can have this name: {error}") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "Not a regular file")
    return file


def open_new(path: Path) -> int:
    """Open a new file, in the place of what a dead process, or someone else, has left there.

    Raises:
        OSError: As `open_private`; for instance, it is a folder.
    """
    with suppress(FileNotFoundError, ValueError):
        path.unlink()
    return open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def has_name(file: int, path: Path) -> bool:
    """Whether the path still leads to this open file: it may have been removed or replaced."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False


def lock(file: FileIO | int) -> None:
    """Lock a file until `unlock`, or until the process ends.

    Two file objects exclude each other also within one process.

    Raises:
        BlockingIOError: It is already locked.
        OSError: The file system has no locks, as some network file systems.
    """
    _lock(file if isinstance(file, int) else file.fileno())


def lock_named(file: FileIO | int, path: Path) -> None:
    """Lock a file that was just opened by this path.

    Raises:
        BlockingIOError: It is already locked, or was removed before it was locked: open it again.
        OSError: As `lock`.
    """
    lock(file)
    if not has_name(file if isinstance(file, int) else file.fileno(), path):
        unlock(file)
        raise BlockingIOError(errno.EAGAIN, "The file was removed")


def unlock(file: FileIO | int) -> None:
    """Release the lock, if there is one.

    Closing the file is not enough if a child process was forked meanwhile, which has it open too.
    """
    with suppress(OSError):  # Windows raises it where nothing was locked
        _unlock(file if isinstance(file, int) else file.fileno())


def close_on_windows(file: FileIO) -> None:
    """Close a file where one that is open can be neither removed nor replaced."""
    if sys.platform == "win32":
        unlock(file)
        file.close()


def write_all(file: int, text: bytes) -> None:
    """Write to a file, all or an OSError, such as with a full disk."""
    if os.write(file, text) != len(text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def cut_half_line(file: FileIO) -> int:
    """Cut off what follows the last line feed of a file, and return the size that is left."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 1))
    if size and file.read() != b"\n":
        file.seek(0)
        size = file.truncate(file.readall().rfind(b"\n") + 1)
    return size


def beside(path: Path) -> Path:
    """Return the path of the new file that is to replace the one at `path`."""
    return path.with_name(f"{path.name}.new")


def write_beside(path: Path, pieces: Iterable[bytes]) -> Path:
    """Write a new file beside `path`, through to the disk, and return the new one's path."""
    new = beside(path)
    try:
        with FileIO(open_new(new), "wb") as file:
            for piece in pieces:
                write_all(file.fileno(), piece)
            os.fsync(file.fileno())
    except OSError:
        discard(new)  # on a full disk, it would take the room that the old file needs
        raise
    return new


def replace_by(path: Path, new: Path) -> None:
    """Put a new file in the place of the one at `path`; or discard it, with an OSError."""
    try:
        new.replace(path)
    except OSError:
        discard(new)
        raise


def discard(new: Path) -> None:
    """Remove a new file that replaces nothing; if that fails, the next one removes it."""
    with suppress(OSError, ValueError):
        new.unlink()


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: else a crash may lose a file that is new in it."""
    if sys.platform == "win32":  # where folders cannot be opened
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the file system does not support it
            raise
    finally:
        os.close(number)


def sealed(text: bytes) -> bytes:
    """Return the line of a JSON object, with its checksum."""
    return b"".join(seal([text]))


def seal(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the line of a JSON object that comes in pieces, with its checksum."""
    checksum, last = 0, b""
    for piece in pieces:
        checksum = crc32(last, checksum)
        yield last
        last = piece
    last = last.removesuffix(b"}")
    yield last + _END % crc32(last, checksum)


def is_sealed(line: bytes) -> bool:
    """Whether the line, with or without its line feed, has a checksum, right or wrong."""
    return line.rstrip(b"\n")[1 - _END_LENGTH :].startswith(_END[:8])


def unsealed(line: bytes) -> bytes:
    """Return the JSON object of a line, without its line feed and checksum.

    Raises:
        ValueError: The line is damaged, or has no checksum.
    """
    body = line.removesuffix(b"\n")
    text = body[: 1 - _END_LENGTH]
    if body + b"\n" != text + _END % crc32(text):
        raise ValueError("wrong checksum")
    return text + b"}"
