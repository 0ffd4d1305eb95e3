"""A printed traceback shows the lines of the caller, and at most one of the SDK."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable

import httpx
import pytest

import grafana_oncall
from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import OnCallError
from grafana_oncall.testing import FakeOnCall
from tests.support.samples import BASE

PACKAGE = grafana_oncall.__path__[0]


def refuse(_: httpx.Request) -> httpx.Response:
    """No server listens."""
    raise httpx.ConnectError("refused")


def hang_up(_: httpx.Request) -> httpx.Response:
    """The server closes the connection in the middle."""
    raise httpx.ReadError("closed")


def client(transport: httpx.AsyncBaseTransport) -> OnCallClient:
    """A client that does not retry."""
    once = RetryPolicy(max_attempts=1)
    return OnCallClient(url=BASE, token=FakeOnCall().token, transport=transport, retry=once)


async def iterate(one: OnCallClient) -> None:
    """The whole list."""
    async for _ in one.alert_groups.list():
        pass


async def act(one: OnCallClient) -> None:
    """Await a bulk run."""
    await one.alert_groups.bulk.resolve(one.alert_groups.list(state="new"))


FAKE = FakeOnCall().transport()
DEAD, FAULTY = httpx.MockTransport(refuse), httpx.MockTransport(hang_up)
FAILURES = [
    pytest.param(FAKE, lambda one: one.alert_groups.get("I1"), id="not found"),
    pytest.param(FAKE, lambda one: one.alert_groups.resolve("I1"), id="a refused action"),
    pytest.param(DEAD, lambda one: one.alert_groups.get("I1"), id="a dead server"),
    pytest.param(DEAD, iterate, id="a list"),
    pytest.param(DEAD, lambda one: one.alert_groups.list().collect(), id="a collected list"),
    pytest.param(DEAD, lambda one: one.alert_groups.list().count(), id="a count"),
    pytest.param(DEAD, act, id="a bulk run"),
    pytest.param(
        FAULTY,
        lambda one: one.integrations.create(type="webhook"),
        id="a write in doubt",
    ),
]


async def printed(
    transport: httpx.AsyncBaseTransport, call: Callable[..., Awaitable[object]]
) -> str:
    """What the interpreter prints when a call fails."""
    with pytest.raises(OnCallError) as caught:
        await call(client(transport))
    return "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(("transport", "call"), FAILURES)
async def test_a_traceback_has_one_line_of_the_sdk_at_most(
    transport: httpx.AsyncBaseTransport, call: Callable[..., Awaitable[object]]
) -> None:
    """Of all errors in it, as one is often the cause of another."""
    text = await printed(transport, call)
    assert text.count(f'File "{PACKAGE}') <= 1, text
    assert __file__ in text


async def test_at_level_debug_a_traceback_has_all_lines(caplog: pytest.LogCaptureFixture) -> None:
    """For those who look for a fault in the SDK."""
    caplog.set_level(logging.DEBUG, logger="grafana_oncall")
    text = await printed(FAKE, lambda one: one.alert_groups.get("I1"))
    assert "error_from_response" in text
