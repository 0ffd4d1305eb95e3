"""`oncall_clock`: tests in virtual time, whichever plugin runs them."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import AUTO, NO_ASYNCIO, STRICT, Run

WATCHING = """
    import asyncio
    import time
    from datetime import timedelta

    import pytest

    from grafana_oncall.changes import Acknowledged, Created

    async def watch(client, seen):
        async for change in client.alert_groups.watch(every=15):
            seen.append(type(change))

    async def story(oncall_clock, oncall_server, oncall_client):
        seen, began, really = [], oncall_clock.now(), time.monotonic()
        watching = asyncio.create_task(watch(oncall_client, seen))
        await asyncio.sleep(20)
        group = oncall_server.add_group()
        await asyncio.sleep(600)
        await oncall_client.alert_groups.acknowledge(group.id)
        await asyncio.sleep(20)
        watching.cancel()
        assert seen == [Created, Acknowledged]
        assert oncall_clock.now() - began == timedelta(seconds=640)
        assert time.monotonic() - really < 60
"""
"""Ten minutes of a watcher that polls every 15 seconds."""


@pytest.mark.parametrize(
    ("test", "options"),
    [
        pytest.param("async def test_it(oncall_clock, oncall_server, oncall_client):", AUTO),
        pytest.param(
            "@pytest.mark.asyncio\n"
            "    async def test_it(oncall_clock, oncall_server, oncall_client):",
            STRICT,
        ),
        pytest.param(
            "@pytest.mark.asyncio(loop_scope='module')\n"
            "    @pytest.mark.parametrize('turn', [1, 2])\n"
            "    async def test_it(turn, oncall_clock, oncall_server, oncall_client):",
            STRICT,
        ),
    ],
    ids=["auto", "strict", "one loop for two tests"],
)
def test_a_watcher_is_tested_in_milliseconds(run: Run, test: str, options: tuple[str, ...]) -> None:
    """With pytest-asyncio, in each of its modes."""
    body = "await story(oncall_clock, oncall_server, oncall_client)"
    result = run(f"{WATCHING}\n    {test}\n        {body}\n", *options)
    assert result.ret == pytest.ExitCode.OK


def test_anyio_takes_the_loop_of_the_clock(run: Run) -> None:
    """From anyio's own fixture."""
    run(
        WATCHING
        + """
    @pytest.fixture
    def anyio_backend(oncall_clock):
        return "asyncio", {"loop_factory": oncall_clock.new_loop}

    @pytest.mark.anyio
    async def test_it(anyio_backend, oncall_clock, oncall_server, oncall_client):
        await story(oncall_clock, oncall_server, oncall_client)
    """,
        *NO_ASYNCIO,
    ).assert_outcomes(passed=1)


def test_no_async_plugin_is_needed(run: Run) -> None:
    """The clock runs it."""
    run(
        WATCHING
        + """
    def test_it(oncall_clock, oncall_server, oncall_client):
        oncall_clock.run(story(oncall_clock, oncall_server, oncall_client))
    """,
        *NO_ASYNCIO,
        "-p",
        "no:anyio",
    ).assert_outcomes(passed=1)


def test_deletions_silences_and_rate_limits_follow_the_clock(run: Run) -> None:
    """What the server does later, and how long it makes the client wait."""
    run(
        """
        from datetime import timedelta

        import pytest

        from grafana_oncall.testing import RateLimit

        @pytest.mark.oncall(rate_limit=RateLimit(requests=2), delete_delay=timedelta(hours=1))
        async def test_later(oncall_clock, oncall_server, oncall_client):
            began = oncall_clock.now()
            group, other = oncall_server.add_group(), oncall_server.add_group()
            await oncall_client.alert_groups.silence(group.id, timedelta(minutes=30))
            await oncall_client.alert_groups.delete(other.id, mode="delete")
            await oncall_client.alert_groups.list().collect()
            assert oncall_clock.now() - began >= timedelta(minutes=1)
            assert oncall_server.group(group.id).state == "silenced"
            oncall_clock.advance(timedelta(hours=1))
            assert oncall_server.group(group.id).state == "firing"
            with pytest.raises(LookupError):
                oncall_server.group(other.id)
        """
    ).assert_outcomes(passed=1)


def test_a_test_that_would_hang_fails(run: Run) -> None:
    """And reports where it waits."""
    result = run(
        """
        import asyncio

        async def test_hanging(oncall_clock):
            await asyncio.Event().wait()

        async def test_next(oncall_clock):
            await asyncio.sleep(1)
        """
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*Stuck: Every task waits*", "*test_hanging() running at *:4>*"])


def test_other_tests_have_the_loops_of_the_project(run: Run, pytester: pytest.Pytester) -> None:
    """A project may choose loops for all its tests; those with the clock get its loop."""
    pytester.makeconftest(
        """
        import asyncio

        import pytest

        class Ours(asyncio.SelectorEventLoop): ...

        @pytest.hookimpl(tryfirst=True)
        def pytest_asyncio_loop_factories(config, item):
            return {"ours": Ours}
        """
    )
    run(
        """
        import asyncio

        import pytest

        def loop():
            return type(asyncio.get_running_loop()).__name__

        async def test_before():
            assert loop() == "Ours"

        @pytest.mark.usefixtures("oncall_clock")
        async def test_with_the_clock():
            assert loop() == "VirtualTimeLoop"

        async def test_after(oncall_server):
            assert loop() == "Ours"
        """
    ).assert_outcomes(passed=3)


def test_fixtures_that_are_async_are_in_virtual_time_too(run: Run) -> None:
    """Even those that run before the clock's fixture does."""
    run(
        """
        import asyncio

        import pytest

        @pytest.fixture(autouse=True)
        async def first():
            loop = asyncio.get_running_loop()
            began = loop.time()
            await asyncio.sleep(3600)
            assert loop.time() - began == 3600

        @pytest.fixture
        async def bot(oncall_clock, oncall_client):
            running = asyncio.create_task(asyncio.sleep(600))
            yield running
            await running

        async def test_it(bot, oncall_clock):
            await asyncio.sleep(599)
            assert not bot.done()
            await asyncio.sleep(2)
            assert bot.done()
        """
    ).assert_outcomes(passed=1)


def test_a_pytest_asyncio_that_is_too_old_is_an_error(run: Run, pytester: pytest.Pytester) -> None:
    """It has the marker but not the hook; a test that is not async needs neither."""
    pytester.makeini("[pytest]\nmarkers = asyncio")
    result = run(
        """
        import pytest

        @pytest.mark.asyncio
        def test_old(oncall_clock): ...

        def test_plain(oncall_clock): ...
        """,
        *NO_ASYNCIO,
    )
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["oncall_clock cannot *needs pytest-asyncio 1.4 or later*"])


def test_a_clock_that_is_requested_too_late_is_refused(run: Run) -> None:
    """The loop and the server would have different times."""
    result = run(
        """
        async def test_it(request, oncall_server):
            request.getfixturevalue("oncall_clock")
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["oncall_clock was requested after the test began*"])
