"""`@pytest.mark.oncall(…)`: options of the server and of the clock."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import AUTO, NO_ASYNCIO, Run


def test_the_marker_gives_the_server_its_options(run: Run) -> None:
    """The closest marker to the test wins."""
    run(
        """
        import pytest

        pytestmark = pytest.mark.oncall(flavour="oss", seed=1)

        def test_of_the_file(oncall_server):
            assert (oncall_server.flavour, oncall_server.seed) == ("oss", 1)

        @pytest.mark.oncall(seed=3, page_size=7)
        class TestOfTheClass:
            def test_of_the_class(self, oncall_server):
                assert (oncall_server.flavour, oncall_server.seed) == ("oss", 3)

            @pytest.mark.oncall(flavour="cloud")
            def test_closest(self, oncall_server):
                assert (oncall_server.flavour, oncall_server.seed) == ("cloud", 3)
        """
    ).assert_outcomes(passed=3)


def test_the_client_has_what_such_a_server_requires(run: Run) -> None:
    """Its token and the URL of its stack."""
    run(
        """
        import pytest

        @pytest.mark.oncall(token="glsa_robot", grafana_url="https://stack.test")
        async def test_service_account(oncall_client, oncall_server):
            assert await oncall_client.alert_groups.list().count() == 0
            headers = oncall_server.calls[0].request.headers
            assert headers["x-grafana-url"] == "https://stack.test"
        """
    ).assert_outcomes(passed=1)


def test_the_clock_starts_when_the_marker_says(run: Run) -> None:
    """For the server too."""
    run(
        """
        from datetime import UTC, datetime
        import pytest

        START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

        @pytest.mark.oncall(start=START)
        def test_dates(oncall_clock, oncall_server):
            assert oncall_clock.now() == oncall_server.now() == START
            assert oncall_server.add_group().started_at == START
        """
    ).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "fixture", "message"),
    [
        pytest.param(
            'oncall(flavor="oss")',
            "oncall_server",
            "mark.oncall: unknown flavor; known: base_url, *flavour, *start, *",
            id="unknown",
        ),
        pytest.param("oncall(clock=1)", "oncall_clock", "*unknown clock*", id="clock"),
        pytest.param('oncall("oss")', "oncall_server", "*keyword arguments only", id="position"),
        pytest.param(
            "oncall(start=1)", "oncall_server", "*start= needs oncall_clock, which*", id="start"
        ),
        pytest.param(
            'oncall(flavour="osss")',
            "oncall_factory",
            "mark.oncall: flavour='osss': one of 'cloud', 'oss' is needed",
            id="flavour",
        ),
        pytest.param(
            'oncall(rate_limit="300/60")',
            "oncall_client",
            "mark.oncall: rate_limit='300/60': a RateLimit, such as RateLimit(requests=300, *",
            id="rate limit as a text",
        ),
        pytest.param(
            "oncall(latency=5)",
            "oncall_server",
            "mark.oncall: latency=5: a timedelta *",
            id="latency",
        ),
        pytest.param(
            'oncall(start="2026-01-01")',
            "oncall_clock",
            "mark.oncall: start='2026-01-01': an aware datetime, such as datetime(*",
            id="start as a text",
        ),
    ],
)
def test_a_marker_that_makes_no_sense_is_an_error(
    run: Run, marker: str, fixture: str, message: str
) -> None:
    """In one line, without a traceback."""
    result = run(
        f"""
        import pytest

        @pytest.mark.{marker}
        def test_it({fixture}): ...
        """,
        *NO_ASYNCIO,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"{message}"])
    result.stdout.no_fnmatch_line("*_grafana_oncall_pytest.py*")


def test_the_marker_is_described(run: Run) -> None:
    """In `pytest --markers`."""
    run("", *AUTO, "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.oncall(?*options): *FakeOnCall*"]
    )
