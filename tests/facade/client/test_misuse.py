"""Mistakes for which Python's own message does not help: forgotten `async`, `await`, `close`."""

import gc
import warnings
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import KEY, made
from tests.support.scripted import Point, Scripted, keep, raw_response, serving

LISTS: dict[str, tuple[Callable[[Any], object], str]] = {
    "for": (lambda pager: [*pager], r"use `async for`, or `for … in await ….collect\(\)`"),
    "list": (list, r"use `async for`"),
    "in": (lambda pager: "I1" in pager, r"use `async for`"),
    "len": (len, r"use `await ….count\(\)`"),
    "if": (bool, r"use `await ….count\(\)`"),
    "index": (lambda pager: pager[0], r"use `\(await ….collect\(limit=…\)\)\[…\]`"),
    "slice": (lambda pager: pager[:10], r"use `\(await ….collect\(limit=…\)\)\[…\]`"),
}


@pytest.fixture
async def client() -> AsyncGenerator[OnCallClient]:
    """A client that sends nothing."""
    async with made() as one:
        yield one


@pytest.mark.parametrize("mistake", LISTS)
async def test_the_error_of_a_list_says_how_to_read_it(mistake: str, client: OnCallClient) -> None:
    """Python would only say that a Pager is not iterable, not subscriptable, and so on."""
    do, words = LISTS[mistake]
    with pytest.raises(TypeError, match=f"^Pager: .*{words}"):
        do(client.alert_groups.list())


async def test_the_error_of_an_awaited_list_says_what_to_await(client: OnCallClient) -> None:
    """In other libraries, awaiting a list returns its first page."""
    pager: Any = client.alert_groups.list()
    with pytest.raises(TypeError, match=r"^Pager: .*use `await ….collect\(\)`, or `async for`"):
        await pager


async def test_the_error_of_a_watcher_says_how_to_read_it(client: OnCallClient) -> None:
    """After the same mistakes as with a list."""
    watcher: Any = client.alert_groups.watch()
    with pytest.raises(TypeError, match=r"^Watcher: use `async for`"):
        next(iter(watcher))
    with pytest.raises(TypeError, match=r"^Watcher: use `async for`"):
        await watcher


async def test_the_error_of_with_without_async_says_so(client: OnCallClient) -> None:
    """Before Python 3.14, Python's does not."""
    entered: Any = client
    with pytest.raises(TypeError, match=r"^OnCallClient: use `async with`"), entered:
        pass


async def used(client: OnCallClient) -> None:
    """Make a call, after which connections are open."""
    await client.alert_groups.list().count()


@contextmanager
def warned() -> Generator[list[str]]:
    """Collect the warnings about clients that this block and a garbage collection cause."""
    words: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield words
        gc.collect()
    words += [text for one in caught if (text := str(one.message)).startswith("OnCallClient")]


@pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])
async def test_a_client_that_is_never_closed_is_named_in_a_warning(transport: Any) -> None:
    """When it is collected; Python's own warning would name only its sockets."""
    async with serving(Scripted(Point(2, raw_response()), keep)) as server:
        client = OnCallClient(url=server.url, token=KEY, transport=transport)
        sender = client._session.shared.sender  # so that the test can close its connections
        with warned() as before:
            await used(client.with_options(timeout=3))
        with warned() as after:
            del client
        await sender.aclose()
    name = f"OnCallClient(url='{server.url}/api/v1/')"
    words = f"{name} was not closed: use `async with`, or await its aclose()."
    assert (before, after) == ([], [words])


async def test_a_client_without_connections_of_its_own_need_not_be_closed(fake: FakeOnCall) -> None:
    """It was never used, was closed, or sends through what it was given, as tests do."""
    settings: dict[str, Any] = {"url": "https://a.example", "token": fake.token}
    with warned() as words:
        async with httpx.AsyncClient(transport=fake.transport()) as http:
            await used(OnCallClient(**settings, http_client=http))
        await used(OnCallClient(**settings, transport=fake.transport()))
        OnCallClient(**settings)
        async with (
            serving(Scripted(Point(2, raw_response()), keep)) as server,
            OnCallClient(url=server.url, token=KEY) as closed,
        ):
            await used(closed)
        del closed
    assert words == []
