"""Journals from which no run can be resumed, and who may write to one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._core.files import sealed
from grafana_oncall.bulk import Bulk, BulkRun, Status
from grafana_oncall.errors import InvalidArgument, JournalError
from grafana_oncall.testing import FakeOnCall
from tests.support.bulk_stories import SECOND, add, connect, counted, cut, silence, written
from tests.support.journals import with_checksums
from tests.support.samples import BASE
from tests.support.virtual_time import run


def test_the_journal_of_another_server_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """Its ids mean something else there."""
    path = tmp_path / "j"

    async def main() -> None:
        async with connect(fake) as client:
            await cut(silence(client.alert_groups.bulk, add(fake, 1), path), 0.001)

    fake.latency = SECOND
    run(main())
    other = OnCallClient(url="https://other.example", token=fake.token, transport=fake.transport())
    with pytest.raises(JournalError, match=r"other\.example"):
        other.alert_groups.bulk.resume(path)


HEAD = (
    f'{{"journal": 1, "server": "{BASE}/api/v1/", "grafana_url": null, '
    '"action": {"name": "resolve"}, "query": null, "converge": false, "max_items": null}\n'
)
SELECTED = '{"select": ["I1"]}\n{"selected": 1, "complete": true}\n'
EMPTY, STRANGE = "Start a new run", "not a line of a bulk journal"
NOT_JOURNALS = {
    "empty": (EMPTY, ""),
    "of half a line": (EMPTY, HEAD[:-9]),
    "without its selection": (EMPTY, HEAD),
    "with half of its selection": (EMPTY, f'{HEAD}{{"select": ["I1"]}}\n'),
    "a text": (STRANGE, "Dear diary,\n"),
    "another JSON": (STRANGE, '{"a": 1}\n'),
    "of another format": (STRANGE, HEAD.replace('"journal": 1', '"journal": 2') + SELECTED),
    "of an unknown action": (STRANGE, HEAD.replace('"resolve"', '"explode"') + SELECTED),
    "without a limit": (STRANGE, HEAD.replace(', "max_items": null', "") + SELECTED),
    "of a group that was not selected": (STRANGE, f'{HEAD}{SELECTED}{{"begin": "I2"}}\n'),
    "of an unknown status": (
        STRANGE,
        f'{HEAD}{SELECTED}{{"end": "I1", "status": "eaten", "detail": "", "seconds": 0}}\n',
    ),
}


@pytest.mark.parametrize(
    ("message", "text"), [pytest.param(*case, id=name) for name, case in NOT_JOURNALS.items()]
)
def test_what_is_not_a_journal_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path, message: str, text: str
) -> None:
    """The error has its path."""
    path = tmp_path / "j"
    path.write_text(with_checksums(text))
    with pytest.raises(JournalError, match=message) as caught:
        connect(fake).alert_groups.bulk.resume(path)
    assert caught.value.path == str(path)


async def test_the_shortest_journal_is_resumed(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Only a first line and a selection: nothing was sent, and all is still to be done."""
    (group,) = add(fake, 1)
    path = tmp_path / "j"
    path.write_text(with_checksums((HEAD + SELECTED).replace("I1", group.id)))
    report = await oncall.alert_groups.bulk.resume(path)
    assert (counted(report), group.state) == ({"changed": 1}, "resolved")


@pytest.mark.parametrize("text", ["precious", "precious\nthings"])
def test_what_is_not_a_journal_is_left_unchanged(
    fake: FakeOnCall, tmp_path: Path, text: str
) -> None:
    """A mistyped path does no harm."""
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(JournalError):
        connect(fake).alert_groups.bulk.resume(path)
    assert path.read_text() == text


def test_a_journal_that_cannot_be_read_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """A missing file, a directory, or something that is not a path."""
    bulk = connect(fake).alert_groups.bulk
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(JournalError):
            bulk.resume(path)
    with pytest.raises(InvalidArgument):
        bulk.resume(3)  # type: ignore[arg-type]


