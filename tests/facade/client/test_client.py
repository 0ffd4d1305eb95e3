"""How long a client lives, what it shares, and what is sent through it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import attrs
import httpx
import pytest
import respx

from grafana_oncall import OnCallClient, __version__, operations
from grafana_oncall.errors import ClientStateError, OutcomeUnknown, StatusError
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import KEY, made
from tests.support.listing import Listing, other_tasks, settle
from tests.support.samples import API, GROUP, GROUP_ID, GROUP_MODEL, one_page


async def test_a_closed_client_says_so(wire: respx.MockRouter) -> None:
    """However it is used; closing twice is fine."""
    async with made() as client:
        pager = client.alert_groups.list()
    await client.aclose()
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: client.alert_groups.get(GROUP_ID),
        lambda: client.alert_groups.acknowledge(GROUP_ID),
        lambda: client.integrations.create(type="webhook"),
        lambda: client.send(operations.get_alert_group(GROUP_ID)),
        pager.count,
        pager.collect,
    ]
    for call in calls:
        with pytest.raises(ClientStateError, match="closed"):
            await call()
    assert wire.calls.call_count == 0


async def test_a_walk_whose_client_is_closed_meanwhile_ends_with_that_error(
    wire: respx.MockRouter,
) -> None:
    """Not with an error of httpx."""
    Listing(wire, "a", "b")
    async with made() as client:
        walk = aiter(client.alert_groups.list(prefetch=0))
        await anext(walk)
    with pytest.raises(ClientStateError, match="closed"):
        await anext(walk)


async def test_the_users_own_client_of_httpx_stays_open(wire: respx.MockRouter) -> None:
    """It may serve others; if its owner has closed it, the error says so."""
    wire.route().respond(json=GROUP)
    async with httpx.AsyncClient() as http:
        async with made(http_client=http) as client:
            assert await client.alert_groups.get(GROUP_ID) == GROUP_MODEL
        assert not http.is_closed
        with pytest.raises(ClientStateError):
            await client.alert_groups.get(GROUP_ID)
        second = made(http_client=http)
        await second.alert_groups.get(GROUP_ID)
    with pytest.raises(ClientStateError, match="closed"):
        await second.alert_groups.get(GROUP_ID)


class Closing(httpx.MockTransport):
    """A transport that remembers that it was closed."""

    closed = False

    async def aclose(self) -> None:
        """Remember it."""
        self.closed = True


async def test_a_transport_is_closed_with_the_client() -> None:
    """The client owns it from then on."""
    transport = Closing(lambda _: httpx.Response(200, json=GROUP))
    async with made(transport=transport) as client:
        assert await client.alert_groups.get(GROUP_ID) == GROUP_MODEL
        assert not transport.closed
    assert transport.closed


async def test_the_users_own_client_changes_nothing_that_matters(wire: respx.MockRouter) -> None:
    """Not the token, the media type, or the redirects; its own headers are sent too."""
    wire.get(f"{API}alert_groups/{GROUP_ID}/").respond(
        302, headers={"Location": "https://evil.example/"}
    )
    async with httpx.AsyncClient(
        auth=("user", "password"),
        follow_redirects=True,
        headers={"User-Agent": "bot/1", "Accept": "text/html", "X-Team": "SRE"},
        base_url="https://elsewhere.example/",
    ) as http:
        with pytest.raises(StatusError):
            await made(http_client=http).alert_groups.get(GROUP_ID)
    headers = wire.calls.last.request.headers
    assert headers["Authorization"] == KEY
    assert headers["Accept"] == "application/json, text/calendar"
    assert headers["User-Agent"] == f"grafana-oncall-sdk/{__version__}"
    assert headers["X-Team"] == "SRE"
    assert wire.calls.call_count == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", ["get", "acknowledge"])
async def test_a_redirect_is_not_followed(
    wire: respx.MockRouter, client: OnCallClient, name: str, status: int
) -> None:
    """It would send the token elsewhere; the error says where to, without the query."""
    target = "https://u:p@login.example/sso?code=42"
    wire.route(host="oncall.example").respond(status, headers={"Location": target})
    # Whatever redirects a write may have forwarded it.
    kind = StatusError if name == "get" else OutcomeUnknown
    with pytest.raises(kind, match=re.escape("https://login.example/sso")) as caught:
        await getattr(client.alert_groups, name)(GROUP_ID)
    assert "42" not in str(caught.value)
    assert "u:p" not in str(caught.value)
    assert [call.request.url.host for call in wire.calls] == ["oncall.example"]


def test_a_client_refuses_a_second_event_loop(wire: respx.MockRouter) -> None:
    """Connections belong to one loop; a client may be made before there is any."""
    wire.route().respond(json=GROUP)
    client = made()
    assert asyncio.run(client.alert_groups.get(GROUP_ID)) == GROUP_MODEL
    with pytest.raises(ClientStateError, match="event loop"):
        asyncio.run(client.alert_groups.get(GROUP_ID))
    assert wire.calls.call_count == 1
    asyncio.run(client.aclose())


async def test_a_request_that_is_cancelled_leaves_the_client_usable(
    wire: respx.MockRouter,
) -> None:
    """No task is left, and the only connection is free."""
    listing = Listing(wire, "a")
    listing.hold(1)
    async with made(max_connections=1) as client:
        tasks = [asyncio.ensure_future(client.alert_groups.list().count()) for _ in range(3)]
        await settle()
        assert listing.in_flight == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (listing.in_flight, other_tasks()) == (0, set())
        listing.release(1)
        assert await client.alert_groups.list().count() == 1


async def test_an_operation_that_is_sent_gives_value_and_response(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """With status, headers and bytes, including members that the models do not know."""
    content = httpx.Response(200, json={**GROUP, "severity": "high"}).content
    wire.route().respond(200, content=content, headers={"X-Request-Id": "7"})
    result = await client.send(operations.get_alert_group(GROUP_ID))
    assert result.value == GROUP_MODEL
    assert result.response.status == 200
    assert result.response.headers["x-request-id"] == "7"
    assert result.response.content == content


async def test_a_parameter_that_the_sdk_does_not_know_can_be_added(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """A request is a plain value, to which it can be added."""
    wire.route().respond(json=one_page(GROUP))
    request = operations.list_alert_groups(state="new")
    query = (*request.query, ("is_root", "true"))
    result = await client.send(attrs.evolve(request, query=query))
    assert list(result.value.results) == [GROUP_MODEL]
    assert wire.calls.last.request.url.query == b"state=new&is_root=true"


async def test_a_call_without_a_result_has_none(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """It has a status."""
    result = await oncall.send(operations.acknowledge_alert_group(fake.add_group().id))
    assert (result.value, result.response.status, result.response.content) == (None, 200, b"")


def test_the_repr_of_a_pager_says_how_it_is_used() -> None:
    """`print(pager)` shows it."""
    client = OnCallClient(url="https://oncall.test", token="any")
    assert repr(client.alert_groups.list()).startswith("<Pager of list_alert_groups: use async for")


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda client: client.alert_groups.get(GROUP_ID), id="a call"),
        pytest.param(lambda client: client.aclose(), id="closing"),
    ],
)
def test_without_an_asyncio_loop_an_error_says_so(
    work: Callable[[OnCallClient], Coroutine[Any, Any, object]],
) -> None:
    """As under trio, which runs coroutines itself."""
    steps = work(OnCallClient(url="https://oncall.test", token="any"))
    with pytest.raises(ClientStateError, match=r"asyncio\.run"):
        steps.send(None)
