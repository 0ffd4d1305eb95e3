"""The responses of a router, also to malicious requests."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from grafana_oncall.webhooks import Router
from tests.support.virtual_time import loop
from tests.support.webhook_payloads import GROUP, body
from tests.support.webhook_requests import SECRET, Exchange, Recorder, ask, chunk, post


async def test_an_event_is_accepted_before_it_is_handled() -> None:
    """The server waits for only 4 seconds."""
    router = Router(secret=SECRET)
    router.on("escalation")(handler := Recorder(seconds=3600))
    began = loop().time()
    async with router:
        response = await post(router)
        assert (response.status_code, response.text, loop().time()) == (200, "Accepted.\n", began)
        assert handler.ended == []
        await router.aclose(wait=None)
    assert [event.raw for event in handler.ended] == [body()]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_another_method_is_refused(method: str) -> None:
    """The response names the right one."""
    async with Router(secret=SECRET) as router:
        response = await ask(router, method)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "", "/any/where", "/%2e%2e/"])
async def test_any_path_is_accepted(path: str) -> None:
    """The application mounts the router where it likes."""
    exchange = Exchange(chunk(body()))
    exchange.scope["path"] = path
    async with Router(secret=SECRET) as router:
        assert await exchange.run(router) == 200


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "it is not JSON", id="empty"),
        pytest.param(b"<b>evil</b>", "it is not JSON", id="html"),
        pytest.param(b"\xff\xfe", "it is not UTF-8", id="bytes"),
        pytest.param(b'{"a":' * 100_000, "it is not JSON", id="deep"),
        pytest.param(b'{"evil": 1}', "`event`", id="no event"),
        pytest.param(body(alert_group={**GROUP, "state": ["evil"]}), "$.alert_group.state", id="x"),
    ],
)
async def test_what_is_not_an_event_is_refused_with_the_reason(content: bytes, says: str) -> None:
    """As plain text, without any part of the body."""
    async with Router(secret=SECRET) as router:
        response = await post(router, content)
    assert response.status_code == 400
    assert says in response.text
    assert "evil" not in response.text
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert len(response.content) == int(response.headers["Content-Length"])


@pytest.mark.parametrize(("room", "status"), [(0, 200), (-1, 413)])
async def test_the_largest_body_is_accepted_and_one_byte_more_is_not(
    room: int, status: int
) -> None:
    """With and without a Content-Length."""
    async with Router(secret=SECRET, max_bytes=len(body()) + room) as router:
        parts = [chunk(body()[:10], more=True), chunk(body()[10:])]
        assert await Exchange(*parts).run(router) == status
        assert (await post(router)).status_code == status


async def test_a_body_that_is_announced_as_too_large_is_not_read() -> None:
    """The response is sent without reading it."""
    exchange = Exchange(chunk(b"x"), headers=[(b"content-length", b"1025")])
    async with Router(secret=SECRET, max_bytes=1024) as router:
        assert await exchange.run(router) == 413
    assert len(exchange.waiting) == 1


async def test_an_endless_body_is_read_only_to_the_limit() -> None:
    """Whatever its Content-Length."""
    parts = [chunk(b" " * 100, more=True) for _ in range(1000)]
    exchange = Exchange(*parts, headers=[(b"content-length", b"5")])
    async with Router(secret=SECRET, max_bytes=1024) as router:
        assert await exchange.run(router) == 413
    assert len(exchange.waiting) == 1000 - 11


@pytest.mark.parametrize(
    ("announced", "status"),
    [
        pytest.param([str(len(body())).encode()], 200, id="right"),
        pytest.param([b"000" + str(len(body())).encode()], 200, id="right, with zeros"),
        pytest.param([str(len(body()) - 1).encode()], 400, id="too short"),
        pytest.param([str(len(body()) + 1).encode()], 400, id="too long"),
        pytest.param([b"5", str(len(body())).encode()], 400, id="two"),
        pytest.param([b"-1"], 400, id="negative"),
        pytest.param([b"1e3"], 400, id="no number"),
        pytest.param([b""], 400, id="empty"),
        pytest.param(["٣".encode()], 400, id="digits of another script"),
        pytest.param([b"9" * 5000], 413, id="many digits"),
        pytest.param([b"18446744073709551617"], 413, id="beyond 64 bits"),
        pytest.param([b"0" * 5000], 400, id="many zeros"),
    ],
)
async def test_a_content_length_is_checked(announced: list[bytes], status: int) -> None:
    """In case the web server has not checked it."""
    headers = [(b"Content-Length", length) for length in announced]
    async with Router(secret=SECRET) as router:
        assert await Exchange(chunk(body()), headers=headers).run(router) == status


async def test_a_body_that_does_not_arrive_is_given_up() -> None:
    """After 10 seconds, when the server has long given up."""
    began = loop().time()
    async with Router(secret=SECRET) as router:
        assert await Exchange(chunk(b"{", more=True)).run(router) == 408
    assert loop().time() - began == pytest.approx(10)


async def test_a_client_that_disconnects_gets_no_response() -> None:
    """The part of its body that arrived is not an event."""
    router = Router(secret=SECRET)
    router.on()(handler := Recorder())
    parts = [chunk(body(), more=True), {"type": "http.disconnect"}]
    async with router:
        assert await Exchange(*parts).run(router) is None
    assert handler.begun == []


async def test_a_websocket_is_refused() -> None:
    """As ASGI prescribes for protocols that an application does not support."""
    exchange = Exchange()
    exchange.scope["type"] = "websocket"
    with pytest.raises(NotImplementedError, match="not by websocket"):
        await exchange.run(Router(secret=None))


async def test_a_router_that_does_not_run_says_how_to_start_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No event is accepted that would not be handled."""
    router = Router(secret=SECRET)
    response = await post(router)
    assert (response.status_code, router.backlog, router.running) == (503, 0, False)
    assert "start it by lifespan or `async with`" in response.text
    assert "start it by lifespan" in caplog.text


