"""Journals from which no run can be resumed, and who may write to one."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument, JournalError
from grafana_oncall.testing import FakeOnCall
from tests.facade.bulk_stories import SECOND, add, connect, counted, cut, silence
from tests.facade.samples import BASE


def test_the_journal_of_another_server_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """Its ids mean something else there."""
    path = tmp_path / "j"

    async def main() -> None:
        async with connect(fake) as client:
            await cut(silence(client.alert_groups.bulk, add(fake, 1), path), 0.001)

    fake.latency = SECOND
    asyncio.run(main())
    other = OnCallClient(url="https://other.example", token=fake.token, transport=fake.transport())
    with pytest.raises(JournalError, match=r"other\.example"):
        other.alert_groups.bulk.resume(path)


HEAD = (
    f'{{"journal": 1, "server": "{BASE}/api/v1/", "action": {{"name": "resolve"}}, '
    '"query": null, "converge": false, "max_items": null}\n'
)
SELECTED = '{"select": ["I1"]}\n{"selected": 1, "settled": true}\n'
EMPTY, STRANGE = "Start a new run", "no line of a bulk journal"
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
    "of a group that was not selected": (STRANGE, f'{HEAD}{SELECTED}{{"begin": 1}}\n'),
    "of an unknown status": (
        STRANGE,
        f'{HEAD}{SELECTED}{{"end": 0, "status": "eaten", "detail": "", "seconds": 0}}\n',
    ),
}


@pytest.mark.parametrize(
    ("message", "text"), [pytest.param(*case, id=name) for name, case in NOT_JOURNALS.items()]
)
def test_what_is_no_journal_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path, message: str, text: str
) -> None:
    """With its path."""
    path = tmp_path / "j"
    path.write_text(text)
    with pytest.raises(JournalError, match=message) as caught:
        connect(fake).alert_groups.bulk.resume(path)
    assert caught.value.path == str(path)


async def test_the_shortest_journal_is_resumed(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Its first line and its selection: nothing was sent, and all of it is to be done."""
    (group,) = add(fake, 1)
    path = tmp_path / "j"
    path.write_text((HEAD + SELECTED).replace("I1", group.id))
    report = await oncall.alert_groups.bulk.resume(path)
    assert (counted(report), group.state) == ({"changed": 1}, "resolved")


@pytest.mark.parametrize("text", ["precious", "precious\nthings"])
def test_what_is_no_journal_is_left_as_it_is(fake: FakeOnCall, tmp_path: Path, text: str) -> None:
    """A path that was mistyped costs nothing."""
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(JournalError):
        connect(fake).alert_groups.bulk.resume(path)
    assert path.read_text() == text


def test_a_journal_that_cannot_be_read_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """One that is not there, a directory, and what is no path."""
    bulk = connect(fake).alert_groups.bulk
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(JournalError):
            bulk.resume(path)
    with pytest.raises(InvalidArgument):
        bulk.resume(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_two_runs_do_not_write_the_same_journal(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The second is refused, leaves no file open, and sends nothing."""
    path = tmp_path / "j"
    groups = add(fake, 8)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    task = asyncio.create_task(silence(bulk, groups, path).wait())
    await asyncio.sleep(0.7)
    second = bulk.resume(path)
    with pytest.raises(JournalError):
        await second
    del second
    gc.collect()
    assert counted(await task) == {"changed": 8}
    assert len(fake.calls) == 8


async def test_a_run_that_another_one_has_finished_meanwhile_repeats_nothing(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Two who resume the same journal, one after the other."""
    path = tmp_path / "j"
    groups = add(fake, 12)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(silence(bulk, groups, path), 1.7)
    first, second = bulk.resume(path), bulk.resume(path)
    assert (await first).failures == ()
    fake.calls.clear()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="written since it was read") as caught:
        await second
    assert (caught.value.path, path.read_bytes()) == (str(path), before)
    assert sum(second.report.counts.values()) == 12
    assert (await bulk.resume(path)).failures == ()
    assert fake.calls == []


async def test_half_a_line_that_another_run_is_writing_is_not_cut_off(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It is that run's, as long as it goes on."""
    path = tmp_path / "j"
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    task = asyncio.create_task(silence(bulk, add(fake, 8), path).wait())
    await asyncio.sleep(0.7)
    with path.open("ab") as journal:
        journal.write(b'{"end": 3, "id": "')
    before, second = path.read_bytes(), bulk.resume(path)
    with pytest.raises(JournalError, match="another run writes it now"):
        await second
    assert (path.read_bytes(), len(fake.calls)) == (before, 4)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("tail", [b"", b'{"end": 3, "id": "'], ids=["whole", "with half a line"])
async def test_a_journal_that_was_written_since_it_was_read_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, tail: bytes
) -> None:
    """At the await, and it stays as it is; when it is read again it goes on."""
    path = tmp_path / "j"
    groups = add(fake, 6)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(silence(bulk, groups, path), 1.2)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    run = bulk.resume(path)
    noted = f'{{"begin": 5, "id": "{groups[5].id}"}}\n'.encode()
    path.write_bytes(whole + noted + tail)
    fake.calls.clear()
    with pytest.raises(JournalError, match="Resume it again"):
        await run
    assert (path.read_bytes(), fake.calls) == (whole + noted + tail, [])
    assert (await bulk.resume(path)).failures == ()
