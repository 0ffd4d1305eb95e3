"""How long tests hunt for bugs: a short time in `make test`, a long one in `make hunt`.

Both run the same tests. Hypothesis takes its default number of examples from here as well (see
`tests/conftest.py`).
"""

import os
from typing import Final

HUNTING: Final = os.environ.get("HUNT", "0") != "0"
"""Whether the environment asks for the long form, as `make hunt` does."""

MUTATED: Final = "MUTANT_UNDER_TEST" in os.environ
"""Whether `make mutants` runs the tests, once for each mutant of the code."""


def budget(quick: int, *, hunt: int) -> int:
    """Choose how much a test does: examples, seeds, simulated days or the like.

    Args:
        quick: For every run of `make test`; for each mutant, a third of it.
        hunt: For `make hunt`, which may take hours.
    """
    if MUTATED:
        return -(-quick // 3)
    return hunt if HUNTING else quick