async def test_two_runs_do_not_write_to_the_same_journal(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The second is refused, leaves no file open, and sends nothing."""
    path = tmp_path / "j"
    groups = add(fake, 8)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    task = asyncio.create_task(silence(bulk, groups, path).wait())
    await asyncio.sleep(0.7)
    with pytest.raises(JournalError) as caught:
        bulk.resume(path)
    assert caught.value.reason == "in_use"
    del caught
    gc.collect()
    assert counted(await task) == {"changed": 8}
    assert len(fake.calls) == 8


def resolve(bulk: Bulk, path: Path) -> BulkRun:
    """Start or finish a run."""
    return bulk.resolve(["I1"], journal=path, resume=True)


@pytest.mark.parametrize("resume", [lambda b, p: b.resume(p), resolve])
async def test_the_journal_of_a_run_that_still_selects_is_in_use(
    fake: FakeOnCall,
    oncall: OnCallClient,
    tmp_path: Path,
    resume: Callable[[Bulk, Path], BulkRun],
) -> None:
    """The error does not say that nothing was sent; each group is silenced once."""
    path, bulk = tmp_path / "j", oncall.alert_groups.bulk
    groups = add(fake, 60, labels={"team": "SRE"})
    fake.latency = SECOND
    query = oncall.alert_groups.list(labels={"team": "SRE"})
    task = asyncio.create_task(bulk.silence(query, 3600, journal=path).wait())
    await asyncio.sleep(0.5)
    with pytest.raises(JournalError, match="another run is using it now") as caught:
        await resume(bulk, path)
    assert caught.value.reason == "in_use"
    assert counted(await task) == {"changed": 60}
    assert len(written(fake)) == len(groups)


async def test_a_run_continues_after_what_another_one_did_since_it_was_made(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Two runs resume the same journal, one after the other; nothing is repeated."""
    path = tmp_path / "j"
    groups = add(fake, 12)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(silence(bulk, groups, path), 1.7)
    first, second = bulk.resume(path), bulk.resume(path)
    done = counted(await first)
    fake.calls.clear()
    assert counted(await second) == done
    assert [call for call in fake.calls if call.method != "GET"] == []


async def test_a_journal_that_has_become_another_runs_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It had one action at the call and another at the await, which was not requested."""
    path = tmp_path / "j"
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(silence(bulk, add(fake, 6), path), 1.2)
    run = bulk.resume(path)
    path.write_text(other := with_checksums(HEAD + SELECTED))
    fake.calls.clear()
    with pytest.raises(JournalError, match="Resume it again") as caught:
        await run
    assert (caught.value.reason, fake.calls) == ("other_run", [])
    assert path.read_text() == other


async def test_half_a_line_that_another_run_is_writing_is_not_cut_off(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The line belongs to that run while it goes on."""
    path = tmp_path / "j"
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    task = asyncio.create_task(silence(bulk, add(fake, 8), path).wait())
    await asyncio.sleep(0.7)
    with path.open("ab") as journal:
        journal.write(b'{"end": "I')
    before = path.read_bytes()
    with pytest.raises(JournalError, match="another run is using it now"):
        bulk.resume(path)
    assert (path.read_bytes(), len(fake.calls)) == (before, 4)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("tail", [b"", b'{"end": "I'], ids=["whole", "with half a line"])
async def test_what_was_written_since_the_call_counts(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, tail: bytes
) -> None:
    """The await locks the journal, and reads all of it anew."""
    path = tmp_path / "j"
    groups = add(fake, 6)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(silence(bulk, groups, path), 1.2)
    run, whole = bulk.resume(path), path.read_bytes()
    done = f'{{"end": "{groups[5].id}", "status": "rejected", "seconds": 0, "detail": ""}}'
    path.write_bytes(whole + sealed(done.encode()) + tail)
    assert (await run).outcomes[5].status is Status.REJECTED
    assert groups[5].state == "firing"


# The file is removed, renamed or replaced meanwhile


async def test_a_file_that_lost_its_name_while_it_was_opened_is_not_used(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that selected nothing removes its journal just before another gets the lock."""
    path = tmp_path / "j"
    path.write_text(with_checksums((HEAD + SELECTED).replace("I1", add(fake, 1)[0].id)))
    fcntl: Any = pytest.importorskip("fcntl")
    real = fcntl.flock

    def unlink_first(file: FileIO, how: int) -> None:
        path.unlink(missing_ok=True)
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", unlink_first)
    with pytest.raises(JournalError) as caught:
        oncall.alert_groups.bulk.resume(path)
    assert (caught.value.reason, fake.calls) == ("in_use", [])


@pytest.mark.parametrize("how", ["removed", "replaced"])
async def test_a_run_without_a_selection_removes_no_other_file(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, how: str
) -> None:
    """The journal was replaced by another file."""
    path, bulk = tmp_path / "j", oncall.alert_groups.bulk
    fake.latency = SECOND
    query = oncall.alert_groups.list(state="new")
    task = asyncio.create_task(bulk.resolve(query, journal=path).wait())
    await asyncio.sleep(0.5)
    path.unlink()
    if how == "replaced":
        path.write_text("precious")
    task.cancel()
    await asyncio.wait([task])
    assert path.exists() is (how == "replaced")
