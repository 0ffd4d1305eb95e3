"""Loops that are left early leave nothing behind, also where the iterators are not closed.

Then the garbage collector or the end of the event loop does: all async generators there are, at
the same time, and not the outer ones first.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall

Begin = Callable[[OnCallClient, Path], AsyncIterator[Any]]


def walk(client: OnCallClient, _: Path) -> AsyncIterator[Any]:
    """Items of a list, with pages in flight."""
    return aiter(client.alert_groups.list(prefetch=3))


def pages(client: OnCallClient, _: Path) -> AsyncIterator[Any]:
    """The pages themselves."""
    return client.alert_groups.list(prefetch=3).pages()


def watch(client: OnCallClient, checkpoint: Path) -> AsyncIterator[Any]:
    """Changes, of which not all have been delivered."""
    return aiter(client.alert_groups.watch(existing=True, checkpoint=checkpoint))


class Holder:
    """Forms a reference cycle with what it holds, as a frame and its traceback do."""

    def __init__(self, held: AsyncIterator[Any]) -> None:
        self.held = held
        self.itself = self


each = pytest.mark.parametrize("begin", [walk, pages, watch])


def report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Record what the loop would log."""
    REPORTED.append(context["message"])


REPORTED = list[str]()
SEVERAL = 8
"""How many streams are left open; the order in which they are closed is random."""


async def half_way(client: OnCallClient, begin: Begin, checkpoint: Path) -> AsyncIterator[Any]:
    """Advance two steps, or past the first page."""
    asyncio.get_running_loop().set_exception_handler(report)
    stream = begin(client, checkpoint)
    for _ in range(60 if begin is walk else 2):
        await anext(stream)
    return stream


@each
def test_the_end_of_the_event_loop_closes_what_is_left(begin: Begin, tmp_path: Path) -> None:
    """The loop reports nothing."""
    kept = list[AsyncIterator[Any]]()
    fake = storm()

    async def main() -> None:
        async with connect(fake) as client:
            for number in range(SEVERAL):
                kept.append(await half_way(client, begin, tmp_path / f"{number}"))

    REPORTED.clear()
    asyncio.run(main())
    assert REPORTED == []


@each
def test_the_garbage_collector_closes_what_is_left(begin: Begin, tmp_path: Path) -> None:
    """No task is left running."""
    fake = storm()

    async def main() -> None:
        async with connect(fake) as client:
            for number in range(SEVERAL):
                Holder(await half_way(client, begin, tmp_path / f"{number}"))
            gc.collect()
            for _ in range(20):
                await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    REPORTED.clear()
    asyncio.run(main())
    gc.collect()
    assert REPORTED == []


def storm() -> FakeOnCall:
    """Five pages of groups."""
    fake = FakeOnCall()
    for _ in range(250):
        fake.add_group()
    return fake


def connect(fake: FakeOnCall) -> OnCallClient:
    """A client of this fake."""
    return OnCallClient(url="https://oncall.test", token=fake.token, transport=fake.transport())
