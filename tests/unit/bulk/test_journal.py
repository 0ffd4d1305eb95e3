"""The journal of a bulk run: exactly what was written is read back."""

import asyncio
import errno
import gc
import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.files import lock
from grafana_oncall._session.organization import Stack
from grafana_oncall.bulk.actions import Action, Silence, Transition
from grafana_oncall.bulk.deletions import Delete
from grafana_oncall.bulk.journal import EITHER, NEW, OLD, Journal
from grafana_oncall.bulk.journal_file import FileJournal
from grafana_oncall.bulk.journal_reader import Header, difference
from grafana_oncall.bulk.label_changes import LabelChange
from grafana_oncall.bulk.outcomes import IN_FLIGHT, TO_DO, Outcome, Status
from grafana_oncall.errors import JournalError
from tests.support.journals import read, refused
from tests.support.odd_files import room_for

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs locks and named pipes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a file that does not exist yet."""
    return tmp_path / "run.jsonl"


def header(action: Action | None = None, *, converge: bool = False) -> Header:
    """The header of a query by state."""
    return Header(
        stack=Stack("https://oncall.example/", "https://stack.example"),
        action=action or Transition(name="resolve"),
        query=(("state", "new"), ("label", "team:SRE")),
        converge=converge,
        max_items=500,
    )


def begun(path: Path, *ids: str) -> None:
    """Write the journal of a run that has selected these groups."""
    with FileJournal(path) as journal:
        journal.begin_run(header())
        select(journal, *ids, complete=True)


def select(journal: Journal, *ids: str, complete: bool) -> None:
    """Record that a run has selected these groups."""
    asyncio.run(journal.select(ids, complete=complete))


@contextmanager
def resumed(path: Path, *, fsync: bool = False) -> Generator[Journal]:
    """The journal of a resumed run."""
    with FileJournal(path, OLD, fsync=fsync) as journal:
        assert asyncio.run(journal.read()) is not None
        journal.go_on()
        yield journal


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(Transition(name="unresolve"), id="change of state"),
        pytest.param(Silence(delay=-1), id="silence"),
        pytest.param(Delete(mode="wipe", wait=2.5), id="delete"),
        pytest.param(LabelChange(name="add_labels", labels=(("a", "b"), ("c", "ü"))), id="labels"),
    ],
)
@pytest.mark.parametrize("converge", [False, True])
def test_what_a_resumed_run_needs_is_read_back(
    path: Path, action: Action, *, converge: bool
) -> None:
    """Server, action, filter, whether to converge, and the most groups allowed."""
    with FileJournal(path) as journal:
        journal.begin_run(header(action, converge=converge))
        select(journal, "I1", complete=True)
    assert read(path).header == header(action, converge=converge)


@pytest.mark.parametrize("count", [0, 1, 1000, 1001, 2500])
def test_all_ids_are_read_back_in_order(path: Path, count: int) -> None:
    """There are a thousand on a line."""
    ids = [f"I{number}" for number in range(count)]
    begun(path, *ids)
    state = read(path)
    assert [outcome.id for outcome in state.outcomes] == ids
    assert state.outcomes.counts[Status.NOT_ATTEMPTED] == count
    assert state.complete


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.none() | st.sampled_from(Status),
        st.text(max_size=20),
        st.integers(0, 4000),
    )
)


@given(steps=STEPS)
def test_the_last_outcome_of_each_group_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, Status | None, str, int]]
) -> None:
    """With its detail, whatever that is; what has no end is unknown."""
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    begun(path, *(f"I{number}" for number in range(5)))
    expected = [Outcome(id=f"I{number}", status=Status.NOT_ATTEMPTED) for number in range(5)]

    async def main() -> None:
        for position, status, detail, quarters in steps:
            if status is None:
                await journal.begin(f"I{position}")
                detail, quarters = IN_FLIGHT, 0  # noqa: PLW2901
            expected[position] = outcome = Outcome(
                id=f"I{position}",
                status=status or Status.UNKNOWN,
                detail=detail,
                seconds=quarters / 4,
            )
            if status is not None:
                journal.end(outcome)

    with resumed(path) as journal:
        asyncio.run(main())
    assert [*read(path).outcomes] == expected


@pytest.mark.parametrize("status", Status)
def test_the_time_of_an_earlier_silence_is_read_back_for_groups_that_are_not_done(
    path: Path, status: Status
) -> None:
    """Later runs skip the other groups, which may be a million."""
    before = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
    begun(path, "I0")
    with resumed(path) as journal:
        asyncio.run(journal.begin("I0", silenced_at=before))
        assert read(path).silenced_at == {"I0": before}
        journal.end(Outcome(id="I0", status=status))
    assert read(path).silenced_at == ({"I0": before} if status in TO_DO else {})


@pytest.mark.parametrize("complete", [False, True])
def test_the_last_round_says_whether_the_selection_is_complete(
    path: Path, *, complete: bool
) -> None:
    """The ids that it adds come last."""
    with FileJournal(path) as journal:
        journal.begin_run(header())
        select(journal, "I1", "I2", complete=not complete)
        select(journal, "I3", complete=complete)
    state = read(path)
    assert state.complete is complete
    assert [outcome.id for outcome in state.outcomes] == ["I1", "I2", "I3"]


@given(st.data())
def test_half_a_last_line_is_cut_off_and_the_next_line_follows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever the machine stopped within it; but only once the run is resumed."""
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    begun(path, "I0", "I1")
    whole = path.read_bytes()
    with resumed(path) as journal:
        journal.end(Outcome(id="I0", status=Status.CHANGED))
    last = len(path.read_bytes()) - len(whole)
    os.truncate(path, len(whole) + data.draw(st.integers(0, last - 1)))
    half = path.read_bytes()
    assert read(path).outcomes["I0"].status is Status.NOT_ATTEMPTED
    assert path.read_bytes() == half
    with resumed(path) as journal:
        assert path.read_bytes() == whole
        journal.end(Outcome(id="I1", status=Status.FAILED, detail="no"))
    assert [outcome.status for outcome in read(path).outcomes] == [
        Status.NOT_ATTEMPTED,
        Status.FAILED,
    ]


