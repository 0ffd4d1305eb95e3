"""The session, which sends all requests: what it sends, and how long it lives."""

import asyncio
import gzip
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis.strategies import from_regex

from grafana_oncall import Request, operations
from grafana_oncall._http.factory import _ORDINARY
from grafana_oncall.errors import (
    ClientStateError,
    InvalidArgument,
    OnCallError,
    StatusError,
    TransportError,
)
from grafana_oncall.models import AlertGroupSilence, IntegrationCreate
from tests.support.budget import budget
from tests.support.sessions import (
    BASE,
    EMPTY,
    LIST,
    SECRET,
    always,
    empty,
    hang,
    made,
    raw_response,
    received,
    responding,
    serving,
    session,
)

SILENCE = operations.silence_alert_group("A", AlertGroupSilence(delay=60))


async def test_a_request_is_sent_with_its_headers_and_bytes() -> None:
    """Method, URL with a slash, token without a scheme, stack, and JSON of a known length."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async with session(httpx.MockTransport(handle), grafana_url="https://stack.example") as oncall:
        await oncall.send(SILENCE)
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", f"{BASE}alert_groups/A/silence/")
    assert request.content == b'{"delay":60}'
    headers = dict(request.headers)
    assert headers.pop("user-agent").startswith("grafana-oncall-sdk/")
    assert headers == {
        "host": "oncall.test",
        "accept": "application/json, text/calendar",
        "accept-encoding": headers["accept-encoding"],
        "connection": "keep-alive",
        "authorization": SECRET,
        "x-grafana-url": "https://stack.example",
        "content-type": "application/json",
        "content-length": "12",
    }


async def test_a_request_without_body_and_stack_lacks_their_headers() -> None:
    """Without filters, it has no query either."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return empty()

    async with session(httpx.MockTransport(handle)) as oncall:
        await oncall.send(LIST)
        await oncall.send(operations.list_integrations(name="a b&c=\u2603", page=2))
    assert [str(request.url) for request in seen] == [
        f"{BASE}integrations/",
        f"{BASE}integrations/?name=a+b%26c%3D%E2%98%83&page=2",
    ]
    for request in seen:
        assert not {"x-grafana-url", "content-type", "transfer-encoding"} & {*request.headers}


async def test_an_exchange_returns_the_response_as_it_came() -> None:
    """Headers by name in any case, and the body with members unknown to the models."""
    content = b'{"count":0,"results":[],"new":1}'
    transport = always(lambda: httpx.Response(200, content=content, headers={"X-New": "Yes"}))
    async with session(transport) as oncall:
        result = await oncall.send(LIST)
    assert result.value.count == 0
    assert (result.response.status, result.response.content) == (200, content)
    headers = result.response.headers
    assert (headers["x-new"], headers["X-New"]) == ("Yes", "Yes")
    assert [name for name in headers if name.startswith("x")] == ["x-new"]


async def test_a_hook_of_the_users_own_client_may_read_the_response() -> None:
    """What it has read is decoded."""
    read: list[bytes] = []

    async def hook(response: httpx.Response) -> None:
        read.append(await response.aread())

    async with (
        serving(responding(raw_response())) as url,
        httpx.AsyncClient(event_hooks={"response": [hook]}) as http,
        session(url=url, http_client=http) as oncall,
    ):
        result = await oncall.send(LIST)
    assert read == [result.response.content] == [EMPTY]


async def test_a_compressed_response_is_decompressed() -> None:
    """Servers behind proxies compress."""
    squeezed = raw_response(gzip.compress(EMPTY), "200 OK", "Content-Encoding: gzip")
    async with serving(responding(squeezed)) as url, session(url=url) as oncall:
        result = await oncall.send(LIST)
    assert result.response.content == EMPTY


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(status: int) -> None:
    """Not even if the user's own httpx client would."""
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(status, headers={"location": "https://evil.example/?x=1"})

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle), follow_redirects=True)
    async with http, session(http_client=http) as oncall:
        with pytest.raises(StatusError, match=r"redirects to https://evil\.example/;"):
            await oncall.send(LIST)
    assert seen == [f"{BASE}integrations/"]


