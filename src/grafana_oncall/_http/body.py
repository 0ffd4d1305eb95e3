"""The body of a response as it arrives, with limits on its size before and after decoding.

A kilobyte of gzip can expand to a megabyte, gzip within gzip to a gigabyte, and a megabyte of
`[[],[],…]` becomes 24 megabytes of Python objects. httpx decompresses each chunk as a whole. So
this asks zlib for no more bytes than there is room for, accepts no other encoding, and counts the
JSON values before they are decoded.
"""

import zlib
from typing import Final

import attrs

from grafana_oncall._core.text import shown

ACCEPTED: Final = "gzip"
"""Value of Accept-Encoding; servers may always send a body unencoded."""

_GZIP: Final = ("gzip", "x-gzip")
_PLAIN: Final = ("", "identity")
_WITH_HEADER: Final = 16 + zlib.MAX_WBITS
"""The `wbits` with which zlib reads gzip."""

_MAX_VALUES: Final = 100_000
_BYTES_PER_VALUE: Final = 12
"""The limit of JSON values is the first, or one per so many bytes of the size limit. A page of a
hundred groups has about ten thousand values of 25 bytes; a decoded one takes at most 120 bytes."""

_SMALLER: Final = "ask for smaller pages with perpage=, or raise the limit."


@attrs.frozen
class Fault:
    """Why a body is not accepted."""

    reason: str
    hint: str | None = None
    """What to do about it; None if it was damaged in transit, and a retry may get it whole."""


class DecodingError(Exception):
    """A body was damaged in transit."""


class Body:
    """A body up to its first fault. Its repr shows none of the content."""

    def __init__(self, encoding: str, most: int) -> None:
        self.content = bytearray()
        self.fault: Fault | None = None
        self._encoding = encoding.strip().lower()
        self._most = most
        self._is_plain = self._encoding in _PLAIN
        self._unzip = zlib.decompressobj(_WITH_HEADER) if self._encoding in _GZIP else None
        self._has_begun = False

    def add(self, chunk: bytes) -> None:
        """Add what was received next; after a fault, nothing may follow."""
        self.content += chunk if self._is_plain or not chunk else self._decoded(chunk)
        if len(self.content) > self._most:
            self.fault = Fault(
                f"the body is larger than max_response_bytes={self._most}",
                _SMALLER,
            )

    def end(self) -> None:
        """Check the body, of which everything was received up to its end or a fault."""
        # Each value but the first follows a character, so a short body cannot have too many.
        if self.fault is None and (self._unzip is not None or len(self.content) > _MAX_VALUES):
            self._check_whole()

    def _decoded(self, chunk: bytes) -> bytes:
        self._has_begun = True
        if self._unzip is not None:
            return self._unzipped(self._unzip, chunk)
        self.fault = Fault(
            f"it is encoded as {shown(self._encoding)}, but only gzip was requested",
            "find out what encodes it between the server and this client.",
        )
        return chunk

    def _unzipped(self, unzip: "zlib._Decompress", chunk: bytes) -> bytes:  # pyright: ignore[reportPrivateUsage]  # it has no other name
        room = self._most - len(self.content) + 1
        try:
            part = unzip.decompress(chunk, room)
        except zlib.error as error:
            self.fault = Fault(f"its gzip is broken: {error}")
            return b""
        if unzip.unused_data:
            self.fault = Fault("its gzip is followed by other data")
        return part

    def _check_whole(self) -> None:
        if self._unzip is not None and self._has_begun and not self._unzip.eof:
            self.fault = Fault("its gzip is cut short")
            return
        content, most = self.content, max(_MAX_VALUES, self._most // _BYTES_PER_VALUE)
        if len(content) > most and sum(map(content.count, b",[{")) > most:
            self.fault = Fault(
                f"it has more values than max_response_bytes={self._most} allows for", _SMALLER
            )
