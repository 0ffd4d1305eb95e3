"""The checkpoint: what a watcher knows, as a value that outlives it, and its JSON.

As a file, a checkpoint is its value in one line of JSON and, behind that, a journal: a line for
each thing that has happened since (`checkpoint_file` writes it, and `checkpoint_store` in a store).

    {"format": 1, "groups": [{"id": "I1", …}, …], …, "polled": …, "query": …, "server": …}
    {"polled": "2026-03-02T09:30:15Z"}              groups were read
    {"in_flight": {"id": "I1", "after": {…}, …}}    changes of a group are about to be delivered
    {"delivered": {"id": "I1", "after": {…}, …}}    they have been handled

To load it is to apply the lines to the value, in order. A last line without a line feed was being
written when the process died, and is ignored. Each line of a file has a checksum (`_core.files`),
so that a damaged one is refused; a value that is stored elsewhere has none.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec

from grafana_oncall._codec.converter import BaseValidationError, dumps, loads
from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall._core.files import (
    is_sealed,
    open_private,
    replace_by,
    seal,
    unsealed,
    write_beside,
)
from grafana_oncall._core.text import shown
from grafana_oncall._core.types import UNSET, AwareDatetime, UnsetType
from grafana_oncall.changes import OnCall, Snapshot
from grafana_oncall.errors import CheckpointError

from .tracker import Delivery, DeliveryState

_FORMAT: Final = 1

_OPENING: Final = b'{"format":'
"""How the file of a checkpoint begins: of any other, no more than this is read."""

_SLICE: Final = 500
"""Groups that are encoded or decoded in one go: no other thread runs meanwhile."""

_INVALID: Final = (
    msgspec.MsgspecError,
    BaseValidationError,
    TypeError,
    ValueError,
    RecursionError,
)


@attrs.frozen(kw_only=True)
class Checkpoint(DocumentedFields):
    """What a watcher has delivered, for another one to continue from: an opaque value, to store.

    stored = watcher.checkpoint.to_json()
    client.alert_groups.watch(labels=…, checkpoint=Checkpoint.from_json(stored))
    """

    server: str
    """The server that it belongs to."""
    query: tuple[tuple[str, str], ...]
    """The filter that it belongs to."""
    polled: AwareDatetime
    """Until when everything was delivered."""
    groups: tuple[Snapshot, ...] = attrs.field(repr=False)
    """Every tracked group, as it was last delivered."""
    left_filter: tuple[str, ...] = attrs.field(repr=False)
    """Ids of groups that no longer match the filter: they are not new when they match it again."""
    in_flight: tuple[Delivery, ...] = attrs.field(default=(), repr=False)
    """Deliveries since then that are not known to have completed."""
    grafana_url: str | None = None
    """The Grafana stack that it belongs to; None if the client did not know it."""
    schedules: tuple[OnCall, ...] | UnsetType = attrs.field(default=UNSET, repr=False)
    """Every tracked schedule, as it was last delivered; absent where groups are watched."""
    format: int = _FORMAT
    """Version of the JSON."""

    def to_json(self) -> str:
        """Return the checkpoint as JSON text."""
        return b"".join(_pieces(self)).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Checkpoint:
        """Return the checkpoint in what `to_json` returned, or in the content of a file.

        Raises:
            CheckpointError: It is anything else.
        """
        try:
            value, *lines = _lines(text)
            read = _replayed(_decoded(value), lines)
        except _INVALID as error:
            raise _not_a_checkpoint(text) from error
        if read.format != _FORMAT:
            raise _not_a_checkpoint(text)
        return read

    @classmethod
    def load(cls, path: Path) -> Checkpoint | None:
        """Return the checkpoint in a file, or None if there is no such file.

        Raises:
            CheckpointError: The file cannot be read, or is not a checkpoint.
        """
        try:
            return cls.from_json(_content(path))
        except FileNotFoundError:
            return None
        except (OSError, CheckpointError) as error:
            raise unusable(path, error) from error

    def save(self, path: Path) -> None:
        """Write the checkpoint to a file, which at any moment has the old or the new value.

        Raises:
            CheckpointError: The file cannot be written.
        """
        try:
            replace_by(path, write_new(self, path))
        except OSError as error:
            raise unusable(path, error) from error


def delivery_state(checkpoint: Checkpoint) -> DeliveryState[Any]:
    """Return what was delivered, for a tracker to continue from."""
    schedules = () if isinstance(checkpoint.schedules, UnsetType) else checkpoint.schedules
    state = DeliveryState[Any](
        {each.id: each for each in chain[Any](checkpoint.groups, schedules)},
        {*checkpoint.left_filter},
    )
    for delivery in checkpoint.in_flight:
        state.mark_in_flight(delivery)
    return state


def members(state: DeliveryState[Any]) -> dict[str, Any]:
    """Return the members of a checkpoint that hold this state."""
    states = tuple(state.reported.values())
    schedules = states if states and isinstance(states[0], OnCall) else ()  # all are, or none
    return {
        "groups": () if schedules else states,
        "schedules": schedules or UNSET,
        "left_filter": tuple(state.left_filter),
        "in_flight": tuple(chain.from_iterable(state.in_flight.values())),
    }


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the journal: exactly one of these."""

    polled: AwareDatetime | None = None
    in_flight: Delivery | None = None
    delivered: Delivery | None = None


