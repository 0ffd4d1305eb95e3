"""Only transports that can know it are trusted that a request was never sent."""

import socket
from collections.abc import Callable, MutableMapping
from typing import Any

import httpx
import httpx2
import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import OnCallError, OutcomeUnknown, TransportError
from grafana_oncall.testing import FakeOnCall, refuse
from tests.support.sessions import BASE, SECRET

TWICE = RetryPolicy(max_attempts=2, initial_backoff=0.001)
UNSENT = [
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
]


class Wrapping(httpx.AsyncHTTPTransport):
    """A third-party transport, which may do anything before it fails."""


class Client(httpx.AsyncClient):
    """A third-party client, which may do anything before it fails."""


class Client2(httpx2.AsyncClient):
    """The same for httpx2."""


class Raising(httpx.AsyncBaseTransport):
    """Sends through another library, and raises this class for any failure."""

    def __init__(self, kind: type[httpx.RequestError]) -> None:
        self.kind = kind
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Apply the request, and break the connection."""
        self.sent += 1
        raise self.kind("the connection was closed", request=request)


@pytest.fixture
def refused() -> str:
    """The URL of a port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def silenced(client: OnCallClient) -> OnCallError:
    """Return the error of a silence that gets no response."""
    async with client:
        with pytest.raises(OnCallError) as caught:
            await client.alert_groups.silence("I1", 60)
    return caught.value


def connected(url: str, **settings: object) -> OnCallClient:
    """A client with a single retry."""
    given: dict[str, Any] = {"url": url, "token": SECRET, "retry": TWICE, **settings}
    return OnCallClient(**given)


KNOWN: dict[str, Callable[[], dict[str, object]]] = {
    "ours": dict,
    "ours, over aiohttp": lambda: {"transport": "aiohttp"},
    "a plain client": lambda: {"http_client": httpx.AsyncClient()},
    "a plain transport": lambda: {"transport": httpx.AsyncHTTPTransport(retries=1)},
    "ours, over httpx2": lambda: {"transport": "httpx2"},
    "a plain client of httpx2": lambda: {"http_client": httpx2.AsyncClient()},
    "a plain transport of httpx2": lambda: {"transport": httpx2.AsyncHTTPTransport()},
    "a client with a plain transport mounted": lambda: {
        "http_client": httpx.AsyncClient(mounts={"http://": httpx.AsyncHTTPTransport()})
    },
}
UNKNOWN: dict[str, Callable[[], dict[str, object]]] = {
    "HTTP/2": lambda: {"transport": httpx.AsyncHTTPTransport(http2=True)},
    "a client with HTTP/2 mounted": lambda: {
        "http_client": httpx.AsyncClient(
            mounts={"all://127.0.0.1": httpx.AsyncHTTPTransport(http2=True)}
        )
    },
    "HTTP/2 of httpx2": lambda: {"transport": httpx2.AsyncHTTPTransport(http2=True)},
    "a client of a third party, of httpx2": lambda: {"http_client": Client2()},
    "a transport of a third party": lambda: {"transport": Wrapping()},
    "a client of a third party": lambda: {"http_client": Client()},
}


@pytest.mark.parametrize("name", KNOWN)
async def test_what_could_not_connect_was_never_sent(name: str, refused: str) -> None:
    """So a silence is retried, and its error says that nothing happened."""
    error = await silenced(connected(refused, **KNOWN[name]()))
    assert isinstance(error, TransportError)
    assert not error.sent
    assert len(error.attempts) == 2


@pytest.mark.parametrize("name", UNKNOWN)
async def test_no_other_error_counts_as_unsent(name: str, refused: str) -> None:
    """Whatever raises the error may have sent the request before."""
    error = await silenced(connected(refused, **UNKNOWN[name]()))
    assert isinstance(error, OutcomeUnknown)
    assert len(error.attempts) == 1


@pytest.mark.parametrize("kind", UNSENT)
async def test_an_unknown_transport_sends_a_silence_once(kind: type[httpx.RequestError]) -> None:
    """Whatever error class it raises."""
    transport = Raising(kind)
    error = await silenced(connected(BASE, transport=transport))
    assert isinstance(error, OutcomeUnknown)
    assert isinstance(error.__cause__, TransportError)
    assert error.__cause__.sent
    assert transport.sent == 1


async def test_an_application_that_could_not_connect_was_reached() -> None:
    """Its own requests are not the SDK's, although their errors are httpx's too."""
    seen: list[str] = []

    async def application(scope: MutableMapping[str, Any], _: object, __: object) -> None:
        seen.append(scope["path"])
        raise httpx.ConnectError("the database is down")

    transport = httpx.ASGITransport(application)
    error = await silenced(connected(BASE, transport=transport))
    assert isinstance(error, OutcomeUnknown)
    assert len(seen) == 1


async def test_a_hook_that_could_not_connect_says_nothing_about_the_request() -> None:
    """The response had arrived before the hook made its own request."""
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async def count(_: httpx.Response) -> None:
        raise httpx.ConnectError("the metrics are down", request=httpx.Request("POST", BASE))

    async def forget(_: httpx.Response) -> None:
        raise httpx.ConnectError("the metrics are down")

    for hook in (count, forget):
        seen.clear()
        http = httpx.AsyncClient(
            transport=httpx.MockTransport(respond), event_hooks={"response": [hook]}
        )
        error = await silenced(connected(BASE, http_client=http))
        assert isinstance(error, OutcomeUnknown)
        assert len(seen) == 1


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
@pytest.mark.parametrize("kind", UNSENT)
async def test_a_mock_transport_is_trusted(kind: type[httpx.RequestError], library: Any) -> None:
    """Otherwise a mock could not simulate an unsent request."""

    def handle(_: object) -> Any:
        raise getattr(library, kind.__name__)("mocked")

    error = await silenced(connected(BASE, transport=library.MockTransport(handle)))
    assert isinstance(error, TransportError)
    assert not error.sent


async def test_the_fake_is_trusted() -> None:
    """Its refused connections never deliver the request."""
    fake = FakeOnCall()
    group = fake.add_group()
    fake.faults.add(refuse(), times=1)
    async with connected(BASE, token=fake.token, transport=fake.transport()) as client:
        await client.alert_groups.silence(group.id, 60)


async def test_reads_are_retried_whatever_failed() -> None:
    """They have no effect that could be unknown."""
    transport = Raising(httpx.ConnectError)
    async with connected(BASE, transport=transport) as client:
        with pytest.raises(TransportError):
            await client.alert_groups.get("I1")
    assert transport.sent == 2


def test_the_errors_of_httpx2_are_those_of_httpx() -> None:
    """By name; another release may add some."""

    def names(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*map(names, kind.__subclasses__()))

    of_httpx = {name for name in names(httpx.HTTPError) if hasattr(httpx, name)}
    of_httpx2 = {name for name in names(httpx2.HTTPError) if hasattr(httpx2, name)}
    assert of_httpx2 - {"SSEError"} == of_httpx  # which only event streams raise
