"""The outcome of each group, and how a report shows it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from io import StringIO

import httpx
import pytest
from rich.console import Console

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import BulkReport, Outcome, Status
from grafana_oncall.errors import Conflict, NotFound, OutcomeUnknown, TransportError
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, refuse, reset, status, throttle
from tests.support.bulk_stories import SECOND, add, counted, cut, ids, written


async def each_status(fake: FakeOnCall, oncall: OnCallClient) -> tuple[BulkReport, list[str]]:
    """A run of which the groups come to different ends, and its ids in order."""
    changed, already, failed, unknown, skipped = (fake.add_group().id for _ in range(5))
    rejected = fake.add_group(root=fake.add_group()).id
    fake.groups[already].resolved_at = fake.now()

    def choose(request: FakeRequest, _: str | None) -> Fault | None:
        faults = {failed: refuse(), unknown: reset(applied=False)}
        return next((fault for one, fault in faults.items() if one in request.path), None)

    fake.faults.choose(choose)
    these = [changed, already, rejected, failed, unknown, skipped]
    run = oncall.alert_groups.bulk.resolve(these, max_at_once=1, stop_after_failures=3)
    return await run, these


async def test_each_group_has_exactly_one_status(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """In the order of the selection; the counts add up to its length."""
    report, these = await each_status(fake, oncall)
    assert ids(report.outcomes) == these
    expected = ["changed", "already", "rejected", "failed", "unknown", "not_attempted"]
    assert [outcome.status for outcome in report.outcomes] == expected
    assert counted(report) == dict.fromkeys(expected, 1)
    assert sum(report.counts.values()) == 6
    kinds = [type(outcome.error) for outcome in report.outcomes]
    nothing = type(None)
    assert kinds == [nothing, nothing, Conflict, TransportError, OutcomeUnknown, nothing]
    assert "attached" in report.outcomes[2].detail
    assert report.outcomes[4].seconds > 0


async def test_failures_are_raised_together_on_request(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As an ExceptionGroup of the original errors."""
    report, these = await each_status(fake, oncall)
    assert ids(report.failures) == these[2:5]
    with pytest.raises(ExceptionGroup, match="resolve: 3 of 6") as caught:
        report.raise_for_failures()
    assert caught.value.exceptions == tuple(outcome.error for outcome in report.failures)
    assert caught.value.subgroup(Conflict) is not None


