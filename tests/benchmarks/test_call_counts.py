"""The work of the hot paths does not grow unnoticed: counted in function calls, not in time."""

import pytest

from .counts import COMMAND, PYTHON, baseline
from .processes import figures

# The SDK's own calls are the same everywhere; those of httpx and asyncio differ between releases.
TOLERANCES = {"functions of the SDK": 0.02, "all functions": 0.1}


@pytest.fixture(scope="module")
def counts() -> dict[str, int]:
    """The present ones, in an interpreter without other tracers."""
    return dict(figures("-m", "tests.benchmarks.counts"))


@pytest.mark.parametrize(
    "work", ["decode a page of 50 groups", "get a group", "acknowledge a group", "make a client"]
)
@pytest.mark.parametrize("kind", TOLERANCES)
def test_the_hot_paths_call_as_many_functions_as_in_the_baseline(
    work: str, kind: str, counts: dict[str, int]
) -> None:
    """More is slower everywhere; fewer is progress, and belongs in the baseline."""
    kept = baseline().get(PYTHON)
    if kept is None:
        pytest.skip(f"there is no baseline for Python {PYTHON}: {COMMAND}")
    name = f"{work}, {kind}"
    assert counts[name] == pytest.approx(kept[name], rel=TOLERANCES[kind]), (
        f"{name}: {kept[name]} in tests/benchmarks/baseline.json. If it has to be so: {COMMAND}"
    )
