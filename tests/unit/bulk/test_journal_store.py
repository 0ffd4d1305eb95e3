"""Tasks share the writes of a journal in a store, whatever becomes of them and of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall.bulk.journal_store import StoreJournal, log_of
from grafana_oncall.errors import JournalError, StoreUnavailable
from grafana_oncall.testing import MemoryStore
from tests.support.budget import budget
from tests.support.virtual_time import loop, passed, run

TRUSTED = 0.1
"""Seconds for which an accepted write is trusted."""


class Slow(MemoryStore):
    """Takes its time for each write."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds
        self.failing: dict[int, bool] = {}
        """Numbers of the writes that get no reply, and whether they are made."""
        self.accepted: list[float] = []
        """When each write began that was accepted."""
        self.writes = 0

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """Append, or fail, after a while."""
        number, self.writes = self.writes, self.writes + 1
        began = loop().time()
        await asyncio.sleep(self.seconds / 2)
        made = self.failing.get(number, True)
        ours = await super().append(name, fence, lines, replace=replace) if made else True
        await asyncio.sleep(self.seconds / 2)
        if number in self.failing:
            raise StoreUnavailable("no reply")
        if ours:
            self.accepted.append(began)
        return ours


@pytest.mark.parametrize("seconds", [0.01, TRUSTED + 0.01, 3])
def test_tasks_that_ask_together_share_one_write_however_slow_the_store(seconds: float) -> None:
    """One after another, 32 tasks would wait 32 times as long as one."""

    async def main() -> None:
        store = Slow(seconds)
        async with StoreJournal(store, "nightly") as journal:
            await asyncio.gather(*(journal.confirm() for _ in range(32)))
        assert store.writes == 1
        assert passed() == pytest.approx(seconds)

    run(main())


class Broken(Slow):
    """Fails in a way of its own, once."""

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """Append, unless it is the first time."""
        if await super().append(name, fence, lines, replace=replace) and self.writes == 1:
            raise KeyError("shard 7")
        return True


def test_a_store_that_fails_in_a_way_of_its_own_breaks_the_journal_for_all_tasks() -> None:
    """Nobody can say what was written, so nothing more is."""

    async def main() -> None:
        store = Broken(1)
        async with StoreJournal(store, "nightly") as journal:
            announcing = (journal.begin(f"I{number}") for number in range(8))
            errors = await asyncio.gather(*announcing, return_exceptions=True)
            for error in errors:
                assert isinstance(error, JournalError)
                assert isinstance(error.__cause__, KeyError)
                assert "the store failed: KeyError('shard 7')" in str(error)
            with pytest.raises(JournalError):
                await journal.begin("I8")
            with pytest.raises(JournalError):
                await journal.confirm()
        assert store.writes == 1

    run(main())


def test_a_write_that_is_cancelled_with_all_tasks_of_the_loop_breaks_the_journal() -> None:
    """As asyncio.run does at its end, while the journal is being closed."""

    async def main() -> None:
        store = Slow(1)
        async with StoreJournal(store, "nightly") as journal:
            announcing = asyncio.create_task(journal.begin("I1"))
            await asyncio.sleep(0.1)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.wait([announcing])
            assert announcing.cancelled()
            with pytest.raises(JournalError, match="a write was cancelled"):
                await journal.begin("I2")
        assert store.writes == 1

    run(main())


@attrs.frozen(kw_only=True)
class Visit:
    """A task that announces a group, waits, and asks whether the run is still ours."""

    arrives: int
    waits: int
    cancelled: int | None


visits = st.builds(
    Visit,
    arrives=st.integers(0, 6),
    waits=st.integers(0, 3),
    cancelled=st.none() | st.integers(0, 12),
)


@settings(derandomize=True, deadline=None, max_examples=budget(100, hunt=20_000))
@given(
    st.sampled_from([0.0, 0.05, 0.1, 0.2]),
    st.lists(visits, min_size=1, max_size=12),
    st.dictionaries(st.integers(0, 8), st.booleans(), max_size=2),
    st.none() | st.integers(0, 12),
)
def test_nothing_is_sent_that_was_not_announced_and_confirmed(
    seconds: float, plan: list[Visit], failing: dict[int, bool], taken_over: int | None
) -> None:
    """Tasks come, and are cancelled; a write gets no reply; another worker takes the run over."""

    async def main() -> None:
        store, broken = Slow(seconds), False
        store.failing = failing

        async def visit(number: int, one: Visit, journal: StoreJournal) -> None:
            nonlocal broken
            await asyncio.sleep(one.arrives * 0.05)
            try:
                await journal.begin(f"I{number}")
                stored = await store.read(log_of("nightly"))
                assert any(b'"I%d"' % number in line for line in stored)
                await asyncio.sleep(one.waits * 0.05)
                asked = loop().time()
                await journal.confirm()
            except JournalError:
                broken = True
                raise
            assert not broken
            assert max(store.accepted) >= asked - TRUSTED

        async with StoreJournal(store, "nightly") as journal:
            tasks = [asyncio.create_task(visit(*one, journal)) for one in enumerate(plan)]
            for one, task in zip(plan, tasks, strict=True):
                if one.cancelled is not None:
                    loop().call_later(one.cancelled * 0.05, task.cancel)
            if taken_over is not None:
                await asyncio.sleep(taken_over * 0.05)
                await store.open(log_of("nightly"))
            await asyncio.wait(tasks)
        for task in tasks:
            error = None if task.cancelled() else task.exception()
            assert error is None or isinstance(error, JournalError)
        stored = await store.read(log_of("nightly"))
        assert len(stored) == len({*stored}), "no line is written twice"
        assert passed() <= 2, "nobody waits in turn"

    run(main())
