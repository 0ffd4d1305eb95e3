"""Crowds at the throttle: searched a few hundred at a time, while its callers do as they like."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from functools import partial
from math import inf
from typing import Final

import attrs
import pytest

from grafana_oncall._core.aio import AT_A_TIME
from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Caller, OutageTooLong, PauseTooLong, Throttle
from grafana_oncall.errors import ClientStateError
from tests.support.budget import budget
from tests.support.virtual_time import loop, run

SIZES: Final = (AT_A_TIME - 1, AT_A_TIME, AT_A_TIME + 1, 6 * AT_A_TIME)
SEARCHED_EVERY: Final = 1.0
"""Seconds, in an outage."""


@attrs.define(kw_only=True)
class Crowd:
    """Callers with all kinds of patience, and a server that refuses and fails some of them."""

    chance: random.Random
    throttle: Throttle
    inside: int = 0
    closed: bool = False
    tasks: list[asyncio.Task[None]] = attrs.field(factory=list[asyncio.Task[None]])
    asked: list[tuple[bool, int]] = attrs.field(factory=list[tuple[bool, int]])
    """Whether each caller is in the background, and its number, as they came."""
    entered: list[tuple[float, bool, int]] = attrs.field(factory=list[tuple[float, bool, int]])
    """When they entered, and the same."""
    ends: Counter[int] = attrs.field(factory=Counter[int])
    """How often each has ended."""

    async def call(self, number: int) -> None:
        """Come, wait for a place for as long as this one does, use it, and give it back."""
        chance, background = self.chance, self.chance.random() < 0.4
        caller = Caller(
            background=background,
            max_outage=chance.choice([inf, inf, 2, 5, 30]),
            min_wait=chance.choice([0, 1, 3]),
        )
        patience, limit = chance.choice([inf, 1, 5, 30]), chance.choice([None, None, 0, 1, 4])
        await asyncio.sleep(chance.choice([0, 0, 0, 1, 2]))
        self.asked.append((background, number))
        began = loop().time()
        try:
            async with asyncio.timeout(limit):
                episode = await self.throttle.enter(caller, began=began, patience=patience)
        except PauseTooLong:
            assert patience < inf
        except OutageTooLong:
            assert caller.max_outage < inf
            assert loop().time() >= began + caller.min_wait
        except ClientStateError:
            assert self.closed
        except TimeoutError:
            assert limit is not None
        else:
            self.entered.append((loop().time(), background, number))
            await self.use(episode)
        finally:
            self.ends[number] += 1

    async def use(self, episode: int) -> None:
        """Use a place, and tell the throttle how the server responded."""
        throttle, sent = self.throttle, loop().time()
        self.inside += 1
        try:
            assert self.inside <= throttle._in_flight <= throttle.rate.max_in_flight
            await asyncio.sleep(self.chance.choice([0, 0, 0.1, 1]))
            self.respond(episode, sent)
        finally:
            self.inside -= 1
            throttle.leave(episode)

    def respond(self, episode: int, sent: float) -> None:
        """Refuse, fail or succeed; callers leave while others are searched because of it."""
        throttle, delay = self.throttle, self.chance.choice([1, 2, 8])
        leave = partial(self.cancel, self.chance.randrange(4))
        match self.chance.choices(["refused", "failed", "fine"], [1, 3, 9])[0]:
            case "refused":
                throttle.rate.throttled(loop().time(), self.chance.choice([0, 5, 60]), sent=sent)
                throttle.fail_impatient_waiters()
                leave()
            case "failed":
                throttle.failed(episode, delay=lambda _: delay, reason="", words="")
                loop().call_later(SEARCHED_EVERY, leave)
            case _:
                throttle.rate.success(sent)
                throttle.outage.success(episode, answered=True)

    def close(self) -> None:
        """Close the throttle."""
        self.closed = True
        self.throttle.close()
        self.cancel(1)

    def cancel(self, turns: int) -> None:
        """Cancel some callers after so many turns: between two pieces of a search."""
        if turns:
            loop().call_soon(self.cancel, turns - 1)
            return
        for task in self.chance.sample(self.tasks, len(self.tasks) // 10):
            task.cancel()

    def check_order(self) -> None:
        """Callers of a kind enter as they came; who enters at the same moment, in any order."""
        place = {each: position for position, each in enumerate(self.asked)}
        for kind in (False, True):
            came = [
                (place[kind, number], now)
                for now, background, number in self.entered
                if background is kind
            ]
            times = [now for _, now in sorted(came)]
            assert times == sorted(times)


@pytest.mark.parametrize("seed", range(budget(20, hunt=2000)))
def test_no_caller_of_a_crowd_is_lost(seed: int) -> None:
    """Each ends once, in order; no place is lost, and no timer or search is left over."""

    async def main() -> None:
        chance = random.Random(seed)  # noqa: S311  # no secret
        throttle = Throttle(RateEstimate(max_in_flight=chance.choice([1, 8, 32])))
        crowd = Crowd(chance=chance, throttle=throttle)
        wrong = list[object]()
        loop().set_exception_handler(lambda _, context: wrong.append(context))
        for number in range(chance.choice(SIZES)):
            crowd.tasks.append(asyncio.create_task(crowd.call(number)))
        loop().call_later(chance.randrange(10), throttle.pause, chance.choice([0, 3, 10]))
        if seed % 2:
            loop().call_later(chance.randrange(10), crowd.close)
        await asyncio.wait(crowd.tasks)
        for task in crowd.tasks:
            assert task.cancelled() or task.exception() is None
        assert {*crowd.ends.values()} == {1}
        assert crowd.inside == throttle._in_flight == 0
        crowd.check_order()
        await asyncio.sleep(1000)
        assert loop().timers == wrong == []

    run(main())
