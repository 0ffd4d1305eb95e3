"""A fake's state in a file: what `python -m grafana_oncall.testing` loads and saves."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from grafana_oncall.testing.fake import FakeOnCall


class StateFileError(Exception):
    """A file that holds no state, or a place where none can be put; says so in one line."""


def load(path: Path) -> FakeOnCall:
    """The fake in this file, by the real time and without a record of calls.

    `StateFileError` when the file holds something else, `OSError` when it cannot be read.
    """
    try:
        return FakeOnCall.from_json(path.read_text(encoding="utf-8"), keep_calls=False)
    except ValueError as error:
        raise StateFileError(f"{path}: a state that --save wrote is needed; {error}") from error


def check_target(path: Path) -> None:
    """Refuse a place where `save` would fail, while there is nothing to lose yet."""
    if path.is_dir():
        raise StateFileError(f"{path}: this is a folder, and the state is saved in a file")
    if not os.access(path.resolve().parent, os.W_OK):
        raise StateFileError(f"{path}: there is no such folder, or no right to write in it")


def save(fake: FakeOnCall, path: Path) -> None:
    """Write the state: afterwards the file holds all of it, or, if that fails, what it held."""
    target, text = path.resolve(), fake.to_json()
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        written = Path(folder) / target.name
        with written.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        written.replace(target)
