"""No work of the SDK does more for an item because there are many: counted, not timed.

What is counted, and what only the exponent of the benchmark sees, is in `growth_counts`.
"""

from collections.abc import Callable

import pytest

from .growth import exponent
from .growth_counts import Counter, Counts, of_an_item
from .processes import figures
from .works import WORKS

MOST = {"lines": 100, "bytes": 3_000}
"""By how much an item may take more among many than among few.

There are 600 more. So a loop over all of them would run at least 600 lines more, and a copy of
references to them takes 4,800 bytes more.
"""


@pytest.mark.parametrize("work", WORKS)
def test_an_item_takes_as_many_lines_and_bytes_among_many_as_among_few(work: str) -> None:
    """Each further one, so that it does not matter what the work takes once."""
    few, many = figures("-m", "tests.benchmarks.growth_counts", work)
    for name, most in MOST.items():
        assert many[name] <= few[name] + most, (
            f"{name} of an item: {few[name]:,.0f} among few, {many[name]:,.0f} among many"
        )


def _searches(items: list[int]) -> None:
    for _ in items:
        _walk(items)


def _walk(items: list[int]) -> None:
    for _ in items:
        pass


def _copies(items: list[int]) -> None:
    for _ in items:
        items = [*items]


@pytest.mark.parametrize(("quadratic", "name"), [(_searches, "lines"), (_copies, "bytes")])
def test_a_search_and_a_copy_of_all_items_for_each_of_them_are_counted(
    quadratic: Callable[[list[int]], None], name: str
) -> None:
    """An item then takes more among many than the test above allows."""

    def counts(items: int) -> Counts:
        with (counter := Counter(__file__)):
            quadratic([*range(items)])
        return counter.counts

    few, many = of_an_item(counts)
    assert many[name] > few[name] + MOST[name]


@pytest.mark.parametrize("slope", [0, 1, 2])
def test_the_exponent_is_that_of_the_larger_sizes(slope: int) -> None:
    """A constant part, which decides at a hundred items, hardly counts from a thousand on."""
    totals = {items: 1e-9 + items**slope for items in (1_000, 10_000, 100_000)}
    assert exponent({100: 1e9, **totals}) == pytest.approx(slope)


def test_the_exponent_of_a_quick_run_is_that_of_its_sizes() -> None:
    """They are all too small."""
    assert exponent({10: 1, 100: 100}) == pytest.approx(2)
