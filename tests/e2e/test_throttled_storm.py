"""The benchmark of pacing: a storm of acknowledgements against a server that throttles."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import RateLimited
from grafana_oncall.events import Event, Paused
from grafana_oncall.testing import FakeOnCall, RateLimit, throttle
from tests.support.virtual_time import loop, now, run

GROUPS, TASKS = 1000, 32
LATENCY = 0.05


async def _acknowledge(client: OnCallClient, ids: Iterator[str]) -> None:
    for group_id in ids:
        await client.alert_groups.acknowledge(group_id)


@pytest.mark.parametrize(
    "window", [pytest.param(60, id="300 a minute"), pytest.param(300, id="300 in five minutes")]
)
def test_a_throttled_storm_ends_in_the_ideal_time_and_no_caller_sees_a_429(window: int) -> None:
    """1,000 acknowledgements from 32 tasks: none fails, 1 % are wasted, within 2 % of the ideal."""

    async def storm() -> None:
        limit = RateLimit(requests=300, window=timedelta(seconds=window))
        fake = FakeOnCall(clock=now, rate_limit=limit, latency=timedelta(seconds=LATENCY))
        ids = iter([fake.add_group().id for _ in range(GROUPS)])
        async with OnCallClient(
            url="https://oncall.test", token=fake.token, transport=fake.transport()
        ) as client:
            began = loop().time()
            async with asyncio.TaskGroup() as tasks:
                for _ in range(TASKS):
                    tasks.create_task(_acknowledge(client, ids))
            elapsed = loop().time() - began
        in_vain = sum(call.status == 429 for call in fake.calls)
        full_windows, rest = divmod(GROUPS, 300)
        ideal = full_windows * window + rest / TASKS * LATENCY
        assert {group.state for group in fake.groups.values()} == {"acknowledged"}
        assert in_vain <= 0.01 * GROUPS, in_vain
        assert elapsed <= 1.02 * ideal, (elapsed, ideal)

    run(storm())


def test_the_clients_own_rate_limit_is_kept_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """`rate_limit="10/1s"`: 100 reads take nine seconds, never more than ten in any one second.

    Each pause is reported once, however many tasks wait for its end.
    """
    sent: list[float] = []
    events: list[Event] = []

    async def reads() -> None:
        monkeypatch.setattr(time, "time", lambda: now().timestamp())
        fake = FakeOnCall(clock=now)
        ids = [fake.add_group(id=f"I{number}").id for number in range(100)]
        fake.faults.choose(lambda _request, _operation: sent.append(loop().time()))
        async with (
            OnCallClient(
                url="https://oncall.test",
                token=fake.token,
                transport=fake.transport(),
                rate_limit="10/1s",
                on_event=events.append,
            ) as client,
            asyncio.TaskGroup() as tasks,
        ):
            for group_id in ids:
                tasks.create_task(client.alert_groups.get(group_id))
        assert [call.status for call in fake.calls] == [200] * 100

    run(reads())
    assert all(sent[later] - sent[later - 10] >= 1 for later in range(10, 100))
    assert sent[-1] - sent[0] < 9.5
    pauses = [event for event in events if isinstance(event, Paused)]
    assert [(pause.reason, round(pause.seconds)) for pause in pauses] == [("rate_limit", 1)] * 9


def test_a_pause_beyond_the_deadline_ends_waiting_calls_too() -> None:
    """Three reads, one connection, a pause of a day: all three fail at once."""

    async def reads() -> None:
        fake = FakeOnCall(clock=now)
        group_id = fake.add_group().id
        fake.faults.add(throttle(86_400))
        began = loop().time()
        async with OnCallClient(
            url="https://oncall.test",
            token=fake.token,
            transport=fake.transport(),
            max_connections=1,
        ) as client:
            calls = (client.alert_groups.get(group_id) for _ in range(3))
            results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [RateLimited] * 3
        assert [len(fake.calls), loop().time() - began] == [1, pytest.approx(0, abs=1)]

    run(reads())


def test_foreground_calls_pass_a_background_storm() -> None:
    """With 500 background calls queued, a foreground call waits for one place only."""

    async def storm() -> None:
        fake = FakeOnCall(clock=now, latency=timedelta(seconds=LATENCY))
        ids = [fake.add_group().id for _ in range(500)]
        async with OnCallClient(
            url="https://oncall.test",
            token=fake.token,
            transport=fake.transport(),
            max_connections=4,
        ) as client:
            bulk = client.with_options(background=True)
            async with asyncio.TaskGroup() as tasks:
                for group_id in ids:
                    tasks.create_task(bulk.alert_groups.acknowledge(group_id))
                await asyncio.sleep(LATENCY * 1.5)
                began = loop().time()
                await client.alert_groups.get(ids[0])
                assert loop().time() - began <= 2 * LATENCY
        assert {group.state for group in fake.groups.values()} == {"acknowledged"}

    run(storm())
