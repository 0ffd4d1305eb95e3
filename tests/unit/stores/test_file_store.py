"""A store in a directory: its files, what a crash leaves in them, and what goes wrong."""

from __future__ import annotations

import asyncio
import math
import os
import stat
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.files import lock, open_private, sealed, unlock
from grafana_oncall._watch.checkpoint_file import CheckpointFile
from grafana_oncall.bulk.journal import OLD
from grafana_oncall.bulk.journal_file import FileJournal
from grafana_oncall.errors import InvalidArgument, JournalError, StoreUnavailable
from grafana_oncall.stores import FileStore, Opened
from grafana_oncall.stores.file_log import Lease
from tests.support.odd_files import no_locks, room_for, without_locks
from tests.support.throttles import turn

LOG: Final = "journal:noise"
LINES: Final = [sealed(b'{"begin": "I%d"}' % number) for number in range(3)]
DAY: Final = 86_400.0

PORTS: Final = {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
DEVICES: Final = {"con", "prn", "aux", "nul"} | PORTS
"""Names that Windows takes for devices, whatever follows a dot."""

ON_POSIX: Final = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such thing")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """One whose directory does not exist yet."""
    return FileStore(tmp_path / "store")


async def begun(store: FileStore) -> Opened:
    """Open the log, and write the lines."""
    opened = await store.open(LOG)
    assert await store.append(LOG, opened.fence, LINES)
    return opened


@ON_POSIX
@pytest.mark.parametrize("fsync", [False, True])
async def test_lines_are_on_the_disk_before_they_count_if_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fsync: bool
) -> None:
    """The name of a new file as well; while they are written, other tasks run."""
    flushed = list[int | str]()

    def note(file: int) -> None:
        assert threading.current_thread() is not threading.main_thread()
        status = os.fstat(file)
        flushed.append("folder" if stat.S_ISDIR(status.st_mode) else status.st_size)

    monkeypatch.setattr(os, "fsync", note)
    store = FileStore(tmp_path / "store", fsync=fsync)
    opened = await store.open(LOG)
    assert flushed == ["folder"], "the one that has the new folder"
    flushed.clear()
    for line in (b"1\n", b"2\n"):
        await store.append(LOG, opened.fence, [line])
    assert flushed == ([2, "folder", 4] if fsync else [])
    flushed.clear()
    await store.append(LOG, opened.fence, [b"3\n"], replace=True)
    assert flushed == ([2, "folder"] if fsync else [2])


async def test_the_bytes_of_a_file_are_its_lines(store: FileStore) -> None:
    """Only what is no line of text has another form there, which is one."""
    opened = await begun(store)
    assert store.path(LOG).name == "journal.noise.jsonl"
    assert store.path(LOG).read_bytes() == b"".join(LINES)
    odd = [b"", b"\n", b"a\nb\n", b"no end", b'{"base64":"YQ=="}\n', b"\r\n"]
    await store.append(LOG, opened.fence, odd, replace=True)
    assert [*await store.read(LOG)] == odd
    assert store.path(LOG).read_bytes().count(b"\n") == len(odd)


@ON_POSIX
async def test_only_the_owner_can_read_what_is_there(store: FileStore) -> None:
    """As with a journal in a file."""
    opened = await begun(store)
    await store.append(LOG, opened.fence, LINES, replace=True)
    await store.claim("event:1", ttl=DAY)
    folder = store.path(LOG).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_every_name_has_a_file_of_its_own_on_every_system(names: list[str]) -> None:
    """Whatever is in the name, and whether the system ignores case or not."""
    _check_names([*names, *(f"journal:{name}" for name in names)])


def test_no_name_leads_out_of_the_directory_or_to_a_device() -> None:
    """Or to the file of another one."""
    logs = ["noise", "Noise", "a/b", "a.b", "a:b", "../x", "..", "nul", "con.x", "x" * 500, "é", ""]
    logs.append("\ud800")
    kinds = ["journal:{}", "checkpoint:{}", "events:{}", "event:{}", "{}", "{}:1", "con:{}"]
    _check_names([kind.format(log) for kind in kinds for log in logs] + ["events.00", "events:00"])


def test_a_name_that_is_no_text_is_an_invalid_argument() -> None:
    """And no fault of the SDK."""
    with pytest.raises(InvalidArgument, match=r"name=5: a str is needed\."):
        FileStore("store").path(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_directory_without_a_name_is_an_invalid_argument() -> None:
    """Such as one of a variable that is not set: it would be wherever the process was started."""
    with pytest.raises(InvalidArgument, match="directory='': it must not be empty"):
        FileStore("")


def _check_names(names: list[str]) -> None:
    store = FileStore("store")
    paths = [store.path(name) for name in dict.fromkeys(names)]
    assert {path.parent for path in paths} == {Path("store").absolute()}
    assert len({path.name.casefold() for path in paths}) == len(paths)
    assert not {path.name.partition(".")[0] for path in paths} & DEVICES
    assert all(len(path.name) < 200 and path.name.isascii() for path in paths)
    assert not any(path.name.startswith("events.") for path in paths)


async def test_half_a_line_that_a_crash_has_left_is_cut_off(store: FileStore) -> None:
    """At any byte; no line follows half a line, and none that was whole is lost."""
    await begun(store)
    whole = store.path(LOG).read_bytes()
    for size in range(len(whole) + 1):
        store.path(LOG).write_bytes(whole[:size])
        left = LINES[: whole[:size].count(b"\n")]
        if size % 2:
            assert [*await store.read(LOG)] == left
        opened = await store.open(LOG)
        assert [*opened.lines] == left
        assert await store.append(LOG, opened.fence, [b"next\n"])
        assert [*await store.read(LOG)] == [*left, b"next\n"]


async def test_what_was_added_together_is_never_completed_twice(store: FileStore) -> None:
    """Although another process then died while it wrote a line that is the same."""
    await begun(store)
    with store.path(LOG).open("ab") as file:
        file.write(LINES[0])
    assert [*await store.read(LOG)] == [*LINES, LINES[0]]


@pytest.mark.parametrize("lines", [[], [b"1\n"], [b"1\n", b"2\n"]])
@pytest.mark.parametrize("replace", [False, True])
async def test_who_writes_by_the_path_of_a_log_takes_it_over(
    store: FileStore, lines: list[bytes], *, replace: bool
) -> None:
    """As a run that was given the path: a worker of the store that was paused meanwhile ends."""
    opened = await begun(store)
    for changed in (b"".join([*LINES, b"more\n"]), b"".join(LINES[:1]), b""):
        store.path(LOG).write_bytes(changed)
        assert not await store.append(LOG, opened.fence, lines, replace=replace)
        assert store.path(LOG).read_bytes() == changed
        opened = await store.open(LOG)


async def test_a_watcher_that_is_given_the_path_of_a_log_takes_it_over(store: FileStore) -> None:
    """Although it may leave a file of the same size."""
    log = "checkpoint:noise"
    opened = await store.acquire(log, ttl=DAY)
    assert isinstance(opened, Opened)
    await store.append(log, opened.fence, [b"1\n"])
    watcher = CheckpointFile(store.path(log))
    await watcher.lock()
    store.path(log).write_bytes(b"2\n")
    watcher.unlock()
    assert not await store.append(log, opened.fence, [b"3\n"])
    assert not await store.renew(log, opened.fence, ttl=DAY)
    assert [*await store.read(log)] == [b"2\n"]


async def test_a_log_that_was_removed_begins_anew(store: FileStore) -> None:
    """By whoever opens it next; whoever had it open writes no more."""
    before = await begun(store)
    store.path(LOG).unlink()
    opened = await store.open(LOG)
    assert opened.lines == []
    assert not await store.append(LOG, before.fence, [b"1\n"])
    assert await store.append(LOG, opened.fence, [b"2\n"])
    assert [*await store.read(LOG)] == [b"2\n"]


async def test_fences_rise_although_the_clock_is_set_back(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when someone has written by the path of the log meanwhile."""
    opened = await begun(store)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    store.path(LOG).write_bytes(b"1\n")
    assert not await store.append(LOG, opened.fence, [b"2\n"])
    again = await store.open(LOG)
    assert again.fence > opened.fence
    assert await store.append(LOG, again.fence, [b"2\n"])


async def test_a_log_is_not_deleted_under_a_run_that_was_given_its_path(store: FileStore) -> None:
    """It is in use, as for all that the store does with it."""
    await begun(store)
    impatient = FileStore(store.path(LOG).parent, timeout=0.01)
    with FileJournal(store.path(LOG), OLD), pytest.raises(StoreUnavailable, match="delete failed"):
        await impatient.delete(LOG)
    assert [*await store.read(LOG)] == LINES
    await impatient.delete(LOG)
    assert [*await store.read(LOG)] == []


@ON_POSIX
async def test_a_log_is_not_replaced_under_a_run_that_was_given_its_path(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that begins while the new lines are on their way to the disk is refused."""
    opened, refused = await begun(store), list[str | None]()

    def begin(_file: int) -> None:
        with pytest.raises(JournalError) as caught, FileJournal(store.path(LOG), OLD):
            pass
        refused.append(caught.value.reason)

    monkeypatch.setattr(os, "fsync", begin)
    assert await store.append(LOG, opened.fence, [b"1\n"], replace=True)
    assert refused == ["in_use"]
    assert [*await store.read(LOG)] == [b"1\n"]


@ON_POSIX
async def test_nothing_is_written_to_a_log_that_a_run_removes_meanwhile(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a run that has selected nothing, which removes its journal when it ends."""
    import fcntl  # noqa: PLC0415  # not on every system

    opened, real, locked = await store.open(LOG), fcntl.flock, list[int]()

    def remove_first(file: int, how: int) -> None:
        if how != fcntl.LOCK_UN and not os.fstat(file).st_size and not locked:
            locked.append(file)
            store.path(LOG).unlink()
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    assert await store.append(LOG, opened.fence, LINES)
    assert locked
    assert [*await store.read(LOG)] == LINES


async def test_what_is_written_together_takes_room_once(store: FileStore) -> None:
    """However long it is: the lock file has it for a moment only."""
    opened = await store.open(LOG)
    for replace in (False, True):
        await store.append(LOG, opened.fence, [b"x" * 100_000 + b"\n"] * 10, replace=replace)
        sizes = {file.name: file.stat().st_size for file in store.path(LOG).parent.iterdir()}
        assert sizes.pop("journal.noise.jsonl") == 10 * 100_001
        assert sum(sizes.values()) <= 4096


async def test_a_lock_file_that_was_removed_closes_the_log(store: FileStore) -> None:
    """As by a program that cleans up: nobody can say who has opened it since."""
    opened = await begun(store)
    for damage in (b"", b'{"fence":1}\n', b"\0" * 100):
        lock_file = store.path(LOG).with_name("journal.noise.jsonl.lock")
        lock_file.unlink()
        lock_file.write_bytes(damage)
        assert not await store.append(LOG, opened.fence, [b"1\n"])
        again = await store.open(LOG)
        assert again.fence > opened.fence
        assert [*again.lines] == LINES


async def test_reading_makes_no_files_and_deleting_leaves_none(store: FileStore) -> None:
    """So a progress of thousands of shards costs nothing, and old runs leave no rest."""
    folder = store.path(LOG).parent
    assert [*await store.read(LOG)] == []
    assert not folder.exists()
    opened = await begun(store)
    store.path(LOG).with_name("journal.noise.jsonl.new").touch()  # by a process that was killed
    await store.delete(LOG)
    assert not await store.append(LOG, opened.fence, LINES)
    await store.release(LOG, opened.fence)
    assert [file.name for file in folder.iterdir()] == [] or sys.platform == "win32"


def test_a_lease_of_before_a_restart_of_the_machine_does_not_count() -> None:
    """The clock that it was measured by begins anew."""
    now = time.monotonic()
    assert Lease(now, DAY).left == pytest.approx(DAY, abs=60)
    assert Lease(now + 60, DAY).left == 0
    assert Lease(now - DAY, DAY).left == 0


async def test_what_is_kept_for_ever_is_kept(store: FileStore) -> None:
    """Although JSON has no number for that."""
    assert await store.claim("event:1", ttl=math.inf) == "new"
    assert await store.claim("event:1", ttl=math.inf) == "claimed"
    opened = await store.acquire("checkpoint:noise", ttl=math.inf)
    assert isinstance(opened, Opened)
    assert await store.append("checkpoint:noise", opened.fence, LINES)
    assert not isinstance(await store.acquire("checkpoint:noise", ttl=1), Opened)


async def test_events_that_are_out_of_date_are_removed(store: FileStore) -> None:
    """However many come, each file has only a few of them beside those that still count."""
    kept = [f"event:{number}" for number in range(300)]
    for key in kept:
        assert await store.claim(key, ttl=DAY) == "new"
        await store.confirm(key, ttl=DAY)
    for number in range(1400):
        assert await store.claim(f"event:x{number % 7}", ttl=1e-6) == "new"
    files = [*store.path(LOG).parent.glob("events.*.jsonl")]
    assert len(files) <= 256
    assert max(file.read_bytes().count(b"\n") for file in files) <= 64
    assert [await store.claim(key, ttl=DAY) for key in kept] == ["seen"] * 300


async def test_events_that_a_crash_has_spoilt_are_new(store: FileStore) -> None:
    """It was a crash of the machine, beyond which no event is remembered."""
    assert await store.claim("event:1", ttl=DAY) == "new"
    (file,) = store.path(LOG).parent.glob("events.*.jsonl")
    file.write_bytes(b"\0" * 20 + b"\n" + file.read_bytes().replace(b"claimed", b"clammed"))
    assert await store.claim("event:1", ttl=DAY) == "new"
    assert await store.claim("event:1", ttl=DAY) == "claimed"


async def test_a_log_that_stays_locked_is_an_error(store: FileStore) -> None:
    """As by a process that is paused within a write; when it goes on, so does the store."""
    await begun(store)
    impatient = FileStore(store.path(LOG).parent, timeout=0.01)
    file = open_private(store.path(LOG).with_name("journal.noise.jsonl.lock"), 0)
    lock(file)
    with pytest.raises(StoreUnavailable, match=r"noise\.jsonl: open failed, .*locked for 0\.01 s"):
        await impatient.open(LOG)
    opening = asyncio.create_task(store.open(LOG))
    await asyncio.sleep(0)
    unlock(file)
    assert [*(await opening).lines] == LINES


@ON_POSIX
@pytest.mark.parametrize("more", [0, 5])
async def test_a_full_disk_is_an_error_and_leaves_no_half_line(store: FileStore, more: int) -> None:
    """With room for nothing, or for some bytes; once there is more, writing goes on."""
    opened = await begun(store)
    for _ in range(50):
        await store.append(LOG, opened.fence, LINES)
    whole = store.path(LOG).read_bytes()
    for lines in ([b"x" * 9 + b"\n"], [b"1\n", b"2" * 9 + b"\n"]):
        with room_for(len(whole) + more), pytest.raises(StoreUnavailable, match="append failed"):
            await store.append(LOG, opened.fence, lines)
        assert store.path(LOG).read_bytes() == whole
    with room_for(len(whole)), pytest.raises(StoreUnavailable, match="append failed"):
        await store.append(LOG, opened.fence, [whole, b"2\n"], replace=True)
    files = {file.name for file in store.path(LOG).parent.iterdir()}
    assert files == {"journal.noise.jsonl", "journal.noise.jsonl.lock"}
    assert await store.append(LOG, opened.fence, [b"next\n"])
    assert store.path(LOG).read_bytes() == whole + b"next\n"


@pytest.mark.parametrize(
    "what", ["a file", "a missing parent", "a folder", pytest.param("a link", marks=ON_POSIX)]
)
async def test_what_cannot_be_used_is_an_error_that_says_which(tmp_path: Path, what: str) -> None:
    """And what to do about it."""
    folder = tmp_path / "file" / "store" if what == "a missing parent" else tmp_path / "store"
    path = FileStore(folder).path(LOG)
    match what:
        case "a file":
            folder.write_text("")
        case "a folder":
            path.mkdir(parents=True)
        case "a link":
            folder.mkdir()
            path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable, match=r"noise\.jsonl: \w+ failed \(.*\)\. Use a dire"):
        await begun(FileStore(folder))
    assert not (tmp_path / "elsewhere").exists()


@no_locks
async def test_a_directory_without_locks_is_an_error(
    store: FileStore, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one of some network file systems."""
    without_locks(monkeypatch, number)
    with pytest.raises(StoreUnavailable, match="Use a directory on a local disk"):
        await store.open(LOG)


async def test_a_thread_that_cannot_be_started_is_an_error(store: FileStore) -> None:
    """What was to be written may still be written later, so the effect is unknown."""
    threads = ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(threads)
    threads.shutdown()
    with pytest.raises(StoreUnavailable, match=r"open failed \(.*\)\. No thread could be started"):
        await store.open(LOG)


async def test_a_damaged_line_is_an_error(store: FileStore) -> None:
    """If it is one that the store has a checksum of; those of a journal have their own."""
    opened = await store.open(LOG)
    await store.append(LOG, opened.fence, [b"no end"])
    store.path(LOG).write_bytes(store.path(LOG).read_bytes().replace(b"bm8g", b"bm8h"))
    with pytest.raises(StoreUnavailable, match=r"read failed \(wrong checksum\)\. Restore the"):
        await store.read(LOG)


async def test_a_cancelled_write_has_ended_when_it_is_cancelled(store: FileStore) -> None:
    """It may have been made, and nothing is written afterwards."""
    opened = await begun(store)
    free, threads = threading.Event(), ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(threads)
    threads.submit(free.wait)
    try:
        writing = asyncio.create_task(store.append(LOG, opened.fence, [b"next\n"]))
        await turn()
        writing.cancel()
        await turn()
        assert not writing.done()
    finally:
        free.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert store.path(LOG).read_bytes() == b"".join(LINES) + b"next\n"
