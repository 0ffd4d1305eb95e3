"""Mistakes that Python tells in words that do not help: forgotten `async`, `await` and `close`."""

import gc
import warnings
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import made

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
async def test_a_list_says_how_it_is_read(mistake: str, client: OnCallClient) -> None:
    """Python would say that a Pager is not iterable, subscriptable and so on."""
    do, words = LISTS[mistake]
    with pytest.raises(TypeError, match=f"^Pager: .*{words}"):
        do(client.alert_groups.list())


async def test_a_list_that_is_awaited_says_what_to_await(client: OnCallClient) -> None:
    """Other libraries return the first page."""
    pager: Any = client.alert_groups.list()
    with pytest.raises(TypeError, match=r"^Pager: .*use `await ….collect\(\)`, or `async for`"):
        await pager


async def test_a_watcher_says_how_it_is_read(client: OnCallClient) -> None:
    """The same mistakes."""
    watcher: Any = client.alert_groups.watch()
    with pytest.raises(TypeError, match=r"^Watcher: use `async for`"):
        next(iter(watcher))
    with pytest.raises(TypeError, match=r"^Watcher: use `async for`"):
        await watcher


async def test_with_without_async_says_so(client: OnCallClient) -> None:
    """Before Python 3.14, Python does not."""
    entered: Any = client
    with pytest.raises(TypeError, match=r"^OnCallClient: use `async with`"), entered:
        pass


async def used(client: OnCallClient) -> None:
    """One call, after which connections are open."""
    await client.alert_groups.list().count()


def warned() -> list[str]:
    """What the garbage collector brings to light of clients."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    return [str(one.message) for one in caught if one.category is ResourceWarning]


async def test_a_client_that_nobody_closes_is_named(fake: FakeOnCall) -> None:
    """When it is gone; Python itself names its sockets only."""
    client = OnCallClient(url="https://a.example", token=fake.token, transport=fake.transport())
    await used(client.with_options(timeout=3))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()
    (warning,) = caught
    assert warning.category is ResourceWarning
    assert str(warning.message) == (
        "OnCallClient(url='https://a.example/api/v1/') was not closed: use `async with`, or await "
        "its aclose()."
    )


async def test_a_client_without_connections_may_be_dropped(fake: FakeOnCall) -> None:
    """It was never used, was closed, or sends through a client of the user's own."""
    settings: dict[str, Any] = {"url": "https://a.example", "token": fake.token}
    async with httpx.AsyncClient(transport=fake.transport()) as http:
        await used(OnCallClient(**settings, http_client=http))
    async with OnCallClient(**settings, transport=fake.transport()) as closed:
        await used(closed)
    del closed
    OnCallClient(**settings, transport=fake.transport())
    assert warned() == []


async def test_options_of_a_client_do_not_need_to_be_closed(
    fake: FakeOnCall,
) -> None:
    """What `with_options` makes shares its connections."""
    async with OnCallClient(
        url="https://a.example", token=fake.token, transport=fake.transport()
    ) as client:
        await used(client.with_options(timeout=3))
        assert warned() == []
