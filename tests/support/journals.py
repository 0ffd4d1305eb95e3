"""What tests of journals have in common: reading them, and their refusal."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest

from grafana_oncall._core.files import sealed
from grafana_oncall.bulk.journal_reader import JournalReader, RunState
from grafana_oncall.errors import JournalError


def with_checksums(text: str) -> str:
    """The text with a checksum in each whole line that is a JSON object."""
    lines = text.split("\n")
    whole = [
        sealed(line.encode()).decode() if line.endswith("}") else f"{line}\n" for line in lines[:-1]
    ]
    return "".join(whole) + lines[-1]


def read(path: Path) -> RunState:
    """The state of a run, as its journal has it."""
    with FileIO(str(path)) as file:
        reader = JournalReader(path, file)
        asyncio.run(reader.read_rest())
    assert reader.state is not None
    return reader.state


@contextmanager
def refused(path: Path, words: str = "") -> Generator[pytest.ExceptionInfo[JournalError]]:
    """Expect a JournalError that names the file."""
    with pytest.raises(JournalError) as caught:
        yield caught
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)
