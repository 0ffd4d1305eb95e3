"""Paths where no file can be, a system without locks, and a full disk."""

import errno
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def pipe(folder: Path) -> Path:
    """A named pipe that has no reader."""
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


PATHS: dict[str, Callable[[Path], Path]] = {
    "a long name": lambda folder: folder / ("x" * 300),
    "a name with a NUL": lambda folder: folder / "a\0b",
    "a name without an encoding": lambda folder: folder / "\ud800",
    "a folder": lambda folder: folder,
    "a pipe": pipe,
}

ENDLESS = Path("/dev/zero")
"""A device. No test writes or removes it, because tests may run as root."""

each_path = pytest.mark.parametrize("odd", [pytest.param(PATHS[name], id=name) for name in PATHS])

no_locks = pytest.mark.parametrize(
    "number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP], ids=os.strerror
)


def without_locks(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """From now on, the file system has no locks, and fails with this errno."""
    fcntl: Any = pytest.importorskip("fcntl")

    def refuse(_file: object, _how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)


@contextmanager
def room_for(size: int) -> Generator[None]:
    """Limit the size of this process's files."""
    import resource  # noqa: PLC0415  # not on every system

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
