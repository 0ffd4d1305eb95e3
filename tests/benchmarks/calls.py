"""The processor time of one call: get an alert group.

The bare call of httpx, or httpx2, is `build_request`, `send` and the bytes of the body: it decodes
nothing. It goes through an `AsyncClient` with the settings and the headers of the SDK's own one.

    python -m tests.benchmarks.calls URL [--as-installed] [--loop=uvloop]

takes lines such as "sdk 100 1" and prints for each the seconds that so many calls took, with so
many in flight.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from time import process_time
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from .processes import Worker, server, worker
from .rows import Row, interleaved
from .samples import PER_PAGE

if TYPE_CHECKING:
    from .clients import Transport

PART: Final = "call"
GROUP: Final = "I000000000000"
PATH: Final = f"/api/v1/alert_groups/{GROUP}/"
_HEADERS: Final = {
    "accept": "application/json",
    "user-agent": "bare",
    "authorization": "token",
}

Call = Callable[[], Awaitable[object]]
LoopFactory = Callable[[], asyncio.AbstractEventLoop]
Ratio = Callable[[str, str], float]

_SENDERS: Final[Sequence["Transport"]] = ("httpx", "httpx2", "aiohttp")


class WithoutSniffio(PathFinder):
    """Finds all modules but sniffio, which httpx does not install."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of the module with this name."""
        return super().find_spec("sniffio_" if fullname == "sniffio" else fullname, path, target)


@asynccontextmanager
async def _as_installed(url: str) -> AsyncGenerator[Mapping[str, Call]]:
    """Httpx alone, with its default settings."""
    import httpx  # noqa: PLC0415  # once sniffio is hidden

    async with httpx.AsyncClient() as http:

        async def call() -> bytes:
            return (await http.get(url + PATH, headers=_HEADERS)).content

        yield {"httpx": call}


@asynccontextmanager
async def _side_by_side(url: str) -> AsyncGenerator[Mapping[str, Call]]:
    """The SDK over each sender, and the same call by the bare package."""
    import aiohttp  # noqa: PLC0415  # the other process does not need it
    import httpx  # noqa: PLC0415
    import httpx2  # noqa: PLC0415

    from .clients import client  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        bare: dict[str, Call] = {}
        for library in (httpx, httpx2):
            limits = library.Limits(max_connections=32, max_keepalive_connections=32)
            http = library.AsyncClient(headers=_HEADERS, limits=limits)
            bare[library.__name__] = partial(_bare, await stack.enter_async_context(http), url)
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=_HEADERS))

        async def bare_aiohttp() -> bytes:
            async with session.get(url + PATH) as response:
                return await response.read()

        calls = {f"bare {name}": call for name, call in {**bare, "aiohttp": bare_aiohttp}.items()}
        for name in _SENDERS:
            sdk = await stack.enter_async_context(client(url, name))
            calls[f"sdk over {name}"] = partial(sdk.alert_groups.get, GROUP)
        yield calls


async def _bare(http: Any, url: str) -> bytes:
    request = http.build_request("GET", url + PATH, timeout=30.0)
    content: bytes = (await http.send(request)).content
    return content


async def _work(url: str, *, as_installed: bool) -> None:
    async with (_as_installed if as_installed else _side_by_side)(url) as calls:
        print(*calls, sep=",", flush=True)  # noqa: T201  # for the parent process
        for line in sys.stdin:
            name, times, in_flight = line.rsplit(" ", 2)
            left, began = iter(range(int(times))), process_time()
            await asyncio.gather(*(_repeat(calls[name], left) for _ in range(int(in_flight))))
            print(process_time() - began, flush=True)  # noqa: T201


async def _repeat(call: Call, left: Iterator[int]) -> None:
    for _ in left:
        await call()


def rows(*, quick: bool) -> Iterator[Row]:
    """The cost of a call, relative to the bare one."""
    rounds, times = (2, 5) if quick else (61, 100)
    program = ("-m", "tests.benchmarks.calls")
    with (
        server(PER_PAGE) as url,
        worker(*program, url, "--as-installed") as installed,
        worker(*program, url) as beside,
    ):
        names = [(one, name) for one in (installed, beside) for name in one.read().split(",")]
        works = {name: _times(one, name, times) for one, name in names}
        for name in ("bare aiohttp", "sdk over aiohttp"):
            works[f"{name}, 8 in flight"] = _times(beside, name, times, in_flight=8)
        for work in works.values():
            work()  # connects
        ratio = interleaved(works, rounds=rounds)
    time = "processor time of a call"
    over = "over httpx as installed by default"
    fast = "with [aiohttp]"
    yield _row(f"{time}, over the httpx call that it makes", ratio, "httpx", "bare httpx", 1.15)
    httpx2 = f"{time} with [httpx2], over the httpx2 call that it makes"
    yield _row(httpx2, ratio, "httpx2", "bare httpx2", 1.15)
    yield _row(f"{time} {fast}, {over}", ratio, "aiohttp", "httpx", 0.3)
    at_8 = f"{time} {fast}, 8 in flight, over bare aiohttp"
    yield _row(at_8, ratio, "aiohttp, 8 in flight", "bare aiohttp, 8 in flight", 1.6)
    yield _row(f"{time}, {over}", ratio, "httpx", "httpx")
    yield _row(f"{time} with [httpx2], {over}", ratio, "httpx2", "httpx")
    bare = ratio("bare aiohttp", "httpx")
    yield Row(part=PART, name=f"processor time of bare aiohttp, {over}", value=bare)


def _row(name: str, ratio: Ratio, sender: str, other: str, goal: float | None = None) -> Row:
    return Row(part=PART, name=name, value=ratio(f"sdk over {sender}", other), goal=goal)


def _times(one: Worker, name: str, times: int, *, in_flight: int = 1) -> Callable[[], float]:
    return lambda: float(one.ask(f"{name} {times} {in_flight}"))


def _loop_factory() -> LoopFactory | None:
    """Return what makes the event loop; None for asyncio's own."""
    if "--loop=uvloop" not in sys.argv:
        return None
    import uvloop  # noqa: PLC0415  # not on Windows

    return uvloop.new_event_loop


if __name__ == "__main__":
    if "--as-installed" in sys.argv:
        sys.meta_path[:] = [WithoutSniffio if one is PathFinder else one for one in sys.meta_path]
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_work(sys.argv[1], as_installed="--as-installed" in sys.argv))
