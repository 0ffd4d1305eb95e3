"""Projects of users: a test file, run by a pytest of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

# pytest-asyncio warns about a project that does not choose this scope.
_SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")
AUTO = ("--asyncio-mode=auto", *_SCOPE)
STRICT = ("--asyncio-mode=strict", *_SCOPE)
NO_ASYNCIO = ("-p", "no:asyncio")


class Run(Protocol):
    """Runs a test file; warnings and unknown markers are errors."""

    def __call__(self, source: str, *options: str) -> pytest.RunResult:
        """The result of the run; without options, pytest-asyncio is in `auto` mode."""
        ...


def _run(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> Run:
    def run_it(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        strict = ("-W", "error", "--strict-markers", "-p", "no:cacheprovider")
        slow = ("-p", "no:schemathesis")  # half a second, in each process
        return run(*strict, *slow, *(options or AUTO))

    return run_it


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """In this process."""
    return _run(pytester, pytester.runpytest_inprocess)


@pytest.fixture
def run_apart(pytester: pytest.Pytester) -> Run:
    """In a process of its own."""
    return _run(pytester, pytester.runpytest_subprocess)
