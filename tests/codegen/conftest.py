"""What several modules of tests need, made once."""

from collections.abc import Mapping

import pytest

from codegen.__main__ import render
from codegen.read.spec import Spec
from tests.codegen.specs import OPENAPI


@pytest.fixture(scope="session")
def files() -> Mapping[str, str]:
    """What the specification of the project is rendered to."""
    return render(Spec.load(OPENAPI))