async def test_a_report_can_be_read_and_kept(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """As text, as JSON, and as a table."""
    report, these = await each_status(fake, oncall)
    text = str(report)
    assert "resolve: 6 alert groups: 1 changed, 1 already, 1 rejected" in text
    assert [group in text for group in these] == [False, False, True, True, True, False]
    kept = json.loads(report.to_json())
    assert kept["counts"] == report.counts
    assert [(outcome["id"], outcome["status"]) for outcome in kept["outcomes"]] == [
        (outcome.id, outcome.status.value) for outcome in report.outcomes
    ]
    page = StringIO()
    Console(file=page, width=200).print(report)
    assert "not attempted" in page.getvalue()
    assert these[2] in page.getvalue()


async def test_outcomes_are_a_sequence(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Indexes of both signs, slices and iteration agree."""
    report, _ = await each_status(fake, oncall)
    outcomes: Sequence[Outcome] = report.outcomes
    assert (outcomes[-1], outcomes[1:3]) == (outcomes[5], [outcomes[1], outcomes[2]])
    assert [*outcomes] == outcomes[:]
    with pytest.raises(IndexError):
        outcomes[6]


async def test_timings_are_reported(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Those of reading, acting, and each group; `max_at_once` limits how many run together."""
    add(fake, 20)
    fake.latency = timedelta(seconds=1)
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.resolve(query, max_at_once=4)
    assert [report.seconds_selecting, report.seconds_acting] == pytest.approx([1, 5])
    assert [outcome.seconds for outcome in report.outcomes] == [pytest.approx(1)] * 20


async def test_one_failure_keeps_no_other_group_from_being_acted_on(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """However many fail, and whatever the failure."""
    groups = add(fake, 30)
    these = [group_id for group in groups for group_id in (group.id, f"NONE{group.id}")]
    fake.faults.add(refuse(), times=9)
    report = await oncall.alert_groups.bulk.resolve(these)
    assert counted(report) == {"changed": 30, "rejected": 30}
    with pytest.raises(ExceptionGroup) as caught:
        report.raise_for_failures()
    assert {type(error) for error in caught.value.exceptions} == {NotFound}
    assert len(report.failures) == 30
    assert "30 groups (" in str(report)


@pytest.mark.parametrize("fault", [status(503), throttle(3600)], ids=["down", "shut out"])
async def test_what_had_no_effect_for_a_temporary_reason_has_failed(
    fake: FakeOnCall, oncall: OnCallClient, fault: Fault
) -> None:
    """It is not rejected, because a retry may succeed. Here the plan fails."""
    fake.add_label("team", "SRE")
    groups = add(fake, 2)
    fake.faults.add(fault, times=99)
    report = await oncall.alert_groups.bulk.add_labels(ids(groups), ["team:SRE"])
    assert (counted(report), written(fake)) == ({"failed": 2}, [])


async def test_a_run_stops_after_so_many_failures_on_request(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Requests in flight are completed."""
    groups = add(fake, 10)
    these = ["NONE1", *ids(groups[:2]), "NONE2", *ids(groups[2:])]
    run = oncall.alert_groups.bulk.resolve(these, max_at_once=1, stop_after_failures=2)
    assert counted(await run) == {"changed": 2, "rejected": 2, "not_attempted": 8}
    assert [group.state for group in groups] == ["resolved"] * 2 + ["firing"] * 8
    fake.latency = timedelta(seconds=1)
    run = oncall.alert_groups.bulk.acknowledge(these, max_at_once=4, stop_after_failures=1)
    report = await run
    assert report.counts[Status.NOT_ATTEMPTED] == 8
    assert report.counts[Status.UNKNOWN] == 0


def chained(error: BaseException | None) -> list[BaseException]:
    """The error, and its chain of causes and contexts."""
    found: list[BaseException] = []
    left = [error]
    while left:
        one = left.pop()
        if one is not None and one not in found:
            found.append(one)
            left += [one.__cause__, one.__context__]
    return found


async def deletion(fake: FakeOnCall, oncall: OnCallClient) -> BulkReport:
    """A deletion whose effect cannot be observed."""
    fake.faults.add(reset(), operation="get_alert_group", times=99)
    return await oncall.alert_groups.bulk.delete(ids(add(fake, 1)), wait=9)


async def cancellation(fake: FakeOnCall, oncall: OnCallClient) -> BulkReport:
    """A resolution that is cancelled while it is in flight."""
    fake.latency = SECOND
    return await cut(oncall.alert_groups.bulk.resolve(ids(add(fake, 1))), 0.5)


async def rejection(fake: FakeOnCall, oncall: OnCallClient) -> BulkReport:
    """A label that a group has no room for."""
    (group,) = add(fake, 1, labels={f"k{'x' * number}": "v" for number in range(50)})
    return await oncall.alert_groups.bulk.add_labels([group.id], ["team:SRE"])


async def all_kinds(fake: FakeOnCall, oncall: OnCallClient) -> BulkReport:
    """A report with every status."""
    report, _ = await each_status(fake, oncall)
    return report


@pytest.mark.parametrize("make", [all_kinds, deletion, cancellation, rejection])
async def test_the_errors_of_a_report_keep_no_frames(
    fake: FakeOnCall,
    oncall: OnCallClient,
    make: Callable[[FakeOnCall, OnCallClient], Awaitable[BulkReport]],
) -> None:
    """Nor do their causes: thousands of frames would keep all their variables alive."""
    report = await make(fake, oncall)
    assert [failure.error for failure in report.failures].count(None) == 0
    assert len(report.failures) == (3 if make is all_kinds else 1)
    errors = [error for failure in report.failures for error in chained(failure.error)]
    assert [error for error in errors if error.__traceback__ is not None] == []


async def test_the_cause_of_a_failure_is_kept(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Without its frames, but still there to be shown."""
    report, _ = await each_status(fake, oncall)
    causes = [failure.error and failure.error.__cause__ for failure in report.failures]
    assert [type(cause) for cause in causes] == [type(None), httpx.ConnectError, TransportError]
