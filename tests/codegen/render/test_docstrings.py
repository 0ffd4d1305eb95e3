"""Descriptions become docstrings, including characters that mean something to Python."""

import ast
import inspect
from pathlib import Path

import pytest

from tests.support.specs import GET, MEMBER, SCHEMAS, THING, minimal, rendered

TEXTS = [
    pytest.param('Say "x"', id="quote at the end"),
    pytest.param('"x" is said.', id="quote at the start"),
    pytest.param('Say """x""" twice: """"', id="three quotes"),
    pytest.param(r"Say \d, \N{x} and \u1.", id="backslash"),
    pytest.param("Say x\\", id="backslash at the end"),
    pytest.param("Say “😀”.", id="outside ASCII"),
    pytest.param("{{ x }} {% x %} {x}", id="template syntax"),
    pytest.param("One.\n\nTwo.", id="paragraphs"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_description_of_a_model_is_its_docstring(text: str, tmp_path: Path) -> None:
    """For classes, enums and members; a space separates a final quote from the closing ones."""
    state = {"type": "string", "enum": ["a"], "description": text}
    changes = {
        f"{THING}/description": text,
        f"{THING}/properties/id": {"type": "string", "description": text},
        f"{SCHEMAS}things.State": state,
        MEMBER: {"$ref": f"{SCHEMAS}things.State"},
    }
    made = rendered(minimal(changes), tmp_path)
    nodes = list(ast.walk(ast.parse(made.files["models/things.py"])))
    texts = [str(one.value) for one in nodes if isinstance(one, ast.Constant)]
    found = [inspect.cleandoc(one).rstrip(" ") for one in texts]
    assert found.count(text) == 2
    assert [one for one in found if one.startswith(f"{text}\n\nAttributes:\n    id: ")]


@pytest.mark.parametrize("text", TEXTS)
def test_the_texts_of_an_operation_are_its_docstring(text: str, tmp_path: Path) -> None:
    """Its permission and check become texts of the constant."""
    changes = {
        f"{GET}/{key}": text for key in ("summary", "description", "x-permission", "x-check")
    }
    operations = rendered(minimal(changes), tmp_path).operations
    call = "`GET /api/v1/things/{thing_id}/`"
    assert inspect.getdoc(operations.get_thing) == f"{text}\n\n{call}\n\n{text}"
    assert (operations.GET_THING.permission, operations.GET_THING.check) == (text, text)
