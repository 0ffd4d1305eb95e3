"""The tables and lists of the documentation match the code: nothing in them is made up."""

import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient, RetryPolicy, bulk, changes, errors
from grafana_oncall._cli.app import app
from grafana_oncall._cli.exits import Exit
from grafana_oncall.bulk import Status
from grafana_oncall.testing import FakeOnCall, RateLimit
from grafana_oncall.testing.__main__ import _parser
from grafana_oncall.testing.factory import LABELS
from tests.support.documents import DOCUMENTS, ROOT, Document, document, names, paragraph, table


def _client() -> OnCallClient:
    return OnCallClient(url="https://oncall.test", token="any")


def _first_cells(first: str) -> list[str]:
    return [name for row in table(first) for name in names(row[0])]


def _documented_defaults(first: str, *, names_in: int = 0, default_in: int = 1) -> dict[str, str]:
    """By name; a cell of several names has as many defaults, or one for all."""
    documented: dict[str, str] = {}
    for row in table(first):
        several = names(row[names_in])
        defaults = row[default_in].split(", ")
        documented |= zip(several, defaults * (len(several) // len(defaults)), strict=True)
    return documented


def _defaults(function: Callable[..., Any]) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}


def _shown(value: object) -> str:
    """A default as the documentation writes it."""
    match value:
        case timedelta() if value >= timedelta(days=1):
            return f"{value.days} days"
        case timedelta() if value >= timedelta(minutes=1):
            return f"{value // timedelta(minutes=1)} min"
        case timedelta() if value:
            return f"{value.total_seconds():g} s"
        case timedelta():
            return "0"
        case str():
            return f"`{value}`"
        case _:
            return str(value)


def _assert_documented(
    documented: Mapping[str, str], defaults: Mapping[str, object], *, in_words: Iterable[str]
) -> None:
    """The same names and defaults, except for those that it puts into words."""
    assert documented.keys() == defaults.keys()
    for name in defaults.keys() - {*in_words}:
        assert documented[name] == _shown(defaults[name]), name


def _policy_in_words(policy: RetryPolicy) -> str:
    return (
        f"{policy.max_attempts} attempts (`max_attempts`), "
        f"delays from {policy.initial_backoff:g} s (`initial_backoff`) "
        f"to {policy.max_backoff:g} s (`max_backoff`), {policy.deadline:g} s in all (`deadline`)"
    )


def test_the_table_of_errors_has_them_all() -> None:
    """Every public error except the base has a row, and says what to do."""
    public = [
        name
        for name in errors.__all__
        if issubclass(getattr(errors, name), errors.OnCallError) and name != "OnCallError"
    ]
    assert sorted(_first_cells("Error")) == sorted(public)
    assert all(all(row) for row in table("Error"))


def test_the_table_of_changes_has_them_all() -> None:
    """Every kind that a handler can be registered for, except the one that covers all."""
    kinds = {
        name
        for name in changes.__all__
        if isinstance(kind := getattr(changes, name), type)
        and issubclass(kind, changes.Change | changes.Gap)
    }
    assert sorted(_first_cells("Change")) == sorted(kinds - {"Change"})


def test_the_table_of_outcomes_has_them_all() -> None:
    """In their order."""
    assert _first_cells("Outcome") == [*Status]


def test_the_table_of_bulk_options_has_them_all() -> None:
    """Each with its default, which is that of the validated settings."""
    documented = _documented_defaults("Option")
    parameters = inspect.signature(bulk.options.Settings).parameters.values()
    _assert_documented(documented, {one.name: one.default for one in parameters}, in_words=())


def test_the_arguments_of_watch_are_its_own() -> None:
    """Those that are documented, with their documented defaults."""
    defaults = _defaults(_client().alert_groups.watch)
    documented = re.findall(r"`(\w+)=[^`]*`(?: \(([^)]+)\))?", paragraph("`watch` takes"))
    assert {"labels", "every", "checkpoint"} <= {name for name, _ in documented} <= defaults.keys()
    assert {default for _, default in documented} > {""}
    for name, default in documented:
        assert default in {"", _shown(defaults[name])}


def test_the_tables_of_the_client_have_all_its_arguments() -> None:
    """Each with its default; the environment variables are beside their arguments."""
    documented, defaults = _documented_defaults("Argument"), _defaults(OnCallClient)
    needed = {"url", "token", "grafana_url"}
    _assert_documented(
        documented, defaults, in_words={*needed, "timeout", "retry", "max_response_bytes", "random"}
    )
    assert (documented["timeout"], defaults["timeout"]) == ("30 s", 30)
    assert (documented["retry"], defaults["retry"]) == ("`RetryPolicy()`", RetryPolicy())
    (retry,) = (row[2] for row in table("Argument") if row[0] == "`retry=`")
    assert retry == _policy_in_words(RetryPolicy())
    assert (documented["max_response_bytes"], defaults["max_response_bytes"]) == (
        "64 MiB",
        64 * 2**20,
    )
    variables = {name: row[1] for row in table("Variable") for name in names(row[0])}
    assert {*variables} == {*re.findall(r"GRAFANA\w*", inspect.getsource(OnCallClient.from_env))}
    assert {names(cell)[0] for cell in variables.values()} == {*needed, "user_token"}


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
