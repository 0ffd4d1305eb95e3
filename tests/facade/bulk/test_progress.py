"""How far a bulk run is, as reported during the run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from grafana_oncall import OnCallClient, bulk
from grafana_oncall.bulk import Progress, Status
from grafana_oncall.testing import FakeOnCall, throttle
from tests.support.bulk_stories import SECOND, add, counted, ids
from tests.support.virtual_time import passed


def refused(fake: FakeOnCall) -> int:
    """Return the number of 429s so far."""
    return sum(call.status == 429 for call in fake.calls)


async def test_progress_is_reported_for_each_page_and_each_group(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """First of the selection, then of the action; it grows up to the total."""
    add(fake, 120)
    reported: list[Progress] = []
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.resolve(query, on_progress=reported.append)
    assert reported == []
    await run
    selecting = [progress for progress in reported if progress.phase == "selecting"]
    acting = [progress for progress in reported if progress.phase == "acting"]
    assert reported == selecting + acting
    found = [progress.done for progress in selecting]
    assert (found[0], found[-1], found) == (50, 120, sorted(found))
    assert {progress.total for progress in reported} == {120}
    assert [progress.done for progress in acting] == list(range(1, 121))
    for progress in acting:
        assert progress.action == "resolve"
        assert sum(progress.counts.values()) == 120
        assert progress.counts[Status.CHANGED] == progress.done


async def test_a_source_without_a_length_has_no_total(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """While it is read; so there is no time left either."""
    reported: list[Progress] = []
    run = oncall.alert_groups.bulk.resolve(
        one_by_one(ids(add(fake, 5))), on_progress=reported.append
    )
    await run
    selecting = [progress for progress in reported if progress.phase == "selecting"]
    assert [(progress.done, progress.total, progress.eta) for progress in selecting] == [
        (number, None, None) for number in range(1, 6)
    ]
    assert {progress.total for progress in reported if progress.phase == "acting"} == {5}


async def one_by_one(these: list[str]) -> AsyncGenerator[str]:
    """An async iterable of them."""
    for group in these:
        yield group


async def test_rate_and_time_left_are_right_when_the_pace_is_even(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Five groups a second: after every four, the rest takes as long as was estimated."""
    groups = add(fake, 40)
    fake.latency = 0.8 * SECOND
    reported: list[Progress] = []
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4, on_progress=reported.append)
    await run
    fours: dict[int, Progress] = {}
    for progress in reported:
        if progress.phase == "acting" and progress.done and progress.done % 4 == 0:
            fours.setdefault(progress.done, progress)
    assert len(fours) == 10
    for done, one in fours.items():
        assert one.rate == pytest.approx(5)
        assert one.elapsed == pytest.approx(done / 5)
        assert one.eta == pytest.approx(8 - one.elapsed)


