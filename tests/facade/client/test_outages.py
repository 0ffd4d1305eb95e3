"""Outages: no request succeeds for a while, and then all work goes on."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.bot import Bot
from grafana_oncall.bulk import Progress, Status
from grafana_oncall.errors import (
    DecodeError,
    Forbidden,
    OnCallError,
    OutcomeUnknown,
    ServerError,
    StatusError,
    TransportError,
)
from grafana_oncall.events import Event, Paused
from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    Fault,
    VirtualClock,
    error,
    hang,
    html,
    refuse,
    reset,
    status,
)
from tests.support.bots import hear, running
from tests.support.bulk_stories import SECOND, add, counted, ids
from tests.support.samples import BASE
from tests.support.timeline import become, later
from tests.support.virtual_time import passed

RESTART = timedelta(seconds=20)

GATEWAYS = (400, 403, 407, 408, 413, 421, 425, 444, 460, 499, 502, 503, 504, 302, 307)
OUTAGES: dict[str, Fault] = {
    "server down": refuse(),
    "reset": reset(),
    "no response": hang(),
    "login page": html(),
    **{str(code): status(code) for code in GATEWAYS},
}
every_outage = pytest.mark.parametrize("kind", OUTAGES)


def connect(fake: FakeOnCall, **options: Any) -> OnCallClient:
    """A client of the fake, whose jitter is the same in every run."""
    options.setdefault("random", Random(7).random)  # noqa: S311  # it protects nothing
    return OnCallClient(url=BASE, token=fake.token, transport=fake.transport(), **options)


async def reach(fake: FakeOnCall, client: OnCallClient) -> None:
    """Make one call, which shows that the client's settings are right."""
    await client.alert_groups.list().count()
    fake.calls.clear()


# Bulk runs


@every_outage
async def test_a_bulk_run_survives_a_restart_of_the_server(fake: FakeOnCall, kind: str) -> None:
    """Each of 215 groups is changed, none fails, and few requests are sent meanwhile."""
    groups = add(fake, 215)
    fake.latency = SECOND / 20
    async with connect(fake, timeout=3) as client:
        await reach(fake, client)
        later(0.4, lambda: fake.faults.add(OUTAGES[kind], lasting=RESTART))
        report = await client.alert_groups.bulk.resolve(ids(groups))
    assert counted(report) == {"changed": 215}
    assert {group.state for group in groups} == {"resolved"}
    assert passed() < 90
    in_vain = sum(call.fault is not None for call in fake.calls)
    assert in_vain <= 8 + 15


@pytest.mark.parametrize("kind", ["server down", "425", "503", "reset", "no response"])
async def test_only_the_silences_in_flight_have_an_unknown_outcome(
    fake: FakeOnCall, kind: str
) -> None:
    """Writes that must not be repeated do not serve as probes."""
    groups = add(fake, 100)
    fake.latency = SECOND / 20
    async with connect(fake, timeout=3) as client:
        await reach(fake, client)
        later(0.4, lambda: fake.faults.add(OUTAGES[kind], lasting=RESTART))
        report = await client.alert_groups.bulk.silence(ids(groups), timedelta(hours=3))
    harmless = kind in {"server down", "425"}
    assert report.counts[Status.UNKNOWN] <= (0 if harmless else 8)
    assert report.counts[Status.CHANGED] + report.counts[Status.UNKNOWN] == 100
    silences = [call.path for call in fake.calls if call.applied and call.method == "POST"]
    assert len(silences) == len(set(silences)) == report.counts[Status.CHANGED]


@pytest.mark.parametrize("begins", [0.0, 0.12, 0.3])
@pytest.mark.parametrize("kind", ["server down", "503", "403", "reset"])
async def test_an_outage_while_the_selection_is_read_is_waited_out(
    fake: FakeOnCall, kind: str, begins: float
) -> None:
    """Whether it begins at the first request or in the middle of the walk."""
    groups = add(fake, 300)
    fake.latency = SECOND / 20
    async with connect(fake) as client:
        later(begins, lambda: fake.faults.add(OUTAGES[kind], lasting=RESTART))
        await asyncio.sleep(0.001)
        report = await client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
    assert counted(report) == {"changed": 300}
    assert {group.state for group in groups} == {"resolved"}


async def test_a_users_own_client_is_paused_as_well(fake: FakeOnCall) -> None:
    """The throttle pauses, whatever sends the requests."""
    groups = add(fake, 50)
    fake.latency = SECOND / 20
    async with (
        httpx.AsyncClient(transport=fake.transport()) as http,
        OnCallClient(url=BASE, token=fake.token, http_client=http) as client,
    ):
        later(0.2, lambda: fake.faults.add(refuse(), lasting=RESTART))
        report = await client.alert_groups.bulk.resolve(ids(groups))
    assert counted(report) == {"changed": 50}
    assert sum(call.fault is not None for call in fake.calls) <= 8 + 12


