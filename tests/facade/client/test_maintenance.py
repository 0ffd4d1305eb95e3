"""The maintenance of integrations: started, stopped, and started when the response is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import NO_TEAM, OnCallClient
from grafana_oncall.errors import AlreadyInState, BadRequest, InvalidArgument, NotFound, ServerError
from grafana_oncall.testing import FakeOnCall, VirtualClock, reset
from tests.support.samples import BASE


async def test_a_maintenance_starts_and_stops(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """And ends by itself."""
    source = fake.add_integration()
    started = await oncall.integrations.start_maintenance(
        source.id, mode="maintenance", duration=timedelta(hours=1)
    )
    assert started.maintenance_started_at is not None
    assert started.maintenance_end_at is not None
    assert started.maintenance_end_at - started.maintenance_started_at == timedelta(hours=1)
    assert (await oncall.integrations.stop_maintenance(started)).maintenance_mode is None
    await oncall.integrations.stop_maintenance(started)
    await oncall.integrations.start_maintenance(started, mode="debug", duration=60)
    clock.advance(timedelta(minutes=1))
    assert (await oncall.integrations.get(started)).maintenance_mode is None


async def test_a_second_start_is_already_so(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """What another program started is not this call's effect."""
    source = fake.add_integration().id
    await oncall.integrations.start_maintenance(source, mode="debug", duration=60)
    with pytest.raises(AlreadyInState, match="Already on maintenance"):
        await oncall.integrations.start_maintenance(source, mode="debug", duration=60)


@pytest.mark.parametrize("mode", ["maintenance", "MAINTENANCE"])
async def test_a_start_without_a_response_has_its_result(
    fake: FakeOnCall, oncall: OnCallClient, mode: str
) -> None:
    """The integration is read, and is on maintenance."""
    source = fake.add_integration().id
    fake.faults.add(reset(applied=True), operation="start_integration_maintenance")
    started = await oncall.integrations.start_maintenance(source, mode=mode, duration=60)
    assert started.maintenance_mode == "maintenance"
    operations = [call.operation for call in fake.calls]
    assert operations == ["start_integration_maintenance", "get_integration"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"duration": 0}, id="no time"),
        pytest.param({"duration": timedelta(seconds=-1)}, id="a negative time"),
        pytest.param({"duration": "1h"}, id="a text"),
        pytest.param({"mode": ""}, id="no mode"),
        pytest.param({"mode": None}, id="a mode that is null"),
    ],
)
async def test_a_bad_start_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, wrong: dict[str, Any]
) -> None:
    """A mode that the SDK does not know is for the server to judge."""
    good: dict[str, Any] = {"mode": "debug", "duration": 60}
    with pytest.raises(InvalidArgument):
        await oncall.integrations.start_maintenance("C1", **{**good, **wrong})
    assert not fake.calls
    source = fake.add_integration().id
    with pytest.raises(BadRequest, match="Unknown mode"):
        await oncall.integrations.start_maintenance(source, mode="night", duration=60)
    with pytest.raises(NotFound):
        await oncall.integrations.stop_maintenance("CNONE")


async def test_integrations_are_listed_by_team(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Which the open-source engine fails at."""
    team = fake.add_team("SRE")
    ours, other = fake.add_integration(team_id=team), fake.add_integration()
    for wanted, found in ((team, ours), (NO_TEAM, other)):
        listed = await oncall.integrations.list(team_id=wanted).collect()
        assert [integration.id for integration in listed] == [found.id]
    oss = FakeOnCall(flavour="oss")
    async with OnCallClient(url=BASE, token=oss.token, transport=oss.transport()) as client:
        with pytest.raises(ServerError):
            await client.integrations.list(team_id=oss.add_team("SRE")).collect()


async def test_labels_that_are_not_given_are_kept(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """And none at all removes them."""
    made = await oncall.integrations.create(type="webhook", labels={"team": "SRE"})
    kept = await oncall.integrations.update(made, description_short="x")
    assert [label.value.name for label in kept.labels] == ["SRE"]
    assert (await oncall.integrations.update(made, labels={})).labels == ()
    assert fake.integrations[made.id].labels == []
