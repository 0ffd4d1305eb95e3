"""Files of the SDK's own: which are opened, who may read them, and damaged lines."""

import json
import os
import stat
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.files import (
    NO_SYMLINK,
    has_name,
    is_sealed,
    open_new,
    open_private,
    seal,
    sealed,
    unsealed,
)
from tests.support.odd_files import ENDLESS, each_path, pipe

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes, devices and modes")
READ, APPEND, BOTH = os.O_RDONLY, os.O_WRONLY | os.O_APPEND, os.O_RDWR


@ON_POSIX
@pytest.mark.parametrize("flags", [READ, APPEND, BOTH, BOTH | os.O_CREAT])
@each_path
def test_what_is_no_file_is_an_os_error_at_once(
    tmp_path: Path, odd: Callable[[Path], Path], flags: int
) -> None:
    """It does not wait for the other end of a pipe."""
    with pytest.raises(OSError, match=r"\w"):
        open_private(odd(tmp_path), flags)


@ON_POSIX
def test_a_device_is_not_read() -> None:
    """It may be endless."""
    with pytest.raises(OSError, match="Not a regular file"):
        open_private(ENDLESS, READ)


@ON_POSIX
def test_a_new_file_replaces_what_exists(tmp_path: Path) -> None:
    """Even of a pipe or a link, which are neither opened nor followed; but not of a folder."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("precious")
    link.symlink_to(target)
    for path in (target.with_name("new"), link, pipe(tmp_path)):
        os.close(open_new(path))
        assert stat.S_ISREG(path.lstat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert target.read_text() == "precious"
    for path in (tmp_path, tmp_path / "a\0b"):
        with pytest.raises(OSError, match=r"\w"):
            open_new(path)


@ON_POSIX
def test_only_its_owner_can_read_a_new_file(tmp_path: Path) -> None:
    """Whatever the umask allows."""
    before = os.umask(0)
    try:
        os.close(open_private(tmp_path / "new", os.O_WRONLY | os.O_CREAT))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


@ON_POSIX
def test_a_symbolic_link_is_followed_unless_that_is_forbidden(tmp_path: Path) -> None:
    """A planted one leads to a file that must not be changed."""
    link, target = tmp_path / "link", tmp_path / "target"
    target.write_text("precious")
    link.symlink_to(target)
    os.close(open_private(link, READ))
    with pytest.raises(OSError, match="symbolic link"):
        open_private(link, os.O_WRONLY | os.O_TRUNC | NO_SYMLINK)
    assert target.read_text() == "precious"


def test_a_file_has_its_name_until_that_is_removed_or_replaced(tmp_path: Path) -> None:
    """The file itself stays open."""
    path = tmp_path / "file"
    file = open_private(path, os.O_WRONLY | os.O_CREAT)
    assert has_name(file, path)
    path.unlink()
    assert not has_name(file, path)
    path.touch()
    assert not has_name(file, path)
    os.close(file)


objects = st.dictionaries(st.text(max_size=3), st.text(max_size=5), max_size=3)


@given(value=objects, cuts=st.lists(st.integers(0, 50)))
def test_a_line_is_json_and_has_its_object(value: dict[str, str], cuts: list[int]) -> None:
    """In however many pieces it was written."""
    text = json.dumps({"a": 1, **value}).encode()
    line = sealed(text)
    places = sorted({0, *(cut % len(text) for cut in cuts), len(text)})
    assert b"".join(seal(text[start:end] for start, end in pairwise(places))) == line
    assert unsealed(line) == unsealed(line[:-1]) == text
    assert is_sealed(line)
    assert is_sealed(line[:-1])
    assert not is_sealed(text)
    assert json.loads(line) == {**json.loads(text), "crc": json.loads(line)["crc"]}


@given(value=objects, data=st.data())
def test_no_line_with_a_flipped_bit_or_cut_off_has_an_object(
    value: dict[str, str], data: st.DataObject
) -> None:
    """But the line feed may be missing."""
    line = bytearray(sealed(json.dumps({"a": 1, **value}).encode()))
    with pytest.raises(ValueError, match="checksum"):
        unsealed(bytes(line[: data.draw(st.integers(0, len(line) - 2))]))
    bit = data.draw(st.integers(0, 8 * len(line) - 1))
    line[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match="checksum"):
        unsealed(bytes(line))
