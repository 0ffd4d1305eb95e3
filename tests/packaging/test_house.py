"""The ratchet: no measure of the house grows back."""

import pytest

from tests.packaging.house import BOUNDS, measures, report


@pytest.mark.parametrize("name", BOUNDS)
def test_no_measure_of_the_house_is_above_its_bound(name: str) -> None:
    """A commit may lower a bound, and raises one only with a reason."""
    assert measures()[name] <= BOUNDS[name], report()
