"""Objects that a client cannot work with are refused when it is made, before anything is sent."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import KEY, made


def refused(**settings: Any) -> InvalidArgument:
    """The error that a client with these settings raises."""
    with pytest.raises(InvalidArgument) as caught:
        made(**settings)
    return caught.value


@pytest.mark.parametrize(
    ("client", "words"),
    [
        pytest.param(httpx.Client(), "httpx.Client is not async", id="a client without async"),
        pytest.param(httpx2.Client(), "httpx2.Client is not async", id="one of httpx2"),
        pytest.param(httpx.AsyncClient, "the class itself was given", id="the class"),
        pytest.param(
            httpx.MockTransport(lambda _: httpx.Response(200)),
            "transport= takes it",
            id="a transport",
        ),
        pytest.param(object(), "object", id="any object"),
        pytest.param("httpx", "str", id="a name"),
        pytest.param(False, "bool", id="false"),
        pytest.param(0, "int", id="zero"),
    ],
)
def test_what_is_not_an_async_httpx_client_is_refused(client: object, words: str) -> None:
    """Otherwise a write would reach the server before the mistake shows."""
    error = refused(http_client=client)
    assert error.argument == "http_client"
    assert words in str(error)
    assert "httpx.AsyncClient" in str(error)


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        pytest.param(httpx.HTTPTransport(), "httpx.HTTPTransport is not async", id="not async"),
        pytest.param(httpx2.HTTPTransport(), "httpx2.HTTPTransport is not", id="of httpx2"),
        pytest.param(httpx.AsyncHTTPTransport, "the class itself was given", id="the class"),
        pytest.param(httpx.AsyncClient(), "http_client= takes it", id="a client"),
        pytest.param(object(), "object", id="any object"),
        pytest.param(False, "bool", id="false"),
        pytest.param(b"httpx", "bytes", id="bytes"),
    ],
)
def test_what_is_not_an_async_httpx_transport_is_refused(transport: object, words: str) -> None:
    """For the same reason as a client."""
    error = refused(transport=transport)
    assert error.argument == "transport"
    assert words in str(error)
    assert "httpx.AsyncBaseTransport" in str(error)


async def test_an_aiohttp_session_is_refused() -> None:
    """The error says how to use aiohttp."""
    aiohttp = pytest.importorskip("aiohttp")
    async with aiohttp.ClientSession() as session:
        error = refused(http_client=session)
    assert 'transport="aiohttp"' in str(error)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        pytest.param("allow_http", "no", id="a word for no"),
        pytest.param("allow_http", None, id="nothing for no"),
        pytest.param("proxy", "", id="an empty proxy"),
        pytest.param("proxy", False, id="no proxy"),
        pytest.param("rate_limit", 300, id="a number as rate"),
        pytest.param("rate_limit_storage", b"redis://localhost", id="bytes as storage"),
        pytest.param("on_event", "print", id="the name of a function"),
        pytest.param("grafana_url", "", id="an empty stack"),
        pytest.param("random", 0.5, id="a number as random"),
        pytest.param("retry", {"attempts": 2}, id="a dict as policy"),
        pytest.param("verify", None, id="nothing to verify by"),
        pytest.param("verify", "ca.pem", id="a path to verify by"),
    ],
)
def test_the_type_of_an_argument_is_checked(argument: str, value: object) -> None:
    """Not only its truth: `allow_http="no"` would have allowed it."""
    needed = {"rate_limit": "3/s"} if argument == "rate_limit_storage" else {}
    assert refused(**needed, **{argument: value}).argument == argument


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
async def test_subclasses_and_mocks_are_accepted(library: Any) -> None:
    """Any async client or transport of httpx or httpx2 is accepted, and used."""
    fake = FakeOnCall(token=KEY)

    async def respond(request: Any) -> Any:
        given = httpx.Request(request.method, str(request.url), headers=dict(request.headers))
        response = await fake.transport().handle_async_request(given)
        return library.Response(response.status_code, content=await response.aread())

    class Client(library.AsyncClient):  # type: ignore[misc]
        """A user's own."""

    class Transport(library.MockTransport):  # type: ignore[misc]
        """A user's own."""

    async with Client(transport=Transport(respond)) as http:
        for client in (made(http_client=http), made(http_client=http, transport=None)):
            assert await client.alert_groups.list().count() == 0
    async with made(transport=Transport(respond)) as client:
        assert await client.alert_groups.list().count() == 0


def test_from_env_checks_as_well() -> None:
    """It only adds what the environment sets."""
    environ = {"GRAFANA_ONCALL_URL": "https://h.example", "GRAFANA_ONCALL_ACCESS_TOKEN": "t"}
    client: Any = httpx.Client()
    with pytest.raises(InvalidArgument, match=r"httpx\.Client is not async"):
        OnCallClient.from_env(environ, http_client=client)
