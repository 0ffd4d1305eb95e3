"""A bulk run as an object: awaited once, inspected at any time."""

from __future__ import annotations

import asyncio
import gc
import logging
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import ClientStateError, SelectionTooLarge
from grafana_oncall.testing import FakeOnCall
from tests.support.bulk_stories import SECOND, add, counted, ids


async def test_a_run_is_awaited_once(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """A second await is refused, during the first and after it, and sends nothing."""
    groups = add(fake, 5)
    run = oncall.alert_groups.bulk.silence(ids(groups), 60)
    assert repr(run) == "<BulkRun silence: await it for its report>"
    task = asyncio.create_task(run.wait())
    assert repr(run) == "<BulkRun silence: its .report says what it did>"
    await asyncio.sleep(0)
    with pytest.raises(ClientStateError, match="once"):
        await run
    report = await task
    with pytest.raises(ClientStateError, match="once"):
        await run
    assert (counted(report), len(fake.calls)) == ({"changed": 5}, 5)
    assert counted(run.report) == counted(report)


async def test_a_run_that_is_not_awaited_sends_nothing(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Nor does it create its journal; the repr says what to do, a warning what was not done."""
    path = tmp_path / "j"
    run = oncall.alert_groups.bulk.resolve(ids(add(fake, 3)), journal=path)
    await asyncio.sleep(9)
    assert (fake.calls, path.exists(), counted(run.report)) == ([], False, {})
    assert "await" in repr(run)
    with pytest.warns(RuntimeWarning, match=r"resolve: .*was never awaited"):
        del run


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_run_logs_how_many_it_selected_and_what_it_did(
    fake: FakeOnCall,
    oncall: OnCallClient,
    caplog: pytest.LogCaptureFixture,
    dry_run: bool,  # noqa: FBT001  # a parameter
) -> None:
    """At INFO, in two lines."""
    add(fake, 60)
    with caplog.at_level(logging.INFO, "grafana_oncall"):
        run = oncall.alert_groups.bulk.resolve(
            oncall.alert_groups.list(state="new"), dry_run=dry_run
        )
        report = await run
    lines = [record.getMessage() for record in caplog.records if record.name == "grafana_oncall"]
    assert lines == ["resolve: 60 alert groups selected", report.summary]
    assert str(report).startswith(report.summary)


async def test_runs_may_go_on_concurrently(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """On one client, like any awaitables."""
    one, other = add(fake, 5), add(fake, 5)
    bulk = oncall.alert_groups.bulk
    first, second = await asyncio.gather(bulk.resolve(ids(one)), bulk.acknowledge(ids(other)))
    assert (counted(first), counted(second)) == ({"changed": 5}, {"changed": 5})
    assert {group.state for group in one} == {"resolved"}
    assert {group.state for group in other} == {"acknowledged"}


async def test_a_report_can_be_taken_at_any_time(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Before, during and after; it does not change afterwards."""
    groups = add(fake, 6)
    fake.latency = SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=2)
    before = run.report
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(1.5)
    during = run.report
    after = await task
    assert counted(before) == {}
    assert counted(during) == {"changed": 2, "unknown": 2, "not_attempted": 2}
    assert counted(after) == counted(run.report) == {"changed": 6}
    assert [before.seconds_acting, after.seconds_acting] == pytest.approx([0, 3])


async def test_a_run_that_is_never_awaited_warns(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """As a forgotten coroutine does; so does a resumed run, whose journal is left unchanged."""
    (group,) = add(fake, 1)
    bulk, path = oncall.alert_groups.bulk, tmp_path / "j"
    with pytest.warns(RuntimeWarning, match="never awaited") as caught:
        bulk.resolve([group.id], journal=path)
    assert (len(caught), path.exists()) == (1, False)
    await bulk.resolve([group.id], journal=path)
    before = path.read_bytes()
    with pytest.warns(RuntimeWarning, match="never awaited") as caught:
        bulk.resume(path)
    assert (len(caught), path.read_bytes(), len(fake.calls)) == (1, before, 1)


async def test_the_warning_is_at_the_line_that_made_the_run(oncall: OnCallClient) -> None:
    """Not where it is garbage-collected, which may be inside asyncio."""

    def forget() -> int:
        run = oncall.alert_groups.bulk.resolve(["I1"])
        assert "await" in repr(run)
        return first_line + 1

    first_line = forget.__code__.co_firstlineno
    with pytest.warns(RuntimeWarning, match="never awaited") as caught:
        line = forget()
    assert [(one.filename, one.lineno) for one in caught] == [(__file__, line)]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="to its end"),
        pytest.param({"max_items": 1}, id="refused"),
        pytest.param({"seconds": 0.5}, id="cancelled"),
    ],
)
async def test_a_run_that_was_awaited_does_not_warn(
    fake: FakeOnCall, oncall: OnCallClient, options: dict[str, Any]
) -> None:
    """However it ended."""
    fake.latency = SECOND
    seconds = options.pop("seconds", 9)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with suppress(TimeoutError, SelectionTooLarge):
            async with asyncio.timeout(seconds):
                await oncall.alert_groups.bulk.resolve(ids(add(fake, 2)), **options)
        gc.collect()
    assert [str(warning.message) for warning in caught if "awaited" in str(warning.message)] == []