async def test_the_users_own_client_keeps_its_settings_but_not_its_credentials() -> None:
    """It also stays open."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return empty()

    http = httpx.AsyncClient(
        transport=httpx.MockTransport(handle), auth=("me", "pw"), headers={"x-mine": "1"}
    )
    async with http:
        async with session(http_client=http) as oncall:
            await oncall.send(LIST)
        assert not http.is_closed
    assert (seen[0].headers["authorization"], seen[0].headers["x-mine"]) == (SECRET, "1")


BODIES: list[Any] = [
    pytest.param(LIST, b"", id="GET"),
    pytest.param(operations.acknowledge_alert_group("A"), b"", id="POST without body"),
    pytest.param(SILENCE, b'{"delay":60}', id="POST"),
    pytest.param(
        operations.create_integration(IntegrationCreate(type="x" * 200_000)),
        b'{"type":"' + b"x" * 200_000 + b'"}',
        id="large POST",
    ),
    pytest.param(operations.delete_integration("A"), b"", id="DELETE"),
]


@pytest.mark.parametrize(("request_", "body"), BODIES)
async def test_a_body_is_never_chunked(request_: Request[Any], body: bytes) -> None:
    """Real servers read a chunked body as empty."""
    seen: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await received(reader))
        writer.write(raw_response(b"nope", "400 Bad Request"))
        await writer.drain()

    async with serving(handler) as url, session(url=url) as oncall:
        with pytest.raises(OnCallError):
            await oncall.send(request_)
    head, _, sent = seen[0].partition(b"\r\n\r\n")
    assert sent == body
    assert b"transfer-encoding" not in head.lower()
    if request_.operation.method in {"POST", "PUT"}:
        assert b"content-length: %d" % len(body) in head.lower()


async def test_a_closed_session_says_so() -> None:
    """Closing twice is fine."""
    async with session(always(empty)) as oncall:
        await oncall.send(LIST)
        await oncall.aclose()
        await oncall.aclose()
        for _ in range(2):
            with pytest.raises(ClientStateError, match=r"The client is closed\. Make a new one"):
                await oncall.send(LIST)


async def test_a_session_whose_own_client_was_closed_says_so() -> None:
    """The user, who owns it, has closed it."""
    http = httpx.AsyncClient(transport=always(empty))
    async with session(http_client=http) as oncall:
        await http.aclose()
        with pytest.raises(ClientStateError, match="closed"):
            await oncall.send(LIST)


@pytest.mark.parametrize("connections", [1, 2])
async def test_what_is_in_flight_when_the_session_closes_ends_with_an_sdk_error(
    connections: int,
) -> None:
    """Whether it was sent, or waited in the throttle."""
    async with serving(hang) as url, session(url=url, max_connections=connections) as oncall:
        tasks = [asyncio.create_task(oncall.send(LIST)) for _ in range(2)]
        await asyncio.sleep(0.02)
        await oncall.aclose()
        async with asyncio.timeout(5):
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(error) for error in ended} <= {ClientStateError, TransportError}


@pytest.mark.parametrize("url", ["https://999.999.999.999", "https://xn--"])
def test_a_url_that_httpx_refuses_is_refused_at_once(url: str) -> None:
    """Not at the first request with an httpx error."""
    with pytest.raises(InvalidArgument, match=r"^url: nothing can be sent there"):
        made(always(empty), url=url)


@given(url=from_regex(_ORDINARY, fullmatch=True))
@settings(max_examples=budget(100, hunt=5000), deadline=None)
def test_a_url_that_httpx_is_not_asked_about_is_one_that_it_takes(url: str) -> None:
    """So nothing that it refuses passes unasked."""
    assert httpx.URL(url).host


def test_a_session_belongs_to_the_event_loop_that_sends_first() -> None:
    """It may be made before there is one; in a second loop, the error says why not."""

    async def send() -> int:
        return (await oncall.send(LIST)).value.count

    oncall = made(always(empty))
    assert asyncio.run(send()) == 0
    for _ in range(2):
        with pytest.raises(ClientStateError, match="belongs to another event loop"):
            asyncio.run(send())
    asyncio.run(oncall.aclose())
    with pytest.raises(ClientStateError, match="closed"):
        asyncio.run(send())


def test_a_session_does_not_show_the_token() -> None:
    """Nor does anything that it holds."""
    oncall = made(always(empty), grafana_url="https://stack.example")
    shared = oncall._session.shared
    for held in (oncall, oncall._session, shared, shared.target, shared.sender):
        assert SECRET not in repr(held)
    assert SECRET not in repr(vars(shared.sender))
    assert SECRET not in repr(attrs.asdict(shared.target, recurse=False))
