"""The file of a checkpoint: appended to, compacted, and complete at any moment."""

import asyncio
import errno
import os
import stat
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Any, cast

import attrs
import msgspec
import pytest

from grafana_oncall._core.files import sealed, unsealed
from grafana_oncall._watch.checkpoint import Checkpoint, write_new
from grafana_oncall._watch.checkpoint_file import CheckpointFile, Kind
from grafana_oncall._watch.tracker import Delivery
from grafana_oncall.errors import CheckpointError
from grafana_oncall.models import AlertGroupState
from tests.support.checkpoints import CHECKPOINT, MOMENT, OTHER, full_disk
from tests.support.odd_files import no_locks, without_locks

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs locks, links and modes")
SECOND = MOMENT + timedelta(seconds=15)
GROUP = CHECKPOINT.groups[0]
SILENT = attrs.evolve(CHECKPOINT, groups=(), left_filter=(), in_flight=())


def delivery(state: AlertGroupState | None, *, outside: bool = False, id: str = "I1") -> Delivery:
    """Return a report of a group in that state, or of its deletion."""
    after = None if state is None else attrs.evolve(GROUP, id=id, state=state)
    return Delivery(id=id, after=after, left_filter=outside)


ACKNOWLEDGED, RESOLVED = delivery(AlertGroupState.ACKNOWLEDGED), delivery(AlertGroupState.RESOLVED)
GONE, LEFT = delivery(None), delivery(AlertGroupState.RESOLVED, outside=True)


@asynccontextmanager
async def open_file(path: Path, value: Checkpoint = SILENT) -> AsyncGenerator[CheckpointFile]:
    """A locked file with that value."""
    file = CheckpointFile(path)
    assert await file.lock()
    try:
        assert file.needs_rewrite
        await file.rewrite(value)
        assert not file.needs_rewrite
        yield file
    finally:
        file.unlock()


@pytest.mark.parametrize(
    ("lines", "changed"),
    [
        pytest.param([("polled", SECOND)], {"polled": SECOND}, id="read"),
        pytest.param([("in_flight", RESOLVED)], {"in_flight": (RESOLVED,)}, id="in flight"),
        pytest.param([("in_flight", GONE)], {"in_flight": (GONE,)}, id="in flight, deleted"),
        pytest.param(
            [("in_flight", ACKNOWLEDGED), ("in_flight", RESOLVED), ("in_flight", ACKNOWLEDGED)],
            {"in_flight": (RESOLVED, ACKNOWLEDGED)},
            id="in flight, after a restart too",
        ),
        pytest.param(
            [("in_flight", ACKNOWLEDGED), ("in_flight", RESOLVED), ("delivered", RESOLVED)],
            {"groups": (RESOLVED.after,)},
            id="delivered",
        ),
        pytest.param([("delivered", RESOLVED), ("delivered", GONE)], {}, id="gone"),
        pytest.param(
            [("delivered", LEFT)],
            {"groups": (LEFT.after,), "left_filter": ("I1",)},
            id="left the filter",
        ),
        pytest.param(
            [("delivered", LEFT), ("delivered", RESOLVED)],
            {"groups": (RESOLVED.after,)},
            id="a second one inside",
        ),
        pytest.param([("delivered", LEFT), ("delivered", GONE)], {}, id="gone from outside"),
    ],
)
async def test_a_file_has_what_was_appended_to_it(
    tmp_path: Path, lines: list[tuple[Kind, Any]], changed: dict[str, Any]
) -> None:
    """At any moment, in case the process is killed."""
    path, expected = tmp_path / "bot.json", attrs.evolve(SILENT, **changed)
    async with open_file(path) as file:
        for kind, what in lines:
            assert file.append(kind, what)
        assert Checkpoint.load(path) == Checkpoint.from_json(path.read_text()) == expected
    assert Checkpoint.load(path) == expected


async def test_half_a_line_at_the_end_does_not_count(tmp_path: Path) -> None:
    """Wherever it was cut, even within a character; half a value is refused."""
    path, states = tmp_path / "bot.json", [SILENT]
    async with open_file(path) as file:
        lines: list[tuple[Kind, Any]] = [
            ("in_flight", RESOLVED),
            ("delivered", RESOLVED),
            ("polled", SECOND),
        ]
        for kind, what in lines:
            assert file.append(kind, what)
            states.append(cast("Checkpoint", Checkpoint.load(path)))
    whole = path.read_bytes()
    value = whole.index(b"\n")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length < value:
            with pytest.raises(CheckpointError):
                Checkpoint.load(path)
        else:
            assert Checkpoint.load(path) == states[max(0, whole[:length].count(b"\n") - 1)]