def _replayed(checkpoint: Checkpoint, lines: list[bytes]) -> Checkpoint:
    """Return the checkpoint with the lines of its journal applied."""
    polled, state = checkpoint.polled, delivery_state(checkpoint)
    for line in lines:
        match msgspec.json.decode(line, type=_Line):
            case _Line(polled=datetime() as polled, in_flight=None, delivered=None):
                pass
            case _Line(polled=None, in_flight=Delivery() as delivery, delivered=None):
                state.mark_in_flight(delivery)
            case _Line(polled=None, in_flight=None, delivered=Delivery() as delivery):
                state.mark_delivered(delivery)
            case _:
                raise ValueError("a line has no member, or several")
    return attrs.evolve(checkpoint, polled=polled, **members(state)) if lines else checkpoint


def _decoded(value: bytes) -> Checkpoint:
    """Decode a checkpoint in pieces, so that other threads run in between."""
    members = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    groups = msgspec.json.decode(members.get("groups", b"null"), type=list[msgspec.Raw])
    rest = loads(msgspec.json.encode({**members, "groups": ()}), Checkpoint)
    return attrs.evolve(rest, groups=tuple(chain.from_iterable(_decoded_slices(groups))))


def _decoded_slices(groups: list[msgspec.Raw]) -> Iterator[list[Snapshot]]:
    for start in range(0, len(groups), _SLICE):
        some = msgspec.json.encode(groups[start : start + _SLICE])
        yield msgspec.json.decode(some, type=list[Snapshot])


def _pieces(checkpoint: Checkpoint) -> Iterator[bytes]:
    """Encode a checkpoint in pieces, so that other threads run in between."""
    head, name, tail = dumps(attrs.evolve(checkpoint, groups=())).partition(b'"groups":[')
    yield head + name
    for start in range(0, len(checkpoint.groups), _SLICE):
        some = dumps(list(checkpoint.groups[start : start + _SLICE]))
        yield (b"," if start else b"") + some[1:-1]
    yield tail


def sealed_pieces(checkpoint: Checkpoint) -> Iterator[bytes]:
    """Encode a checkpoint as the first line of a file, in pieces."""
    return seal(_pieces(checkpoint))


def write_new(checkpoint: Checkpoint, path: Path) -> Path:
    """Write the value, through to the disk, into a file beside `path`, and return its path."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a regular file")  # such as a pipe: it would be replaced
    return write_beside(path, sealed_pieces(checkpoint))


def unusable(path: Path, error: Exception) -> CheckpointError:
    """Return the error for a file that cannot be read or written."""
    hint = ""
    if isinstance(error, CheckpointError):
        hint = " Restore the file, or delete it to start anew."
    elif isinstance(error, OSError) and error.errno == errno.EBUSY:
        hint = " A file that is mounted by itself cannot be replaced: mount its folder."
    reason = str(error).removesuffix(".")
    message = f"{path}: the checkpoint cannot be used ({reason}).{hint}"
    return CheckpointError(message, path=str(path))


def check_file(path: Path) -> None:
    """Raise OSError for what can be no file of a checkpoint, whatever is in it."""
    with suppress(FileNotFoundError):
        os.close(open_private(path, os.O_RDONLY))


def _content(path: Path) -> bytes:
    with FileIO(open_private(path, os.O_RDONLY)) as file:
        start = file.read(len(_OPENING))
        return start + file.readall() if start == _OPENING else start


def _lines(text: object) -> list[bytes]:
    """Return the value and the lines behind it, without a last one that was cut off."""
    found = _as_bytes(text).split(b"\n")
    whole = found[:-1] or found
    for line in whole:
        line.decode()  # msgspec does not check the encoding of strings that it skips
    is_value = len(whole) == 1 and not is_sealed(whole[0])
    return whole if is_value else [unsealed(line) for line in whole]


def _as_bytes(text: object) -> bytes:
    match text:
        case str():
            return text.encode()
        case bytes():
            return text
        case _:
            raise TypeError("neither text nor bytes")


def _not_a_checkpoint(text: object) -> CheckpointError:
    start = text[:60] if isinstance(text, str | bytes) else text
    return CheckpointError(f"This is not a watcher's checkpoint: {shown(start)}.", path=None)
