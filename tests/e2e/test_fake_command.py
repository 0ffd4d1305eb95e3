"""`python -m grafana_oncall.testing`: its options, and its state file."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from grafana_oncall.testing import FakeOnCall, RateLimit, seed_storm
from grafana_oncall.testing import __main__ as command
from grafana_oncall.testing.__main__ import save
from grafana_oncall.webhooks import Event, Router
from tests.support.asgi_server import serving
from tests.support.virtual_time import now, run

COMMAND = [sys.executable, "-m", "grafana_oncall.testing", "--port", "0"]
MINUTE = timedelta(minutes=1)


class Program(NamedTuple):
    """The command as a process, with a client of it."""

    process: subprocess.Popen[str]
    http: httpx.Client

    def groups(self) -> list[dict[str, object]]:
        """All groups, of any age."""
        found: list[dict[str, object]] = self.http.get("alert_groups/?perpage=999").json()[
            "results"
        ]
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it with a signal; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def running(*arguments: str) -> Generator[Program]:
    """Run the command, once it listens."""
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url, token = (process.stdout.readline().split()[-1] for _ in range(2))
            with httpx.Client(base_url=f"{url}/api/v1/", headers={"Authorization": token}) as http:
                yield Program(process, http)
        finally:
            process.kill()


def test_what_was_saved_is_served_again(tmp_path: Path) -> None:
    """With SIGTERM and SIGINT alike; no other file is left behind."""
    file = tmp_path / "state.json"
    with running("--groups", "20", "--seed", "3", "--token", "mine", "--save", str(file)) as first:
        groups = first.groups()
        done = first.http.post(f"alert_groups/{groups[0]['id']}/silence/", json={"delay": -1})
        assert done.status_code in {200, 400}  # as in the storm
        groups = first.groups()
        assert first.stop(signal.SIGINT) == 0
    before = file.read_text()
    with running("--load", str(file), "--save", str(file)) as second:
        assert second.http.headers["Authorization"] == "mine"
        assert second.groups() == groups
        assert second.stop() == 0
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


def test_latency_rate_limit_and_new_groups(tmp_path: Path) -> None:
    """All three by option, on top of the loaded state."""
    file = tmp_path / "state.json"
    file.write_text(FakeOnCall().to_json())
    options = ["--latency", "2", "--rate-limit", "100/3600", "--new-every", "0.01"]
    with running("--load", str(file), "--save", str(file), *options) as program:
        responses = [program.http.get("alert_groups/") for _ in range(101)]
        assert responses[99].json()["count"] > 0  # at least 200 ms have passed
        assert responses[100].status_code == 429
        assert program.stop() == 0
    saved = FakeOnCall.from_json(file.read_text())
    assert saved.latency.total_seconds() == 0.002
    assert saved.rate_limit == RateLimit(requests=100, window=timedelta(hours=1))
    assert {group.state for group in saved.groups.values()} == {"firing"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(None, "No such file", id="no file"),
        pytest.param(b"{", "Expecting property name", id="no JSON"),
        pytest.param(b"\xff", "can't decode byte", id="no text"),
        pytest.param(b"[]", "this is not the saved state of a fake", id="another document"),
        pytest.param(b'{"version": 9}', "version: should be 1, and is 9", id="another version"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes | None, complaint: str
) -> None:
    """With the name of the file; nothing is served."""
    file = tmp_path / "state.json"
    if text is not None:
        file.write_bytes(text)
    assert command.main(["--load", str(file), "--port", "0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line
    if text is not None:
        assert line.startswith(f"{file}: a state that --save wrote is needed; ")
    assert str(file) in line


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        pytest.param("", "this is a directory", id="a folder"),
        pytest.param("none/state.json", "there is no such directory", id="in no folder"),
    ],
)
def test_a_path_that_cannot_be_saved_to_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, complaint: str
) -> None:
    """Not only when the state would be lost."""
    assert command.main(["--save", str(tmp_path / name), "--port", "0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line


def test_a_save_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """For example, because a payload is not JSON."""
    file = tmp_path / "state.json"
    fake = FakeOnCall()
    save(fake, file)
    before = file.read_text()
    fake.add_group(payload={1, 2})
    with pytest.raises(TypeError, match="not JSON serializable"):
        save(fake, file)
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    """Its target is written."""
    link, file = tmp_path / "link", tmp_path / "state.json"
    link.symlink_to(file)
    save(FakeOnCall(), link)
    assert link.is_symlink()
    assert json.loads(file.read_text())["version"] == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--latency", "-1"], "whole number of milliseconds", id="negative latency"),
        pytest.param(["--latency", "9" * 400], "up to a day", id="endless latency"),
        pytest.param(["--rate-limit", "300"], "'300': N/SECONDS, such as 300/60", id="no window"),
        pytest.param(["--rate-limit", "x/60"], "'x/60': N/SECONDS", id="rate limit of a word"),
        pytest.param(["--rate-limit", "1/0"], "SECONDS from 0.001", id="rate limit in no time"),
        pytest.param(["--rate-limit", "0/5"], "N from 1", id="rate limit of nothing"),
        pytest.param(["--new-every", "0"], "from a millisecond", id="new ones all the time"),
        pytest.param(["--new-every", "nan"], "to a day", id="new ones never"),
        pytest.param(["--groups", "abc"], "'abc': a whole number from 0", id="word of groups"),
        pytest.param(["--groups", "-1"], "'-1': a whole number from 0", id="fewer than no groups"),
        pytest.param(["--groups", "9" * 12], "from 0 to 1000000", id="groups without end"),
        pytest.param(["--new-every", "1e20"], "a day", id="new groups never"),
        pytest.param(["--new-every", "nan"], "a number of seconds", id="new groups at no number"),
        pytest.param(["--rate-limit", "300/1e20"], "N/SECONDS", id="window without end"),
        pytest.param(["--rate-limit", "1e20/60"], "N/SECONDS", id="no whole number of requests"),
        pytest.param(["--seed", "x"], "'x': a whole number is", id="seed of a word"),
        pytest.param(["--port", "65536"], "from 0 to 65535", id="no such port"),
        pytest.param(["--token", ""], "'': a text", id="no token"),
        pytest.param(["--deliver", "bot.example"], "an absolute URL", id="relative URL"),
        pytest.param(["--load", "x", "--groups", "5"], "file contains it", id="groups of a loaded"),
        pytest.param(["--load", "x", "--token", "t"], "file contains it", id="token of a loaded"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str], complaint: str
) -> None:
    """By argparse, with its exit code and what it expects, but without internal names."""
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert arguments[-2] in line
    assert complaint in line
    assert "_" not in line.removeprefix("python -m grafana_oncall.testing")


def test_new_groups_arrive_until_it_stops() -> None:
    """One a minute, each different, in an integration of the storm."""
    fake, stop = FakeOnCall(clock=now), asyncio.Event()

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(command._wait(stop, fake, 60))
            await asyncio.sleep(200)
            stop.set()

    known = {group.id for group in seed_storm(fake, 3)}
    start = now()
    run(main())
    new = [group for group in fake.groups.values() if group.id not in known]
    assert [group.started_at - start for group in new] == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    assert len({str(group.payload) for group in new}) == 3
    assert all(group.integration in fake.integrations.values() for group in new)


async def test_webhooks_are_sent_below_the_url_of_an_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By HTTP, until it stops."""
    router, seen = Router(secret=None), asyncio.Queue[Event]()

    @router.on()
    async def keep(event: Event) -> None:
        seen.put_nowait(event)

    async with asyncio.timeout(20), serving(router) as (host, port):
        bot = f"http://{host}:{port}/"
        options = ["--groups", "0", "--port", "0", "--deliver", bot, "--deliver", f"{bot}x/"]
        program = asyncio.create_task(command._run(command._parse(options)))
        while not (printed := capsys.readouterr().out):  # noqa: ASYNC110  # no event is set by it
            await asyncio.sleep(0.01)
        url, token = (line.split()[-1] for line in printed.splitlines()[:2])
        headers = {"Authorization": token}
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=headers) as http:
            hook = {"name": "bot", "url": f"{bot}oncall", "http_method": "POST"}
            await http.post("webhooks/", json={**hook, "trigger_type": "alert group created"})
            made = await http.post("integrations/", json={"type": "webhook", "default_route": {}})
            link = httpx.URL(made.json()["link"]).path.removeprefix("/oncall")
            assert (await http.post(f"{url}{link}", json={"title": "Disk full"})).status_code == 200
        event = await seen.get()
        signal.raise_signal(signal.SIGTERM)
        await program
    assert (event.type, event.alert_payload) == ("alert group created", {"title": "Disk full"})
