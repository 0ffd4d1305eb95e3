"""The tables that directives make of the code have a row for each thing, linked to where it is."""

import re

from docs._sphinx.tables import outcome_table, resource_table
from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Status
from tests.packaging.project import ROOT


def rows(table: str) -> list[list[str]]:
    """The cells of each row below the head."""
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def test_outcomes_have_their_meaning_and_what_a_resumed_run_does() -> None:
    """Each status, in its order."""
    found = rows(outcome_table())
    assert [status.strip("`") for status, _, _ in found] == [*Status]
    assert all(meaning.endswith(".") for _, meaning, _ in found)
    acted_on = [status.strip("`") for status, _, resume in found if resume == "acts on it"]
    assert acted_on == ["failed", "unknown", "not_attempted"]


def test_resources_have_their_methods_and_a_link_to_their_operations() -> None:
    """Whether the methods are generated or written by hand."""
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
    client = OnCallClient(url="https://oncall.test", token="any")
    anchors: list[str] = []
    for resource, methods in rows(resource_table()):
        name, _, anchor = resource.strip("[)").partition("](../operations.md#")
        public = {each for each in dir(getattr(client, name.strip("`"))) if each[0] != "_"}
        assert {*re.findall(r"`(\w+)`", methods)} == public
        anchors.append(anchor)
    assert anchors == [title.lower().replace(" ", "-") for title in titles]
