"""What a watcher knows, as a value that outlives it."""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import attrs

from ._generated.alert_groups import AlertGroupState
from ._values import shown
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
    polled: datetime
    """When groups were last read."""
    groups: tuple[Snapshot, ...] = attrs.field(repr=False)
    """Every group that is watched, as it was last told."""

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(
            {
                "checkpoint": _FORMAT,
                "server": self.server,
                "query": self.query,
                "polled": self.polled.isoformat(),
                "groups": [
                    [
                        *(one.id, one.created_at.isoformat(), one.state),
                        *(one.alerts_count, one.labels, one.title),
                    ]
                    for one in self.groups
                ],
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "Checkpoint":
        """From what `to_json` gave; raises CheckpointError for anything else."""
        try:
            return _read(json.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            message = f"This is no checkpoint of a watcher: {shown(text[:60])}."
            raise CheckpointError(message, path=None) from error

    @classmethod
    def load(cls, path: Path) -> "Checkpoint | None":
        """From a file; None where there is none."""
        try:
            return cls.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, error) from error
        except CheckpointError as error:
            raise _unusable(path, error) from error

    def save(self, path: Path) -> None:
        """Into a file, which at any moment holds either the old or the new value."""
        beside = path.with_name(f"{path.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(self.to_json().encode())
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise _unusable(path, error) from error


def _read(entry: dict[str, Any]) -> Checkpoint:
    if entry["checkpoint"] != _FORMAT:
        raise ValueError("another format")
    return Checkpoint(
        server=entry["server"],
        query=_pairs(entry["query"]),
        polled=datetime.fromisoformat(entry["polled"]),
        groups=tuple(
            Snapshot(
                id=group_id,
                created_at=datetime.fromisoformat(created_at),
                state=AlertGroupState(state),
                alerts_count=alerts_count,
                labels=_pairs(labels),
                title=title,
            )
            for group_id, created_at, state, alerts_count, labels, title in entry["groups"]
        ),
    )


def _pairs(pairs: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs)


def _unusable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path}: the checkpoint cannot be used ({error}).", path=str(path))
