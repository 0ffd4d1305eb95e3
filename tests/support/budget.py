"""How long tests that hunt for bugs look: a short time in `make test`, a long one in `make hunt`.

Both run the same tests. Hypothesis takes its default number of examples from here as well (see
`tests/conftest.py`).
"""

import os
from typing import Final

HUNTING: Final = os.environ.get("HUNT", "0") != "0"
"""Whether the environment asks for the long form, as `make hunt` does."""


def budget(quick: int, *, hunt: int) -> int:
    """Choose how much a test does: examples, seeds, simulated days or the like.

    Args:
        quick: For every run of `make test`.
        hunt: For `make hunt`, which may take hours.
    """
    return hunt if HUNTING else quick
