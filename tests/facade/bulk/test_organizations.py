"""Bulk runs are resumed only in their own organization; all organizations share a URL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Bulk, BulkRun
from grafana_oncall.errors import JournalError
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock
from tests.support.bulk_stories import SECOND, add, connect, counted, cut, ids, written
from tests.support.samples import BASE


@pytest.fixture
def other(clock: VirtualClock) -> FakeOnCall:
    """Another organization, which has groups with the same label."""
    return FakeOnCall(clock=clock, seed=1)


def silence(client: OnCallClient, path: Path, **options: Any) -> BulkRun:
    """Start a run over all groups of a team."""
    query = client.alert_groups.list(labels={"team": "SRE"})
    return client.alert_groups.bulk.silence(query, 3600, journal=path, **options)


async def interrupted(fake: FakeOnCall, path: Path, **options: Any) -> list[FakeAlertGroup]:
    """Leave the journal of a run that was cut short after two of five groups."""
    groups = add(fake, 5, labels={"team": "SRE"})
    fake.latency = SECOND
    async with connect(fake) as client:
        await cut(silence(client, path, max_at_once=2, **options), 2.5)
    fake.latency = timedelta(0)
    fake.calls.clear()
    return groups


@pytest.mark.parametrize("converge", [False, True])
@pytest.mark.parametrize("by", ["bulk.resume", "resume=True"])
async def test_the_token_of_another_organization_resumes_nothing(
    fake: FakeOnCall, other: FakeOnCall, tmp_path: Path, by: str, *, converge: bool
) -> None:
    """It neither rejects groups nor acts on its own; the right token finishes the run."""
    path, groups = tmp_path / "j", await interrupted(fake, tmp_path / "j", converge=converge)
    before = path.read_bytes()
    add(other, 5, labels={"team": "SRE"})

    def resume(client: OnCallClient) -> BulkRun:
        if by == "bulk.resume":
            return client.alert_groups.bulk.resume(path)
        return silence(client, path, resume=True, converge=converge)

    async with connect(other) as client:
        with pytest.raises(JournalError, match="another organization's") as caught:
            await resume(client)
    assert (caught.value.reason, path.read_bytes(), written(other)) == ("other_run", before, [])
    async with connect(fake) as client:
        report = await resume(client)
    assert sum(counted(report).values()) == 5
    assert {group.state for group in groups} == {"silenced"}


async def test_the_journal_of_another_stack_of_the_same_server_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """If the client knows its stack; one that does not may resume the run."""
    path = tmp_path / "j"

    def client_of(url: str | None) -> OnCallClient:
        return OnCallClient(url=BASE, token=fake.token, grafana_url=url, transport=fake.transport())

    async with client_of("https://a.example") as client:
        await client.alert_groups.bulk.resolve([add(fake, 1)[0].id], journal=path)
    async with client_of("https://b.example") as client:
        with pytest.raises(JournalError, match=r"a\.example.*b\.example") as caught:
            client.alert_groups.bulk.resume(path)
    assert caught.value.reason == "other_run"
    for url in ("https://a.example/", None):
        async with client_of(url) as client:
            assert counted(await client.alert_groups.bulk.resume(path)) == {"changed": 1}


DELETE: dict[str, Callable[[Bulk, Any, Path], BulkRun]] = {
    "delete": lambda bulk, groups, path: bulk.delete(
        groups, mode="delete", journal=path, resume=True, max_at_once=2
    ),
    "wipe": lambda bulk, groups, path: bulk.delete(
        groups, journal=path, resume=True, max_at_once=2
    ),
}


@pytest.mark.parametrize("mode", ["wipe", "delete"])
async def test_groups_that_the_run_has_deleted_prove_nothing(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, mode: str
) -> None:
    """Groups that it has not touched do, if there are enough."""
    groups, path = add(fake, 7), tmp_path / "j"
    fake.latency = SECOND
    await cut(DELETE[mode](oncall.alert_groups.bulk, ids(groups), path), 2.5)
    fake.latency = timedelta(0)
    if mode == "delete":
        await oncall.alert_groups.wait_until_deleted(ids(groups)[:2], timeout=60)
    report = await DELETE[mode](oncall.alert_groups.bulk, ids(groups), path)
    assert counted(report) == {"accepted": 7}


async def test_a_run_that_has_nothing_to_do_any_more_is_not_compared(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """All its groups may be deleted by then; nothing is read."""
    path, groups = tmp_path / "j", add(fake, 5)
    await oncall.alert_groups.bulk.resolve(ids(groups), journal=path)
    fake.groups.clear()
    fake.calls.clear()
    assert counted(await oncall.alert_groups.bulk.resume(path)) == {"changed": 5}
    assert fake.calls == []
