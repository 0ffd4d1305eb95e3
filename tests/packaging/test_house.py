"""The ratchet: no measure of the house grows back."""

from collections.abc import Mapping

import pytest

from tests.packaging.house import BOUNDS, measures, report


@pytest.fixture(scope="module")
def measured() -> Mapping[str, float]:
    """All measures, for which every module is parsed."""
    return measures()


@pytest.mark.parametrize("name", BOUNDS)
def test_no_measure_of_the_house_is_above_its_bound(
    name: str, measured: Mapping[str, float]
) -> None:
    """A commit may lower a bound, and raises one only with a reason."""
    assert measured[name] <= BOUNDS[name], report()
