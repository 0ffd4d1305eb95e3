"""A plugin of pytest: the date is two years on, and running begins an hour after collecting.

python -m pytest -p tests.support.later

So a test that knows today's date, or that took it when it was imported, fails now and not one day.
The clocks of child processes are as they were: bots in them do not see what a fake of two years on
has (`test_bot_process.py`, `test_mirror_killed.py`, and the fake's command with a watcher).
"""

import time
from typing import Final

import time_machine

_YEARS: Final = 2 * 365 * 86_400
_HOUR: Final = 3600

_years_on: Final = time_machine.travel(time.time() + _YEARS)
_clock: Final = _years_on.start()


def pytest_collection_finish() -> None:
    """When all tests are imported."""
    _clock.shift(_HOUR)


def pytest_unconfigure() -> None:
    """Once everything is over."""
    _years_on.stop()
