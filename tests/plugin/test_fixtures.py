"""Each fixture, in a test file as users write it."""

from __future__ import annotations

import sys

import pytest

from tests.plugin.conftest import AUTO, NO_ASYNCIO, STRICT, Run


@pytest.mark.parametrize(
    ("options", "mark"),
    [
        pytest.param(AUTO, "", id="pytest-asyncio, auto"),
        pytest.param(STRICT, "@pytest.mark.asyncio", id="pytest-asyncio, strict"),
        pytest.param(NO_ASYNCIO, "@pytest.mark.anyio", id="anyio"),
        pytest.param((*STRICT, "--anyio-mode=auto"), "", id="anyio, auto"),
    ],
)
def test_client_and_server_work_in_every_async_plugin(
    run: Run, options: tuple[str, ...], mark: str
) -> None:
    """No warning reports anything left open."""
    result = run(
        f"""
        import pytest

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        {mark}
        async def test_acknowledge(oncall_server, oncall_client):
            group = oncall_server.add_group()
            await oncall_client.alert_groups.acknowledge(group.id)
            assert oncall_server.group(group.id).state == "acknowledged"
            assert len(oncall_server.calls("acknowledge")) == 1
        """,
        *options,
    )
    result.assert_outcomes(passed=1)


def test_each_test_has_a_new_server_with_the_same_ids(run: Run) -> None:
    """Nothing is left from the test before."""
    run(
        """
        import pytest

        seen = []

        @pytest.mark.parametrize("turn", [1, 2])
        def test_again(oncall_server, turn):
            assert not oncall_server.groups and not oncall_server.calls
            seen.append(oncall_server.add_group().id)
            assert len(set(seen)) == 1
        """
    ).assert_outcomes(passed=2)


def test_a_client_can_be_used_with_asyncio_run(run: Run) -> None:
    """Even one that the test closes, and one that it never uses."""
    run(
        """
        import asyncio

        def test_closed(oncall_client, oncall_factory):
            group = oncall_factory.group(title="Disk")

            async def main():
                async with oncall_client as client:
                    return (await client.alert_groups.get(group.id)).title

            assert asyncio.run(main()) == "Disk"

        def test_never_used(oncall_client):
            assert oncall_client
        """,
        *NO_ASYNCIO,
    ).assert_outcomes(passed=2)


def test_the_factory_makes_what_a_test_needs(run: Run) -> None:
    """On the server of the test."""
    run(
        """
        from datetime import timedelta

        async def test_made(oncall_factory, oncall_server, oncall_client):
            source = oncall_factory.integration(type="sentry", name="Sentry")
            oncall_factory.label("team", "SRE", "Payments")
            first, *others = oncall_factory.groups(
                3, apart=timedelta(hours=2), labels={"severity": "info"}, integration=source
            )
            alone = oncall_factory.group(state="silenced", started_at=oncall_server.now())
            listed = await oncall_client.alert_groups.list(labels="severity:info").collect()
            assert [group.id for group in listed] == [first.id, *(one.id for one in others)]
            assert first.started_at - others[-1].started_at == timedelta(hours=4)
            await oncall_client.alert_groups.add_label(alone.id, "team", "Payments")
            assert oncall_server.group(alone.id).labels == [("team", "Payments")]
            assert oncall_server.integration(source.id).name == "Sentry"
            assert b'"type": "resolve"' in oncall_factory.event(first, "resolve")

        def test_storm(oncall_factory, oncall_server):
            assert len(oncall_factory.storm(40)) == len(oncall_server.groups) == 40
        """
    ).assert_outcomes(passed=2)


def test_the_client_meets_faults(run: Run) -> None:
    """And are visible in the calls."""
    run(
        """
        from grafana_oncall.testing import status

        async def test_outage(oncall_clock, oncall_client, oncall_faults, oncall_server):
            group = oncall_server.add_group()
            oncall_faults.add(status(503), times=2)
            await oncall_client.alert_groups.get(group.id)
            calls = oncall_server.calls("get_alert_group")
            assert [call.status for call in calls] == [503, 503, 200]
        """
    ).assert_outcomes(passed=1)


def test_a_program_that_makes_its_own_client_finds_the_server(run: Run) -> None:
    """In the environment, during the test; the developer's own Grafana is hidden."""
    result = run(
        """
        import asyncio
        import os

        import pytest

        from grafana_oncall import OnCallClient

        def program():
            async def main():
                async with OnCallClient.from_env() as client:
                    groups = await client.alert_groups.list(state="new").collect()
                    await client.alert_groups.bulk.resolve(groups)

            asyncio.run(main())

        def test_program(oncall_env, oncall_factory, oncall_server):
            group = oncall_factory.group()
            assert oncall_env == os.environ["GRAFANA_ONCALL_URL"]
            assert "GRAFANA_URL" not in os.environ
            program()
            assert oncall_server.group(group.id).state == "resolved"

        def test_environment_is_as_before():
            names = ("GRAFANA_ONCALL_URL", "GRAFANA_ONCALL_ACCESS_TOKEN", "GRAFANA_URL")
            assert [os.environ.get(name) for name in names] == [None, None, "https://mine.test"]

        @pytest.mark.oncall(token="glsa_robot", grafana_url="https://stack.test")
        def test_service_account(oncall_env, oncall_server):
            assert os.environ["GRAFANA_URL"] == "https://stack.test"
            program()
            assert oncall_server.calls("list_alert_groups")[0].status == 200
        """,
        *NO_ASYNCIO,
    )
    result.assert_outcomes(passed=3)


@pytest.fixture(autouse=True)
def _grafana_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRAFANA_ONCALL_URL", "GRAFANA_ONCALL_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GRAFANA_URL", "https://mine.test")


def test_a_socket_without_uvicorn_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(
        sys.modules, "grafana_oncall.testing._serving.uvicorn_server", raising=False
    )
    result = run("def test_served(oncall_env): ...", *NO_ASYNCIO)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pip install '.[[]testing]'*"])


def test_a_failing_assertion_shows_the_calls(run: Run) -> None:
    """In one line each, and the known names when one is wrong."""
    result = run(
        """
        async def test_too_much(oncall_server, oncall_client):
            group = oncall_server.add_group(id="I1")
            await oncall_client.alert_groups.resolve(group.id)
            assert not oncall_server.calls("resolve")

        async def test_wrong_name(oncall_server):
            assert not oncall_server.calls("solve")

        async def test_wrong_id(oncall_server):
            assert oncall_server.group("I1").state == "firing"
        """
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "E * assert not [[]POST /api/v1/alert_groups/I1/resolve/: 200]",
            "E * ValueError: no operation is called 'solve': *resolve_alert_group*",
            "E * LookupError: no alert group has the id 'I1'; there are 0: none",
        ]
    )
