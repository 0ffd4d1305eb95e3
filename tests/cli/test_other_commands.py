"""Integrations, watching, exports and the fake."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grafana_oncall import __version__
from tests.cli.conftest import GROUPS, Shell


async def test_integrations_are_listed_shown_created_and_deleted(shell: Shell) -> None:
    """A deletion is confirmed by an option."""
    made = await shell("integrations", "create", "ci", "--type", "webhook", "--json")
    assert made.code == 0, made.err
    made_id = made.objects[0]["id"]
    assert [made_id, "ci", "webhook", "-"] in (await shell("integrations", "list")).rows
    assert (await shell("integrations", "list", "--name", "ci", "--json")).objects[0][
        "id"
    ] == made_id
    assert ["name", "ci"] in (await shell("integrations", "show", made_id)).rows
    assert (await shell("integrations", "delete", made_id)).code == 2
    assert (await shell("integrations", "delete", made_id, "--yes")).code == 0
    assert (await shell("integrations", "show", made_id)).code == 1


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
    assert {row[0] for row in (await shell("on-call")).rows} == {"Primary", "Days"}
    later = await shell("on-call", "Later", "--at", "in 90m", "--json")
    assert later.objects == [[{"schedule": "Later", "user": "ana", "email": "ana@example.com"}]]
    nobody = await shell("on-call", "Later")
    assert (nobody.code, nobody.out, nobody.err) == (0, "", "Nobody is on call.\n")
    assert (await shell("on-call", "Nights")).code == 1


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


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".db"])
async def test_groups_are_exported_with_names(shell: Shell, tmp_path: Path, suffix: str) -> None:
    """In three formats, with the same rows."""
    file = tmp_path / f"groups{suffix}"
    ran = await shell("export", str(file), "--since", "2020-01-01")
    assert (ran.code, f"{GROUPS} alert groups" in ran.err) == (0, True)
    rows = _read(file)
    assert {row["id"] for row in rows} == {*shell.fake.groups}
    known = {group.integration.name for group in shell.fake.groups.values()}
    assert {row["integration"] for row in rows} == known
    assert _names(tmp_path) == [file.name]
    assert (await shell("export", str(file))).code == 2


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
    words = " ".join(ran.out.split())
    assert "3 a bulk run left some groups" in words
    assert "never taken from arguments" in words
    assert (await shell("--version")).out.strip() == __version__


async def test_the_fake_is_served_by_its_own_command(shell: Shell) -> None:
    """Its options are those of `python -m grafana_oncall.testing`."""
    with pytest.raises(SystemExit):
        await shell("fake", "--help")
    assert "--new-every" in shell.capsys.readouterr().out
