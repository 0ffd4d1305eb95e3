"""Refusals that any operation may meet on the fake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    EndpointUnavailable,
    Forbidden,
    NotFound,
    RateLimited,
    StatusError,
    Unauthorized,
    UserTokenRequired,
)
from grafana_oncall.testing import FakeOnCall, RateLimit, VirtualClock
from tests.support.named_calls import ACTIONS, OPERATIONS, connect, sent
from tests.support.samples import BASE, STACK
from tests.support.virtual_time import passed

every_action = pytest.mark.parametrize("action", [pytest.param(name, id=name) for name in ACTIONS])


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in OPERATIONS])
async def test_an_unknown_id_is_not_found(oncall: OnCallClient, name: str) -> None:
    """The error names the operation and the path."""
    with pytest.raises(NotFound) as caught:
        await OPERATIONS[name](oncall, "NONE")
    error = caught.value
    assert (error.status, error.detail, error.fields) == (404, "Not found.", {})
    assert "/NONE/" in error.path
    assert error.operation in str(error)


async def test_a_url_of_something_else_is_distinguished_from_an_unknown_id() -> None:
    """By the page that is returned instead; the hint names the setting."""
    elsewhere = httpx.MockTransport(lambda _: httpx.Response(404, html="<h1>Not Found</h1>"))
    async with OnCallClient(url=f"{BASE}/grafana", token="any", transport=elsewhere) as client:
        with pytest.raises(EndpointUnavailable, match="url="):
            await client.alert_groups.get("I1")


async def test_a_wrong_token_is_unauthorized(fake: FakeOnCall) -> None:
    """Real servers respond with 403."""
    async with connect(fake, "wrong") as client:
        with pytest.raises(Unauthorized) as caught:
            await client.alert_groups.list().collect()
    assert (caught.value.status, caught.value.detail) == (403, "Invalid token.")
    assert "token" in (caught.value.hint or "")


WRITES: dict[str, Callable[[OnCallClient, str], Awaitable[object]]] = {
    **{name: call for name, call in OPERATIONS.items() if "get" not in name},
    "integrations.create": lambda client, _: client.integrations.create(type="webhook"),
}


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in WRITES])
async def test_a_viewer_may_read_but_not_write(fake: FakeOnCall, name: str) -> None:
    """A 403 whose text differs from that of a bad token."""
    fake.add_token("viewer", user="eve", role="viewer")
    group = fake.add_group(labels={"team": "SRE"})
    async with connect(fake, "viewer") as client:
        assert await client.alert_groups.list().count() == 1
        with pytest.raises(Forbidden) as caught:
            await WRITES[name](client, group.id)
    assert type(caught.value) is Forbidden
    assert (group.state, group.labels) == ("firing", [("team", "SRE")])


@every_action
async def test_a_service_account_cannot_act(fake: FakeOnCall, action: str) -> None:
    """The hint says which kind of token can."""
    fake.add_token("glsa_robot", user="robot")
    group = fake.add_group()
    async with connect(fake, "glsa_robot", grafana_url=STACK) as client:
        with pytest.raises(UserTokenRequired) as caught:
            await ACTIONS[action](client, group.id)
    assert isinstance(caught.value, Forbidden)
    assert "API key" in (caught.value.hint or "")
    assert group.state == "firing"


async def test_a_service_account_can_do_the_rest(fake: FakeOnCall) -> None:
    """Lists, labels, deletions, integrations."""
    fake.add_token("glsa_robot", user="robot")
    group = fake.add_group()
    fake.add_label("team", "SRE")
    async with connect(fake, "glsa_robot", grafana_url=STACK) as client:
        await client.alert_groups.add_label(group.id, "team", "SRE")
        (seen,) = await client.alert_groups.list(labels={"team": "SRE"}).collect()
        made = await client.integrations.create(type="webhook")
        await client.integrations.delete(made.id)
        await client.alert_groups.delete(seen.id)
    assert {status for _, status in sent(fake)} <= {200, 201, 204}


async def test_a_stack_that_is_being_synced_is_waited_for_once(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A 429 without Retry-After; a second wait would exceed the deadline.

    A misspelled stack is suggested in the log, before the wait.
    """
    fake = FakeOnCall(clock=clock, grafana_url="https://known.example")
    fake.add_token("glsa_robot")
    async with connect(fake, "glsa_robot", grafana_url=STACK) as client:
        with pytest.raises(RateLimited) as caught:
            await client.alert_groups.get("I1")
    assert caught.value.reset_after == 350
    first, last = caught.value.attempts
    assert first.delay == pytest.approx(351)
    assert last.delay is None
    assert passed() == pytest.approx(351)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "wait 351.0 s" in warnings[0]
    assert "stack of grafana_url= yet and is synchronizing it: check the URL" in warnings[0]


async def test_a_rate_limited_request_is_retried_when_the_server_said(clock: VirtualClock) -> None:
    """The caller sees only a slower call; a second is added after so short a burst."""
    fake = FakeOnCall(clock=clock, rate_limit=RateLimit(requests=1))
    group = fake.add_group()
    async with connect(fake, fake.token) as client:
        await client.alert_groups.get(group.id)
        clock.advance(timedelta(seconds=12))
        await client.alert_groups.get(group.id)
    assert passed() == pytest.approx(48 + 1)
    assert [call.status for call in fake.calls] == [200, 429, 200]


async def test_every_refusal_is_a_status_error(fake: FakeOnCall) -> None:
    """One class catches all of them."""
    async with connect(fake, "wrong") as client:
        for call in OPERATIONS.values():
            with pytest.raises(StatusError):
                await call(client, "I1")
