"""What a watcher knows, as a value that outlives it.

Its file is that value in a line of JSON, and a line for each thing that has happened since:

    {"server": …, "query": …, "polled": …, "groups": [{"id": "I1", …}, …], …}
    {"polled": "2026-03-02T09:30:15Z"}          when groups were read
    {"begin": {"id": "I1", "after": {…}, …}}    before changes of a group are delivered
    {"end": {"id": "I1", "after": {…}, …}}      when they are handled

How it works, and why it is safe. A line is appended by one unbuffered write, which costs
microseconds and outlives the process; so it can be written before each delivery, in the event loop.
A line without an end was being written when the process died, and does not count. When the lines
have grown as long as the value, the file is written anew, in a thread: beside the old one, to which
lines are still appended meanwhile. They are copied behind the new value, and only then does its
file take the place of the old one, in one step. So there is one file at any moment, and a process
that dies leaves the old one or the new one, each with all lines. Nothing waits for the disk but
that new file, and the last lines of a watcher that ends: a machine that crashes may lose the lines
of its last half minute or so, as any file that is written.
"""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._codec.converter import BaseValidationError, dumps, loads
from grafana_oncall._core.aio import to_the_end
from grafana_oncall._core.filelock import lock, unlock
from grafana_oncall._core.text import shown
from grafana_oncall._core.types import AwareDatetime
from grafana_oncall.changes import Snapshot
from grafana_oncall.errors import CheckpointError

from .tracker import Delivered, Delivery

Kind: TypeAlias = Literal["polled", "begin", "end"]

_FORMAT: Final = 1

_SLICE: Final = 500
"""Groups that are made JSON of at once: no other thread runs meanwhile."""

_TO_APPEND: Final = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)  # else Windows adds \r

_LEAST_LOG: Final = 64 * 1024
"""Bytes of lines for which a file, however small, is not written anew."""

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
    """What a watcher has delivered, and where it goes on: an opaque value, to be stored.

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
    """Every group that is watched, as it was last delivered."""
    left_filter: tuple[str, ...] = attrs.field(repr=False)
    """Ids of those that have left the filter: when they come back, they are not new."""
    in_flight: tuple[Delivery, ...] = attrs.field(default=(), repr=False)
    """What was delivered after that, perhaps: its end is not known."""
    format: int = _FORMAT
    """Of the JSON."""

    def to_json(self) -> str:
        """As JSON text."""
        return b"".join(_pieces(self)).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Checkpoint":
        """From what `to_json` gave, or a file; raises CheckpointError for anything else."""
        try:
            value, *lines = _lines(text)
            read = _after(loads(value, cls), lines)
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
        try:
            _write(self, _beside(path))
            _beside(path).replace(path)
        except OSError as error:
            raise _unusable(path, error) from error


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has happened since a checkpoint: one of these."""

    polled: AwareDatetime | None = None
    begin: Delivery | None = None
    end: Delivery | None = None


def _pieces(checkpoint: Checkpoint) -> Iterator[bytes]:
    """Its JSON; other threads run after each piece."""
    head, name, tail = dumps(attrs.evolve(checkpoint, groups=())).partition(b'"groups":[')
    yield head + name
    for start in range(0, len(checkpoint.groups), _SLICE):
        some = dumps(list(checkpoint.groups[start : start + _SLICE]))
        yield (b"," if start else b"") + some[1:-1]
    yield tail


def _write(checkpoint: Checkpoint, path: Path) -> None:
    with FileIO(path, "wb") as file:
        for piece in chain(_pieces(checkpoint), [b"\n"]):
            _append(file.fileno(), piece)
        os.fsync(file.fileno())


def delivered(checkpoint: Checkpoint) -> Delivered:
    """What was delivered, for a watcher to go on from."""
    made = Delivered({one.id: one for one in checkpoint.groups}, {*checkpoint.left_filter})
    for one in checkpoint.in_flight:
        made.begin_delivery(one)
    return made


def members(known: Delivered) -> dict[str, Any]:
    """The members of a checkpoint that say so."""
    return {
        "groups": tuple(known.told.values()),
        "left_filter": tuple(known.left_filter),
        "in_flight": tuple(chain.from_iterable(known.in_flight.values())),
    }


def _after(checkpoint: Checkpoint, lines: list[bytes]) -> Checkpoint:
    polled, known = checkpoint.polled, delivered(checkpoint)
    for line in lines:
        match msgspec.json.decode(line, type=_Line):
            case _Line(polled=datetime() as polled, begin=None, end=None):
                pass
            case _Line(polled=None, begin=Delivery() as begun, end=None):
                known.begin_delivery(begun)
            case _Line(polled=None, begin=None, end=Delivery() as ended):
                known.end_delivery(ended)
            case _:
                raise ValueError("a line says nothing, or too much")
    return attrs.evolve(checkpoint, polled=polled, **members(known)) if lines else checkpoint


