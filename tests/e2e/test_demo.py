"""The demo, run as a user runs it."""

import pytest

from grafana_oncall.testing import DEFAULT_TOKEN, FakeOnCall, demo, seed_storm, serve
from tests.support.programs import bare, python, settings

COMMAND = ("-m", "grafana_oncall.testing.demo")


async def test_the_demo_succeeds_and_shows_what_the_server_holds() -> None:
    """Exit code 0, after every check of its last table passed."""
    async with python(*COMMAND, env=bare()) as process:
        printed, words = await process.communicate()
    output = printed.decode()
    assert process.returncode == 0, output + words.decode()
    assert f"{demo.GROUPS} alert groups by team and state" in output
    assert output.count("✓") == 14
    assert "Interrupted half-way" in output
    assert output.count("The bot acknowledged") == 3
    assert "✗" not in output
    assert words == b""


async def test_the_demo_only_reads_from_a_real_server() -> None:
    """With GRAFANA_ONCALL_URL set, every request is a GET."""
    fake = FakeOnCall()
    seed_storm(fake, 120)
    async with (
        serve(fake) as url,
        python(*COMMAND, env=settings(url, DEFAULT_TOKEN)) as process,
    ):
        output, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    assert "120 alert groups by team and state" in output.decode()
    assert {call.method for call in fake.calls} == {"GET"}


def test_the_demo_fails_when_the_server_does_not_hold_what_it_should(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server whose deletions never happen is detected."""
    monkeypatch.setattr(demo, "FakeOnCall", lambda: FakeOnCall(wipe_delay=None))
    monkeypatch.delenv("GRAFANA_ONCALL_URL", raising=False)
    monkeypatch.delenv("GRAFANA_ONCALL_ACCESS_TOKEN", raising=False)
    assert demo.main() == 1
    assert "Something is not as expected." in capsys.readouterr().out


def test_the_demo_says_what_is_wrong_with_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An SDK error is printed in one line, with exit code 1."""
    monkeypatch.setenv("GRAFANA_ONCALL_URL", "https://oncall.example")
    monkeypatch.delenv("GRAFANA_ONCALL_ACCESS_TOKEN", raising=False)
    assert demo.main() == 1
    assert "GRAFANA_ONCALL_ACCESS_TOKEN is missing" in capsys.readouterr().out
