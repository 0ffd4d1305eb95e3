"""The pytest plugin of grafana-oncall-sdk: a fake Grafana OnCall for each test.

pytest imports this at the start of every run, with all that is above it. So it stands outside of
the package, which is imported by the tests that use a fixture.
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
oncall_clock cannot give this test its event loop: that needs pytest-asyncio 1.4 or later. \
Without it, let a test that is not async call oncall_clock.run(...)."""

_TOO_LATE = """\
oncall_clock was asked for when the test had begun: its event loop was chosen before. \
Name it among the arguments of the test or of a fixture, or in mark.usefixtures."""

_TIMELINE = pytest.StashKey["Timeline"]()


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker, for `--strict-markers`."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def oncall_server(request: pytest.FixtureRequest) -> FakeOnCall:
    """A Grafana OnCall in memory, empty and new for each test; nothing listens.

    `@pytest.mark.oncall(flavour="oss", seed=3)` gives it the options of `FakeOnCall`.
    """
    from grafana_oncall.testing import FakeOnCall

    options = _options(request)
    start = options.pop("start", None)
    if "oncall_clock" in request.fixturenames:
        options["clock"] = request.getfixturevalue("oncall_clock")
    elif start is not None:
        pytest.fail("mark.oncall: start= is for oncall_clock, which is not used", pytrace=False)
    with _one_line():
        return FakeOnCall(**options)


@pytest.fixture
def oncall_client(request: pytest.FixtureRequest, oncall_server: FakeOnCall) -> OnCallClient:
    """A client of `oncall_server`, as its administrator.

    It belongs to the event loop in which it is first used, of whichever async plugin, and needs
    no closing: its connections are function calls. When it waits, to retry or to poll, the test
    waits as long: without `oncall_clock`, time is real.
    """
    from grafana_oncall import OnCallClient

    return OnCallClient(
        url="https://oncall.test",
        token=oncall_server.token,
        grafana_url=_options(request).get("grafana_url"),
        transport=oncall_server.transport(),
        random=Random(oncall_server.seed).random,  # noqa: S311  # delays shall repeat
    )


@pytest.fixture
def oncall_factory(oncall_server: FakeOnCall) -> Factory:
    """Makes alert groups, integrations and labels on `oncall_server`, and events of webhooks."""
    from grafana_oncall.testing import Factory

    return Factory(oncall_server)


@pytest.fixture
def oncall_faults(oncall_server: FakeOnCall) -> Faults:
    """What goes wrong on `oncall_server`: `oncall_faults.add(status(503), times=2)`."""
    return oncall_server.faults


@pytest.fixture
def oncall_env(
    request: pytest.FixtureRequest, oncall_server: FakeOnCall, monkeypatch: pytest.MonkeyPatch
) -> Generator[str]:
    """The URL of `oncall_server` on a socket of this host, from a thread of its own.

    `OnCallClient.from_env()` finds it, for `GRAFANA_ONCALL_URL` and
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
        if grafana_url is None:
            monkeypatch.delenv("GRAFANA_URL", raising=False)
        else:
            monkeypatch.setenv("GRAFANA_URL", grafana_url)
        yield url


@pytest.fixture
def oncall_clock(request: pytest.FixtureRequest) -> LoopClock:
    """The time of `oncall_server`, and of the test's event loop: nobody waits in this test.

    `await asyncio.sleep(600)` takes no time, and lets happen what is due within ten minutes.
    Without it time is real, and the test sleeps for ten minutes.
    """
    from grafana_oncall.testing import LoopClock

    _check_loop(request.node)
    with _one_line():
        return LoopClock(_options(request).get("start"), _timeline(request.config))


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None]:
    """Has pytest-asyncio run the tests that use `oncall_clock` on a loop in virtual time.

    Its hook is there for them alone: all other tests, and all other projects, see nothing of it.
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
    """Registered while pytest-asyncio asks which loop a test needs."""

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_asyncio_loop_factories(
        self, config: pytest.Config
    ) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
        """One loop, in virtual time."""
        from grafana_oncall.testing import VirtualTimeLoop

        return {"oncall_clock": lambda: VirtualTimeLoop(_timeline(config))}


def _timeline(config: pytest.Config) -> Timeline:
    """That of the session: loops may live longer than a test."""
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
    """What is wrong with a marker, without the traceback of these fixtures."""
    try:
        yield
    except (TypeError, ValueError) as error:
        pytest.fail(f"mark.oncall: {error}", pytrace=False)


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Those of all markers of the test, the closest first."""
    from grafana_oncall.testing import FakeOnCall

    options: dict[str, Any] = {}
    for marker in reversed([*request.node.iter_markers("oncall")]):
        if marker.args:
            pytest.fail("mark.oncall takes keyword arguments alone", pytrace=False)
        options |= marker.kwargs
    known = {*inspect.signature(FakeOnCall).parameters, "start"} - {"clock"}
    if unknown := sorted(options.keys() - known):
        message = f"mark.oncall knows no {', '.join(unknown)}; it knows {', '.join(sorted(known))}"
        pytest.fail(message, pytrace=False)
    return options
