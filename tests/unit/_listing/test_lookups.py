"""What a look-up says that finds nothing, or too much."""

import pytest

from grafana_oncall import operations
from grafana_oncall._listing.lookups import nearest, nothing_found, several_found


@pytest.mark.parametrize(
    ("value", "known", "similar"),
    [
        pytest.param("sre", ["SRE", "Payments"], ["SRE"], id="another case"),
        pytest.param("ANA", ["ana", "anna", "ben"], ["ana", "anna"], id="most alike first"),
        pytest.param(
            "team1",
            ["team2", "team3", "team4", "team5"],
            ["team5", "team4", "team3"],
            id="three at most",
        ),
        pytest.param("x", ["Payments"], [], id="nothing like it"),
        pytest.param("x", [], [], id="nothing at all"),
        pytest.param("SRE", ["sre", "sre"], ["sre"], id="the same twice"),
    ],
)
def test_similar_values_are_those_that_look_like_it(
    value: str, known: list[str], similar: list[str]
) -> None:
    """Whatever their case."""
    assert nearest(value, known) == similar


def test_errors_show_whatever_was_looked_for_as_printable_text() -> None:
    """A value of users, and names of servers, may hold control characters."""
    request = operations.list_teams(name="x")
    assert str(nothing_found(request, "name", "\x1b[31m", ["\x07"])).isprintable()
    assert str(several_found(request, "name", "\x1b[31m", ["A", "B"])).isprintable()
