"""Integrations, watching, exports and the fake."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from cyclopts import App
from cyclopts.argument import Argument

from grafana_oncall import __version__
from grafana_oncall._cli.app import app
from grafana_oncall._cli.exits import Exit
from tests.cli.conftest import GROUPS, Shell


async def test_integrations_are_listed_shown_created_and_deleted(shell: Shell) -> None:
    """By id or by name; a program confirms a deletion by an option."""
    made = await shell("integrations", "create", "ci", "--type", "webhook", "--json")
    assert made.code == 0, made.err
    made_id = made.objects[0]["id"]
    assert [made_id, "ci", "webhook", "-"] in (await shell("integrations", "list")).rows
    assert (await shell("integrations", "list", "--name", "ci", "--json")).objects[0][
        "id"
    ] == made_id
    assert ["name", "ci"] in (await shell("integrations", "show", made_id)).rows
    assert ["name", "ci"] in (await shell("integrations", "show", "ci")).rows
    assert (await shell("integrations", "delete", made_id)).code == 2
    gone = await shell("integrations", "delete", "ci", "--yes", "--json")
    assert gone.objects == [{"id": made_id, "deleted": True}]
    assert (await shell("integrations", "show", made_id)).code == 1


async def test_integrations_of_a_team_are_made_and_listed_by_its_name(shell: Shell) -> None:
    """As everywhere, an id does as well."""
    team_id = shell.fake.add_team("Night shift")
    made = await shell(
        *("integrations", "create", "ci", "--type", "webhook", "--team", "Night shift", "--json")
    )
    assert made.objects[0]["team_id"] == team_id
    for key in ("Night shift", team_id):
        listed = await shell("integrations", "list", "--team", key)
        assert [row[1] for row in listed.rows] == ["ci"]


async def test_a_check_says_what_a_token_is_good_for(shell: Shell) -> None:
    """With an exit code for programs."""
    good = await shell("check")
    assert good.code == 0, good.out
    assert (await shell("check", "--json")).objects[0]["url"].startswith(shell.url)
    shell.monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", "s3cret-wrong")
    bad = await shell("check")
    assert bad.code == 1
    assert "s3cret" not in bad.out + bad.err


async def test_who_is_on_call_is_said(shell: Shell) -> None:
    """Of schedules by name, or of all; now, or at another moment."""
    ana = shell.fake.add_user("ana")
    start = datetime.now(UTC) + timedelta(hours=1)
    shell.fake.add_schedule("Days", on_call=[ana])
    shell.fake.add_schedule("Later", spans=[(ana, start, start + timedelta(hours=1))])
    assert (await shell("on-call", "Days")).rows == [["Days", "ana", "ana@example.com"]]
    everyone = [row[:2] for row in (await shell("on-call")).rows]
    assert [row for row in everyone if row[0] != "Primary"] == [["Days", "ana"], ["Later", "-"]]
    later = await shell("on-call", "Later", "--at", "in 90m", "--json")
    assert [user["username"] for user in later.objects[0]["users"]] == ["ana"]
    nobody = await shell("on-call", "Later", "--json")
    assert (nobody.code, nobody.objects) == (0, [{"schedule": "Later", "users": []}])
    assert (await shell("on-call", "Nights")).code == 1
    assert (await shell("on-call", "--at", "2h")).code == 2


async def test_any_path_can_be_read(shell: Shell) -> None:
    """With parameters, which may be repeated."""
    ran = await shell("get", "users", "--query", "roles=0", "--query", "roles=1")
    assert ran.objects[0]["count"] == len(ran.objects[0]["results"])
    assert (await shell("get", "users", "--query", "roles")).code == 2
    assert (await shell("get", "nowhere")).code == 1


async def test_changes_are_printed_as_they_come(shell: Shell) -> None:
    """A line each, or an object each."""
    lines = await shell("watch", "--existing", "--limit", "3")
    assert (lines.code, len(lines.out.splitlines())) == (0, 3)
    assert "Created" in lines.out
    objects = await shell("watch", "--existing", "--limit", "2", "--json")
    assert objects.objects[0]["type"] == "Created"
    assert {"after", "before"} & objects.objects[1].keys()


async def test_what_is_watched_can_be_filtered(shell: Shell) -> None:
    """By the filters of lists that `watch` of the library has as well."""
    *_, watched = shell.fake.groups.values()
    watched.route_id = "RWATCHED"
    ran = await shell("watch", "--existing", "--limit", "1", "--json", "--route", "RWATCHED")
    assert [each["after"]["id"] for each in ran.objects] == [watched.id]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".db"])
async def test_groups_are_exported_with_names(shell: Shell, tmp_path: Path, suffix: str) -> None:
    """In three formats, with the same rows."""
    file = tmp_path / f"groups{suffix}"
    ran = await shell("export", str(file), "--since", "2020-01-01")
    assert (ran.code, ran.out, ran.err) == (0, "", f"{GROUPS} alert groups in {file}\n")
    rows = _read(file)
    assert {row["id"] for row in rows} == {*shell.fake.groups}
    known = {group.integration.name for group in shell.fake.groups.values()}
    assert {row["integration"] for row in rows} == known
    assert _names(tmp_path) == [file.name]
    content = file.read_bytes()
    assert (await shell("export", str(file))).code == 2
    assert file.read_bytes() == content


async def test_an_export_is_of_30_days(shell: Shell, tmp_path: Path) -> None:
    """Also of what other filters choose, unless they are about the time."""
    now = datetime.now(UTC)
    for group_id, age in (("INEW", 29), ("IOLD", 31)):
        shell.fake.add_group(id=group_id, labels={"a": "b"}, started_at=now - timedelta(days=age))
    assert (await shell("export", str(tmp_path / "a.jsonl"), "--label", "a:b")).code == 0
    assert [row["id"] for row in _read(tmp_path / "a.jsonl")] == ["INEW"]
    asked = shell.fake.calls("list_alert_groups")[0].request.query
    assert "started_at=" in asked  # the open-source engine does not look back 30 days by itself
    wider = ("--label", "a:b", "--since", "40d", "--json")
    ran = await shell("export", str(tmp_path / "b.jsonl"), *wider)
    assert ran.objects == [{"file": str(tmp_path / "b.jsonl"), "groups": 2}]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".db"])
async def test_an_export_into_no_folder_is_explained(shell: Shell, suffix: str) -> None:
    """Without a traceback of the database."""
    ran = await shell("export", f"/no/such/folder/groups{suffix}")
    assert ran.code == 2
    assert ran.err.startswith(f"/no/such/folder/groups{suffix}: ")
    assert "Traceback" not in ran.err


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def _read(file: Path) -> list[dict[str, str]]:
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    if file.suffix == ".csv":
        with file.open(newline="", encoding="utf-8") as lines:
            return [*csv.DictReader(lines)]
    with closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM alert_groups")]


async def test_a_title_is_no_formula(shell: Shell, tmp_path: Path) -> None:
    """Spreadsheets would run it; titles come from whoever sends alerts."""
    shell.fake.add_group(title='=HYPERLINK("https://evil.example")', id="IFORMULA")
    await shell("export", str(tmp_path / "groups.csv"))
    row = next(row for row in _read(tmp_path / "groups.csv") if row["id"] == "IFORMULA")
    assert row["title"].startswith("'=")


async def test_an_export_that_fails_leaves_no_file(shell: Shell, tmp_path: Path) -> None:
    """Neither half of one."""
    ran = await shell("export", str(tmp_path / "groups.txt"))
    assert (ran.code, ".jsonl" in ran.err) == (2, True)
    shell.monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", "wrong")
    assert (await shell("export", str(tmp_path / "groups.csv"))).code == 1
    assert _names(tmp_path) == []


async def test_help_says_what_exit_codes_mean(shell: Shell) -> None:
    """And that no token is an argument."""
    ran = await shell("--help")
    for code in Exit:
        assert f" {code}  {code.meaning}\n" in ran.out
    assert "never from arguments" in " ".join(ran.out.split())
    assert (await shell("-h")).out == ran.out
    assert (await shell("--version")).out.strip() == __version__


def _commands(within: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of all commands."""
    for name in within:
        if not name.startswith("-"):
            yield (*path, name)
            yield from _commands(within[name], (*path, name))


