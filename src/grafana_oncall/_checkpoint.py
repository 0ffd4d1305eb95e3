"""What a watcher knows, as a value that outlives it."""

import os
from pathlib import Path
from typing import Final

import attrs
import msgspec

from ._converter import BaseValidationError, dumps, loads
from ._values import AwareDatetime, shown
from .changes import Snapshot
from .errors import CheckpointError

_FORMAT: Final = 1


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
    format: int = _FORMAT
    """Of the JSON."""

    def to_json(self) -> str:
        """As JSON text."""
        return dumps(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Checkpoint":
        """From what `to_json` gave; raises CheckpointError for anything else."""
        try:
            content = text.encode() if isinstance(text, str) else text
            content.decode()
            read = loads(content, cls)
        except (msgspec.MsgspecError, BaseValidationError, ValueError, RecursionError) as error:
            raise _unlike(text) from error
        if read.format != _FORMAT:
            raise _unlike(text)
        return read

    @classmethod
    def load(cls, path: Path) -> "Checkpoint | None":
        """From a file; None where there is none."""
        try:
            return cls.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, CheckpointError) as error:
            raise _unusable(path, error) from error

    def save(self, path: Path) -> None:
        """Into a file, which at any moment holds either the old or the new value."""
        beside = path.with_name(f"{path.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(dumps(self))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise _unusable(path, error) from error


def _unlike(text: str | bytes) -> CheckpointError:
    return CheckpointError(f"This is no checkpoint of a watcher: {shown(text[:60])}.", path=None)


def _unusable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path}: the checkpoint cannot be used ({error}).", path=str(path))
