"""A pytest plugin: the date is two years ahead, and running begins an hour after collecting.

python -m pytest -p tests.support.later

So a test that depends on today's date, or that reads it on import, fails now and not some day.
The clocks of child processes are unchanged: bots in them do not see what a fake two years ahead
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
    """Move the clock once all tests are imported."""
    _clock.shift(_HOUR)


def pytest_unconfigure() -> None:
    """Restore the clock once everything is over."""
    _years_on.stop()
