"""Locks on files: whoever opens one twice has it once, on Windows too."""

import errno
import os
import sys
from collections.abc import Generator
from importlib.util import module_from_spec, spec_from_file_location
from io import FileIO
from pathlib import Path
from types import ModuleType

import pytest

from grafana_oncall._core import files


class LocksOfWindows:
    """`msvcrt`, as Microsoft documents `_locking`: one byte, where the file is, for one handle."""

    LK_UNLCK, LK_NBLCK = 0, 2

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, file: int, how: int, count: int) -> None:
        """Takes or frees; what another handle has, and what this one has not, is EACCES."""
        assert count == 1
        place = os.fstat(file).st_ino, os.lseek(file, 0, os.SEEK_CUR)
        assert place[1] + count < 2**31
        if self.held.get(place) != (None if how == self.LK_NBLCK else file):
            raise PermissionError(errno.EACCES, "Permission denied")
        if how == self.LK_NBLCK:
            self.held[place] = file
        else:
            del self.held[place]


@pytest.fixture
def msvcrt() -> LocksOfWindows:
    """What is locked."""
    return LocksOfWindows()


@pytest.fixture(params=["here", "windows"])
def locks(
    request: pytest.FixtureRequest, msvcrt: LocksOfWindows, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The module as it is on this system, and as it would be on Windows."""
    if request.param == "here":
        return files
    assert files.__file__ is not None
    spec = spec_from_file_location("files_on_windows", files.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setitem(sys.modules, "msvcrt", msvcrt)
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def two(tmp_path: Path) -> Generator[list[FileIO]]:
    """One file, opened twice."""
    path = tmp_path / "j"
    path.write_bytes(b"some lines")
    with FileIO(str(path), "rb+") as one, FileIO(str(path), "rb+") as other:
        yield [one, other]


def test_one_at_a_time_has_a_lock(locks: ModuleType, two: list[FileIO]) -> None:
    """Until it is given back; file objects and their numbers are the same."""
    one, other = two
    locks.lock(one)
    with pytest.raises(BlockingIOError):
        locks.lock(other.fileno())
    locks.unlock(one.fileno())
    locks.lock(other)
    locks.unlock(other)


def test_who_has_no_lock_may_give_it_back(locks: ModuleType, two: list[FileIO]) -> None:
    """Nothing happens: the other still has it."""
    one, other = two
    locks.lock(one)
    locks.unlock(other)
    with pytest.raises(BlockingIOError):
        locks.lock(other)
    locks.unlock(one)


def test_a_file_stays_where_it_is_read(locks: ModuleType, two: list[FileIO]) -> None:
    """Nothing of what is in it is locked, or skipped."""
    one = two[0]
    assert one.read(5) == b"some "
    locks.lock(one)
    assert one.read() == b"lines"
    locks.unlock(one)
    assert one.tell() == 10


@pytest.mark.parametrize("locks", ["windows"], indirect=True)
def test_windows_locks_a_byte_that_no_file_reaches(
    locks: ModuleType, two: list[FileIO], msvcrt: LocksOfWindows
) -> None:
    """Others cannot read what is locked there."""
    locks.lock(two[0])
    ((_, place),) = msvcrt.held
    assert place > 2**30