async def test_a_file_that_has_grown_is_compacted(tmp_path: Path) -> None:
    """It then has the whole value, and no appended lines."""
    path = tmp_path / "bot.json"
    async with open_file(path) as file:
        number = 0
        while not file.needs_rewrite:
            assert file.append("delivered", delivery(AlertGroupState.FIRING, id=f"I{number}"))
            number += 1
        known = Checkpoint.load(path)
        assert known is not None
        assert len(known.groups) == number > 100
        await file.rewrite(known)
        assert not file.needs_rewrite
        assert Checkpoint.load(path) == known
        assert path.read_bytes().count(b"\n") == 1
        assert file.append("polled", SECOND)
    assert Checkpoint.load(path) == attrs.evolve(known, polled=SECOND)
    assert content(tmp_path) == {"bot.json", "bot.json.lock"}


def content(folder: Path) -> set[str]:
    """The names of the folder's files."""
    return {path.name for path in folder.iterdir()}


MANY = attrs.evolve(
    SILENT, groups=tuple(attrs.evolve(GROUP, id=f"I{number}") for number in range(2000))
)


async def test_what_is_appended_during_compaction_is_in_both_files(tmp_path: Path) -> None:
    """In the old one until the new one replaces it, and then in that."""
    path = tmp_path / "bot.json"
    async with open_file(path) as file:
        writing = asyncio.create_task(file.rewrite(MANY))
        await asyncio.sleep(0)
        assert file.append("in_flight", ACKNOWLEDGED)
        assert Checkpoint.load(path) == attrs.evolve(SILENT, in_flight=(ACKNOWLEDGED,))
        file.save(lambda: SILENT)
        await writing
        expected = attrs.evolve(MANY, in_flight=(ACKNOWLEDGED,))
        assert Checkpoint.load(path) == expected
        assert file.append("polled", SECOND)
    assert Checkpoint.load(path) == attrs.evolve(expected, polled=SECOND)


@pytest.mark.parametrize("kind", ["new", "removed"])
async def test_a_missing_file_is_written_with_its_first_lines(tmp_path: Path, kind: str) -> None:
    """Until then, nothing can be appended."""
    path, file = tmp_path / "bot.json", CheckpointFile(tmp_path / "bot.json")
    await file.lock()
    if kind == "removed":
        await file.rewrite(SILENT)
        path.unlink()
    assert not file.append("polled", SECOND)
    writing = asyncio.create_task(file.rewrite(MANY))
    await asyncio.sleep(0)
    assert file.append("in_flight", ACKNOWLEDGED)
    file.save(lambda: SILENT)
    await writing
    assert Checkpoint.load(path) == attrs.evolve(MANY, in_flight=(ACKNOWLEDGED,))
    file.unlock()


async def test_a_cancelled_compaction_leaves_the_file_unchanged(
    tmp_path: Path,
) -> None:
    """The cancellation waits for the thread, which alone may write there."""
    path = tmp_path / "bot.json"
    async with open_file(path) as file:
        writing = asyncio.create_task(file.rewrite(MANY))
        await asyncio.sleep(0)
        for _ in range(3):
            writing.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([writing])
        assert writing.cancelled()
        assert content(tmp_path) == {"bot.json", "bot.json.lock"}
        assert Checkpoint.load(path) == SILENT
        assert file.append("polled", SECOND)
    assert Checkpoint.load(path) == attrs.evolve(SILENT, polled=SECOND)


async def test_a_compaction_that_fails_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk it would take the room that the lines need."""

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "bot.json"
    async with open_file(path) as file:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(CheckpointError, match="No space left"):
            await file.rewrite(MANY)
        monkeypatch.undo()
        assert content(tmp_path) == {"bot.json", "bot.json.lock"}
        assert file.append("polled", SECOND)
    assert Checkpoint.load(path) == attrs.evolve(SILENT, polled=SECOND)


async def test_a_disk_that_hangs_delays_only_the_compaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop continues, and appends to the old file, until the disk fails."""
    path, begun, over = tmp_path / "bot.json", threading.Event(), threading.Event()

    def hang(_file: int) -> None:
        begun.set()
        over.wait(20)
        raise OSError(errno.EIO, "Input/output error")

    async with open_file(path) as file:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", hang)
            writing = asyncio.create_task(file.rewrite(MANY))
            while not begun.is_set():  # noqa: ASYNC110  # a thread sets it
                await asyncio.sleep(0)
            assert file.append("polled", SECOND)
            assert not writing.done()
            over.set()
            with pytest.raises(CheckpointError):
                await writing
    assert Checkpoint.load(path) == attrs.evolve(SILENT, polled=SECOND)


