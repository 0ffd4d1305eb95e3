"""What editors that use jedi show: IPython, Jupyter, vim and others."""

from __future__ import annotations

from typing import Any

import jedi  # type: ignore[import-untyped]
import pytest

from grafana_oncall.bulk import BulkOptions

PROGRAM = """
from grafana_oncall import OnCallClient

async def main(client: OnCallClient) -> None:
    """


def signature(call: str) -> Any:
    """What is shown after an opening bracket."""
    found = jedi.Script(PROGRAM + call, path="program.py").get_signatures()
    assert len(found) == 1, found
    return found[0]


def completions(program: str) -> list[str]:
    """The names that are offered at the end of a program."""
    return [each.name for each in jedi.Script(program, path="program.py").complete()]


@pytest.mark.parametrize(
    "call",
    ["client.alert_groups.bulk.resolve(", "client.alert_groups.bulk.silence(groups, 60, "],
)
def test_the_options_of_bulk_are_shown_by_name_with_what_they_do(call: str) -> None:
    """And not as `**options`."""
    shown = signature(call)
    assert {*BulkOptions.__annotations__} <= {parameter.name for parameter in shown.params}
    for option in BulkOptions.__annotations__:
        assert f"    {option}: " in shown.docstring(raw=True)


def test_an_option_of_bulk_is_completed() -> None:
    """From its first letters."""
    program = f"{PROGRAM}client.alert_groups.bulk.resolve(groups, dry"
    assert completions(program) == ["dry_run="]


def test_aliases_are_shown_by_name() -> None:
    """As in `help`."""
    shown = signature("client.alert_groups.list(").to_string()
    assert "labels: LabelsLike | None=None" in shown


def test_the_package_completes_its_public_names() -> None:
    """And none of the functions that it is made with."""
    names = {*completions("import grafana_oncall\ngrafana_oncall.")}
    assert {"OnCallClient", "bulk", "errors", "models"} <= names
    assert "lazily" not in names
