"""The entry points: httpx in process, ASGI, a socket, and the command line."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, VirtualClock, serve
from grafana_oncall.testing import __main__ as command


async def chunks() -> AsyncIterator[bytes]:
    """A body of unknown length."""
    yield b'{"name": "x"}'


def client(fake: FakeOnCall, transport: httpx.AsyncBaseTransport | None, url: str) -> Any:
    """A plain httpx client with the token."""
    headers = {"Authorization": fake.token, "Content-Type": "application/json"}
    return httpx.AsyncClient(transport=transport, base_url=url, headers=headers)


async def go_through(fake: FakeOnCall, http: httpx.AsyncClient) -> None:
    """The same requests through any transport."""
    made = await http.post("/api/v1/integrations/", json={"type": "webhook", "name": "ci"})
    assert made.status_code == 201
    path = f"/oncall/api/v1/integrations/{made.json()['id']}"
    chunked = await http.put(path, content=chunks())
    assert (chunked.status_code, chunked.json()["name"]) == (200, "ci")
    group = fake.add_group(labels={"team": "SRE"})
    done = await http.post(f"/api/v1/alert_groups/{group.id}/resolve/")
    assert (done.status_code, done.content) == (200, b"")
    assert "content-type" not in done.headers
    found = await http.get("/api/v1/alert_groups", params={"label": "team:SRE"})
    assert found.json()["count"] == 1
    gone = await http.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await http.get("/api/v1/alert_groups/a%2Fb/")).status_code == 404
    assert {"date", "server"}.isdisjoint(found.headers)


async def test_httpx_speaks_to_it_in_process(fake: FakeOnCall) -> None:
    """Through `transport()`."""
    async with client(fake, fake.transport(), "https://oncall.test") as http:
        await go_through(fake, http)


async def test_any_asgi_server_can_serve_it(fake: FakeOnCall) -> None:
    """Through `app`."""
    async with client(fake, httpx.ASGITransport(fake.app), "https://oncall.test") as http:
        await go_through(fake, http)


async def test_it_can_be_served_on_a_real_socket(fake: FakeOnCall) -> None:
    """Through `serve`, which closes the socket afterwards."""
    async with serve(fake) as url, client(fake, None, url) as http:
        await go_through(fake, http)
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


async def raw(url: str, target: str, *headers: str) -> tuple[bytes, bytes]:
    """Head and body of a response, as they are sent."""
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"GET {target} HTTP/1.1", "Host: x", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        return head, await reader.readexactly(int(length[1]) if length else 0)
    finally:
        writer.close()


async def test_the_response_has_few_headers(fake: FakeOnCall) -> None:
    """“Response headers are few: no Date, ETag, request id, Content-Encoding. Keep-alive works”."""
    async with serve(fake) as url:
        head, body = await raw(url, "/api/v1/alert_groups/", f"Authorization: {fake.token}")
    assert head.lower().splitlines() == [
        b"http/1.1 200 ok",
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        b"",
    ]


async def test_a_url_of_70_kb_is_a_reset_on_a_socket(fake: FakeOnCall) -> None:
    """“A 5 kB URL is fine, 70 kB is a TCP reset”; so is anything but HTTP."""
    async with serve(fake) as url:
        token = f"Authorization: {fake.token}"
        head, _ = await raw(url, f"/api/v1/alert_groups/?x={'y' * 5_000}", token)
        assert head.startswith(b"HTTP/1.1 200 OK")
        for target in (f"/api/v1/alert_groups/?x={'y' * 70_000}", "no HTTP"):
            with pytest.raises(ConnectionResetError):
                await raw(url, target, token)
        assert (await raw(url, "/api/v1/alert_groups/", token))[0].startswith(b"HTTP/1.1 200")
    assert sum(call.applied for call in fake.calls) == 2


async def test_on_a_socket_what_falls_due_happens_without_a_request() -> None:
    """A group that nobody asks for resolves itself, as soon as the server looks at the clock."""
    clock, looked = VirtualClock(), asyncio.Event()

    def look() -> datetime:
        looked.set()
        return clock.now()

    fake = FakeOnCall(clock=look)
    chain = fake.add_escalation_chain("SRE")
    fake.add_escalation_policy(chain, "resolve")
    fake.add_integration().default_route["escalation_chain_id"] = chain.id
    group = fake.add_group()
    async with serve(fake):
        clock.advance(timedelta(seconds=1))
        looked.clear()
        await looked.wait()
    assert group.resolved_at == clock.now()


async def test_serve_refuses_a_taken_port(fake: FakeOnCall) -> None:
    """With the error of the operating system."""
    async with serve(fake) as url:
        with pytest.raises(OSError, match="in use"):
            async with serve(fake, port=int(url.rpartition(":")[2])):
                raise AssertionError  # pragma: no cover - two servers on one port


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        pytest.param("127.0.0.1", "Choose another port with --port; --port 0 takes", id="a port"),
        pytest.param("192.0.2.1", "Choose an address of this machine with --host.", id="a host"),
    ],
)
def test_the_command_says_what_to_do_where_it_cannot_listen(
    capsys: pytest.CaptureFixture[str], host: str, advice: str
) -> None:
    """After the error of the operating system, which names the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert command.main(["--host", host, "--port", port, "--groups", "1"]) == 1
    error, then = capsys.readouterr().err.splitlines()
    assert f"('{host}', {port})" in error
    assert then.startswith(advice)


