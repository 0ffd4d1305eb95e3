"""What tests of bulk runs have in common: groups, actions, and checks of what was done."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from grafana_oncall import FOREVER, OnCallClient
from grafana_oncall.bulk import Bulk, BulkReport, BulkRun, Status
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeRequest, Fault
from tests.support.listing import other_tasks
from tests.support.samples import BASE

Groups = list[FakeAlertGroup]

SECOND = timedelta(seconds=1)


def add(fake: FakeOnCall, number: int, **fields: Any) -> Groups:
    """Add this many groups, the newest first, as in a list."""
    began = fake.now()
    return [
        fake.add_group(started_at=began - timedelta(seconds=second), **fields)
        for second in range(number)
    ]


def ids(groups: Sequence[Any]) -> list[str]:
    """The ids of these."""
    return [group.id for group in groups]


def sent(fake: FakeOnCall) -> dict[str | None, int]:
    """How often each operation was requested."""
    return dict(Counter(call.operation for call in fake.calls))


def written(fake: FakeOnCall) -> list[str]:
    """The paths of all requests that are not reads, in order."""
    return [call.path for call in fake.calls if call.method != "GET"]


def counted(report: BulkReport) -> dict[str, int]:
    """The counts that are not zero; all of them must agree with the outcomes."""
    assert set(report.counts) == set(Status)
    assert report.counts == dict.fromkeys(Status, 0) | Counter(
        outcome.status for outcome in report.outcomes
    )
    return {status.value: number for status, number in report.counts.items() if number}


def meanwhile(
    fake: FakeOnCall, operation: str, act: Callable[[FakeRequest], None], *, times: int = 1
) -> None:
    """Let another actor act just before these requests are served."""
    left = [None] * times

    def choose(request: FakeRequest, name: str | None) -> Fault | None:
        if name == operation and left:
            left.pop()
            act(request)
        return None

    fake.faults.choose(choose)


def connect(fake: FakeOnCall, **options: Any) -> OnCallClient:
    """Return a client of the fake."""
    return OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), random=lambda: 1.0, **options
    )


async def cut(run: BulkRun, seconds: float) -> BulkReport:
    """Cancel the run after a while, and return its report."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await run
    return run.report


def assert_matches_server(fake: FakeOnCall, report: BulkReport) -> None:
    """Check a report of resolve: known outcomes are true on the server."""
    counted(report)
    for outcome in report.outcomes:
        if outcome.status is not Status.UNKNOWN:
            done = outcome.status in {Status.CHANGED, Status.ALREADY}
            assert (fake.groups[outcome.id].state == "resolved") is done


async def assert_usable(client: OnCallClient, group: FakeAlertGroup) -> None:
    """No place in the throttle is taken, no task is left, and calls succeed."""
    shared = client._session.shared
    assert (shared.throttle._in_flight, shared.in_flight, other_tasks()) == (0, 0, set())
    assert (await client.alert_groups.get(group.id)).id == group.id


@attrs.frozen
class BulkAction:
    """An action: the state before it, how to begin it, and how to check that it is done."""

    before: Any
    run: Callable[..., BulkRun]
    """Takes `alert_groups.bulk`, a selection and options."""
    done: Callable[[FakeAlertGroup], bool]
    repeats: bool = False
    """Whether it is sent for groups already in that state."""


def reaches(state: str) -> Callable[[FakeAlertGroup], bool]:
    """Whether a group is in this state."""
    return lambda group: group.state == state


ACTIONS: dict[str, BulkAction] = {
    "acknowledge": BulkAction(
        "firing", lambda b, s, **o: b.acknowledge(s, **o), reaches("acknowledged")
    ),
    "unacknowledge": BulkAction(
        "acknowledged", lambda b, s, **o: b.unacknowledge(s, **o), reaches("firing")
    ),
    "resolve": BulkAction("firing", lambda b, s, **o: b.resolve(s, **o), reaches("resolved")),
    "unresolve": BulkAction("resolved", lambda b, s, **o: b.unresolve(s, **o), reaches("firing")),
    "silence": BulkAction(
        "firing",
        lambda b, s, **o: b.silence(s, timedelta(hours=1), **o),
        lambda group: (
            group.silenced_at is not None
            and group.silenced_until == group.silenced_at + timedelta(hours=1)
        ),
        repeats=True,
    ),
    "silence for ever": BulkAction(
        "silenced",
        lambda b, s, **o: b.silence(s, FOREVER, **o),
        lambda group: group.silenced_at is not None and group.silenced_until is None,
        repeats=True,
    ),
    "unsilence": BulkAction("silenced", lambda b, s, **o: b.unsilence(s, **o), reaches("firing")),
    "add_labels": BulkAction(
        "firing",
        lambda b, s, **o: b.add_labels(s, {"team": "SRE", "tier": "a"}, **o),
        lambda group: set(group.labels) >= {("team", "SRE"), ("tier", "a")},
    ),
    "remove_labels": BulkAction(
        "firing",
        lambda b, s, **o: b.remove_labels(s, {"environment": "prod"}, **o),
        lambda group: ("environment", "prod") not in group.labels,
    ),
}


every_action = pytest.mark.parametrize(
    "action", [pytest.param(action, id=name) for name, action in ACTIONS.items()]
)


def prepared(fake: FakeOnCall, action: BulkAction) -> tuple[Groups, Groups]:
    """Groups to act on, and others to leave alone."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    labels = {"environment": "prod"}
    return (
        add(fake, 3, state=action.before, labels=labels),
        add(fake, 3, state=action.before, labels=labels),
    )


def void(_: object) -> None:
    """No operation."""


def silence(bulk: Bulk, groups: list[FakeAlertGroup], path: Path) -> BulkRun:
    """An action that must not be repeated, on four groups at a time."""
    return bulk.silence(ids(groups), 3600, journal=path, max_at_once=4)


def lines(path: Path) -> list[dict[str, Any]]:
    """The entries of a journal, without their checksums."""
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return [{name: entry[name] for name in entry if name != "crc"} for entry in entries]
