"""The loop of the tests, and the clock of their servers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from grafana_oncall.testing import Stuck
from tests.support.virtual_time import ServerClock, loop, now, passed, run

DAY = timedelta(days=1)


def test_a_loop_on_which_nothing_can_happen_says_so() -> None:
    """A real one would hang."""

    async def main() -> None:
        await loop().create_future()

    with pytest.raises(Stuck):
        run(main())


def test_time_passes_without_waiting_and_begins_again_with_each_loop() -> None:
    """For timers and timeouts alike, and for a server's clock."""

    async def main() -> None:
        before = now()
        await asyncio.sleep(48 * 3600)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.sleep(20)
        assert passed() == 48 * 3600 + 10
        assert (now() - before).total_seconds() == passed()
        assert loop().timers == []

    begin = now()
    run(main())
    assert now() == begin


def test_a_server_may_be_ahead_of_its_loops() -> None:
    """What was added stays; what passed on a loop ends with it."""
    clock, begin = ServerClock(), now()

    async def main() -> None:
        await asyncio.sleep(60)
        clock.advance(DAY)
        assert (clock.now() - begin, passed()) == (DAY + timedelta(seconds=60), 60.0)

    run(main())
    assert clock.now() == clock() == begin + DAY
