"""The journal of a bulk run: what is written, when, and what is not overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Progress
from grafana_oncall.errors import BadRequest, JournalError
from grafana_oncall.testing import FakeOnCall, FakeRequest
from tests.support.bulk_stories import (
    add,
    assert_matches_server,
    connect,
    counted,
    ids,
    lines,
    meanwhile,
)
from tests.support.clients import KEY
from tests.support.samples import BASE
from tests.support.secrets_shown import shows


async def test_a_journal_has_a_line_for_each_event(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The head, the selection, begin and end of each group, and the end of the run."""
    first, second = add(fake, 2, labels={"team": "SRE"})
    path = tmp_path / "run.jsonl"
    query = oncall.alert_groups.list(labels={"team": "SRE"})
    await oncall.alert_groups.bulk.silence(query, 60, journal=str(path), max_at_once=1, max_items=2)
    head, *rest = lines(path)
    assert head == {
        "journal": 1,
        "server": f"{BASE}/api/v1/",
        "grafana_url": None,
        "action": {"name": "silence", "delay": 60},
        "query": [["label", "team:SRE"]],
        "converge": False,
        "max_items": 2,
    }
    assert rest[:2] == [{"select": [first.id, second.id]}, {"selected": 2, "complete": True}]
    assert rest.pop() == {"finished": True}
    assert [(entry.get("begin"), entry.get("end")) for entry in rest[2:]] == [
        (first.id, None),
        (None, first.id),
        (second.id, None),
        (None, second.id),
    ]
    assert [entry["status"] for entry in rest if "end" in entry] == ["changed"] * 2


async def test_what_is_sent_was_recorded_before(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Each outcome is recorded at once, so that a killed process has lost none."""
    path = tmp_path / "j"
    noted: list[bool] = []

    def act(request: FakeRequest) -> None:
        begun = [entry["begin"] for entry in lines(path) if "begin" in entry]
        ended = [entry["end"] for entry in lines(path) if "end" in entry]
        noted.append(begun[-1] in request.path and begun[:-1] == ended)

    meanwhile(fake, "resolve_alert_group", act, times=9)
    await oncall.alert_groups.bulk.resolve(ids(add(fake, 9)), journal=path, max_at_once=1)
    assert noted == [True] * 9


async def test_a_journal_can_be_synced_to_disk(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `fsync=True`, also in a resumed run."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    groups = add(fake, 12)
    path = tmp_path / "j"
    bulk = oncall.alert_groups.bulk
    these = [*ids(groups[:6]), "NONE"]
    await bulk.resolve(these, journal=path, fsync=True, stop_after_failures=1)
    assert len(synced) >= 7
    assert counted(await bulk.resume(path, fsync=True)) == {"changed": 6, "rejected": 1}
    assert [entry["status"] for entry in lines(path) if "end" in entry].count("changed") == 6


def test_a_journal_that_exists_is_refused_at_the_call(fake: FakeOnCall, tmp_path: Path) -> None:
    """It belongs to another run, and is left unchanged."""
    path = tmp_path / "j"
    path.write_text("precious")
    client = connect(fake)
    with pytest.raises(JournalError, match="resume") as caught:
        client.alert_groups.bulk.resolve(["I1"], journal=path)
    assert (caught.value.path, path.read_text()) == (str(path), "precious")
    assert caught.value.reason == "exists"


async def test_a_journal_that_appears_before_the_run_begins_is_not_overwritten(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It appears between the call and the await."""
    path = tmp_path / "j"
    run = oncall.alert_groups.bulk.resolve(ids(add(fake, 1)), journal=path)
    path.write_text("precious")
    with pytest.raises(JournalError) as caught:
        await run
    assert caught.value.reason == "exists"
    assert (path.read_text(), fake.calls) == ("precious", [])


async def test_if_the_journal_cannot_be_created_nothing_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Not even a read."""
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.resolve(query, journal=tmp_path / "none" / "j")
    with pytest.raises(JournalError):
        await run
    assert fake.calls == []


def fill_up(path: Path) -> None:
    """Make the disk full for this file, which this process has open."""
    fds = Path("/proc/self/fd")
    (number,) = [one.name for one in fds.iterdir() if one.is_symlink() and one.readlink() == path]
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, int(number))
    os.close(full)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_journal_that_cannot_be_continued_ends_the_run(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Nothing more is sent; the report has what the journal lacks."""
    groups = add(fake, 20)
    path = tmp_path / "j"

    def on_progress(progress: Progress) -> None:
        if progress.phase == "acting" and progress.done == 5:
            fill_up(path)

    run = oncall.alert_groups.bulk.resolve(
        ids(groups), journal=path, max_at_once=2, on_progress=on_progress
    )
    with pytest.raises(JournalError, match="No space left"):
        await run
    assert_matches_server(fake, run.report)
    counts = counted(run.report)
    assert counts["changed"] in {5, 6}
    assert counts["changed"] + counts["not_attempted"] == 20
    assert len(fake.calls) == counts["changed"]


# Secrets


class Echo(httpx.AsyncBaseTransport):
    """A server whose refusals repeat the request, including the token."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse the request, and repeat it."""
        said = f"no: {request.headers['authorization']}"
        return httpx.Response(400 if request.method == "POST" else 404, json={"detail": said})


async def test_neither_journal_nor_report_shows_the_token(tmp_path: Path) -> None:
    """Although the server repeats it."""
    path = tmp_path / "j"
    async with OnCallClient(url=BASE, token=KEY, transport=Echo()) as client:
        run = client.alert_groups.bulk.resolve(["I1", "I2"], journal=path)
        report = await run
    assert counted(report) == {"rejected": 2}
    assert isinstance(report.failures[0].error, BadRequest)
    views = [path.read_text(), str(report), repr(report), report.to_json(), repr(run)]
    views += [f"{outcome!r} {outcome.error} {vars(outcome.error)}" for outcome in report.outcomes]
    assert [view for view in views if shows(view, KEY)] == []
    assert "no: " in path.read_text()
