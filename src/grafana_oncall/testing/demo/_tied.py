"""Runs the program whose path is given, and ends as soon as the demo does, even by `kill -9`.

The demo holds the other end of standard input, which the system closes when the demo ends.
"""

import os
import runpy
import sys
from threading import Thread


def _end_with_the_demo() -> None:
    os.read(0, 1)  # nothing is written: it returns when the pipe is closed
    os._exit(1)


if __name__ == "__main__":
    Thread(target=_end_with_the_demo, daemon=True).start()
    runpy.run_path(sys.argv[1], run_name="__main__")
