"""Journal files: which files can be one, who may read them, and file systems without locks."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Bulk, BulkRun
from grafana_oncall.errors import JournalError
from grafana_oncall.testing import FakeOnCall
from tests.support.bulk_stories import SECOND, add, counted, cut, silence, written
from tests.support.odd_files import ENDLESS, each_path, no_locks, without_locks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes, modes and flock")

Run = Callable[[Bulk, Path], BulkRun]
RUNS: dict[str, Run] = {
    "new": lambda bulk, path: bulk.resolve(["I1"], journal=path),
    "start or finish": lambda bulk, path: bulk.resolve(["I1"], journal=path, resume=True),
    "finish": lambda bulk, path: bulk.resume(path),
}
each_run = pytest.mark.parametrize("run", [pytest.param(RUNS[name], id=name) for name in RUNS])


@each_run
@each_path
async def test_what_cannot_be_a_file_is_a_journal_error(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, run: Run, odd: Callable[[Path], Path]
) -> None:
    """At once: the call does not wait for the other end of a pipe, and sends nothing."""
    path = odd(tmp_path)
    with pytest.raises(JournalError) as caught:
        await run(oncall.alert_groups.bulk, path)
    assert (caught.value.path, fake.calls) == (str(path), [])


async def test_a_device_is_not_read(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """It may be endless."""
    with pytest.raises(JournalError, match="Not a regular file"):
        oncall.alert_groups.bulk.resume(ENDLESS)
    assert fake.calls == []


async def test_only_its_owner_can_read_a_journal(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It contains what the server says about groups."""
    for resume in (False, True):
        path = tmp_path / f"{resume}.jsonl"
        await oncall.alert_groups.bulk.resolve([add(fake, 1)[0].id], journal=path, resume=resume)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@no_locks
@pytest.mark.parametrize("resume", [False, True])
async def test_without_locks_no_run_begins_and_no_journal_is_left(  # noqa: PLR0917  # fixtures
    fake: FakeOnCall,
    oncall: OnCallClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    resume: bool,  # noqa: FBT001  # a parameter
) -> None:
    """The error explains locks, and how to do without; then the run works."""
    path, (group,) = tmp_path / "run.jsonl", add(fake, 1)
    bulk = oncall.alert_groups.bulk
    without_locks(monkeypatch, number)
    with pytest.raises(JournalError, match=r"cannot be locked .*lock=False") as caught:
        await bulk.resolve([group.id], journal=path, resume=resume)
    assert (caught.value.path, path.exists(), fake.calls) == (str(path), False, [])
    report = await bulk.resolve([group.id], journal=path, resume=resume, lock=False)
    assert counted(report) == {"changed": 1}


@no_locks
async def test_without_locks_no_run_is_resumed_and_its_journal_stays(
    fake: FakeOnCall,
    oncall: OnCallClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """It is resumed with `lock=False`."""
    path, groups = tmp_path / "j", add(fake, 6)
    bulk = oncall.alert_groups.bulk
    fake.latency = SECOND
    await cut(silence(bulk, groups, path), 1.2)
    before = path.read_bytes(), len(written(fake))
    without_locks(monkeypatch, number)
    with pytest.raises(JournalError, match=r"cannot be locked .*lock=False"):
        bulk.resume(path)
    with pytest.raises(JournalError, match="cannot be locked"):
        await bulk.silence([group.id for group in groups], 3600, journal=path, resume=True)
    assert before == (path.read_bytes(), len(written(fake)))
    assert {group.state for group in groups} == {"firing", "silenced"}
    await bulk.resume(path, lock=False)
    assert {group.state for group in groups} == {"silenced"}
