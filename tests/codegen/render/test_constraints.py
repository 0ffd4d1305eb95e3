"""Constants with the limits of the schemas that have x-constraint."""

from typing import Any

import pytest

from grafana_oncall._core.types import StringRule
from tests.support.specs import Rendered, rendered, with_schemas

SCHEMAS = r"""
Short:
  { type: string, description: Digits.,
    pattern: "^\\d+$", minLength: 2, maxLength: 4, x-constraint: SHORT }
Some:
  { type: string, description: "It's \"x\"", pattern: "^['\"]+$", minLength: 1, x-constraint: SOME }
things.Many: { type: array, items: { type: string }, maxItems: 50, x-constraint: MANY }
things.Between: { type: integer, minimum: -1, maximum: 9, x-constraint: BETWEEN }
things.Free: { type: integer, minimum: 3, maximum: 4 }
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Render constants of every kind."""
    return rendered(with_schemas("things.Thing", SCHEMAS), tmp_path_factory.mktemp("constants"))


@pytest.mark.parametrize(
    ("constant", "expected"),
    [
        pytest.param(
            "SHORT",
            StringRule(
                text="Digits; 2 to 4 characters.", pattern=r"^\d+$", min_length=2, max_length=4
            ),
            id="both lengths",
        ),
        pytest.param(
            "ID",
            StringRule(
                text="Ids are small letters; 0 to 9 characters.", pattern="^[a-z]+$", max_length=9
            ),
            id="maximum length",
        ),
        pytest.param(
            "SOME",
            StringRule(text='It\'s "x"', pattern="^['\"]+$", min_length=1),
            id="minimum length, and quotes",
        ),
        pytest.param("MANY_MAX", 50, id="array"),
        pytest.param("BETWEEN_MIN", -1, id="minimum"),
        pytest.param("BETWEEN_MAX", 9, id="maximum"),
    ],
)
def test_a_schema_with_a_constraint_has_its_constants(
    package: Rendered, constant: str, expected: object
) -> None:
    """A string has a rule whose text includes the length; other types have their bounds."""
    assert getattr(package.constraints, constant) == expected


def test_no_other_schema_has_a_constant(package: Rendered) -> None:
    """Limits without x-constraint are left to the server."""
    made: dict[str, Any] = vars(package.constraints)
    assert {name for name in made if name.isupper()} == {
        *("ID", "SHORT", "SOME", "MANY_MAX", "BETWEEN_MIN", "BETWEEN_MAX")
    }


def test_a_constraint_need_not_be_used_by_an_operation(package: Rendered) -> None:
    """The facade checks more than path parameters: labels, for instance."""
    builders = package.files["operations/things.py"]
    assert "import ID\n" in builders
    assert "SHORT" not in builders
