"""How far a bulk run is: rate and time left, and when the listener is called."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall.bulk.outcomes import Status
from grafana_oncall.bulk.progress import OnProgress, Progress, ProgressReporter
from tests.support.virtual_time import run


def progress(
    done: int,
    total: int | None,
    elapsed: float,
    *,
    done_before: int = 0,
    pause: float = 0.0,
) -> Progress:
    """The progress of a resolving run at one moment."""
    return Progress(
        action="resolve",
        phase="acting",
        total=total,
        done=done,
        done_before=done_before,
        counts={},
        elapsed=elapsed,
        pause=pause,
    )


@pytest.mark.parametrize(
    ("at", "rate", "eta"),
    [
        pytest.param(progress(0, None, 0.0), 0.0, None, id="nothing is known"),
        pytest.param(progress(0, 100, 0.0), 0.0, None, id="the first moment"),
        pytest.param(progress(0, 100, 5.0), 0.0, None, id="nothing is done"),
        pytest.param(progress(0, 100, 0.0, pause=30.0), 0.0, None, id="only a pause is known"),
        pytest.param(progress(50, None, 10.0), 5.0, None, id="no total"),
        pytest.param(progress(50, 100, 10.0), 5.0, 10.0, id="half way"),
        pytest.param(progress(100, 100, 10.0), 10.0, 0.0, id="all is done"),
        pytest.param(progress(50, 100, 10.0, pause=40.0), 1.0, 90.0, id="in a pause"),
        pytest.param(progress(50, 100, 30.0, pause=20.0), 1.0, 70.0, id="later in that pause"),
        pytest.param(progress(50, 100, 50.0), 1.0, 50.0, id="after that pause"),
        pytest.param(progress(950, 1000, 10.0, done_before=900), 5.0, 10.0, id="resumed"),
        pytest.param(progress(900, 1000, 10.0, done_before=900), 0.0, None, id="just resumed"),
        pytest.param(
            progress(910, 1000, 5.0, done_before=900, pause=5.0),
            1.0,
            95.0,
            id="resumed, in a pause",
        ),
    ],
)
def test_rate_and_time_left_count_pauses_and_no_earlier_run(
    at: Progress, rate: float, eta: float | None
) -> None:
    """As soon as anything has been measured."""
    assert at.rate == pytest.approx(rate)
    assert at.eta == (None if eta is None else pytest.approx(eta))


NUMBERS = st.integers(0, 10**6)
TIMES = st.floats(0, 10**6)


@given(before=NUMBERS, more=st.integers(1, 10**6), left=NUMBERS, elapsed=TIMES, pause=TIMES)
def test_the_time_left_is_never_shorter_than_the_pause(
    before: int, more: int, left: int, elapsed: float, pause: float
) -> None:
    """Nor is anything divided by zero, or negative."""
    done = before + more
    at = progress(done, done + left + 1, elapsed, done_before=before, pause=pause)
    assert at.rate >= 0
    assert (at.eta is None) == (elapsed + pause == 0)
    assert at.eta is None or at.eta >= pause


def reporting(
    listener: OnProgress | None, pause_left: Callable[[], float] = lambda: 0.0
) -> ProgressReporter:
    """A reporter for a run without groups."""
    return ProgressReporter(
        "resolve", dict.fromkeys(Status, 0), listener=listener, pause_left=pause_left
    )


def test_a_listener_is_called_at_each_step_and_once_a_second() -> None:
    """Also while nothing happens."""
    reported: list[Progress] = []

    async def main() -> None:
        reporter = reporting(reported.append)
        async with reporter.phase("acting", done=3, total=10):
            await asyncio.sleep(2.5)
            reporter.reached(4, 10)
        await asyncio.sleep(10)

    run(main())
    assert [(progress.elapsed, progress.done, progress.done_before) for progress in reported] == [
        (1.0, 3, 3),
        (2.0, 3, 3),
        (2.5, 4, 3),
    ]
    assert {(progress.action, progress.phase, progress.total) for progress in reported} == {
        ("resolve", "acting", 10)
    }


def test_a_listener_receives_the_current_pause() -> None:
    """And a copy of the counts that does not change."""
    counts = dict.fromkeys(Status, 0)
    reported: list[Progress] = []
    left = iter([30.0, 29.0])
    reporter = ProgressReporter(
        "resolve", counts, listener=reported.append, pause_left=lambda: next(left)
    )

    async def main() -> None:
        async with reporter.phase("acting"):
            reporter.reached(0, 1)
            counts[Status.CHANGED] = 1
            reporter.reached(1, 1)

    run(main())
    assert [(progress.pause, progress.counts[Status.CHANGED]) for progress in reported] == [
        (30.0, 0),
        (29.0, 1),
    ]


def test_each_phase_is_measured_and_repeats_add_up() -> None:
    """With or without a listener, and also when the phase fails."""
    reporter = reporting(None)

    async def main() -> None:
        for _ in range(2):
            async with reporter.phase("selecting"):
                await asyncio.sleep(3)
            async with reporter.phase("acting"):
                reporter.reached(1, 1)
                await asyncio.sleep(5)
        async with reporter.phase("acting"):
            await asyncio.sleep(1)
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # ours
        run(main())
    assert reporter.seconds == {"selecting": 6.0, "acting": 11.0}


def test_a_listener_that_fails_is_logged_and_still_called(caplog: pytest.LogCaptureFixture) -> None:
    """It does not end the run."""
    reported: list[int] = []

    def listener(at: Progress) -> None:
        reported.append(at.done)
        raise ZeroDivisionError

    async def main() -> None:
        reporter = reporting(listener)
        async with reporter.phase("acting"):
            reporter.reached(1, 2)
            await asyncio.sleep(1.5)
            reporter.reached(2, 2)

    with caplog.at_level(logging.ERROR, "grafana_oncall"):
        run(main())
    assert reported == [1, 1, 2]
    assert len(caplog.records) == 3
    assert "on_progress failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