@pytest.mark.parametrize("kind", ["server down", "503", "408"])
async def test_an_outage_that_outlasts_the_deadline_ends_the_run(
    fake: FakeOnCall, tmp_path: Path, kind: str
) -> None:
    """No group is rejected because of it; a resumed run does what is left."""
    groups, journal = add(fake, 60), tmp_path / "run.jsonl"
    async with connect(fake) as client:
        await reach(fake, client)
        fake.faults.add(OUTAGES[kind], lasting=timedelta(seconds=3000))
        run = client.alert_groups.bulk.resolve(ids(groups), journal=journal)
        with pytest.raises((TransportError, ServerError)) as caught:
            await run
        assert 540 < passed() < 700
        if kind == "server down":
            assert "no connection to oncall.example for " in str(caught.value)
            assert "; nothing was sent. The last failure: no response from " in str(caught.value)
            assert "Hint: see whether it is up and can be reached." in str(caught.value)
        counts = run.report.counts
        assert 5 <= counts[Status.FAILED] + counts[Status.UNKNOWN] <= 8 + 4
        assert counts[Status.NOT_ATTEMPTED] >= 48
        assert len(fake.calls) < 120
        await asyncio.sleep(3000)
        report = await client.alert_groups.bulk.resume(journal)
    assert report.counts[Status.CHANGED] == 60
    assert {group.state for group in groups} == {"resolved"}


async def test_a_selection_gives_up_at_the_deadline(fake: FakeOnCall) -> None:
    """The error says what failed, and for how long."""
    add(fake, 3)
    fake.faults.add(refuse(), lasting=timedelta(days=1))
    async with connect(fake) as client:
        run = client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
        with pytest.raises(TransportError, match=r"no connection to .* for \d+ s; nothing was"):
            await run
    assert 540 < passed() <= 600
    assert not run.report.selection_complete


async def test_one_group_that_always_fails_stops_no_others(fake: FakeOnCall) -> None:
    """A gateway times out on it alone: its attempts count, because others succeed."""
    groups = add(fake, 200)
    fake.latency = SECOND
    odd = groups[3].id

    def choose(request: FakeRequest, _: str | None) -> Fault | None:
        return status(504) if odd in request.path else None

    fake.faults.choose(choose)
    async with connect(fake) as client:
        report = await client.alert_groups.bulk.resolve(ids(groups), max_at_once=8)
    assert counted(report) == {"changed": 199, "unknown": 1}
    assert sum(odd in call.path for call in fake.calls) == 5
    assert passed() < 40


async def test_progress_shows_the_pause(fake: FakeOnCall) -> None:
    """As for a rate limit; an event is emitted with the reason."""
    reported: list[Event] = []
    shown: list[Progress] = []
    groups = add(fake, 30)
    async with connect(fake, on_event=reported.append) as client:
        await reach(fake, client)
        fake.faults.add(refuse(), lasting=RESTART)
        await client.alert_groups.bulk.resolve(ids(groups), on_progress=shown.append)
    pauses = [event for event in reported if isinstance(event, Paused)]
    assert {pause.reason for pause in pauses} == {"unreachable"}
    assert 3 <= len(pauses) <= 8
    assert max(progress.pause for progress in shown) > 2


async def test_a_run_without_retries_does_not_wait(fake: FakeOnCall) -> None:
    """`max_attempts=1` applies to background calls too."""
    groups = add(fake, 20)
    fake.faults.add(refuse(), lasting=timedelta(days=1))
    async with connect(fake, retry=RetryPolicy(max_attempts=1)) as client:
        report = await client.alert_groups.bulk.resolve(ids(groups))
    assert counted(report) == {"failed": 20}


# Tokens without permission


