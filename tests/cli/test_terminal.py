"""The command on a terminal: tables, questions, a bar, colours, and text from outside."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from rich.text import Text

from tests.cli.conftest import Shell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
async def test_a_list_is_a_table(shell: Shell, no_color: str, *, coloured: bool) -> None:
    """With a heading and colours, unless somebody wants none."""
    shell.monkeypatch.setenv("NO_COLOR", no_color)
    ran = await shell.on_terminal("groups", "list", "--limit", "3")
    assert ran.code == 0
    assert "title" in ran.out
    assert next(iter(shell.fake.groups)) in ran.out
    assert ("\x1b[1;31m" in ran.out or "\x1b[3" in ran.out) is coloured


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, False), ("\n", 2, True)])
async def test_a_query_is_acted_on_when_somebody_says_yes(
    shell: Shell, answer: str, code: int, *, left: bool
) -> None:
    """The question says how many groups match; nothing but yes is one."""
    firing = [group for group in shell.fake.groups.values() if group.state == "firing"]
    ran = await shell.on_terminal("groups", "resolve", "--state", "firing", typed=answer)
    assert ran.code == code
    assert f"{len(firing)} alert groups match" in ran.out
    assert ("firing" in shell.states()) is left


async def test_a_bulk_run_has_a_bar(shell: Shell) -> None:
    """And the report after it."""
    ran = await shell.on_terminal("groups", "resolve", *shell.fake.groups)
    assert ran.code == 0
    assert "acting" in ran.out
    assert "resolve: 30 alert groups" in ran.out


async def test_people_are_paged_when_somebody_says_yes(shell: Shell) -> None:
    """The question names them."""
    shell.fake.add_user("ana")
    before = len(shell.fake.groups)
    no = await shell.on_terminal("page", "ana", "--important", typed="n\n")
    assert (no.code, len(shell.fake.groups)) == (2, before)
    assert "Page ana now, as important?" in no.out
    yes = await shell.on_terminal("page", "ana", typed="yes\n")
    assert (yes.code, len(shell.fake.groups)) == (0, before + 1)


async def test_an_integration_is_deleted_when_somebody_says_yes(shell: Shell) -> None:
    """The question has its name and its id."""
    made = shell.fake.add_integration(name="ci")
    assert (await shell.on_terminal("integrations", "delete", "ci", typed="n\n")).code == 2
    ran = await shell.on_terminal("integrations", "delete", "ci", typed="y\n")
    assert (ran.code, f"ci ({made.id})" in ran.out) == (0, True)
    assert (await shell("integrations", "show", "ci")).code == 1


_LAID_OUT = {("on-call",), ("groups", "show"), ("integrations", "list"), ("--help",)}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("check",), "reachable"),
        (("on-call",), "Days"),
        (("groups", "show", "ILOUD"), "Prometheus"),
        (("groups", "label", "ILOUD", "--add", "team:SRE"), "add_label"),
        (("groups", "silence", "ILOUD", "--for", "2h"), "silence"),
        (("groups", "delete", "ILOUD"), "delete"),
        (("integrations", "list"), "Prometheus"),
        (("integrations", "create", "ci", "--type", "webhook"), "webhook"),
        (("watch", "--existing", "--limit", "3"), "Created"),
        (("get", "teams"), '\n  "count": '),
        (("export", "groups.csv"), "alert groups in groups.csv"),
        (("resume", "none.jsonl"), "none.jsonl"),
        (("--help",), "Exit codes"),
    ],
)
async def test_every_command_is_at_home_on_a_terminal(
    shell: Shell, tmp_path: Path, command: tuple[str, ...], words: str
) -> None:
    """No line of a table is wider, and nothing is a traceback."""
    shell.monkeypatch.chdir(tmp_path)
    shell.fake.add_schedule("Days", on_call=[shell.fake.add_user("ana")])
    integration = shell.fake.add_integration(name="Prometheus")
    shell.fake.add_group(integration=integration, title="A" * 200, id="ILOUD")
    ran = await shell.on_terminal(*command)
    assert words in ran.out
    assert "Traceback" not in ran.out
    if command[:2] in _LAID_OUT:
        assert max(len(_plain(line)) for line in ran.out.splitlines()) <= 80


def _plain(line: str) -> str:
    return Text.from_ansi(line).plain.rstrip()


@pytest.mark.parametrize("command", ["list", "show"])
async def test_a_title_cannot_command_the_terminal(shell: Shell, command: str) -> None:
    """Titles come from whoever sends alerts, and could hide what is there."""
    shell.fake.add_group(title="\x1b[2J\x07one\ntwo \x9b31m\u202eevil", id="IEVIL")
    ran = await shell.on_terminal("groups", command, "IEVIL")
    assert not {"\x1b[2J", "\x07", "\x9b", "\u202e"} & {*ran.out}
    assert "\x1b[2J" not in ran.out
    assert "one two" in ran.out or r"one\ntwo" in ran.out
    lines = await shell("groups", command, "IEVIL")
    assert "\x1b" not in lines.out
    titled = next(row for row in lines.rows if "evil" in "".join(row))
    assert r"\x1b[2J\x07one two \x9b31m\u202eevil" in titled


async def test_json_is_the_same_on_a_terminal(shell: Shell) -> None:
    """A program may be given a terminal."""
    group = next(iter(shell.fake.groups))
    ran = await shell.on_terminal("groups", "show", group, "--json")
    assert json.loads(ran.out)["id"] == group
