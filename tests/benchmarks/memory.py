"""How much memory long walks and long bulk runs need: each length in a process of its own.

python -m tests.benchmarks.memory GROUPS
"""

import asyncio
import json
import resource
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

import httpx

from .clients import client
from .processes import figures
from .rows import Row
from .samples import group_id, page

PART: Final = "memory"
FEW: Final = 10_000
MANY: Final = 1_000_000
MEGABYTE: Final = 1_000_000
_PER_PAGE: Final = 250
_SOME: Final = 100_000


class Endless(httpx.AsyncBaseTransport):
    """Serves pages of a list of this many groups at once: one page, with new ids each time."""

    def __init__(self, groups: int) -> None:
        self._groups = groups
        self._last = groups // _PER_PAGE
        whole = page(1, groups=groups, per_page=_PER_PAGE).replace(b"%", b"%%")
        for number in range(_PER_PAGE):
            whole = whole.replace(f'{{"id":"{group_id(number)}"'.encode(), b'{"id":"%b"', 1)
        head, _, rest = whole.partition(b'"next":')
        self._page = head + b'"next":%b' + rest[rest.index(b',"previous"') :]
        self._page = self._page.replace(b'"current_page_number":1', b'"current_page_number":%d')

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One page."""
        number = int(request.url.params.get("page", "1"))
        following = b"null"
        if number < self._last:
            following = b'"https://oncall.test/api/v1/alert_groups/?page=%d"' % (number + 1)
        first = (number - 1) * _PER_PAGE
        ids = (group_id(number).encode() for number in range(first, first + _PER_PAGE))
        # The order of the page's members: next, results, current_page_number.
        content = self._page % (following, *ids, number)
        await asyncio.sleep(0)  # as a socket would
        return httpx.Response(200, content=content)


async def _walked(groups: int) -> int:
    """Walk over all of them; return the peak memory of this process, in bytes."""
    found = 0
    async with client("http://localhost", Endless(groups)) as sdk:
        async for _ in sdk.alert_groups.list():
            found += 1
    if found != groups:
        raise AssertionError(f"{found} of {groups}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def rows(*, quick: bool, million: bool) -> Iterator[Row]:
    """What a hundred times as many groups, or ids, add."""
    few, many = (500, 2_000) if quick else (FEW, MANY)
    walks = [figures("-m", "tests.benchmarks.memory", str(groups)) for groups in (few, many)]
    yield Row(
        part=PART,
        name=f"walk {many:,} groups, more than for {few:,}",
        value=(walks[1] - walks[0]) / MEGABYTE,
        unit="MB",
        goal=10,
    )
    # A bulk run over a million takes minutes.
    yield _bulk(few, 1_000 if quick else MANY if million else _SOME)


def _bulk(few: int, many: int) -> Row:
    program = "tests.benchmarks.bulk_memory"
    value = None
    if find_spec(program):
        peaks = [figures("-m", program, str(ids))["resident_bytes"] for ids in (few, many)]
        value = (peaks[1] - peaks[0]) / (many - few)
    name = f"bulk run with a journal over {many:,} ids, for each more than {few:,}"
    return Row(part=PART, name=name, value=value, unit="bytes", goal=300)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_walked(int(sys.argv[1])))))
