"""What all works share (`works`, `watch_works`): the loop, the client, the ids of the groups."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar, TypeVarTuple

from grafana_oncall import OnCallClient
from grafana_oncall.testing import VirtualTimeLoop
from grafana_oncall.testing.clock import Timeline

from .clients import TOKEN
from .samples import group_id
from .storm import NEWEST, URL, Storm

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Measured: TypeAlias = AbstractContextManager[object]
Work: TypeAlias = Callable[[int, Measured], Coroutine[Any, Any, int]]


class _OneThread(VirtualTimeLoop):
    """Does at once what other loops do in a thread, where it would be counted by chance."""

    def run_in_executor(
        self, _: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Return its result, which is there."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done


def run(work: Work, items: int, measured: Measured) -> int:
    """Do it in virtual time, and return the requests."""
    with asyncio.Runner(loop_factory=lambda: _OneThread(Timeline())) as runner:
        return runner.run(work(items, measured))


def now() -> datetime:
    """Return the time of the running loop, as a date."""
    return NEWEST + timedelta(seconds=asyncio.get_running_loop().time())


def client(storm: Storm, **options: Any) -> OnCallClient:
    """Return a client of the server."""
    return OnCallClient(url=URL, token=TOKEN, transport=storm, **options)


def ids(groups: int) -> Iterable[str]:
    """Return the ids of so many groups, one by one."""
    return map(group_id, range(groups))


def check(found: int, expected: int) -> None:
    """Raise AssertionError if a work did not do what it should."""
    if found != expected:
        raise AssertionError(f"{found} instead of {expected}")