async def test_a_server_on_all_addresses_is_reached_by_its_url(fake: FakeOnCall) -> None:
    """The client would refuse http://0.0.0.0, as plain http to another machine."""
    async with (
        serve(fake, host="0.0.0.0") as url,  # noqa: S104  # the point of the test
        OnCallClient(url=url, token=fake.token) as client,
    ):
        assert url.startswith("http://127.0.0.1:")
        assert await client.alert_groups.list().count() == 0


def has_ipv6_loopback() -> bool:
    """Whether there is one; containers often have none."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


NO_IPV6 = pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no ::1")


@pytest.mark.parametrize(
    ("host", "start"),
    [
        pytest.param("::1", "http://[::1]:", id="IPv6", marks=NO_IPV6),
        pytest.param("localhost", "http://127.0.0.1:", id="a name"),
    ],
)
async def test_serve_names_the_address_in_its_url(fake: FakeOnCall, host: str, start: str) -> None:
    """In brackets, as in URLs."""
    async with serve(fake, host) as url:
        assert url.startswith(start)


async def test_what_the_caller_raises_is_raised_unchanged(fake: FakeOnCall) -> None:
    """Not in an exception group."""
    with pytest.raises(KeyError, match="mine"):
        async with serve(fake):
            raise KeyError("mine")


async def talk(fake: FakeOnCall, scope: dict[str, Any], messages: Sequence[Any]) -> list[Any]:
    """Return what the application sends when it receives these messages."""
    inbox, outbox = iter(messages), []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return next(inbox)

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        outbox.append(message)

    await fake.app(scope, receive, send)
    return outbox


async def test_lifespan_is_supported(fake: FakeOnCall) -> None:
    """Nothing to start, nothing to stop."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = await talk(fake, {"type": "lifespan"}, messages)
    assert [each["type"] for each in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


HTTP: dict[str, Any] = {
    "type": "http",
    "method": "GET",
    "path": "/api/v1/alert groups/",
    "query_string": b"",
    "headers": [],
}


async def test_a_body_may_come_in_pieces_and_the_raw_path_be_missing(fake: FakeOnCall) -> None:
    """ASGI allows both."""
    pieces = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request"}]
    sent = await talk(fake, HTTP, pieces)
    assert sent[0]["status"] == 404
    assert (fake.calls[-1].path, fake.calls[-1].request.body) == ("/api/v1/alert%20groups/", b"a")


async def test_a_client_that_leaves_early_gets_no_response(fake: FakeOnCall) -> None:
    """And its request is not recorded."""
    pieces = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert (await talk(fake, HTTP, pieces), fake.calls) == ([], [])


async def test_websockets_are_not_supported(fake: FakeOnCall) -> None:
    """The API has none."""
    with pytest.raises(NotImplementedError, match="websocket"):
        await talk(fake, {"type": "websocket"}, [])


@contextmanager
def without_uvicorn(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """As when the extra is not installed."""
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "grafana_oncall.testing._serving.uvicorn_server", raising=False)
        patch.setitem(sys.modules, "uvicorn", None)
        yield


async def test_without_uvicorn_serve_names_the_extra(
    fake: FakeOnCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ImportError that says what to install."""
    with without_uvicorn(monkeypatch), pytest.raises(ModuleNotFoundError, match=r"\[testing\]"):
        async with serve(fake):
            raise AssertionError  # pragma: no cover - there is no server


def test_without_uvicorn_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, and with a failing exit code."""
    with without_uvicorn(monkeypatch):
        assert command.main(["--groups", "1"]) == 1
    assert "'.[testing]'" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_a_signal_and_leaves_the_handlers_as_they_were(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    """The signal is raised once the URL is printed."""
    before = signal.getsignal(number)

    def flush_and_raise() -> None:
        monkeypatch.undo()
        signal.raise_signal(number)

    monkeypatch.setattr(sys.stdout, "flush", flush_and_raise)
    assert command.main(["--port", "0", "--groups", "3", "--token", "t", "--flavour", "oss"]) == 0
    assert signal.getsignal(number) is before
    url, token, page, rest = capsys.readouterr().out.splitlines()
    assert url.startswith("url: http://127.0.0.1:")
    assert token == "token: t"
    assert page == f"page: {url.removeprefix('url: ')}/"
    assert rest.startswith("3 alert groups, oss flavour")


def test_the_command_can_be_run_as_a_program() -> None:
    """It starts, serves a request, and ends with 0 on SIGTERM."""
    arguments = [sys.executable, "-m", "grafana_oncall.testing", "--port", "0", "--groups", "60"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().removeprefix("url: ").strip()
        token = program.stdout.readline().removeprefix("token: ").strip()
        try:
            response = httpx.get(f"{url}/api/v1/alert_groups/", headers={"Authorization": token})
            assert response.json()["count"] == 60
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0


def test_nothing_is_shared_with_the_client() -> None:
    """A bug in both would cancel out. These modules never see a request.

    They check and explain arguments, give `help()` its texts, and say what a store is.
    """
    harmless = {"_core.keywords", "_core.field_texts", "_validation.arguments", "stores.protocols"}
    code = (
        "import sys, grafana_oncall, grafana_oncall.testing as t\n"
        "print([n for m in list(sys.modules.values()) if m.__name__.startswith(t.__name__)\n"
        "  for v in vars(m).values() for n in [getattr(v, '__module__', None) or '']\n"
        "  if n.startswith('grafana_oncall') and not n.startswith(t.__name__)\n"
        f"  and n.partition('.')[2] not in {harmless}])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"
