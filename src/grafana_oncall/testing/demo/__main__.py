"""`python -m grafana_oncall.testing.demo`: what the SDK is for, told in five acts.

Each act runs the code that it shows, against a fake server of its own, whatever server the
environment names. The exit code is 0 if all of them hold at the end what they should.
"""

import logging
import sys
from collections.abc import Callable, Sequence

from ._acts import STORY
from ._page import Page, Writer, standard_writer


def main(writer: Writer | None = None, story: Sequence[Callable[[Page], None]] = STORY) -> int:
    """Tell the story, and return the exit code."""
    logging.basicConfig(level=logging.ERROR)  # the pause in act 2 would be logged as a warning
    page = Page(writer or standard_writer())
    try:
        for act in story:
            act(page)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if page.is_true else 1


if __name__ == "__main__":
    sys.exit(main())