def _options(command: tuple[str, ...]) -> list[Argument]:
    found = app
    for name in command:
        found = found[name]
    if found.default_command is None:
        return []
    return [each for each in found.assemble_argument_collection() if each.name != "*"]


COMMANDS = [*_commands(app)]


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != ("fake",)])
async def test_every_command_has_help(shell: Shell, command: tuple[str, ...]) -> None:
    """In 80 columns; whatever an option means is said, and none takes a token."""
    shell.monkeypatch.setenv("COLUMNS", "80")
    ran = await shell(*command, "--help")
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 80
    assert ran.out.rstrip().endswith("grafana-oncall --help")
    for option in _options(command):
        assert option.parameter.help, option.name
        assert not option.name.endswith("token"), option.name


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_the_shell_accepts(
    shell_name: Literal["bash", "zsh", "fish"], tmp_path: Path
) -> None:
    """It has every command."""
    script = app.generate_completion(shell=shell_name)
    assert all(name in script for command in COMMANDS for name in command)
    program = shutil.which(shell_name)
    if program is None:
        pytest.skip(f"there is no {shell_name} here")
    file = tmp_path / "completion"
    file.write_text(script, encoding="utf-8")
    subprocess.run([program, "-n", str(file)], check=True)


@pytest.mark.parametrize(
    ("command", "values"),
    [
        ("check", 1),
        ("on-call Days Nights", 2),
        ("groups list --limit 3", 3),
        ("groups list --label a:none", 0),
        ("groups show IHERE", 1),
        ("groups ack IHERE", 1),
        ("groups unack IHERE", 1),
        ("groups resolve IHERE", 1),
        ("groups unresolve IHERE", 1),
        ("groups silence IHERE --for 1h", 1),
        ("groups unsilence IHERE", 1),
        ("groups delete IHERE --dry-run", 1),
        ("groups label IHERE --add a:b", 1),
        ("resume run.jsonl", 1),
        ("watch --existing --limit 2", 2),
        ("integrations list --name ci", 1),
        ("integrations show ci", 1),
        ("integrations create cd --type webhook", 1),
        ("integrations delete ci --yes", 1),
        ("get teams", 1),
        ("export groups.db", 1),
        ("page ana --yes", 1),
    ],
)
async def test_every_command_prints_json(
    shell: Shell, tmp_path: Path, command: str, values: int
) -> None:
    """A value a line; nothing else, whatever comes of it."""
    shell.monkeypatch.chdir(tmp_path)
    shell.fake.add_schedule("Days", on_call=[shell.fake.add_user("ana")])
    shell.fake.add_schedule("Nights")
    shell.fake.add_group(
        id="IHERE", title="two\nlines", integration=shell.fake.add_integration(name="ci")
    )
    if command.startswith("resume"):
        await shell("groups", "resolve", "IHERE", "--journal", "run.jsonl")
    ran = await shell(*command.split(), "--json")
    assert len(ran.objects) == values


_LINES = {
    "gro": "groups",
    "groups sil": "silence",
    "groups list --sta": "--state",
    "groups list --state fi": "firing",
    "page --imp": "--important",
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_lines() -> None:
    """As it would after TAB."""
    script = [app.generate_completion(shell="bash")]  # noqa: S604  # runs nothing
    for line in _LINES:
        words = f"COMP_WORDS=(grafana-oncall {line}) COMP_CWORD={len(line.split())}"
        script.append(f'{words}; _grafana_oncall; echo "${{COMPREPLY[@]}}"')
    done = subprocess.run(
        ["bash"],  # noqa: S607  # whichever the user has
        input="\n".join(script),
        check=True,
        capture_output=True,
        text=True,
    )
    assert dict(zip(_LINES, done.stdout.splitlines(), strict=True)) == _LINES


async def test_the_fake_is_served_by_its_own_command(shell: Shell) -> None:
    """Its options are those of `python -m grafana_oncall.testing`."""
    with pytest.raises(SystemExit):
        await shell("fake", "--help")
    assert "--new-every" in shell.capsys.readouterr().out
