"""Settings for all tests."""

import gc
import os
import signal
import time
from collections.abc import Generator

import pytest
from hypothesis import Phase, settings

from tests.support.budget import MUTATED, budget
from tests.support.certificates import trust_nobody

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in a job that a shell script runs in the background. The programs that tests end by Ctrl-C
    # would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

trust_nobody()

# Nothing may depend on the zone of the machine: here it is one with half hours and summer time.
os.environ["TZ"] = "America/St_Johns"
if hasattr(time, "tzset"):
    time.tzset()

settings.register_profile("budget", max_examples=budget(30, hunt=2000), deadline=None)
# The same examples for each mutant; a failure is enough, however large its example.
settings.register_profile(
    "mutants",
    settings.get_profile("budget"),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("mutants" if MUTATED else "budget")


@pytest.hookimpl(optionalhook=True)  # the tests also run where pytest-xdist is not installed
def pytest_xdist_auto_num_workers() -> int:
    """Return three workers for two cores, because many tests wait for other processes."""
    return -(-3 * (os.cpu_count() or 1) // 2)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the tests themselves out of the search for garbage: 600,000 objects, 0.4 s each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest test first, so that no worker is alone with it in the end."""
    items.sort(key=lambda item: item.name != "test_the_lowest_versions_work")
