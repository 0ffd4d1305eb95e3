"""Template syntax: whether there is an error, which, and where."""

import subprocess
import sys
import warnings

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._templates import template_problem

PIECES = (
    *("{{ ", "{{- ", " }}", " -}}", "{% ", "{%- ", " %}", " +%}", "{# ", "{#- ", " #}", " -#}"),
    *("if x", "else", "endif", "for a in b", "endfor", "set c = 1", "raw", "endraw", "foo", "call"),
    *("{% if x %}", "{% endif %}", "{% raw %}", "{%- raw -%}", "{% endraw %}", "{{ a }}", "{#c#}"),
    *("a", "b", "|", ".", "(", ")", "[", "]", "{", "}", ",", "~", "is", "not", "$", "1", "2.5"),
    *(
        '"',
        "'",
        '"s"',
        r"'\d'",
        r"'\x'",
        "\\",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        "ü",
        "·",
    ),
)
sources = st.one_of(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text())


def reference(source: str) -> tuple[str, int] | None:
    """Message and line as jinja2 itself gives them; None when it finds nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            jinja2.Environment().parse(source)  # noqa: S701 - nothing is rendered
        except jinja2.TemplateSyntaxError as error:
            return error.message or "", error.lineno
        except (ValueError, SyntaxError):
            return "not a number that can be read", 0
    return None


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        pytest.param("{{ x", 1, 5, "unexpected end of template", id="unclosed print"),
        pytest.param("{{ x  \n\n", 1, 5, "unexpected end", id="unclosed print, then white space"),
        pytest.param("{% if %}", 1, 7, "Expected an expression", id="if of nothing"),
        pytest.param("{% if a %}\nb\n", 2, 2, "Unexpected end of template", id="unclosed if"),
        pytest.param("{% endfor %}", 1, 4, "unknown tag 'endfor'", id="end of no loop"),
        pytest.param("{{ a b }}", 1, 6, "got 'b'", id="two names"),
        pytest.param("{% foo %}", 1, 4, "unknown tag 'foo'", id="unknown tag"),
        pytest.param("{{ $ }}", 1, 4, "unexpected char '$'", id="unknown character"),
        pytest.param("{{ a.$ }}", 1, 6, "unexpected char '$'", id="unknown character, later"),
        pytest.param("{# ", 1, 1, "Missing end of comment", id="unclosed comment"),
        pytest.param("a\n b {#\nc", 2, 4, "Missing end of comment", id="unclosed comment, later"),
        pytest.param("a {% raw %} {{", 1, 3, "Missing end of raw", id="unclosed raw block"),
        pytest.param('{{ "abc', 1, 4, "unexpected char", id="unclosed string"),
        pytest.param("a\nb\n  {{ a b }}\n", 3, 8, "got 'b'", id="third line"),
        pytest.param("a\r\nb\r\n  {{ a b }}", 3, 8, "got 'b'", id="Windows line ends"),
        pytest.param("a\rb\r  {{ a b }}", 3, 8, "got 'b'", id="old Macintosh line ends"),
        pytest.param("a\r\n\r\n {%- foo %}", 3, 6, "unknown tag", id="white space taken, Windows"),
        pytest.param("{{ a -}}\n\n {{- a b }}", 3, 8, "got 'b'", id="white space taken"),
        pytest.param("{%- raw -%} {{ {%- endraw -%}\n{{ a b }}", 2, 6, "got 'b'", id="after raw"),
        pytest.param("{# c\nd #}{{ a b }}", 2, 10, "got 'b'", id="after a comment"),
        pytest.param('{{ "a\nb" c }}', 2, 4, "got 'c'", id="after a string of two lines"),
        pytest.param("ü💥{{ a b }}", 1, 8, "got 'b'", id="characters, not bytes"),
        pytest.param("{{ (a] }}", 1, 6, "expected ')'", id="wrong bracket"),
        pytest.param("{{ a + '\\x' }}", 1, 8, "truncated", id="bad escape"),
        pytest.param("{{ f(**a, *b) }}", 1, 5, "function call", id="blamed on an earlier token"),
        pytest.param("{{\na + " + "9" * 5000 + "}}", 2, 5, "not a number", id="endless number"),
        pytest.param("{{ 1.\N{ARABIC-INDIC DIGIT THREE} }}", 1, 4, "not a number", id="odd digits"),
    ],
)
def test_a_problem_has_the_line_and_column_of_what_is_wrong(
    source: str, line: int, column: int, message: str
) -> None:
    """Both count from 1, columns in characters."""
    problem = template_problem(source, where="here")
    assert problem is not None
    assert (problem.where, problem.line, problem.column) == ("here", line, column)
    assert message in problem.rule


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="nothing"),
        pytest.param("plain\r\ntext\n", id="no template"),
        pytest.param("{{ payload.get('severity', 'unknown') }}", id="documentation"),
        pytest.param("{{ a | regex_replace('\\d', '') }}", id="pattern of a regular expression"),
        pytest.param("{{ a | filter_of_the_server }}", id="filter that only the server knows"),
        pytest.param("{%- raw -%} {{ {%- endraw -%} {# c #}", id="raw block and comment"),
        pytest.param("{{ 1 / 0 }}", id="fails when rendered, which it is not"),
    ],
)
def test_a_correct_template_has_no_problem(source: str) -> None:
    """Only syntax is looked at; a warning of Python is no error of a template."""
    assert template_problem(source, where="here") is None


def test_an_offset_is_not_repeated_in_the_message() -> None:
    """jinja2 says "at 3"; line and column say it better."""
    problem = template_problem("{{ $ }}", where="here")
    assert str(problem) == "here (line 1, column 4): unexpected char '$'"


@pytest.mark.parametrize("opening", ["(", "[", "{a:", "not ", "-"])
def test_a_template_nested_too_deeply_is_a_problem_and_no_crash(opening: str) -> None:
    """Python's recursion limit is not the user's business."""
    problem = template_problem("{{ a }}\n{{ " + opening * 20_000, where="here")
    assert problem is not None
    assert "nested too deeply" in problem.rule
    assert problem.line == 2
    assert problem.column is not None
    assert problem.column > 3


@given(source=sources)
def test_any_text_is_judged_as_jinja2_judges_it(source: str) -> None:
    """The same verdict and message; the line too, but for what ends early or never ends."""
    problem, expected = template_problem(source, where="here"), reference(source)
    assert (problem is None) == (expected is None)
    if problem is not None and expected is not None:
        message, line = expected
        assert message.startswith(problem.rule)
        if line and "end of template" not in message and "end of raw" not in message:
            assert problem.line == line


@given(source=sources)
def test_a_problem_lies_within_its_template(source: str) -> None:
    """A line that exists, and a column in it or just behind it."""
    problem = template_problem(source, where="here")
    if problem is None:
        return
    assert problem.line is not None
    assert problem.column is not None
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert 1 <= problem.line <= len(lines)
    assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@given(before=st.text("ab \r\n\tü"), after=st.sampled_from(["", " }}", "\n{% x"]))
def test_text_before_an_error_moves_it_by_just_that_text(before: str, after: str) -> None:
    """Also where white space control takes the end of the text away."""
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for tag in ("{{ ", "{{- "):
        problem = template_problem(f"{before}{tag}a b{after}", where="here")
        assert problem is not None
        expected = (len(lines), len(lines[-1]) + len(tag) + 3)
        assert (problem.line, problem.column) == expected


def test_jinja2_is_imported_with_the_first_template_only() -> None:
    """Whoever sends no template does not wait for it."""
    code = (
        "import sys, grafana_oncall.labels as labels\n"
        "labels.validate({'team': 'SRE'})\n"
        "assert 'jinja2' not in sys.modules\n"
        "labels.validate_dynamic({'team': '{{ a }}'})\n"
        "assert 'jinja2' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