def test_a_whole_journal_is_read_without_being_changed(path: Path) -> None:
    """It can be read any number of times."""
    begun(path, "I0")
    before = path.read_bytes()
    for _ in range(2):
        assert [outcome.status for outcome in read(path).outcomes] == [Status.NOT_ATTEMPTED]
    assert path.read_bytes() == before


def test_a_run_without_a_path_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And raises nothing."""
    monkeypatch.chdir(tmp_path)
    journal = Journal()
    journal.begin_run(header())
    select(journal, "I0", complete=True)
    asyncio.run(journal.begin("I0"))
    journal.end(Outcome(id="I0", status=Status.CHANGED))
    assert [*tmp_path.iterdir()] == []


def test_a_new_journal_is_a_new_file(path: Path) -> None:
    """Another run's file is never written to."""
    path.write_text("precious", "utf-8")
    with refused(path, "exists") as caught, FileJournal(path):
        pass
    assert caught.value.reason == "exists"
    assert path.read_text("utf-8") == "precious"


def test_a_path_that_cannot_be_written_is_a_journal_error(path: Path) -> None:
    """Its cause is chained, and its path is plain text."""
    with (
        pytest.raises(JournalError, match="cannot be opened") as caught,
        FileJournal(path / "below"),
    ):
        pass
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert "PosixPath" not in str(caught.value)


@ON_POSIX
@pytest.mark.parametrize(
    ("room", "words"),
    [
        pytest.param(0, "File too large", id="for nothing"),
        pytest.param(10, "the disk is full", id="for half a line"),
    ],
)
def test_after_a_full_disk_no_later_line_is_written(path: Path, room: int, words: str) -> None:
    """Even once there is room; what was written before can be read."""
    begun(path, "I0", "I1")
    whole = path.read_bytes()
    outcome = Outcome(id="I0", status=Status.CHANGED)
    with resumed(path) as journal:
        with room_for(len(whole) + room), refused(path, words):
            journal.end(outcome)
        with refused(path, words):
            journal.end(outcome)
        with refused(path, words):
            asyncio.run(journal.begin("I1"))
        assert len(path.read_bytes()) == len(whole) + room
    assert [outcome.status for outcome in read(path).outcomes] == [Status.NOT_ATTEMPTED] * 2


@ON_POSIX
def test_a_journal_that_another_run_writes_is_refused(path: Path) -> None:
    """Until that run has ended; no file stays open."""
    begun(path, "I0")
    with resumed(path) as first:
        with refused(path, "another run is using it now"), resumed(path):
            pass
        gc.collect()
        first.end(Outcome(id="I0", status=Status.CHANGED))
    with resumed(path) as second:
        second.end(Outcome(id="I0", status=Status.ALREADY))
    assert read(path).outcomes["I0"].status is Status.ALREADY


def test_a_finished_run_differs_from_one_that_was_cut_short(path: Path) -> None:
    """By its last line; once it is resumed, it does not count as finished."""
    begun(path, "I0")
    assert read(path).finished is False
    with resumed(path) as journal:
        journal.end(Outcome(id="I0", status=Status.FAILED))
        asyncio.run(journal.finish())
    assert read(path).finished is True
    with resumed(path) as journal:
        asyncio.run(journal.begin("I0"))
    assert read(path).finished is False


