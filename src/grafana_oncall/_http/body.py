"""The body of an answer as it comes: bounded in bytes and in values, also when it is compressed.

A kilobyte of gzip can stand for a megabyte, gzip within gzip for a gigabyte, and a megabyte of
`[[],[],…]` for 24 megabytes of Python objects. httpx decompresses each chunk whole. So this asks
zlib for no more than there is room for, knows no other encoding, and counts what would be decoded.
"""

import zlib
from typing import Final

import attrs

from grafana_oncall._core.text import shown

ACCEPTED: Final = "gzip"
"""What requests say that answers may be encoded in; servers may always leave it out."""

_GZIP: Final = ("gzip", "x-gzip")
_WITH_HEADER: Final = 16 + zlib.MAX_WBITS
"""The argument by which zlib reads gzip."""

_VALUES: Final = 100_000
_BYTES_OF_A_VALUE: Final = 12
"""A body may have so many values, or one for so many bytes of its limit. A page of a hundred groups
has some ten thousand, of 25 bytes each; as an object, a value takes 120 bytes at most."""

_SMALLER: Final = "ask for smaller pages with perpage=, or raise the limit."


@attrs.frozen
class Fault:
    """Why a body is not taken."""

    reason: str
    hint: str | None = None
    """What to do about it; None where it was broken on its way, and may come whole next time."""


class Body:
    """Takes parts of a body until there is a fault. Its repr, as in tracebacks, shows nothing."""

    def __init__(self, encoding: str, most: int) -> None:
        self.content = bytearray()
        self.fault: Fault | None = None
        self._encoding = encoding.strip().lower()
        self._most = most
        self._unzip = zlib.decompressobj(_WITH_HEADER) if self._encoding in _GZIP else None
        self._has_begun = False

    def add(self, chunk: bytes) -> None:
        """One more part, as it came."""
        if not chunk:
            return
        self._has_begun = True
        if self._unzip is not None:
            chunk = self._unzipped(self._unzip, chunk)
        elif self._encoding not in {"", "identity"}:
            self.fault = Fault(
                f"it is encoded as {shown(self._encoding)}, where gzip or nothing was asked for",
                "find out what encodes it between the server and this client.",
            )
        self.content += chunk
        if len(self.content) > self._most:
            self.fault = Fault(
                f"the body is larger than max_response_bytes={self._most}",
                _SMALLER,
            )

    def _unzipped(self, unzip: "zlib._Decompress", chunk: bytes) -> bytes:  # pyright: ignore[reportPrivateUsage]  # it has no other name
        room = self._most - len(self.content) + 1
        try:
            part = unzip.decompress(chunk, room)
        except zlib.error as error:
            self.fault = Fault(f"its gzip is broken: {error}")
            return b""
        if unzip.unused_data:
            self.fault = Fault("its gzip has something behind its end")
        return part

    def end(self) -> None:
        """There is no more of it."""
        if self.fault is not None:
            return
        if self._unzip is not None and self._has_begun and not self._unzip.eof:
            self.fault = Fault("its gzip is cut short")
            return
        # Values are counted by what stands before them, so a short body cannot have too many.
        content, most = self.content, max(_VALUES, self._most // _BYTES_OF_A_VALUE)
        if len(content) > most and sum(map(content.count, b",[{")) > most:
            self.fault = Fault(
                f"it has more values than max_response_bytes={self._most} allows for", _SMALLER
            )
