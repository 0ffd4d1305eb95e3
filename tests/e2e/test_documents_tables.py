"""The tables and lists of the documentation match the code: nothing in them is made up."""

import inspect
import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient, changes
from grafana_oncall._cli.app import app
from grafana_oncall._cli.exits import Exit
from grafana_oncall.testing import FakeOnCall, RateLimit
from grafana_oncall.testing.__main__ import _parser
from grafana_oncall.testing.factory import LABELS
from tests.support.documents import DOCUMENTS, ROOT, Document, document, names, paragraph, table


def _client() -> OnCallClient:
    return OnCallClient(url="https://oncall.test", token="any")


def _first_cells(first: str) -> list[str]:
    return [name for row in table(first) for name in names(row[0])]


def _defaults(function: Callable[..., Any]) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}


def _shown(value: object) -> str:
    """A default as the documentation writes it."""
    match value:
        case timedelta() if value.days:
            return f"{value.days} days"
        case _:
            return str(value)


def test_the_table_of_changes_has_them_all() -> None:
    """Every kind that a handler can be registered for, except the one that covers all."""
    kinds = {
        name
        for name in changes.__all__
        if isinstance(kind := getattr(changes, name), type)
        and issubclass(kind, changes.Change | changes.Gap)
    }
    assert sorted(_first_cells("Change")) == sorted(kinds - {"Change"})


def test_the_arguments_of_watch_are_its_own() -> None:
    """Those that are documented, with their documented defaults."""
    defaults = _defaults(_client().alert_groups.watch)
    documented = re.findall(r"`(\w+)=[^`]*`(?: \(([^)]+)\))?", paragraph("`watch` takes"))
    assert {"labels", "every", "checkpoint"} <= {name for name, _ in documented} <= defaults.keys()
    assert {default for _, default in documented} > {""}
    for name, default in documented:
        assert default in {"", _shown(defaults[name])}


def test_the_table_of_variables_has_those_that_are_read() -> None:
    """Each beside its argument."""
    variables = {name: row[1] for row in table("Variable") for name in names(row[0])}
    assert {*variables} == {*re.findall(r"GRAFANA\w*", inspect.getsource(OnCallClient.from_env))}
    arguments = {names(cell)[0] for cell in variables.values()}
    assert arguments == {"url", "token", "user_token", "grafana_url"}


def test_the_options_of_the_fake_are_its_own() -> None:
    """Those of the class, and those of the command, wherever one is mentioned."""
    documented = re.findall(r"`(\w+)=", paragraph("`FakeOnCall` takes"))
    assert {"flavour", "rate_limit"} <= {*documented} <= _defaults(FakeOnCall).keys()
    assert RateLimit().window == timedelta(minutes=1)
    options = {option for action in _parser()._actions for option in action.option_strings}
    documented = re.findall(r"`(--[\w-]+)", paragraph("The command takes"))
    assert {"--flavour", "--new-every"} <= {*documented} <= options


def test_the_options_of_the_command_are_its_own() -> None:
    """Those in examples, too."""
    documented = {
        *re.findall(r"(?<!-)--[a-z][a-z-]+", document("docs/guides/command-line.md").text)
    }
    known = {*re.findall(r"--[a-z-]+", app.generate_docs(recursive=True))}
    assert {"--journal", "--since", "--json"} <= documented <= known | {"--install-completion"}


def test_the_exit_codes_are_those_of_the_command() -> None:
    """With the words of its help; a bar within a cell is escaped."""
    text = document("docs/guides/command-line.md").text.replace("\\|", "|")
    assert re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE) == [
        (str(int(code)), code.meaning) for code in Exit
    ]


def test_the_extras_are_the_projects() -> None:
    """Each extra that can be installed, and no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    documented = re.findall(r"`\[(\w+)\]`", paragraph("The extras are"))
    assert sorted(documented) == sorted(project["optional-dependencies"])


def test_the_table_of_fixtures_is_the_plugins() -> None:
    """Each fixture, with its type."""
    plugin = (ROOT / "src/_grafana_oncall_pytest.py").read_text(encoding="utf-8")
    found = re.findall(r"@pytest\.fixture\ndef (\w+)\(.*?\) -> ([^:]+):", plugin, re.DOTALL)
    given = {name: re.sub(r"Generator\[(\w+)\]", r"\1", kind) for name, kind in found}
    assert {names(row[0])[0]: names(row[1])[0] for row in table("Fixture")} == given


@pytest.mark.parametrize("key", [pytest.param(key, id=key) for key in LABELS])
def test_the_labels_of_the_storm_are_documented(key: str) -> None:
    """Each key with all its values."""
    values = ", ".join(f"`{value}`" for value in LABELS[key])
    assert f"`{key}` ({values})" in " ".join(document("docs/guides/testing.md").text.split())


@pytest.mark.parametrize(
    ("page", "target"),
    [pytest.param(one, to, id=f"{one.name}: {to}") for one in DOCUMENTS for to in one.links],
)
def test_every_link_leads_to_a_file_and_a_heading(page: Document, target: str) -> None:
    """With the anchors that forges and MyST make from headings."""
    path, _, anchor = target.partition("#")
    file = (ROOT / page.name).parent / path if path else ROOT / page.name
    assert file.is_file()
    if anchor:
        assert anchor in Document(path, file.read_text(encoding="utf-8")).anchors
