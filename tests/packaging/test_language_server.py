"""What editors show that use pyright or basedpyright, such as VS Code.

One server serves all tests here: its start costs five seconds of CPU.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import pytest

from grafana_oncall.bulk import BulkOptions
from tests.support.language_server import LanguageServer

PROGRAM: Final = """
from grafana_oncall import OnCallClient

async def main(client: OnCallClient) -> None:
    await client.alert_groups.bulk.resolve([], dry_run=True)
    await client.alert_groups.list(labels="team:SRE", state="").collect()
    await client.integrations.create(type="")
    await client.schedules.list(name
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LanguageServer]:
    """A server with a program open that is being typed."""
    program = tmp_path_factory.mktemp("editor") / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with LanguageServer(program) as started:
        yield started


def test_hovering_on_a_method_of_bulk_shows_every_option_and_what_it_does(
    server: LanguageServer,
) -> None:
    """By its name, and not as `**options`."""
    shown = server.hover("bulk.resolve")
    assert "Resolve each group" in shown
    assert "selection: Selection," in shown
    for option in BulkOptions.__annotations__:
        assert shown.count(f"\n    {option}: ") == 2  # in the signature, and below it


def test_hovering_on_an_option_shows_its_type(server: LanguageServer) -> None:
    """The option is known, since its name is no `**options`."""
    assert "dry_run: bool" in server.hover("dry_run")


def test_the_signature_of_a_call_that_is_typed_has_options_and_aliases_by_name(
    server: LanguageServer,
) -> None:
    """With what they do below."""
    shown = server.signature("bulk.resolve(")
    names = {parameter["label"].partition(":")[0] for parameter in shown["parameters"]}
    assert names == {"selection", "*", *BulkOptions.__annotations__}
    assert "selection: Selection" in shown["label"]
    assert "on_progress: OnProgress | None" in shown["label"]
    assert "labels: LabelsLike | None" in server.signature("alert_groups.list(")["label"]
    for option in BulkOptions.__annotations__:
        assert f"    {option}: " in str(shown["documentation"])


def test_values_are_completed(server: LanguageServer) -> None:
    """Of a state, and of a type to which servers may add."""
    states = ['"firing"', '"new"', '"acknowledged"', '"resolved"', '"silenced"']
    assert server.completions('state="') == states
    assert {'"webhook"', '"alertmanager"'} <= {*server.completions('create(type="')}


def test_keywords_are_completed(server: LanguageServer) -> None:
    """From their first letters."""
    assert "name=" in server.completions("schedules.list(name")
