"""The ids of a selection: each once, in the order in which they came."""

import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Self, overload

IN_MEMORY: Final = 10_000
"""How many ids are worth no file: they take a megabyte or two."""

_BLOCK: Final = 1000
_CACHE_KIB: Final = 1024


class Ids(Sequence[str]):
    """Ids, each once, in the order in which they came; there are only ever more of them.

    More than `in_memory` of them are in a temporary file of sqlite's, some 70 bytes for each. It is
    in `SQLITE_TMPDIR`, `TMPDIR` or `/var/tmp`, and gone when nobody needs them any more, or when
    the process ends, however it does.
    """

    def __init__(self, ids: Iterable[str] = (), *, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._list: list[str] = []
        self._set: set[str] = set()
        self._disk: _Disk | None = None
        for one in ids:
            self.add(one)

    def add(self, one: str) -> None:
        """Puts it behind the others, unless it is there; raises OSError when the disk is full."""
        if self._disk is not None:
            self._disk.add(one)
        elif one not in self._set:
            self._set.add(one)
            self._list.append(one)
            if len(self._list) > self._in_memory:
                self._move()

    def _move(self) -> None:
        disk = _Disk()
        disk.add(*self._list)
        self._disk = disk
        self._list, self._set = [], set()

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if self._disk is None:
            return self._list[index]
        if isinstance(index, int):
            position = range(len(self))[index]
            return self._disk.between(position, position + 1)[0]
        start, stop, step = index.indices(len(self))
        if step == 1:
            return self._disk.between(start, stop)
        return [self[at] for at in range(start, stop, step)]

    def __contains__(self, one: object) -> bool:
        return one in self._set if self._disk is None else self._disk.has(one)

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _BLOCK):
            yield from self[start : start + _BLOCK]

    def __len__(self) -> int:
        return len(self._list) if self._disk is None else self._disk.count

    def __reduce__(self) -> tuple[type[Self], tuple[list[str]]]:
        return type(self), ([*self],)  # the file is this process's


class _Disk:
    """The same in a temporary database, of which only some pages are in memory."""

    def __init__(self) -> None:
        import sqlite3  # noqa: PLC0415  # few selections are that long

        # Without a name it has no entry in any folder, and no other process finds it.
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._base.close)
        self._error = sqlite3.Error
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._base.execute("CREATE TABLE ids (position INTEGER PRIMARY KEY, id TEXT UNIQUE)")
        self._base.execute("BEGIN")
        self.count = 0

    def add(self, *ids: str) -> None:
        """Of several ids, none may be there yet."""
        sql = "INSERT OR IGNORE INTO ids VALUES (?, ?)"
        try:
            self.count += self._base.executemany(sql, enumerate(ids, self.count)).rowcount
        except self._error as error:
            message = f"The ids of the selection do not fit into a temporary file ({error})."
            raise OSError(message) from error

    def has(self, one: object) -> bool:
        return self._base.execute("SELECT 1 FROM ids WHERE id = ?", (one,)).fetchone() is not None

    def between(self, start: int, stop: int) -> list[str]:
        sql = "SELECT id FROM ids WHERE position >= ? AND position < ? ORDER BY position"
        return [one for (one,) in self._base.execute(sql, (start, stop))]
