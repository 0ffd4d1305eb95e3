"""The client against the fake over real loopback sockets, where the transport matters."""

import asyncio
import logging
import pickle
import ssl
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.changes import Created
from grafana_oncall.errors import (
    ClientStateError,
    DecodeError,
    InvalidArgument,
    OnCallError,
    OutcomeUnknown,
    TransportError,
)
from grafana_oncall.events import AttemptEnded, Event
from grafana_oncall.testing import (
    FakeOnCall,
    Fault,
    hang,
    html,
    refuse,
    reset,
    serve,
    status,
    truncate,
)
from tests.support.certificates import LOOPBACK
from tests.support.programs import python

TOKEN = "tok-4f9a1c-must-not-be-seen"
QUICK = RetryPolicy(initial_backoff=0.001, max_backoff=0.002)


Name = Literal["httpx", "httpx2", "aiohttp"]
NAMES: tuple[Name, ...] = ("httpx", "httpx2", "aiohttp")
each_transport = pytest.mark.parametrize("name", NAMES)


@asynccontextmanager
async def _served(
    name: Name = "httpx",
    *,
    retry: RetryPolicy = QUICK,
    patience: float = 5,
    events: list[Event] | None = None,
) -> AsyncGenerator[tuple[FakeOnCall, OnCallClient]]:
    fake = FakeOnCall(token=TOKEN)
    listener = None if events is None else events.append
    async with (
        serve(fake) as url,
        OnCallClient(
            url=url,
            token=TOKEN,
            transport=name,
            retry=retry,
            timeout=patience,
            on_event=listener,
        ) as client,
    ):
        yield fake, client


FAULTS = [
    pytest.param(reset(applied=True), id="reset after it was applied"),
    pytest.param(reset(applied=False), id="reset before it was applied"),
    pytest.param(refuse(), id="closed before it was applied"),
    pytest.param(truncate(), id="cut short"),
    pytest.param(status(503), id="503"),
    pytest.param(status(504, applied=True), id="504 after it was applied"),
    pytest.param(html(applied=True), id="a login page after it was applied"),
]


@each_transport
@pytest.mark.parametrize("fault", FAULTS)
async def test_an_action_survives_two_faults(fault: Fault, name: Name) -> None:
    """It succeeds, the group is acknowledged, and the events report three attempts."""
    events: list[Event] = []
    async with _served(name, events=events) as (fake, client):
        group = fake.add_group()
        fake.faults.add(fault, operation="acknowledge_alert_group", times=2)
        await client.alert_groups.acknowledge(group.id)
    assert group.state == "acknowledged"
    assert [event.attempt for event in events if isinstance(event, AttemptEnded)] == [1, 2, 3]


@each_transport
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_silence_is_sent_once(fault: Fault, name: Name) -> None:
    """Whatever goes wrong after sending, it is not repeated, and its outcome is unknown."""
    async with _served(name) as (fake, client):
        group = fake.add_group()
        fake.faults.add(fault, operation="silence_alert_group", times=2)
        with pytest.raises(OutcomeUnknown, match="silenced_at"):
            await client.alert_groups.silence(group.id, 60)
    assert [call.operation for call in fake.calls] == ["silence_alert_group"]


@each_transport
async def test_a_hanging_server_times_out(name: Name) -> None:
    """After the timeout, the read is retried, and then succeeds."""
    async with _served(name, patience=0.1) as (fake, client):
        group = fake.add_group()
        fake.faults.add(hang(), times=1)
        assert (await client.alert_groups.get(group.id)).id == group.id
    assert len(fake.calls) == 2


