"""What a watcher knows, as a value that outlives it."""

import asyncio
import os
from io import FileIO
from pathlib import Path
from typing import Final

import attrs
import msgspec

from ._converter import BaseValidationError, dumps, loads
from ._filelock import lock, unlock
from ._values import AwareDatetime, shown
from .changes import Snapshot
from .errors import CheckpointError

_FORMAT: Final = 1

_NOT_OURS: Final = (
    msgspec.MsgspecError,
    BaseValidationError,
    TypeError,
    ValueError,
    RecursionError,
)

_PATIENCE: Final = 5.0
"""Seconds for a watcher before this one to end."""
_PAUSE: Final = 0.1


@attrs.frozen(kw_only=True)
class Checkpoint:
    """What a watcher has told, and where it goes on: an opaque value, to be stored.

    stored = watcher.checkpoint.to_json()
    client.alert_groups.watch(labels=…, checkpoint=Checkpoint.from_json(stored))
    """

    server: str
    """The server that it belongs to."""
    query: tuple[tuple[str, str], ...]
    """The filter that it belongs to."""
    polled: AwareDatetime
    """Until when everything was told."""
    groups: tuple[Snapshot, ...] = attrs.field(repr=False)
    """Every group that is watched, as it was last told."""
    outside: tuple[str, ...] = attrs.field(repr=False)
    """Ids of those that have left the filter: when they come back, they are not new."""
    format: int = _FORMAT
    """Of the JSON."""

    def to_json(self) -> str:
        """As JSON text."""
        return dumps(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Checkpoint":
        """From what `to_json` gave; raises CheckpointError for anything else."""
        try:
            read = loads(_in_utf8(text), cls)
        except _NOT_OURS as error:
            raise _unlike(text) from error
        if read.format != _FORMAT:
            raise _unlike(text)
        return read

    @classmethod
    def load(cls, path: Path) -> "Checkpoint | None":
        """From a file; None where there is none. Raises CheckpointError for any other content."""
        try:
            return cls.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, CheckpointError) as error:
            raise _unusable(path, error) from error

    def save(self, path: Path) -> None:
        """Into a file, which at any moment holds either the old or the new value.

        Raises CheckpointError where it cannot be written.
        """
        beside = path.with_name(f"{path.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(dumps(self))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise _unusable(path, error) from error


class CheckpointFile:
    """Where a watcher keeps its checkpoint; a lock beside it sees to it that only one does."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()  # its lock is the same under all its names
        self._lock: FileIO | None = None

    async def lock(self) -> bool:
        """Until `unlock`; whether it was not locked by this before.

        Raises CheckpointError when another watcher, of this or another process, does not end soon.
        """
        if self._lock is not None:
            return False
        patience = asyncio.get_running_loop().time() + _PATIENCE
        while not self._try_lock():
            if asyncio.get_running_loop().time() >= patience:
                message = f"{self.path}: another watcher uses this checkpoint. Give each its own."
                raise CheckpointError(message, path=str(self.path))
            await asyncio.sleep(_PAUSE)
        return True

    def _try_lock(self) -> bool:
        try:
            file = FileIO(f"{self.path}.lock", "a")
        except OSError as error:
            raise _unusable(self.path, error) from error
        try:
            lock(file)
        except OSError as error:
            file.close()
            if isinstance(error, BlockingIOError):
                return False
            raise _unusable(self.path, error) from error
        self._lock = file
        return True

    def unlock(self) -> None:
        """Others may use it."""
        if self._lock is not None:
            unlock(self._lock)
            self._lock.close()
            self._lock = None

    @property
    def is_locked(self) -> bool:
        """Whether this has it."""
        return self._lock is not None

    def load(self) -> Checkpoint | None:
        """What is in it; None where there is no file yet."""
        return Checkpoint.load(self.path)

    def save(self, checkpoint: Checkpoint) -> None:
        """At any moment it holds either the old or the new value."""
        checkpoint.save(self.path)


def _in_utf8(text: object) -> bytes:
    match text:
        case str():
            return text.encode()
        case bytes():
            text.decode()  # the parser does not look into strings that it skips
            return text
        case _:
            raise TypeError("neither text nor bytes")


def _unlike(text: object) -> CheckpointError:
    start = text[:60] if isinstance(text, str | bytes) else text
    return CheckpointError(f"This is no checkpoint of a watcher: {shown(start)}.", path=None)


def _unusable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path}: the checkpoint cannot be used ({error}).", path=str(path))
