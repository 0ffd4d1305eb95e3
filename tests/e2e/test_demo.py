"""The demo, run as a user runs it."""

import re
import sys
from io import StringIO

import pytest
from rich.console import Console

from grafana_oncall.testing.demo.__main__ import main
from grafana_oncall.testing.demo._acts import READING
from grafana_oncall.testing.demo._page import PlainWriter, RichWriter, standard_writer
from tests.packaging.picture import PICTURE, lines_of
from tests.packaging.project import ROOT
from tests.support.documents import README, document

HEADINGS = [
    "1. The script that everyone writes first",
    "2. The SDK, on a server that allows 300 requests a minute",
    "3. A process that is killed half-way (kill -9), and started again",
    "4. A bot that sees new groups, and acts on them",
    "5. What to read next",
]
VERDICT = "The script left 200 of 500 groups firing, without any error; the SDK left 0."


def test_the_demo_tells_a_story_whose_facts_hold(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """On its own servers, although the environment names another, where nobody listens.

    The documentation quotes it, and the picture shows its first acts.
    """
    monkeypatch.setenv("GRAFANA_ONCALL_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", "another")
    monkeypatch.setenv("GRAFANA_ONCALL_USER_TOKEN", "another")
    assert main(PlainWriter()) == 0
    printed, words = capfd.readouterr()
    lines = printed.splitlines()
    assert [line for line in lines if line[:1].isdigit()] == [
        f"{heading} ".ljust(80, "-") for heading in HEADINGS
    ]
    assert max(map(len, lines)) <= 80
    assert lines[-1] == f"  {VERDICT}"
    assert words == ""
    printed_lines = {line.strip() for line in lines}
    for page in (README, document("docs/why.md")):
        quoted = "".join(page.blocks("text")).splitlines()
        assert quoted
        assert {line.strip() for line in quoted} <= printed_lines, page.name
    pictured = lines_of(PICTURE.read_text(encoding="utf-8"))
    assert pictured == lines[: len(pictured)], "The demo has changed: run `make picture`."
    assert lines[len(pictured) + 1] == f"{HEADINGS[3]} ".ljust(80, "-")


def test_the_script_that_everybody_writes_first_is_the_one_that_the_documentation_shows() -> None:
    """With all its lines but the first, which says what it is for in the demo."""
    source = (ROOT / "src/grafana_oncall/testing/demo/_naive.py").read_text(encoding="utf-8")
    shown = document("docs/why.md").blocks("python")[0]
    assert source.partition('"""\n\n')[2] == shown


def test_the_demo_fails_when_a_server_does_not_hold_what_it_should(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The fact is marked, and the exit code is 1."""
    assert main(PlainWriter(), [lambda page: page.left(1200, 1500, expected=0)]) == 1
    assert capsys.readouterr().out == "  1,200  of 1,500 groups still firing: WRONG, 0 expected\n"


def test_colours_change_no_text() -> None:
    """Neither do brackets in the code, which rich could take for markup."""
    file = StringIO()
    writer = RichWriter(Console(file=file, width=40, force_terminal=True, color_system="standard"))
    code = """    names = [groups["results"][0]]  # a line of code, longer than the console"""
    writer.line("1. A heading [bold]", "bold")
    writer.code(code)
    written = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
    assert written == f"1. A heading [bold]\n{code}\n"
    assert "\x1b[1m1. A heading" in file.getvalue()


@pytest.mark.parametrize(
    "has_rich", [pytest.param(True, id="rich"), pytest.param(False, id="no rich")]
)
def test_the_demo_needs_no_rich(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, has_rich: bool
) -> None:
    """Which only adds colours."""
    if not has_rich:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    assert isinstance(standard_writer(), RichWriter if has_rich else PlainWriter)
    assert main(story=[lambda page: page.code(standard_writer)]) == 0
    assert "    def standard_writer() -> Writer:\n" in capsys.readouterr().out


def test_what_to_read_next_is_there() -> None:
    """In a checkout."""
    assert [path for path in READING if not (ROOT / path).exists()] == []