async def test_a_token_without_permission_ends_a_run_after_five_groups(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """Each got the same 403, and none succeeded; a resumed run does the rest."""
    groups, journal = add(fake, 100), tmp_path / "run.jsonl"
    fake.faults.add(error(403, {"detail": "You do not have permission."}), times=10_000)
    async with connect(fake) as client:
        run = client.alert_groups.bulk.resolve(ids(groups), max_at_once=1, journal=journal)
        with pytest.raises(Forbidden, match="You do not have permission"):
            await run
        assert counted(run.report) == {"failed": 5, "not_attempted": 95}
        assert len(fake.calls) == 5
        fake.faults.clear()
        assert counted(await client.alert_groups.bulk.resume(journal)) == {"changed": 100}


async def test_groups_that_a_token_may_not_change_do_not_end_the_run_for_others(
    fake: FakeOnCall,
) -> None:
    """Such as those of another team."""
    groups = add(fake, 60)
    theirs = {group.id for group in groups[1:41]}

    def choose(request: FakeRequest, _: str | None) -> Fault | None:
        mine = not any(one in request.path for one in theirs)
        return None if mine else error(403, {"detail": "Not your team."})

    fake.faults.choose(choose)
    async with connect(fake) as client:
        report = await client.alert_groups.bulk.resolve(ids(groups), max_at_once=1)
    assert counted(report) == {"changed": 20, "failed": 40}


# Foreground calls


@pytest.mark.parametrize("kind", ["server down", "503", "reset"])
async def test_a_wave_of_calls_survives_a_short_outage_and_spares_the_server(
    fake: FakeOnCall, kind: str
) -> None:
    """None of 32 callers uses up the retries that the others need."""
    groups = add(fake, 32)
    async with connect(fake) as client:
        await reach(fake, client)
        fake.faults.add(OUTAGES[kind], lasting=timedelta(seconds=3))
        async with asyncio.TaskGroup() as tasks:
            for group in groups:
                tasks.create_task(client.alert_groups.get(group.id))
        assert client._session.shared.retry_budget.spent < 100
    assert 3 <= passed() <= 8
    assert sum(call.fault is not None for call in fake.calls) <= 32 + 20


async def test_a_wave_of_calls_fails_soon_when_the_server_is_down(fake: FakeOnCall) -> None:
    """As soon as a single call would, not one after the other."""
    groups = add(fake, 200)
    fake.faults.add(refuse(), lasting=timedelta(days=1))
    async with connect(fake) as client:
        calls = (client.alert_groups.get(group.id) for group in groups)
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(result) for result in results} == {TransportError}
    assert passed() <= 14
    assert len(fake.calls) <= 32 + 40


async def test_a_call_beside_a_waiting_run_fails_sooner(fake: FakeOnCall) -> None:
    """It probes by itself; once it succeeds, so does the run."""
    groups = add(fake, 40)
    async with connect(fake, random=lambda: 1.0) as client:
        await reach(fake, client)
        fake.faults.add(refuse(), lasting=timedelta(seconds=65))
        task = asyncio.create_task(client.alert_groups.bulk.resolve(ids(groups)).wait())
        await asyncio.sleep(50)
        with pytest.raises(TransportError):
            await client.alert_groups.get(groups[0].id)
        assert passed() <= 60
        await asyncio.sleep(65.5 - passed())
        await client.alert_groups.get(groups[0].id)
        assert passed() <= 66.5
        assert counted(await task) == {"changed": 40}
        assert passed() <= 67


# Bots, watchers, waits


@every_outage
async def test_bots_and_waits_outlive_an_outage(
    fake: FakeOnCall, clock: VirtualClock, kind: str
) -> None:
    """Every kind of outage, for ten minutes."""
    group = fake.add_group()
    async with connect(fake, timeout=3) as client:
        await reach(fake, client)
        bot = Bot(client.alert_groups.watch(clock=fake.now))
        reported = hear(bot)
        async with running(bot) as run:
            waiting = asyncio.create_task(
                client.alert_groups.wait_until(group.id, "resolved", timeout=3000)
            )
            await asyncio.sleep(20)
            fake.faults.add(OUTAGES[kind], lasting=timedelta(minutes=10))
            later(100, lambda: become(group, "resolved", clock))
            await asyncio.sleep(1000)
            assert (await waiting).state == "resolved"
            assert ("Resolved", group.id) in reported
            assert not run.done()


@pytest.mark.parametrize("kind", sorted(OUTAGES.keys() - {"login page", "302", "307", "407"}))
async def test_bots_and_waits_outlive_an_outage_at_the_start(fake: FakeOnCall, kind: str) -> None:
    """Before OnCall has ever responded."""
    group = fake.add_group(state="resolved")
    fake.faults.add(OUTAGES[kind], lasting=timedelta(minutes=10))
    async with connect(fake, timeout=3) as client:
        bot = Bot(client.alert_groups.watch(clock=fake.now, existing=True))
        reported = hear(bot)
        async with running(bot):
            await client.alert_groups.wait_until(group.id, "resolved", timeout=3000)
            await asyncio.sleep(600)
            assert ("Created", group.id) in reported


# Failures that do not pass


def untrusted(_: httpx.Request) -> httpx.Response:
    """A server whose certificate is not trusted."""
    words = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
    raise httpx.ConnectError(words) from ssl.SSLCertVerificationError(1, words)


