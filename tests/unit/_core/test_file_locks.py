"""File locks: a file that is opened twice is locked once, on Windows too."""

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
        """Lock or unlock; what another handle holds, or this one does not, is EACCES."""
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
    """The locked handles."""
    return LocksOfWindows()


@pytest.fixture(params=["here", "windows"])
def locks(
    request: pytest.FixtureRequest, msvcrt: LocksOfWindows, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The module as on this system, and as on Windows."""
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


def test_one_handle_at_a_time_has_a_lock(locks: ModuleType, two: list[FileIO]) -> None:
    """Until it is released; file objects and file descriptors are the same."""
    one, other = two
    locks.lock(one)
    with pytest.raises(BlockingIOError):
        locks.lock(other.fileno())
    locks.unlock(one.fileno())
    locks.lock(other)
    locks.unlock(other)


def test_a_handle_without_the_lock_may_release_it(locks: ModuleType, two: list[FileIO]) -> None:
    """Nothing happens: the other still holds it."""
    one, other = two
    locks.lock(one)
    locks.unlock(other)
    with pytest.raises(BlockingIOError):
        locks.lock(other)
    locks.unlock(one)


def test_locking_does_not_move_the_position_of_a_file(locks: ModuleType, two: list[FileIO]) -> None:
    """Nothing in it is locked or skipped."""
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
    """Because others cannot read locked bytes."""
    locks.lock(two[0])
    ((_, place),) = msvcrt.held
    assert place > 2**30