async def test_the_time_left_includes_a_pause(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The pause is reported once a second, and gets shorter."""
    groups = add(fake, 20)
    fake.latency = SECOND
    reported: list[tuple[float, Progress]] = []

    def on_progress(progress: Progress) -> None:
        if (progress.phase, progress.done, refused(fake)) == ("acting", 8, 0):
            fake.faults.add(throttle(60))
        reported.append((passed(), progress))

    await oncall.alert_groups.bulk.resolve(ids(groups), on_progress=on_progress)
    paused = [
        (moment, progress)
        for moment, progress in reported
        if progress.phase == "acting" and progress.pause
    ]
    assert len(paused) >= 55
    for (before, one), (after, other) in pairwise(paused):
        assert after - before <= 1.001
        assert other.pause == pytest.approx(one.pause - (after - before))
    for _, one in paused:
        assert one.done >= 8
        assert one.eta is not None
        assert one.eta == pytest.approx(one.pause + (20 - one.done) / one.rate)
    done = [progress.done for _, progress in reported if progress.phase == "acting"]
    assert (done, done[-1]) == (sorted(done), 20)


async def test_progress_is_reported_once_a_second_when_nothing_happens(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Such as during a slow response; not after the end."""
    (group,) = add(fake, 1)
    fake.latency = 10 * SECOND
    reported: list[float] = []
    run = oncall.alert_groups.bulk.resolve(
        [group.id], on_progress=lambda one: reported.append(one.elapsed)
    )
    await run
    assert reported[1:10] == pytest.approx([*range(1, 10)])
    number = len(reported)
    await asyncio.sleep(60)
    assert len(reported) == number


async def test_the_progress_can_be_read_at_any_moment_and_stands_still_afterwards(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Before the run, in the middle of it, and when it is over."""
    groups = add(fake, 8)
    fake.latency = 2 * SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4)
    assert (run.progress.phase, run.progress.done, run.progress.elapsed) == ("selecting", 0, 0.0)
    running = asyncio.create_task(run.wait())
    await asyncio.sleep(3)
    during = run.progress
    assert (during.phase, during.done, during.total, during.counts[Status.CHANGED]) == (
        *("acting", 4, 8),
        4,
    )
    assert (during.elapsed, during.eta) == pytest.approx((3, 3))
    await running
    await asyncio.sleep(60)
    assert (run.progress.done, run.progress.eta) == (8, 0.0)
    assert run.progress.elapsed == pytest.approx(4)


async def test_a_resumed_run_reports_progress_from_where_it_was(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """One more with each group, also those that were in flight, at the current rate."""
    groups = add(fake, 20)
    fake.latency = SECOND
    path = tmp_path / "j"
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4, journal=path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.2):
            await run
    assert counted(run.report) == {"changed": 8, "unknown": 4, "not_attempted": 8}
    reported: list[Progress] = []
    await oncall.alert_groups.bulk.resume(path, max_at_once=1, on_progress=reported.append)
    assert {progress.done_before for progress in reported} == {8}
    done = [progress.done for progress in reported]
    assert sorted(set(done)) == list(range(8, 21))
    assert done == sorted(done)


async def test_the_rate_of_a_resumed_run_is_its_own(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """What an earlier run did does not count."""
    these = [*ids(add(fake, 20)), "NONE", *ids(add(fake, 20))]
    fake.latency = 0.8 * SECOND
    path = tmp_path / "j"
    await oncall.alert_groups.bulk.resolve(
        these, journal=path, max_at_once=1, stop_after_failures=1
    )
    reported: list[Progress] = []
    await oncall.alert_groups.bulk.resume(path, max_at_once=4, on_progress=reported.append)
    assert next(progress.rate for progress in reported if progress.done == 25) == pytest.approx(5)
    assert {progress.total for progress in reported} == {41}
    assert {progress.done for progress in reported if progress.counts[Status.CHANGED] == 40} == {41}


async def test_a_listener_that_fails_does_not_end_the_run(
    fake: FakeOnCall, oncall: OnCallClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure is logged with its traceback."""

    def fails(_: Progress) -> None:
        raise LookupError("the listener's own")

    fake.latency = 5 * SECOND
    with caplog.at_level(logging.ERROR):
        report = await oncall.alert_groups.bulk.resolve(ids(add(fake, 10)), on_progress=fails)
    assert counted(report) == {"changed": 10}
    errors = [
        record for record in caplog.records if record.name == "grafana_oncall" and record.exc_info
    ]
    assert len(errors) >= 10
    assert "the listener's own" in caplog.text


async def test_a_bar_shows_a_run(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """On a rich terminal, with the pause."""
    groups = add(fake, 30)
    fake.latency = SECOND
    fake.faults.add(throttle(30))
    page = StringIO()
    with bulk.progress_bar(Console(file=page, force_terminal=True, width=100)) as bar:
        seen: list[str] = []

        def on_progress(progress: Progress) -> None:
            bar(progress)
            seen.append(page.getvalue())

        await oncall.alert_groups.bulk.resolve(ids(groups), on_progress=on_progress)
    assert "resolve: acting" in page.getvalue()
    assert "30/30" in page.getvalue()