@each_transport
async def test_many_tasks_survive_resets_and_cancellations(name: Name) -> None:
    """200 tasks share 8 connections; a third is cancelled, and the client stays usable."""
    fake = FakeOnCall(token=TOKEN)
    ids = [fake.add_group().id for _ in range(200)]
    fake.faults.add(reset(applied=True), times=20)
    async with (
        serve(fake) as url,
        OnCallClient(
            url=url, token=TOKEN, transport=name, max_connections=8, retry=QUICK
        ) as client,
    ):
        tasks = [asyncio.create_task(client.alert_groups.acknowledge(group_id)) for group_id in ids]
        await asyncio.sleep(0)
        for task in tasks[::3]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results[::3]] == [asyncio.CancelledError] * 67
        assert [one for one in results if isinstance(one, OnCallError)] == []
        assert await client.alert_groups.list().count() == 200
    done = {one for one, result in zip(ids, results, strict=True) if result is None}
    assert len(done) == 200 - 67
    assert {fake.groups[one].state for one in done} == {"acknowledged"}


LOGGERS = {
    "httpx": {"httpx", "httpcore.http11"},
    "httpx2": {"httpx2", "httpcore2.http11"},
    "aiohttp": set[str](),  # it logs nothing
}


@each_transport
async def test_the_token_is_shown_nowhere(name: Name, caplog: pytest.LogCaptureFixture) -> None:
    """Not in any log at any level, including the HTTP library's; not in errors of any form."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    async with _served(name, retry=RetryPolicy(max_attempts=1)) as (fake, client):
        group_id = fake.add_group().id
        shown.append(repr(await client.alert_groups.get(group_id)))
        for fault in (reset(), truncate(), status(500), html()):
            fake.faults.add(fault)
            with pytest.raises(OnCallError) as caught:
                await client.alert_groups.get(group_id)
            shown += _renderings(caught.value)
        shown += [repr(client), str(client), repr(vars(client))]
    shown += [caplog.text, *(repr(vars(record)) for record in caplog.records)]
    assert {"grafana_oncall", *LOGGERS[name]} <= {one.name for one in caplog.records}
    assert [text for text in shown if TOKEN in text] == []


def _renderings(error: BaseException) -> list[str]:
    locals_too = traceback.TracebackException.from_exception(error, capture_locals=True)
    return [repr(error), str(error), "".join(locals_too.format()), repr(pickle.dumps(error))]


async def test_a_large_response_is_not_read_to_its_end() -> None:
    """Beyond max_response_bytes, the call ends with an error that says so."""
    fake = FakeOnCall(token=TOKEN)
    fake.add_group(payload={"text": "x" * 50_000})
    async with (
        serve(fake) as url,
        OnCallClient(url=url, token=TOKEN, max_response_bytes=10_000, retry=QUICK) as client,
    ):
        with pytest.raises(DecodeError, match="larger than max_response_bytes=10000"):
            await client.alert_groups.list().collect()
    assert len(fake.calls) == 1


@each_transport
async def test_a_proxy_is_used(name: Name) -> None:
    """With proxy=, the request goes there with its whole URL, and nowhere else."""
    lines: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        OnCallClient(
            url="http://oncall.internal",
            allow_http=True,
            token=TOKEN,
            proxy=f"http://127.0.0.1:{port}",
            transport=name,
        ) as client,
    ):
        with pytest.raises(OnCallError, match="403"):
            await client.alert_groups.get("I1")
    assert lines == [b"GET http://oncall.internal/api/v1/alert_groups/I1/ HTTP/1.1\r\n"]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://oncall.internal", id="a host name"),
        pytest.param("http://10.0.0.1:8080", id="a private address"),
        pytest.param("http://localhost.example.com", id="not this host"),
    ],
)
def test_plain_http_is_refused_beyond_this_host(url: str) -> None:
    """The token would be readable on the way."""
    with pytest.raises(InvalidArgument, match="allow_http=True"):
        OnCallClient(url=url, token=TOKEN)


@each_transport
@pytest.mark.parametrize("turns", range(4))
async def test_a_second_cancellation_loses_no_connection(turns: int, name: Name) -> None:
    """A call that is cancelled again during cleanup returns its only connection."""
    fake = FakeOnCall(token=TOKEN)
    group_id = fake.add_group().id
    async with (
        serve(fake) as url,
        OnCallClient(
            url=url, token=TOKEN, transport=name, max_connections=1, retry=QUICK
        ) as client,
    ):
        for _ in range(3):
            fake.faults.add(hang())
            call = asyncio.create_task(client.alert_groups.get(group_id))
            while not fake.calls or fake.calls[-1].fault is None:  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(0.001)
            call.cancel()
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            async with asyncio.timeout(5):
                assert (await client.alert_groups.get(group_id)).id == group_id


async def test_a_gateways_404_is_no_proof_of_a_deletion() -> None:
    """After a 503 with an unknown outcome, only the server's own 404 is proof."""
    async with _served() as (fake, client):
        group = fake.add_group()
        fake.faults.add(status(503), times=1)
        fake.faults.add(status(404), times=1)
        with pytest.raises(OutcomeUnknown):
            await client.alert_groups.delete(group.id, mode="delete")
    assert group.id in fake.groups


