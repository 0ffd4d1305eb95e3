"""Programs of users, checked against the installed wheel."""

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.environments import Environment, run

WELL_TYPED: Final = Path(__file__).parent / "programs/well_typed.py"

ILL_TYPED: Final = """
from grafana_oncall import OnCallClient
from grafana_oncall.models import Alert
from grafana_oncall.webhooks import parse_all  # mistake: there is no such name


async def work(client: OnCallClient) -> int:
    client.alert_groups.list(state="open")  # mistake: there is no such state
    await client.alert_groups.acknowledge(1)  # mistake: ids are strings
    group = await client.alert_groups.get("I1")
    group.title.upper()  # mistake: it may be null
    group.title = "another"  # mistake: models are frozen
    Alert()  # mistake: it has an id
    client.alert_groups.bulk.resolve(["I1"], journals="x")  # mistake: it is called journal
    async for change in client.alert_groups.watch():
        print(change.befor)  # mistake: before
    return await client.alert_groups.list().collect()  # mistake: a list is no number
"""
MISTAKES: Final = {
    number for number, line in enumerate(ILL_TYPED.splitlines(), 1) if "# mistake" in line
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Both programs, outside of the sources."""
    shutil.copy(WELL_TYPED, tmp_path)
    (tmp_path / "ill_typed.py").write_text(ILL_TYPED, encoding="utf-8")
    return tmp_path


def assert_mistakes_are_found(output: str) -> None:
    """Each line with a mistake, and no other line of either program."""
    errors = re.findall(r"(\w+\.py):(\d+):.*\berror:", output)
    assert {(file, int(line)) for file, line in errors} == {
        ("ill_typed.py", line) for line in MISTAKES
    }, output


def test_mypy_finds_the_mistakes_and_no_others(bare: Environment, folder: Path) -> None:
    """In strict mode, without an error on a correct line."""
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=cache"]
    done = run([*mypy, "--python-executable", str(bare.python), "."], folder)
    assert_mistakes_are_found(done.stdout)


def test_basedpyright_finds_the_mistakes_and_no_others(bare: Environment, folder: Path) -> None:
    """In strict mode, without an error on a correct line."""
    settings = folder / "pyrightconfig.json"
    settings.write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
    basedpyright = [sys.executable, "-m", "basedpyright", "--pythonpath", str(bare.python)]
    assert_mistakes_are_found(run(basedpyright, folder).stdout)


def test_the_types_of_all_public_names_are_known(bare: Environment, folder: Path) -> None:
    """Nothing that users see lacks an annotation."""
    path = os.pathsep.join([str(bare.python.parent), os.environ["PATH"]])
    basedpyright = [sys.executable, "-m", "basedpyright"]
    command = [*basedpyright, "--verifytypes", "grafana_oncall", "--ignoreexternal", "--outputjson"]
    report = json.loads(run(command, folder, PATH=path).stdout)["typeCompleteness"]
    assert report["exportedSymbolCounts"]["withKnownType"] > 1000
    assert not [
        symbol["name"]
        for symbol in report["symbols"]
        if symbol["isExported"] and not symbol["isTypeKnown"]
    ]
    assert report["completenessScore"] == 1.0
