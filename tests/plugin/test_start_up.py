"""The cost of the plugin for runs that do not use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.plugin.conftest import AUTO, Run


def test_the_plugin_imports_nothing_that_pytest_has_not_imported() -> None:
    """So it costs a pytest run less than a millisecond."""
    program = (
        "import sys, pytest; before = set(sys.modules); import _grafana_oncall_pytest; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "['_grafana_oncall_pytest']"


def test_a_run_without_its_fixtures_imports_neither_client_nor_fake(run_apart: Run) -> None:
    """With async tests or without."""
    result = run_apart(
        """
        import sys

        async def test_nothing_is_imported():
            assert "grafana_oncall" not in sys.modules
        """,
        *AUTO,
    )
    result.assert_outcomes(passed=1)


def test_a_run_loads_it_without_an_option(run_apart: Run) -> None:
    """By its entry point, with all fixtures described."""
    result = run_apart("", *AUTO, "--fixtures")
    for name in ("server", "client", "factory", "faults", "clock", "env"):
        result.stdout.fnmatch_lines([f"oncall_{name} -- *", "    *"])


def test_it_can_be_turned_off(run_apart: Run) -> None:
    """By the name of its entry point."""
    result = run_apart(
        "def test_with_a_server(oncall_server): ...", *AUTO, "-p", "no:grafana_oncall"
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'oncall_server' not found*"])


@pytest.mark.parametrize("options", [AUTO, ("-p", "no:anyio", *AUTO)], ids=["anyio", "no anyio"])
def test_other_tests_keep_the_loop_that_they_had(run: Run, options: tuple[str, ...]) -> None:
    """A real one, which the test's id does not name."""
    result = run(
        """
        import asyncio

        async def test_in_virtual_time(oncall_clock):
            assert type(asyncio.get_running_loop()).__name__ == "VirtualTimeLoop"

        async def test_in_real_time(oncall_server):
            assert type(asyncio.get_running_loop()).__module__.startswith("asyncio.")
        """,
        "-v",
        *options,
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::test_in_virtual_time PASSED*", "*::test_in_real_time PASSED*"])
