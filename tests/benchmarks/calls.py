"""The processor's time of one call: get an alert group.

The bare call of httpx is `build_request`, `send` and the bytes of the body: it decodes nothing. It
goes through an `AsyncClient` with the settings and the headers of the SDK's own one.

    python -m tests.benchmarks.calls URL [--as-installed]

takes lines such as "sdk 100" and answers each with the seconds that so many calls took.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.machinery import ModuleSpec, PathFinder
from time import process_time
from types import ModuleType
from typing import Final

from .processes import Worker, server, worker
from .rows import Row, interleaved

PART: Final = "call"
GROUP: Final = "I000000000000"
PATH: Final = f"/api/v1/alert_groups/{GROUP}/"
_HEADERS: Final = {
    "accept": "application/json",
    "user-agent": "bare",
    "authorization": "token",
}

Call = Callable[[], Awaitable[object]]


class WithoutSniffio(PathFinder):
    """Looks for it, as everywhere, and does not find it: httpx does not bring it."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """What there is of this name."""
        return super().find_spec("sniffio_" if fullname == "sniffio" else fullname, path, target)


@asynccontextmanager
async def _as_installed(url: str) -> AsyncGenerator[Mapping[str, Call]]:
    """Httpx alone, with its own settings."""
    import httpx  # noqa: PLC0415  # when sniffio is out of its reach

    async with httpx.AsyncClient() as http:

        async def call() -> bytes:
            return (await http.get(url + PATH, headers=_HEADERS)).content

        yield {"httpx": call}


@asynccontextmanager
async def _side_by_side(url: str) -> AsyncGenerator[Mapping[str, Call]]:
    """The SDK, the call of httpx that it makes, and aiohttp alone."""
    import aiohttp  # noqa: PLC0415  # which the other process does without
    import httpx  # noqa: PLC0415

    from .clients import client, has_aiohttp  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                headers=_HEADERS,
                limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
            )
        )
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=_HEADERS))
        sdk = await stack.enter_async_context(client(url))

        async def bare() -> bytes:
            request = http.build_request("GET", url + PATH, timeout=30.0)
            return (await http.send(request)).content

        async def bare_aiohttp() -> bytes:
            async with session.get(url + PATH) as answer:
                return await answer.read()

        calls: dict[str, Call] = {
            "bare": bare,
            "aiohttp": bare_aiohttp,
            "sdk": lambda: sdk.alert_groups.get(GROUP),
        }
        if has_aiohttp():
            fast = await stack.enter_async_context(client(url, "aiohttp"))
            calls["sdk over aiohttp"] = lambda: fast.alert_groups.get(GROUP)
        yield calls


async def _work(url: str, *, as_installed: bool) -> None:
    async with (_as_installed if as_installed else _side_by_side)(url) as calls:
        print(*calls, sep=",", flush=True)  # noqa: T201  # for the parent
        for line in sys.stdin:
            name, times = line.rsplit(" ", 1)
            call, began = calls[name], process_time()
            for _ in range(int(times)):
                await call()
            print(process_time() - began, flush=True)  # noqa: T201


def rows(*, quick: bool) -> Iterator[Row]:
    """What a call costs more than the bare one."""
    rounds, times = (2, 5) if quick else (61, 100)
    program = ("-m", "tests.benchmarks.calls")
    with (
        server() as url,
        worker(*program, url, "--as-installed") as installed,
        worker(*program, url) as beside,
    ):
        names = [(one, name) for one in (installed, beside) for name in one.told().split(",")]
        works = {name: _asking(one, name, times) for one, name in names}
        for work in works.values():
            work()  # connects
        ratio = interleaved(works, rounds=rounds)
    yield Row(
        part=PART,
        name="processor time of a call, over the httpx call that it makes",
        value=ratio("sdk", "bare"),
        goal=1.15,
    )
    over = "over httpx as installed by default"
    fast = "sdk over aiohttp" if "sdk over aiohttp" in works else None
    yield Row(
        part=PART,
        name=f"processor time of a call with [aiohttp], {over}",
        value=None if fast is None else ratio(fast, "httpx"),
        goal=0.5,
    )
    yield Row(part=PART, name=f"processor time of a call, {over}", value=ratio("sdk", "httpx"))
    yield Row(
        part=PART,
        name=f"processor time of bare aiohttp, {over}",
        value=ratio("aiohttp", "httpx"),
    )


def _asking(one: Worker, name: str, times: int) -> Callable[[], float]:
    return lambda: float(one.asked(f"{name} {times}"))


if __name__ == "__main__":
    if "--as-installed" in sys.argv:
        sys.meta_path[:] = [WithoutSniffio if one is PathFinder else one for one in sys.meta_path]
    asyncio.run(_work(sys.argv[1], as_installed="--as-installed" in sys.argv))