def nameless(_: httpx.Request) -> httpx.Response:
    """A host name that does not resolve."""
    words = "[Errno -2] Name or service not known"
    raise httpx.ConnectError(words) from socket.gaierror(socket.EAI_NONAME, words)


def login(_: httpx.Request) -> httpx.Response:
    """A proxy that asks for a login."""
    return httpx.Response(200, html="<h1>Sign in</h1>")


def elsewhere(_: httpx.Request) -> httpx.Response:
    """A proxy that redirects to a login page."""
    return httpx.Response(302, headers={"location": "https://login.example/"})


def another_api(_: httpx.Request) -> httpx.Response:
    """A server of another API, which also returns JSON."""
    return httpx.Response(200, json={"message": "hello"})


def other_shape(_: httpx.Request) -> httpx.Response:
    """A newer server, whose responses have another shape."""
    return httpx.Response(200, json={"count": 1, "results": [{"id": 7}]})


Handle = Callable[[httpx.Request], httpx.Response]
HOPELESS: dict[str, tuple[Handle, type[OnCallError], str, float]] = {
    "untrusted certificate": (untrusted, TransportError, "certificate", 0),
    "unknown host": (nameless, TransportError, "not known", 240),
    "login page": (login, DecodeError, "login page", 8),
    "another API": (another_api, DecodeError, "hello", 8),
    "redirect": (elsewhere, StatusError, "redirects are not followed", 0),
}
every_setting = pytest.mark.parametrize("name", HOPELESS)


def over(handle: Handle, **options: Any) -> OnCallClient:
    """A client of that server."""
    return OnCallClient(
        url=BASE, token="tok-4f9a1c", transport=httpx.MockTransport(handle), **options
    )


@every_setting
async def test_a_failure_that_does_not_pass_ends_a_bot(name: str) -> None:
    """With a clear message; for a host that does not resolve, only after minutes."""
    handle, kind, words, most = HOPELESS[name]
    async with over(handle) as client:
        with pytest.raises(kind, match=words):
            await Bot(client.alert_groups.watch()).run(signals=())
    assert passed() <= most
    assert passed() >= 120 or name != "unknown host"


@every_setting
async def test_a_failure_that_does_not_pass_ends_a_wait(name: str) -> None:
    """Long before its timeout."""
    handle, kind, words, most = HOPELESS[name]
    async with over(handle) as client:
        with pytest.raises(kind, match=words):
            await client.alert_groups.wait_until("I1", "resolved", timeout=3000)
    assert passed() <= most


@every_setting
async def test_a_failure_that_does_not_pass_ends_a_bulk_run(name: str) -> None:
    """While it selects, and while it acts."""
    handle, kind, words, most = HOPELESS[name]
    async with over(handle) as client:
        with pytest.raises(kind, match=words):
            await client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
        assert passed() <= most
    async with over(handle) as client:
        run = client.alert_groups.bulk.resolve([f"I{number}" for number in range(100)])
        with pytest.raises(kind, match=words):
            await run
    assert run.report.counts[Status.NOT_ATTEMPTED] >= 92
    assert run.report.counts[Status.REJECTED] == 0
    assert passed() <= 2 * most


async def test_a_group_of_another_shape_ends_a_bot() -> None:
    """It would hide all others, and waiting does not help."""
    async with over(other_shape) as client:
        with pytest.raises(DecodeError, match=r"\$\.results\[0\].*look for a newer one"):
            await Bot(client.alert_groups.watch()).run(signals=())


# The effect of a gateway's responses


@pytest.mark.parametrize("code", [302, 307, 400, 403, 408, 444, 460, 499, 502, 503, 504])
async def test_a_write_that_a_gateway_may_have_forwarded_has_an_unknown_outcome(
    fake: FakeOnCall, code: int
) -> None:
    """Nothing shows whether it has; what can be retried is."""
    group = fake.add_group()
    async with connect(fake) as client:
        await reach(fake, client)
        fake.faults.add(status(code, applied=True))
        with pytest.raises(OutcomeUnknown, match="Check: "):
            await client.alert_groups.silence(group.id, 60)
        fake.faults.add(status(code, applied=True))
        await client.alert_groups.acknowledge(group.id)
    assert group.state == "acknowledged"


@pytest.mark.parametrize("code", [407, 421, 425])
async def test_a_write_that_a_gateway_has_not_forwarded_is_retried(
    fake: FakeOnCall, code: int
) -> None:
    """It had no effect."""
    group = fake.add_group()
    async with connect(fake) as client:
        await reach(fake, client)
        fake.faults.add(status(code))
        await client.alert_groups.silence(group.id, 60)
    assert group.state == "silenced"
    assert sum(call.method == "POST" for call in fake.calls) == 2
