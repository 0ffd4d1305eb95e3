"""Template syntax: whether there is an error, which one, and where."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._validation.jinja import template_problem

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


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        pytest.param("{{ x", 1, "unexpected end of template", id="unclosed print"),
        pytest.param("{{ x  \n\n", 1, "unexpected end", id="unclosed print, then white space"),
        pytest.param("{% if %}", 1, "Expected an expression", id="if of nothing"),
        pytest.param("{% if a %}\nb\n", 1, "Unexpected end of template", id="unclosed if"),
        pytest.param("{% endfor %}", 1, "unknown tag 'endfor'", id="end of no loop"),
        pytest.param("{{ a b }}", 1, "got 'b'", id="two names"),
        pytest.param("{% foo %}", 1, "unknown tag 'foo'", id="unknown tag"),
        pytest.param("{{ $ }}", 1, "unexpected char '$'", id="unknown character"),
        pytest.param("{{ a.$ }}", 1, "unexpected char '$'", id="unknown character, later"),
        pytest.param("{# ", 1, "Missing end of comment", id="unclosed comment"),
        pytest.param("a\n b {#\nc", 2, "Missing end of comment", id="unclosed comment, later"),
        pytest.param("a {% raw %} {{", 1, "Missing end of raw", id="unclosed raw block"),
        pytest.param('{{ "abc', 1, "unexpected char", id="unclosed string"),
        pytest.param("a\nb\n  {{ a b }}\n", 3, "got 'b'", id="third line"),
        pytest.param("a\r\nb\r\n  {{ a b }}", 3, "got 'b'", id="Windows line ends"),
        pytest.param("a\rb\r  {{ a b }}", 3, "got 'b'", id="old Macintosh line ends"),
        pytest.param("a\r\n\r\n {%- foo %}", 3, "unknown tag", id="white space taken, Windows"),
        pytest.param("{{ a -}}\n\n {{- a b }}", 3, "got 'b'", id="white space taken"),
        pytest.param("{%- raw -%} {{ {%- endraw -%}\n{{ a b }}", 2, "got 'b'", id="after raw"),
        pytest.param("{# c\nd #}{{ a b }}", 2, "got 'b'", id="after a comment"),
        pytest.param('{{ "a\nb" c }}', 2, "got 'c'", id="after a string of two lines"),
        pytest.param("ü💥{{ a b }}", 1, "got 'b'", id="characters, not bytes"),
        pytest.param("{{ (a] }}", 1, "expected ')'", id="wrong bracket"),
        pytest.param("{{ a + '\\x' }}", 1, "truncated", id="bad escape"),
        pytest.param("{{ f(**a, *b) }}", 1, "function call", id="blamed on an earlier token"),
    ],
)
def test_a_problem_has_the_line_of_what_is_wrong(source: str, line: int, message: str) -> None:
    """Lines count from 1."""
    problem = template_problem(source, where="here")
    assert problem is not None
    assert (problem.where, problem.line) == ("here", line)
    assert message in problem.rule


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "{{\na + " + "9" * 5000 + "}}", "number that cannot be parsed", id="endless number"
        ),
        pytest.param(
            "{{ 1.\N{ARABIC-INDIC DIGIT THREE} }}",
            "number that cannot be parsed",
            id="digits of two scripts",
        ),
        *(
            pytest.param("{{ " + opening * 20_000, "too deeply nested", id=f"depth of {opening}")
            for opening in ("(", "[", "{a:", "not ", "-")
        ),
    ],
)
def test_what_python_refuses_is_a_problem_and_not_a_crash(source: str, message: str) -> None:
    """Python does not say where it is."""
    problem = template_problem(source, where="here")
    assert problem is not None
    assert (problem.where, problem.line) == ("here", None)
    assert message in problem.rule
    assert str(problem).startswith("here: ")


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
    """Only syntax is checked; a warning of Python is not an error of the template."""
    assert template_problem(source, where="here") is None


@given(source=sources)
def test_any_text_can_be_checked(source: str) -> None:
    """Without error or warning; the line of a problem exists in the template."""
    problem = template_problem(source, where="here")
    if problem is not None and problem.line is not None:
        lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= problem.line <= len(lines)


@given(before=st.text("ab \r\n\tü"), after=st.sampled_from(["", " }}", "\n{% x"]))
def test_lines_before_an_error_move_it_by_as_many_lines(before: str, after: str) -> None:
    """Also where whitespace control strips the end of the text."""
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for tag in ("{{ ", "{{- "):
        problem = template_problem(f"{before}{tag}a b{after}", where="here")
        assert problem is not None
        assert problem.line == len(lines)


def test_jinja2_is_imported_only_with_the_first_template() -> None:
    """Programs without templates do not wait for it."""
    code = (
        "import sys, grafana_oncall.labels as labels\n"
        "labels.validate({'team': 'SRE'})\n"
        "assert 'jinja2' not in sys.modules\n"
        "labels.validate_dynamic({'team': '{{ a }}'})\n"
        "assert 'jinja2' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