async def test_a_line_does_not_follow_half_a_line(tmp_path: Path) -> None:
    """After a full disk, the whole file is rewritten before the next append."""
    path = tmp_path / "bot.json"
    async with open_file(path) as file:
        with full_disk(path.stat().st_size + 5), pytest.raises(CheckpointError) as caught:
            file.append("in_flight", RESOLVED)
        assert caught.value.path == str(path)
        assert Checkpoint.load(path) == SILENT
        assert not file.append("in_flight", RESOLVED)
        file.save(lambda: OTHER)
        assert file.append("polled", SECOND)
    assert Checkpoint.load(path) == attrs.evolve(OTHER, polled=SECOND)


def test_no_flipped_bit_has_another_effect(tmp_path: Path) -> None:
    """Each is refused; but without its line feed, the last line counts as cut off."""
    path = tmp_path / "bot.json"
    CHECKPOINT.save(path)
    lines = [{"polled": SECOND}, {"in_flight": GONE}, {"delivered": RESOLVED}]
    text = path.read_bytes() + b"".join(sealed(msgspec.json.encode(line)) for line in lines)
    assert Checkpoint.from_json(text) != Checkpoint.from_json(text[:-1])
    for place, bit in product(range(len(text)), range(8)):
        flipped = bytearray(text)
        flipped[place] ^= 1 << bit
        if place < len(text) - 1:
            with pytest.raises(CheckpointError):
                Checkpoint.from_json(bytes(flipped))
        else:
            assert Checkpoint.from_json(bytes(flipped)) == Checkpoint.from_json(text[:-1])


def test_no_flipped_bit_of_a_single_line_has_another_effect(tmp_path: Path) -> None:
    """The checksum may be lost, but then nothing else is."""
    CHECKPOINT.save(tmp_path / "bot.json")
    text = (tmp_path / "bot.json").read_bytes()
    for place, bit in product(range(len(text)), range(8)):
        flipped = bytearray(text)
        flipped[place] ^= 1 << bit
        try:
            read = Checkpoint.from_json(bytes(flipped))
        except CheckpointError:
            continue
        assert read == CHECKPOINT


@contextmanager
def no_umask() -> Generator[None]:
    """Let new files be readable by all, unless their mode says otherwise."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


@ON_POSIX
async def test_only_its_owner_can_read_a_checkpoint(tmp_path: Path) -> None:
    """It has titles and labels; the lock file is empty, but just as private."""
    path = tmp_path / "bot.json"
    with no_umask():
        async with open_file(path) as file:
            await file.rewrite(OTHER)
        CHECKPOINT.save(tmp_path / "saved.json")
    for name in ("bot.json", "bot.json.lock", "saved.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@ON_POSIX
@pytest.mark.parametrize("planted", ["link", "pipe", "file"])
async def test_what_is_in_the_place_of_the_new_file_is_replaced(
    tmp_path: Path, planted: str
) -> None:
    """A planted link is not followed; a process that died may have left a file."""
    path, new = tmp_path / "bot.json", tmp_path / "bot.json.new"
    precious = tmp_path / "precious"
    precious.write_text("precious")
    match planted:
        case "link":
            new.symlink_to(precious)
        case "pipe":
            os.mkfifo(new)
        case _:
            new.touch()
    async with open_file(path, CHECKPOINT):
        assert Checkpoint.load(path) == CHECKPOINT
    assert (precious.read_text(), new.exists(), path.is_symlink()) == ("precious", False, False)


@ON_POSIX
async def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """Opening it would create or change another file."""
    (tmp_path / "bot.json.lock").symlink_to(tmp_path / "other")
    with pytest.raises(CheckpointError, match="symbolic link"):
        await CheckpointFile(tmp_path / "bot.json").lock()
    assert not (tmp_path / "other").exists()


async def test_a_lock_file_of_another_program_stays_as_it_is(tmp_path: Path) -> None:
    """It is locked, as nobody knows that it is not for this; only a store's is emptied."""
    for text, left in ((b"[[package]]", b"[[package]]"), (b'{"fence":1}\n', b"")):
        (tmp_path / "uv.lock").write_bytes(text)
        async with open_file(tmp_path / "uv"):
            pass
        assert (tmp_path / "uv.lock").read_bytes() == left


