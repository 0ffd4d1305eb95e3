"""No test depends on today's date, nor on how long ago it was imported.

A sample of them is run two years ahead, and an hour after it was collected: the modules that
deal with dates. For all that start no bots in processes: `python -m pytest -p tests.support.later`.
"""

import subprocess
import sys

import pytest

SAMPLE = [
    "tests/e2e/test_documents_bots.py",
    "tests/facade/bot/test_signals.py",
    "tests/facade/watch/test_clocks.py",
    "tests/plugin/test_virtual_time.py",
    "tests/unit/_watch/test_checkpoint.py",
    "tests/unit/_watch/test_checkpoint_file.py",
    "tests/unit/_codec/test_error_response_headers.py",
    "tests/unit/testing/test_wire.py",
]


def test_a_sample_of_the_tests_passes_on_another_day(pytestconfig: pytest.Config) -> None:
    """Whatever the date, and however slow the machine."""
    pytest.importorskip("time_machine")
    options = ("-q", "-p", "tests.support.later", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *SAMPLE],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
