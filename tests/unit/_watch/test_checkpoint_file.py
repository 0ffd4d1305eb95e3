"""The file of a checkpoint: appended to, compacted, and whole at any moment."""

import asyncio
import os
import select
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall._watch.checkpoint_file import CheckpointFile, Kind
from grafana_oncall._watch.tracker import Delivery
from grafana_oncall.errors import CheckpointError
from grafana_oncall.models import AlertGroupState
from tests.support.checkpoints import CHECKPOINT, MOMENT, OTHER, full_disk

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
            id="inside again",
        ),
        pytest.param([("delivered", LEFT), ("delivered", GONE)], {}, id="gone from outside"),
    ],
)
async def test_a_file_has_what_was_appended_to_it(
    tmp_path: Path, lines: list[tuple[Kind, Any]], changed: dict[str, Any]
) -> None:
    """For a process that is killed at any moment."""
    path, expected = tmp_path / "bot.json", attrs.evolve(SILENT, **changed)
    async with open_file(path) as file:
        for kind, what in lines:
            assert file.append(kind, what)
        assert Checkpoint.load(path) == Checkpoint.from_json(path.read_text()) == expected
    assert Checkpoint.load(path) == expected


async def test_half_a_line_at_the_end_does_not_count(tmp_path: Path) -> None:
    """Wherever it was cut, in the middle of a character too; half a value is refused."""
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


async def test_a_file_that_has_grown_is_written_anew(tmp_path: Path) -> None:
    """With everything that is known, and without lines."""
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
    """The names of its files."""
    return {path.name for path in folder.iterdir()}


MANY = attrs.evolve(
    SILENT, groups=tuple(attrs.evolve(GROUP, id=f"I{number}") for number in range(2000))
)


async def test_what_is_appended_while_a_file_is_written_anew_is_in_both(tmp_path: Path) -> None:
    """In the old one until the new one takes its place, and then in that."""
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
async def test_a_file_that_is_not_there_is_written_with_its_first_lines(
    tmp_path: Path, kind: str
) -> None:
    """Until then, nothing can be appended to it."""
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


async def test_a_file_that_is_being_written_anew_is_left_as_it_was_by_a_cancellation(
    tmp_path: Path,
) -> None:
    """Which waits for the thread: nothing else may write there meanwhile."""
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
async def test_a_disk_that_hangs_holds_nothing_up_but_the_writing(tmp_path: Path) -> None:
    """A pipe that no one reads from: the event loop goes on, and appends to the old file."""
    path, slow = tmp_path / "bot.json", tmp_path / "bot.json.new"
    async with open_file(path) as file:
        os.mkfifo(slow)
        pipe = os.open(slow, os.O_RDWR)
        rescue = threading.Timer(5, os.close, [pipe])
        rescue.start()
        writing = asyncio.create_task(file.rewrite(MANY))
        while not select.select([pipe], [], [], 0)[0]:  # noqa: ASYNC110  # a thread writes
            await asyncio.sleep(0)
        assert file.append("polled", SECOND)
        file.save(lambda: SILENT)
        assert (writing.done(), rescue.is_alive()) == (False, True)
        rescue.cancel()
        os.close(pipe)
        with pytest.raises(CheckpointError):
            await writing
    assert Checkpoint.load(path) == attrs.evolve(SILENT, polled=SECOND)


async def test_a_line_does_not_follow_half_a_line(tmp_path: Path) -> None:
    """After a full disk, the file is written whole before anything is appended again."""
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
