"""The pytest plugin of grafana-oncall-sdk: a fake Grafana OnCall for each test.

pytest imports this module, and its parent packages, at the start of every run. So it is outside of
the package, which is only imported by tests that use a fixture.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import asyncio

    from grafana_oncall import OnCallClient
    from grafana_oncall.testing import Factory, FakeOnCall, Faults, LoopClock
    from grafana_oncall.testing.clock import Timeline

_MARKER = """oncall(**options): options of the fixtures oncall_*: \
those of grafana_oncall.testing.FakeOnCall, and start= of oncall_clock"""

_NO_LOOP = """\
oncall_clock cannot provide the event loop of this test: that needs pytest-asyncio 1.4 or later. \
Without it, call oncall_clock.run(...) in a test that is not async."""

_TOO_LATE = """\
oncall_clock was requested after the test began, when its event loop had been chosen. \
Make it an argument of the test or of a fixture, or name it in mark.usefixtures."""

_TIMELINE = pytest.StashKey["Timeline"]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, for `--strict-markers`."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def oncall_server(request: pytest.FixtureRequest) -> FakeOnCall:
    """A fake Grafana OnCall in memory, empty and new for each test.

    `@pytest.mark.oncall(flavour="oss", seed=3)` sets options of `FakeOnCall`.
    """
    from grafana_oncall.testing import FakeOnCall

    options = _options(request)
    start = options.pop("start", None)
    if "oncall_clock" in request.fixturenames:
        options["clock"] = request.getfixturevalue("oncall_clock")
    elif start is not None:
        pytest.fail("mark.oncall: start= needs oncall_clock, which is not used", pytrace=False)
    with _one_line():
        return FakeOnCall(**options)


@pytest.fixture
def oncall_client(request: pytest.FixtureRequest, oncall_server: FakeOnCall) -> OnCallClient:
    """A client of `oncall_server`, as its administrator.

    It belongs to the event loop in which it is first used, with any async plugin, and need not be
    closed: its connections are function calls. Without `oncall_clock`, time is real: the test waits
    while the client waits to retry or to poll.
    """
    from grafana_oncall import OnCallClient

    return OnCallClient(
        url="https://oncall.test",
        token=oncall_server.token,
        grafana_url=_options(request).get("grafana_url"),
        transport=oncall_server.transport(),
        random=Random(oncall_server.seed).random,  # noqa: S311  # delays must be repeatable
    )


@pytest.fixture
def oncall_factory(oncall_server: FakeOnCall) -> Factory:
    """Adds alert groups, integrations and labels to `oncall_server`, and makes webhook events."""
    from grafana_oncall.testing import Factory

    return Factory(oncall_server)


@pytest.fixture
def oncall_faults(oncall_server: FakeOnCall) -> Faults:
    """The faults of `oncall_server`: `oncall_faults.add(status(503), times=2)`."""
    return oncall_server.faults


@pytest.fixture
def oncall_env(
    request: pytest.FixtureRequest, oncall_server: FakeOnCall, monkeypatch: pytest.MonkeyPatch
) -> Generator[str]:
    """The URL of `oncall_server` on a loopback socket, served by a thread of its own.

    `OnCallClient.from_env()` uses it, because `GRAFANA_ONCALL_URL` and
    `GRAFANA_ONCALL_ACCESS_TOKEN` are set. Needs the extra `testing`.
    """
    from anyio.from_thread import start_blocking_portal

    from grafana_oncall.testing import serve

    grafana_url = _options(request).get("grafana_url")
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(serve(oncall_server)) as url,
    ):
        monkeypatch.setenv("GRAFANA_ONCALL_URL", url)
        monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", oncall_server.token)
        monkeypatch.delenv("GRAFANA_ONCALL_USER_TOKEN", raising=False)
        if grafana_url is None:
            monkeypatch.delenv("GRAFANA_URL", raising=False)
        else:
            monkeypatch.setenv("GRAFANA_URL", grafana_url)
        yield url


@pytest.fixture
def oncall_clock(request: pytest.FixtureRequest) -> LoopClock:
    """Virtual time for `oncall_server` and the test's event loop.

    `await asyncio.sleep(600)` takes no time, and everything that is due within ten minutes happens.
    """
    from grafana_oncall.testing import LoopClock

    _check_loop(request.node)
    with _one_line():
        return LoopClock(_options(request).get("start"), _timeline(request.config))


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None]:
    """Make pytest-asyncio run tests that use `oncall_clock` on a loop in virtual time.

    Its hook is registered for those tests only, so no other test or project is affected.
    """
    if "oncall_clock" not in metafunc.fixturenames:
        return (yield)
    plugins, virtual = metafunc.config.pluginmanager, _VirtualTime()
    plugins.register(virtual)
    try:
        return (yield)
    finally:
        plugins.unregister(virtual)


class _VirtualTime:
    """Registered while pytest-asyncio chooses the event loop of a test."""

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_asyncio_loop_factories(
        self, config: pytest.Config
    ) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
        """Return the factory of a loop in virtual time."""
        from grafana_oncall.testing import VirtualTimeLoop

        return {"oncall_clock": lambda: VirtualTimeLoop(_timeline(config))}


def _timeline(config: pytest.Config) -> Timeline:
    """Return the timeline of the session, because loops may outlive a test."""
    from grafana_oncall.testing.clock import Timeline

    return config.stash.setdefault(_TIMELINE, Timeline())


def _check_loop(test: pytest.Function) -> None:
    if "oncall_clock" not in test.fixturenames:
        pytest.fail(_TOO_LATE, pytrace=False)
    hook: Any = getattr(test.config.hook, "pytest_asyncio_loop_factories", None)
    if test.get_closest_marker("asyncio") and getattr(hook, "spec", None) is None:
        pytest.fail(_NO_LOOP, pytrace=False)


@contextmanager
def _one_line() -> Generator[None]:
    """Report what is wrong with a marker, without the traceback of these fixtures."""
    try:
        yield
    except (TypeError, ValueError) as error:
        pytest.fail(f"mark.oncall: {error}", pytrace=False)


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the options of all markers of the test; the closest marker wins."""
    from grafana_oncall.testing import FakeOnCall

    options: dict[str, Any] = {}
    for marker in reversed([*request.node.iter_markers("oncall")]):
        if marker.args:
            pytest.fail("mark.oncall takes keyword arguments only", pytrace=False)
        options |= marker.kwargs
    known = {*inspect.signature(FakeOnCall).parameters, "start"} - {"clock"}
    if unknown := sorted(options.keys() - known):
        message = f"mark.oncall: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        pytest.fail(message, pytrace=False)
    return options