class CheckpointFile:
    """Where a watcher keeps its checkpoint; a lock beside it sees to it that only one does."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()  # its lock is the same under all its names
        # Numbers, not objects: the garbage collector closes those first, perhaps, and warns of it.
        self._lock: int | None = None
        self._file: int | None = None
        """To append to; None before it was written, and when half a line was."""
        self._most = 0
        """Bytes at which it is written anew."""
        self._meanwhile: list[bytes] | None = None
        """Lines that were appended since that has begun; None while it is not done."""

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
            file = os.open(f"{self.path}.lock", os.O_WRONLY | os.O_CREAT, 0o666)
        except OSError as error:
            raise _unusable(self.path, error) from error
        try:
            lock(file)
        except OSError as error:
            os.close(file)
            if isinstance(error, BlockingIOError):
                return False
            raise _unusable(self.path, error) from error
        self._lock = file
        return True

    def unlock(self) -> None:
        """Others may use it."""
        self._close()
        if self._lock is not None:
            unlock(self._lock)
            os.close(self._lock)
            self._lock = None

    @property
    def is_locked(self) -> bool:
        """Whether this has it."""
        return self._lock is not None

    def load(self) -> Checkpoint | None:
        """What is in it; None where there is no file yet."""
        return Checkpoint.load(self.path)

    @property
    def is_due(self) -> bool:
        """Whether it has to be written anew: its lines are too many, or there is no such file."""
        size = self._size()
        return size is None or size > self._most

    async def rewrite(self, checkpoint: Checkpoint) -> None:
        """Writes it anew; what is appended meanwhile comes after that."""
        self._meanwhile, beside = list[bytes](), _beside(self.path)
        try:
            loop = asyncio.get_running_loop()
            await to_the_end(loop.run_in_executor(None, _write, checkpoint, beside))
            with FileIO(beside, "ab") as file:
                _append(file.fileno(), b"".join(self._meanwhile))
            self._take(beside)
        except OSError as error:
            raise _unusable(self.path, error) from error
        except asyncio.CancelledError:
            with suppress(OSError):
                beside.unlink()
            raise
        finally:
            self._meanwhile = None

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Brings it to the disk; where there is no such file, it is written first."""
        try:
            if self._size() is not None and self._file is not None:
                os.fsync(self._file)
            elif self._meanwhile is None:
                _write(checkpoint(), _beside(self.path))
                self._take(_beside(self.path))
        except OSError as error:
            raise _unusable(self.path, error) from error

    def append(self, kind: Kind, what: datetime | Delivery) -> bool:
        """Adds a line, which outlives this process; False where there is no file to add it to."""
        text = msgspec.json.encode({kind: what}) + b"\n"
        if self._meanwhile is not None:
            self._meanwhile.append(text)
        if self._file is None or self._size() is None:
            return self._meanwhile is not None
        try:
            _append(self._file, text)
        except OSError as error:
            self._close()  # a line must not follow half a line
            raise _unusable(self.path, error) from error
        return True

    def _size(self) -> int | None:
        """Of the file that this appends to; None where that was removed or replaced."""
        if self._file is None:
            return None
        status = os.fstat(self._file)
        return status.st_size if status.st_nlink else None

    def _take(self, beside: Path) -> None:
        self._close()  # Windows replaces no file that is open
        beside.replace(self.path)
        self._file = os.open(self.path, _TO_APPEND)
        size = os.fstat(self._file).st_size
        self._most = size + max(size, _LEAST_LOG)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _append(file: int, text: bytes) -> None:
    if os.write(file, text) != len(text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _lines(text: object) -> list[bytes]:
    """The value and the lines after it; without a last one that has no end."""
    found = _in_bytes(text).split(b"\n")
    whole = found[:-1] or found
    for line in whole:
        line.decode()  # the parser does not look into strings that it skips
    return whole


def _in_bytes(text: object) -> bytes:
    match text:
        case str():
            return text.encode()
        case bytes():
            return text
        case _:
            raise TypeError("neither text nor bytes")


def _unlike(text: object) -> CheckpointError:
    start = text[:60] if isinstance(text, str | bytes) else text
    return CheckpointError(f"This is no checkpoint of a watcher: {shown(start)}.", path=None)


def _unusable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path}: the checkpoint cannot be used ({error}).", path=str(path))