@pytest.mark.parametrize("left", ["nothing", "a run", "half a selection"])
def test_a_new_run_may_replace_an_earlier_one(path: Path, left: str) -> None:
    """Nothing of the earlier one stays, even if it was longer."""
    if left != "nothing":
        begun(path, *(f"I{number}" for number in range(9)))
    if left == "half a selection":
        os.truncate(path, path.stat().st_size - 9)
    with FileJournal(path, EITHER) as journal:
        asyncio.run(journal.read())
        journal.begin_run(header())
        select(journal, "I0", complete=True)
    assert [outcome.id for outcome in read(path).outcomes] == ["I0"]


@pytest.mark.parametrize("mode", [NEW, EITHER])
def test_a_run_that_has_selected_nothing_leaves_no_file(path: Path, mode: str) -> None:
    """As if it had never begun."""
    with FileJournal(path, mode) as journal:
        journal.begin_run(header())
        journal.discard()
        assert not path.exists()


@ON_POSIX
def test_a_journal_is_removed_before_it_is_unlocked(path: Path) -> None:
    """Otherwise another run might begin to use it in between, and lose it."""
    with FileJournal(path, EITHER) as journal:
        journal.begin_run(header())
        with path.open("rb") as other:
            journal.discard()
            lock(FileIO(other.fileno(), closefd=False))  # it is unlocked, and has no name any more
            assert os.fstat(other.fileno()).st_nlink == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"converge": True, "max_items": 3}, None, id="options"),
        pytest.param(
            {"stack": Stack("https://b/", None)}, "server: https://b/ in the journal", id="server"
        ),
        pytest.param(
            {"stack": Stack("https://oncall.example/", "https://other.example")},
            "(https://other.example) in the journal",
            id="stack",
        ),
        pytest.param(
            {"action": Silence(delay=9)},
            'action: {"name": "silence", "delay": 9} in the journal, {"name": "resolve"} here',
            id="action",
        ),
        pytest.param(
            {"query": None}, "query: ids in the journal, state=new&label=team:SRE here", id="ids"
        ),
        pytest.param({"query": ()}, "query: everything in the journal", id="everything"),
    ],
)
def test_a_run_finishes_only_a_run_of_the_same_kind(
    change: dict[str, Any], words: str | None
) -> None:
    """With the same server, action and query; the error says what differs."""
    said = difference(attrs.evolve(header(), **change), header())
    assert said == words if words is None else words in str(said)


@pytest.mark.parametrize("fsync", [False, True])
def test_lines_are_synced_to_disk_before_a_group_is_acted_on_if_requested(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, fsync: bool
) -> None:
    """They are written to the file in any case."""
    begun(path, "I0", "I1")
    on_disk: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _file: on_disk.append(path.read_bytes()))
    with resumed(path, fsync=fsync) as journal:
        asyncio.run(journal.begin("I1"))
        assert read(path).outcomes["I1"].status is Status.UNKNOWN
        assert on_disk == ([path.read_bytes()] if fsync else [])


def synced(monkeypatch: pytest.MonkeyPatch, *, folder_error: int | None = None) -> list[str]:
    """Collect what is synced from now on; perhaps syncing a folder fails."""
    seen: list[str] = []

    def fsync(file: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(file).st_mode)
        if is_folder and folder_error is not None:
            raise OSError(folder_error, os.strerror(folder_error))
        seen.append("folder" if is_folder else "file")

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def begin_twice(path: Path, *, fsync: bool) -> None:
    """Write a new journal, and begin two groups in it."""
    with FileJournal(path, fsync=fsync) as journal:
        journal.begin_run(header())
        select(journal, "I0", "I1", complete=True)
        asyncio.run(journal.begin("I0"))
        asyncio.run(journal.begin("I1"))


@ON_POSIX
@pytest.mark.parametrize("fsync", [False, True])
def test_the_name_of_a_new_journal_is_synced_with_its_first_lines(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, fsync: bool
) -> None:
    """Once, and not in a resumed run; otherwise a crash could lose the whole file."""
    seen = synced(monkeypatch)
    begin_twice(path, fsync=fsync)
    assert seen == (["file", "folder", "file"] if fsync else [])
    seen.clear()
    with resumed(path, fsync=fsync) as journal:
        asyncio.run(journal.begin("I0"))
    assert seen == (["file"] if fsync else [])


@ON_POSIX
def test_a_file_system_that_cannot_sync_folders_is_accepted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some do not support it; any other failure is a JournalError."""
    seen = synced(monkeypatch, folder_error=errno.EINVAL)
    begin_twice(path, fsync=True)
    assert seen == ["file", "file"]
    synced(monkeypatch, folder_error=errno.EIO)
    with refused(other := path.with_name("other"), "Input/output error"):
        begin_twice(other, fsync=True)


def test_a_disk_that_fails_is_a_journal_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As is a full one."""

    def broken(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    begun(path, "I0")
    monkeypatch.setattr(os, "fsync", broken)
    with resumed(path, fsync=True) as journal, refused(path, "Input/output error"):
        asyncio.run(journal.begin("I0"))
