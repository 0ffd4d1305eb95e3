"""The sessions of the README and the documentation, literally: each command, and its output."""

import asyncio
import doctest
import os
import re
import shlex
import signal
import sys
import tomllib
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from grafana_oncall._cli.app import app
from grafana_oncall.testing import DEFAULT_TOKEN, FakeOnCall, serve
from grafana_oncall.testing.__main__ import _parse, _parser, _seeded
from grafana_oncall.testing.factory import seed_arrival
from tests.support.documents import DOCUMENTS, ROOT, Command, Document, names, table
from tests.support.programs import PATIENCE, settings

SESSIONS = [pytest.param(one, id=one.name) for one in DOCUMENTS if one.session]
COMMANDS = [
    pytest.param(one, line, id=f"{one.name}: {line.splitlines()[0]}")
    for one in DOCUMENTS
    for line in one.commands
]
_AS_SHOWN = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@asynccontextmanager
async def _bash(line: str, env: dict[str, str], folder: Path) -> AsyncGenerator[Process]:
    """Run a line of a session, in a process group of its own, as a terminal does."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", line, cwd=folder, env=env, stdout=PIPE, stderr=STDOUT, start_new_session=True
    )
    try:
        async with asyncio.timeout(3 * PATIENCE):
            yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()


async def _interrupted(command: Command, process: Process, fake: FakeOnCall) -> str:
    """Let groups begin until the program has printed what is shown, then press Ctrl-C."""
    assert process.stdout is not None
    printed = ""
    while not _is_shown(command, printed):
        seed_arrival(fake)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                printed += (await process.stdout.readline()).decode()
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = await process.communicate()
    return printed + rest.decode()


async def _output(command: Command, fake: FakeOnCall, env: dict[str, str], folder: Path) -> str:
    async with _bash(command.line, env, folder) as process:
        if command.is_interrupted:
            output = await _interrupted(command, process, fake)
        else:
            output = (await process.communicate())[0].decode()
    assert process.returncode == 0, (command.line, output)
    return output


def _is_shown(command: Command, output: str) -> bool:
    """`...` stands for anything, and a program that is interrupted may print more."""
    shown = command.output.replace("\n^C\n", "...")
    return doctest.OutputChecker().check_output(shown, output, _AS_SHOWN)


@pytest.mark.skipif(sys.platform != "linux", reason="the commands are those of a Unix shell")
@pytest.mark.parametrize("page", SESSIONS)
async def test_a_session_goes_as_it_is_shown(page: Document, tmp_path: Path) -> None:
    """From the top of the page to its end, on a server that has just been started."""
    for name, source in page.files.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    fake = _seeded(_parse([]))
    async with serve(fake) as url:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = settings(url, DEFAULT_TOKEN, PATH=path)
        for command in page.session:
            output = await _output(command, fake, env, tmp_path)
            output = output.replace(url, "http://127.0.0.1:8080")
            assert _is_shown(command, output), f"$ {command.line}\n{output}"


def _check_make(page: Document, *words: str) -> None:
    """The target is one of the Makefile."""
    del page
    (targets,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert words[0] in targets.split()


def _check_uvicorn(page: Document, application: str, *_options: str) -> None:
    """It serves an application of the page."""
    module, _, name = application.partition(":")
    assert f"\n{name} = " in page.files[f"{module}.py"]


def _check_python(page: Document, *words: str) -> None:
    """It runs a program of the page, or the fake with options that it has."""
    match words:
        case ["-m", "grafana_oncall.testing", *options]:
            _parse(options)
        case ["-m", "venv", *_]:
            pass
        case _:
            assert words[0] in page.files


def _check_pip(page: Document, *words: str) -> None:
    """It installs extras of this project, or what its guide to tests needs."""
    del page
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    match words:
        case ["install", "pytest", "pytest-asyncio"]:
            pass
        case ["install", package]:
            extras = re.fullmatch(r"\.\[([\w,]+)\]", package)
            assert extras is not None
            assert {*extras[1].split(",")} <= {*project["optional-dependencies"]}
        case _:
            raise AssertionError(words)


def _check_export(page: Document, *words: str) -> None:
    """The client reads the variable, and the value is that of the default fake."""
    del page
    name, _, value = words[0].partition("=")
    port = _parser().get_default("port")
    assert (name, value) in {
        ("GRAFANA_ONCALL_URL", f"http://127.0.0.1:{port}"),
        ("GRAFANA_ONCALL_ACCESS_TOKEN", DEFAULT_TOKEN),
    }
    assert name in {name for row in table("Variable") for name in names(row[0])}


def _check_command(page: Document, *words: str) -> None:
    """Its parser takes the words."""
    del page
    app.parse_args([*words], exit_on_error=False, print_error=False)


def _nothing(page: Document, *words: str) -> None:
    """Commands of the shell."""


CHECKS: dict[str, Callable[..., None]] = {
    "make": _check_make,
    "python": _check_python,
    "python3": _check_python,
    "pip": _check_pip,
    "export": _check_export,
    "grafana-oncall": _check_command,
    "uvicorn": _check_uvicorn,
    "curl": _nothing,  # the tests of webhooks send what it sends
    "kill": _nothing,
    ".": _nothing,
}


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_without_output_is_one_that_works(page: Document, line: str) -> None:
    """As far as it can be told without running it."""
    words = shlex.split(line, comments=True)
    while "=" in words[0]:  # variables before the command
        words = words[1:]
    CHECKS[words[0]](page, *[word for word in words[1:] if word != "&"])
