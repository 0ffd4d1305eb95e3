"""The ids of a selection: as a list without duplicates, of which much may be on the disk."""

import copy
import gc
import pickle
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall.bulk.ids import IN_MEMORY, Ids

NAMES = st.lists(st.sampled_from([f"I{number}" for number in range(9)]), max_size=20)
IN_MEMORY_OR_NOT = st.sampled_from([0, 3, 100])
MANY = [f"I{number:060}" for number in range(5 * IN_MEMORY)]
"""More than sqlite keeps in its cache."""


@given(names=NAMES, in_memory=IN_MEMORY_OR_NOT)
def test_each_id_is_kept_once_in_the_order_of_its_first_mention(
    names: list[str], in_memory: int
) -> None:
    """Wherever they are."""
    ids, expected = Ids(in_memory=in_memory), dict[str, None]()
    for name in names:
        assert (name in ids) is (name in expected)
        ids.add(name)
        expected[name] = None
        assert name in ids
        assert [*ids] == [*expected]
        assert len(ids) == len(expected)


@given(
    names=NAMES,
    in_memory=IN_MEMORY_OR_NOT,
    index=st.slices(12),
    position=st.integers(-12, 12),
)
def test_ids_are_indexed_as_a_list_is(
    names: list[str], in_memory: int, index: slice, position: int
) -> None:
    """Slices, negative indexes, and those that are out of range."""
    ids, expected = Ids(names, in_memory=in_memory), [*dict.fromkeys(names)]
    assert [*ids[index]] == expected[index]
    assert [*reversed(ids)] == expected[::-1]
    if -len(expected) <= position < len(expected):
        assert ids[position] == expected[position]
    else:
        with pytest.raises(IndexError):
            ids[position]


def test_many_ids_are_what_they_were() -> None:
    """Each of them, also when it is added again."""
    ids = Ids([*MANY, *MANY[::-1]])
    assert [*ids] == MANY
    assert ids[31_234] == MANY[31_234]
    assert ids[40_000:41_000] == MANY[40_000:41_000]
    assert (MANY[-1] in ids, "I" in ids, "" in ids) == (True, False, False)


def open_and_nameless() -> int:
    """How many files this process has open that are in no folder any more."""
    files = Path("/proc/self/fd").iterdir()
    return sum(one.readlink().name.endswith("(deleted)") for one in files if one.is_symlink())


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the files of a process")
def test_the_temporary_file_stands_in_no_folder_and_goes_with_the_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nothing is left of it when the process is killed."""
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    gc.collect()
    before = open_and_nameless()
    ids = Ids(MANY)
    assert [*tmp_path.iterdir()] == []
    assert open_and_nameless() == before + 1
    assert len(ids) == len(MANY)
    del ids
    assert open_and_nameless() == before


def test_few_ids_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a disk with room for one."""
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "none"))
    with no_room():
        assert [*Ids(MANY[:IN_MEMORY])] == MANY[:IN_MEMORY]


@contextmanager
def no_room() -> Generator[None]:
    """Lets no file of this process grow."""
    import resource  # noqa: PLC0415  # not on every system

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
def test_a_disk_without_room_is_an_os_error() -> None:
    """Whose cause is chained."""
    with no_room(), pytest.raises(OSError, match="do not fit into a temporary file") as caught:
        Ids(MANY)
    assert type(caught.value.__cause__).__module__ == "sqlite3"


@pytest.mark.parametrize("in_memory", [0, 100])
@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        pytest.param(lambda ids: pickle.loads(pickle.dumps(ids)), id="pickle"),  # noqa: S301
    ],
)
def test_copies_go_on_by_themselves(copied: Callable[[Ids], Ids], in_memory: int) -> None:
    """In this process or in another one."""
    ids = Ids(["a", "b"], in_memory=in_memory)
    twin = copied(ids)
    twin.add("c")
    assert ([*twin], [*ids]) == (["a", "b", "c"], ["a", "b"])


def test_ids_are_read_from_any_thread() -> None:
    """As when a report is written by another one than that which ran."""
    ids = Ids(MANY[:100], in_memory=0)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: [*ids]).result() == MANY[:100]
