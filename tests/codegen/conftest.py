"""Fixtures shared by the tests of the code generator."""

from collections.abc import Mapping

import pytest

from codegen.__main__ import render
from codegen.read.spec import Spec
from tests.support.specs import OPENAPI


@pytest.fixture(scope="session")
def files() -> Mapping[str, str]:
    """Render the specification of the project, once."""
    return render(Spec.load(OPENAPI))
