"""The export: rows with names, as CSV and in a database."""

import csv
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from grafana_oncall.testing import FakeOnCall, serve
from tests.support import examples


def server() -> FakeOnCall:
    """A server with a group that somebody resolved, and one of forty days ago."""
    fake = FakeOnCall(flavour="oss")  # which looks back for ever
    team = fake.add_team("SRE")
    source = fake.add_integration(name="Alertmanager", team_id=team)
    group = fake.add_group(title="=1+1", integration=source, labels={"team": "SRE"})
    group.resolved_at, group.resolved_by = fake.now(), fake.add_user("ada").id
    fake.add_group(started_at=fake.now() - timedelta(days=40))
    return fake


async def export(fake: FakeOnCall, file: Path) -> str:
    """Run the program, and return what it prints."""
    async with serve(fake) as url:
        done = await examples.run(
            "export.py", str(file), url=url, token=fake.token, folder=file.parent
        )
    assert (done.code, done.words) == (0, "")
    return done.printed


async def test_a_csv_has_names_and_no_formulas(tmp_path: Path) -> None:
    """Of the last thirty days."""
    fake, file = server(), tmp_path / "groups.csv"
    assert await export(fake, file) == f"1 alert groups in {file}\n"
    (row,) = csv.DictReader(file.read_text("utf-8").splitlines())
    assert (row["title"], row["state"]) == ("'=1+1", "resolved")
    assert (row["integration"], row["team"]) == ("Alertmanager", "SRE")
    assert (row["acknowledged_by"], row["resolved_by"]) == ("", "ada")
    names = [call.operation for call in fake.calls if call.operation != "list_alert_groups"]
    assert sorted(map(str, names)) == ["list_integrations", "list_teams", "list_users"]


async def test_a_database_is_brought_up_to_date(tmp_path: Path) -> None:
    """A group that it has is replaced; labels can be queried as JSON."""
    fake, file = FakeOnCall(), tmp_path / "groups.db"
    group = fake.add_group(labels={"team": "SRE"})
    await export(fake, file)
    group.acknowledged_at = fake.now()
    fake.add_group()
    await export(fake, file)
    with closing(sqlite3.connect(file)) as database:
        rows = dict(database.execute("SELECT id, state FROM alert_groups").fetchall())
        (labels,) = database.execute(
            "SELECT labels FROM alert_groups WHERE id = ?", [group.id]
        ).fetchone()
    assert (len(rows), rows[group.id]) == (2, "acknowledged")
    assert json.loads(labels) == {"team": "SRE"}


@pytest.mark.parametrize("arguments", [[], ["groups.xlsx"], ["a.csv", "b.csv"]])
async def test_a_wrong_usage_sends_nothing(tmp_path: Path, arguments: list[str]) -> None:
    """It says what is right."""
    done = await examples.run(
        "export.py", *arguments, url="http://127.0.0.1:9", token="t", folder=tmp_path
    )
    assert (done.code, done.printed) == (1, "")
    assert done.words == "Usage: export.py FILE, whose name ends in .csv or .db\n"


async def test_a_refusal_is_one_line_and_leaves_no_file(tmp_path: Path) -> None:
    """Whatever was read until then."""
    fake = FakeOnCall()
    async with serve(fake) as url:
        done = await examples.run("export.py", "a.csv", url=url, token="wrong", folder=tmp_path)
    assert (done.code, done.words.count("\n")) == (1, 1)
    assert done.words.startswith("export.py: list_alert_groups: ")
    assert not (tmp_path / "a.csv").exists()