def lifespan(*kinds: str) -> Exchange:
    """An exchange of lifespan messages."""
    exchange = Exchange(*[{"type": f"lifespan.{kind}"} for kind in kinds])
    exchange.scope = {"type": "lifespan"}
    return exchange


async def test_the_lifespan_of_a_server_starts_and_ends_the_router() -> None:
    """What was accepted is handled before the shutdown is reported as complete."""
    router = Router(secret=SECRET)
    router.on()(handler := Recorder(seconds=20))
    exchange = lifespan("startup")
    running = asyncio.ensure_future(router(exchange.scope, exchange.receive, exchange.send))
    await asyncio.sleep(0)
    assert (exchange.sent, router.running) == ([{"type": "lifespan.startup.complete"}], True)
    assert (await post(router)).status_code == 200
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (len(handler.ended), router.running) == (1, False)
    whole = lifespan("startup", "shutdown")
    assert await _kinds(router, whole) == ["startup.complete", "shutdown.complete"]


async def _kinds(router: Router, exchange: Exchange) -> list[str]:
    await router(exchange.scope, exchange.receive, exchange.send)
    return [message["type"].removeprefix("lifespan.") for message in exchange.sent]


async def test_a_router_that_runs_already_fails_the_startup() -> None:
    """With the reason, which the web server can show."""
    exchange = lifespan("startup")
    async with Router(secret=SECRET) as router:
        assert await _kinds(router, exchange) == ["startup.failed"]
        assert router.running
    assert "running already" in exchange.sent[0]["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("\r\nSet-Cookie: a=b", "$.event.type", id="in the type"),
        pytest.param("\x1b[31m", "$.event.type", id="colours"),
    ],
)
async def test_no_part_of_a_body_gets_into_headers_or_logs(
    text: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of a refused body, nor of an event whose handler fails."""
    router = Router(secret=SECRET)
    router.on()(Recorder(error=ValueError("no")))
    bad = json.loads(body()) | {"event": {"type": [text]}}
    async with router:
        refused = await post(router, json.dumps(bad).encode())
        taken = await post(router, body(event={"type": text}, alert_group_id=text))
        await router.aclose()
    assert (refused.status_code, taken.status_code) == (400, 200)
    assert says in refused.text
    assert {*taken.headers} == {"content-type", "content-length"}
    messages: list[Any] = [record.getMessage() for record in caplog.records]
    assert any("A webhook handler failed" in message for message in messages)
    assert all(message.isprintable() for message in messages)
