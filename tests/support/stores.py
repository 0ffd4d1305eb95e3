"""Stores that need no server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from grafana_oncall.stores import FileStore
from grafana_oncall.testing import MemoryStore

Store: TypeAlias = MemoryStore | FileStore

KINDS: Final[Mapping[str, Callable[[Path], Store]]] = {
    "in memory": lambda _: MemoryStore(),
    "in files": FileStore,
}


def store_without_server(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A fixture: `pytest.fixture(params=KINDS)(store_without_server)`."""
    return KINDS[request.param](tmp_path / "store")
