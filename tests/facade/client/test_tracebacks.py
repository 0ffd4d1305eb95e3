"""A printed traceback shows the lines of the caller, and at most one of the SDK."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import grafana_oncall
from grafana_oncall import Bot, OnCallClient, RetryPolicy, labels
from grafana_oncall.bulk import BulkReport
from grafana_oncall.errors import OnCallError
from grafana_oncall.oncall import Timeline
from grafana_oncall.stores import RedisStore
from grafana_oncall.testing import FakeOnCall
from grafana_oncall.webhooks import Router
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


FIVE: Any = 5
NOW = datetime(2026, 3, 2, tzinfo=UTC)
MISTAKES: list[Callable[[Any], object]] = [
    lambda one: one.alert_groups.get(""),
    lambda one: one.alert_groups.silence("I1", delay=-5),
    lambda one: one.alert_groups.list(state="bogus"),
    lambda one: one.alert_groups.list(labels="bogus"),
    lambda one: one.alert_groups.list().collect(limit=-1),
    lambda one: one.alert_groups.watch(every=-1),
    lambda one: one.alert_groups.wait_until("I1", "bogus", timeout=1),
    lambda one: one.alert_groups.add_label("I1", "", ""),
    lambda one: one.integrations.create(type=5),
    lambda one: one.integrations.create(type="webhook", reconcile=True),
    lambda one: one.integrations.create(type="webhook", templates={"slack": {"title": "{{"}}),
    lambda one: one.escalation_policies.create(type="wait"),
    lambda one: one.schedules.on_call(5),
    lambda one: one.schedules.on_call("nobody's"),
    lambda one: one.schedules.on_call("Primary", at=5),
    lambda one: one.schedules.timeline("Primary", NOW, 5),
    lambda one: one.direct_paging.page(title=""),
    lambda one: one.directory.with_options(ttl=-1),
    lambda one: one.request("FETCH", "teams/"),
    lambda one: one.with_options(retry=5),
    lambda one: one.alert_groups.bulk.resolve("I1"),
    lambda one: one.alert_groups.bulk.resolve(["I1"], dryrun=True),
    lambda one: one.alert_groups.bulk.resolve(["I1"], max_at_once=0),
    lambda one: one.alert_groups.bulk.resolve(one.alert_groups.list()),
    lambda one: one.alert_groups.bulk.silence(["I1"], -5),
    lambda one: one.alert_groups.bulk.add_labels(["I1"], "bogus"),
    lambda one: one.alert_groups.bulk.resume(Path(__file__).with_suffix(".jsonl")),
    lambda one: Bot(one.alert_groups.watch(), retry=FIVE),
    lambda _: Router(header="two words", secret="secret"),
    lambda _: RedisStore("nowhere"),
    lambda _: OnCallClient(url="nowhere", token="token"),
    lambda _: OnCallClient.from_env({}),
    lambda _: OnCallClient.discover(grafana_url="nowhere", token="token"),
    lambda _: RetryPolicy(max_attempts=0),
    lambda _: Timeline(FIVE, NOW, []),
    lambda _: Timeline(NOW, NOW, []).at(NOW),
    lambda _: BulkReport.from_json("{}"),
    lambda _: BulkReport.merge([]),
    lambda _: labels.parse(FIVE),
    lambda _: labels.to_dict("bogus"),
    lambda _: labels.validate("1:1"),
    lambda _: labels.matches({}, {}),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=range(len(MISTAKES)))
async def test_a_mistake_has_one_line_of_the_sdk_at_most(mistake: Callable[..., Any]) -> None:
    """Wherever the argument is found to be wrong."""

    async def make() -> None:
        if inspect.isawaitable(result := mistake(client(FAKE))):
            await result

    with pytest.raises((OnCallError, TypeError)) as caught:
        await make()
    text = "".join(traceback.format_exception(caught.value))
    assert text.count(f'File "{PACKAGE}') <= 1, text
    assert __file__ in text


async def test_a_generator_of_groups_keeps_its_line() -> None:
    """It says which call failed, which the line that awaits the run does not."""

    async def selection(one: OnCallClient) -> AsyncIterator[str]:
        yield "I1"
        await one.alert_groups.get("IGONE")

    text = await printed(FAKE, lambda one: one.alert_groups.bulk.resolve(selection(one)))
    assert 'await one.alert_groups.get("IGONE")' in text
    assert text.count(f'File "{PACKAGE}') <= 1, text


async def test_at_level_debug_a_traceback_has_all_lines(caplog: pytest.LogCaptureFixture) -> None:
    """For those who look for a fault in the SDK."""
    caplog.set_level(logging.DEBUG, logger="grafana_oncall")
    text = await printed(FAKE, lambda one: one.alert_groups.get("I1"))
    assert "error_from_response" in text
