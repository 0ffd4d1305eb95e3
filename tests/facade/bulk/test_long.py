"""Bulk runs of very many groups: their memory, and whether other tasks run meanwhile."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tracemalloc
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._core.files import sealed
from grafana_oncall.bulk import BulkRun, Status
from grafana_oncall.errors import JournalError, Unauthorized
from tests.support.journals import with_checksums
from tests.support.samples import BASE, TOKEN

HEAD: dict[str, Any] = {
    "journal": 1,
    "server": f"{BASE}/api/v1/",
    "grafana_url": None,
    "action": {"name": "resolve"},
    "query": None,
    "converge": False,
    "max_items": None,
}


FINISHED = sealed(b'{"finished": true}')


async def stream(number: int) -> AsyncGenerator[str]:
    """So many ids, without any wait between them."""
    for index in range(number):
        yield f"I{index * 7_654_321 % 10**9:013}"


class Server(httpx.AsyncBaseTransport):
    """Return the same response to every request, at once."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Count the request; the first one comes when the selection is complete."""
        self.requests += 1
        return httpx.Response(self.status, request=request)


def connect(status: int) -> OnCallClient:
    """A client of such a server."""
    return OnCallClient(url=BASE, token=TOKEN, transport=Server(status))


async def peak(number: int, journal: Path) -> int:
    """Return the peak memory in bytes of a run that a refused token ends."""
    async with connect(401) as client:
        gc.collect()
        tracemalloc.start()
        try:
            run = client.alert_groups.bulk.resolve(stream(number), journal=journal)
            with pytest.raises(Unauthorized):
                await run
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.skipif(sys.gettrace() is not None, reason="who traces takes memory as well")
async def test_a_group_of_a_long_selection_takes_less_than_300_bytes(tmp_path: Path) -> None:
    """With its id and all that the run keeps for it, also with a journal."""
    await peak(10, tmp_path / "first")  # so that lazy imports are done
    few = await peak(20_000, tmp_path / "few")
    many = await peak(60_000, tmp_path / "many")
    assert (many - few) / 40_000 < 300


async def test_all_groups_of_a_long_selection_are_acted_on_in_order(tmp_path: Path) -> None:
    """The resumed run finds nothing left to do."""
    expected = [group_id async for group_id in stream(10_500)]
    async with connect(200) as client:
        bulk = client.alert_groups.bulk
        report = await bulk.resolve(stream(10_500), journal=tmp_path / "j")
        resumed = await bulk.resume(tmp_path / "j")
    for each in (report, resumed):
        assert [outcome.id for outcome in each.outcomes] == expected
        assert each.counts[Status.CHANGED] == 10_500


def files(folder: Path) -> list[Path]:
    """Return all files of the folder."""
    return [*folder.iterdir()]


@pytest.mark.parametrize("turns", [1, 20, 35, 60])
async def test_a_long_selection_that_was_cancelled_leaves_nothing(
    tmp_path: Path, turns: int
) -> None:
    """The journal is gone; nothing was sent."""
    server = Server(200)
    async with OnCallClient(url=BASE, token=TOKEN, transport=server) as client:
        run = client.alert_groups.bulk.resolve(stream(40_000), journal=tmp_path / "j")
        task = asyncio.create_task(run.wait())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    assert (files(tmp_path), server.requests) == ([], 0)


async def samples(run: BulkRun, sample: Callable[[], int]) -> list[int]:
    """Return a sample for each turn of the loop, until the run has ended."""
    seen = [sample()]
    task = asyncio.create_task(run.wait())
    while not task.done():
        await asyncio.sleep(0)
        seen.append(sample())
    with suppress(Unauthorized, JournalError):
        await task
    return seen


@pytest.mark.parametrize(
    "select",
    [
        pytest.param(lambda: stream(30_000), id="an async iterable that never waits"),
        pytest.param(lambda: [f"I{number}" for number in range(30_000)], id="a list"),
    ],
)
async def test_other_tasks_go_on_while_ids_are_selected(
    tmp_path: Path, select: Callable[[], Any]
) -> None:
    """Also while they are written to the journal, a thousand at a time."""
    path = tmp_path / "j"
    async with connect(401) as client:
        run = client.alert_groups.bulk.resolve(select(), journal=path)
        sizes = await samples(run, lambda: path.stat().st_size if path.exists() else 0)
    before = sum(size < 1000 for size in sizes)  # the journal has only its first line
    assert before >= 30
    assert len({size for size in sizes if size > 1000}) >= 30


def journal(path: Path, groups: int, *tail: str) -> Path:
    """Write the journal of a run that has resolved all of its groups."""
    ids = [f"I{number:013}" for number in range(groups)]
    entries = [HEAD, *({"select": ids[at : at + 1000]} for at in range(0, groups, 1000))]
    entries.append({"selected": groups, "complete": True})
    for group_id in ids:
        end = {"end": group_id, "status": "changed", "seconds": 0.123456, "detail": ""}
        entries += [{"begin": group_id}, end]
    text = "".join(f"{json.dumps(entry)}\n" for entry in entries) + "".join(tail)
    path.write_text(with_checksums(text))
    return path


async def test_other_tasks_go_on_while_a_long_journal_is_read(tmp_path: Path) -> None:
    """Its beginning is read at the call, all of it at the await, 32 KiB at a time."""
    path = journal(tmp_path / "j", 1500)
    async with connect(401) as client:
        run = client.alert_groups.bulk.resume(path)
        done = await samples(run, lambda: run.report.counts[Status.CHANGED])
    assert 0 < done[0] < 1000
    assert len(done) > (path.stat().st_size - 32 * 1024) / (32 * 1024)
    assert done[-1] == 1500


async def test_a_fault_in_the_rest_of_a_long_journal_is_raised_by_the_await(
    tmp_path: Path,
) -> None:
    """With the line number; nothing is sent, and the file is left unchanged."""
    path = journal(tmp_path / "j", 1500, '{"end": 7}\n', '{"begin": "I0')
    before = path.read_bytes()
    server = Server(200)
    async with OnCallClient(url=BASE, token=TOKEN, transport=server) as client:
        run = client.alert_groups.bulk.resume(path)
        with pytest.raises(JournalError, match="line 3005: not a line of a bulk journal") as caught:
            await run
    assert (caught.value.path, path.read_bytes(), server.requests) == (str(path), before, 0)
    assert 0 < run.report.counts[Status.CHANGED] < 1500  # as the call read it


async def test_a_long_selection_that_was_not_complete_is_refused_by_the_await(
    tmp_path: Path,
) -> None:
    """The error says that nothing was sent."""
    path = journal(tmp_path / "j", 10_000)
    selection = path.read_bytes().partition(b'{"selected"')[0]
    path.write_bytes(selection)
    async with connect(200) as client:
        run = client.alert_groups.bulk.resume(path)
        with pytest.raises(JournalError, match="selection was not complete"):
            await run
    assert path.read_bytes() == selection


async def test_half_a_line_at_the_end_of_a_long_journal_is_cut_off(tmp_path: Path) -> None:
    """Then the run continues where it was."""
    path = journal(tmp_path / "j", 3000, '{"begin": "I0')
    whole = path.read_bytes()[: -len('{"begin": "I0')]
    async with connect(200) as client:
        report = await client.alert_groups.bulk.resume(path)
    assert (report.counts[Status.CHANGED], path.read_bytes()) == (3000, whole + FINISHED)