@ON_POSIX
async def test_a_lock_file_that_was_removed_is_recreated_and_locked(tmp_path: Path) -> None:
    """A cleanup program removed it; another watcher is then refused as before."""
    path, other = tmp_path / "bot.json", CheckpointFile(tmp_path / "bot.json")
    async with open_file(path) as file:
        (tmp_path / "bot.json.lock").unlink()
        file.check_lock()
        with pytest.raises(CheckpointError, match="another watcher is using"):
            await other.lock()
    assert await other.lock()
    other.unlock()


@ON_POSIX
async def test_a_lock_that_another_watcher_has_taken_since_is_an_error(tmp_path: Path) -> None:
    """Of two watchers with one checkpoint, the first ends."""
    path, other = tmp_path / "bot.json", CheckpointFile(tmp_path / "bot.json")
    async with open_file(path) as file:
        (tmp_path / "bot.json.lock").unlink()
        assert await other.lock()
        with pytest.raises(CheckpointError, match="another watcher is using"):
            file.check_lock()
        other.unlock()


@ON_POSIX
async def test_a_lock_file_that_is_removed_before_it_is_locked_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one that is made is locked."""
    fcntl: Any = pytest.importorskip("fcntl")
    real, removed = fcntl.flock, list[int]()

    def unlink_first(file: int, how: int) -> None:
        if not removed:
            removed.append(file)
            (tmp_path / "bot.json.lock").unlink()
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", unlink_first)
    async with open_file(tmp_path / "bot.json") as file:
        assert (tmp_path / "bot.json.lock").exists()
        file.check_lock()
        with pytest.raises(CheckpointError, match="another watcher is using"):
            await CheckpointFile(tmp_path / "bot.json").lock()


@no_locks
async def test_without_locks_the_error_says_how_to_continue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The way that the error names works."""
    path = tmp_path / "bot.json"
    without_locks(monkeypatch, number)
    with pytest.raises(CheckpointError, match=r"cannot be locked .*lock=False") as caught:
        await CheckpointFile(path).lock()
    assert caught.value.path == str(path)
    file = CheckpointFile(path, locked=False)
    assert await file.lock()
    assert not await file.lock()
    await file.rewrite(CHECKPOINT)
    file.check_lock()
    file.unlock()
    assert Checkpoint.load(path) == CHECKPOINT
    assert not (tmp_path / "bot.json.lock").is_symlink()


@pytest.mark.parametrize("how", ["rewritten", "saved"])
async def test_a_file_that_is_a_mount_itself_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The error says what to mount instead; the file keeps its value."""
    path = tmp_path / "bot.json"
    CHECKPOINT.save(path)

    def busy(_self: Path, _target: Path) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(Path, "replace", busy)
    file = CheckpointFile(path)
    with pytest.raises(CheckpointError, match="mount its folder"):
        await (file.rewrite(OTHER) if how == "rewritten" else asyncio.to_thread(OTHER.save, path))
    assert Checkpoint.load(path) == CHECKPOINT
    assert content(tmp_path) == {"bot.json"}


@contextmanager
def threads_of(*functions: Callable[..., Any]) -> Generator[set[tuple[str, int]]]:
    """Which thread calls these functions of the SDK during the block; new ones are watched too."""
    found = set[tuple[str, int]]()
    watched = {function.__code__ for function in functions}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in watched:
            found.add((frame.f_code.co_name, threading.get_ident()))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


async def test_a_file_is_read_and_written_in_a_thread(tmp_path: Path) -> None:
    """Tens of thousands of groups take long, and other tasks run meanwhile."""
    file = CheckpointFile(tmp_path / "bot.json")
    with threads_of(write_new, unsealed) as threads:
        await file.rewrite(CHECKPOINT)
        assert await file.load() == CHECKPOINT
    file.unlock()
    assert {name for name, _ in threads} == {"write_new", "unsealed"}
    assert threading.get_ident() not in {thread for _, thread in threads}


async def test_a_file_that_is_missing_when_it_is_closed_is_written_in_a_thread(
    tmp_path: Path,
) -> None:
    """As after a first poll that was cancelled."""
    file = CheckpointFile(tmp_path / "bot.json")
    assert await file.lock()
    with threads_of(write_new) as threads:
        await file.close(lambda: CHECKPOINT)
    assert Checkpoint.load(file.path) == CHECKPOINT
    assert threading.get_ident() not in {thread for _, thread in threads}
    assert not file.is_open
