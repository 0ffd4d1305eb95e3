"""Clients at the two edges: respx, which shows the wire, and the fake, which behaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping

import pytest
import respx

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support import virtual_time
from tests.support.loops import EVERY_LOOP, LoopFactory
from tests.support.samples import BASE, STACK, TOKEN

REAL_TIME = {"test_every_loop.py", "test_sockets.py"}
"""Modules whose tests need a real loop, whichever it is."""
SOCKETS = {"test_client_echoes.py", "test_credentials_on_sockets.py"}
"""Modules whose tests use sockets, and look at what has nothing to do with the loop."""


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """The other tests run in virtual time: none really waits for a retry or a pause."""
    if item.path.name in REAL_TIME:
        return EVERY_LOOP
    if item.path.name in SOCKETS:
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": virtual_time.VirtualTimeLoop}


@pytest.fixture
def wire() -> Generator[respx.MockRouter]:
    """What httpx would send; a request that no test expects is an error."""
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client(wire: respx.MockRouter) -> AsyncGenerator[OnCallClient]:  # noqa: ARG001  # it must stand first
    """A client on the wire, below a prefix, with a stack URL."""
    async with OnCallClient(url=BASE, token=TOKEN, grafana_url=STACK) as client:
        yield client


@pytest.fixture
def clock() -> VirtualClock:
    """2 March 2026, 09:30, when the test begins."""
    return virtual_time.ServerClock()


@pytest.fixture
def fake(clock: VirtualClock) -> FakeOnCall:
    """An empty Cloud server."""
    return FakeOnCall(clock=clock)


@pytest.fixture
async def oncall(fake: FakeOnCall) -> AsyncGenerator[OnCallClient]:
    """A client of the fake, as its administrator."""
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        yield client