async def test_retries_that_succeeded_leave_the_budget_unchanged() -> None:
    """300 actions whose responses are lost once all succeed: the first like the last."""
    async with _served() as (fake, client):
        groups = [fake.add_group() for _ in range(300)]
        for group in groups:
            fake.faults.add(reset(applied=True), operation="acknowledge_alert_group", times=1)
            await client.alert_groups.acknowledge(group.id)
    assert {group.state for group in groups} == {"acknowledged"}


def test_closing_on_another_loop_after_the_first_has_ended_is_quiet() -> None:
    """The connections were closed with their loop; using the client is still a clear error."""
    fake = FakeOnCall(token=TOKEN)
    client = OnCallClient(url="https://oncall.test", token=TOKEN, transport=fake.transport())
    asyncio.run(client.alert_groups.list().count())
    asyncio.run(client.aclose())
    with pytest.raises(ClientStateError, match="closed"):
        asyncio.run(client.alert_groups.list().count())


async def test_tls_settings_are_used() -> None:
    """With verify=, a server of a private authority is trusted; without, it is not."""
    pem = LOOPBACK
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    trusting = ssl.create_default_context(cafile=pem)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"count": 7, "next": null, "results": []}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(respond, "127.0.0.1", 0, ssl=served)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with OnCallClient(url=url, token=TOKEN, verify=trusting) as client:
            assert await client.alert_groups.list().count() == 7
        async with OnCallClient(url=url, token=TOKEN, retry=RetryPolicy(max_attempts=1)) as client:
            with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as refused:
                await client.alert_groups.list().count()
            assert not refused.value.sent


async def test_a_spent_retry_budget_ends_calls_at_once() -> None:
    """With a budget of two retries, the third failure is final."""
    fake = FakeOnCall(token=TOKEN)
    fake.faults.add(reset(), times=9)
    async with (
        serve(fake) as url,
        OnCallClient(url=url, token=TOKEN, retry=QUICK, retry_budget=10) as client,
    ):
        with pytest.raises(TransportError) as failed:
            await client.alert_groups.list().count()
    assert len(failed.value.attempts) == 3


async def test_the_command_gives_a_watcher_something_to_watch() -> None:
    """With --new-every; what arrives fires, and can be acknowledged."""
    options = ("--port", "0", "--groups", "60", "--new-every", "0.1")
    async with python("-m", "grafana_oncall.testing", *options) as program:
        assert program.stdout is not None
        url, token = [(await program.stdout.readline()).decode().split()[-1] for _ in range(2)]
        async with OnCallClient(url=url, token=token) as client:
            watcher = client.alert_groups.watch(every=0.05)
            # On a slow machine, a poll is late and a gap is reported first.
            change = await anext(one async for one in watcher if isinstance(one, Created))
            await client.alert_groups.acknowledge(change.id)
            assert (await client.alert_groups.get(change.id)).state == "acknowledged"
        program.terminate()
        assert await program.wait() == 0
