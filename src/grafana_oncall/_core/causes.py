"""The chain of causes behind an exception: what lies in it, and its tracebacks removed."""

import logging
import socket
import ssl
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from grafana_oncall.errors import OnCallError

_logger: Final = logging.getLogger("grafana_oncall")

_NO_RECORDS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL says of a response in plain text, by its version and the text."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, each once, explicit causes first.

    Links are read late: a caller may cut what lies behind the error that it was given last.
    """
    seen: set[int] = set()  # of ids, because another library's error may have no hash
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            yield link
            links += (link.__context__, link.__cause__)


def strip_tracebacks(error: BaseException) -> None:
    """Remove the tracebacks of an error and of all that led to it; only their words are left."""
    for link in causes(error):
        link.__traceback__ = None


def drop_frames(error: OnCallError) -> None:
    """Forget where in the SDK an error was made, so that its traceback shows the caller's lines.

    What led to it keeps the lines of other libraries, and the error keeps those of the user's own
    function that the SDK called, such as a generator of groups. A bare `raise` after this adds no
    frame of the function that calls it. At level DEBUG of the logger `grafana_oncall`, all stay.
    """
    if not _logger.isEnabledFor(logging.DEBUG):
        for link in causes(error):
            own = isinstance(link, OnCallError)
            shorten = _after_the_sdk if own else _below_the_sdk
            link.__traceback__ = shorten(link.__traceback__)


def _after_the_sdk(frames: TracebackType | None) -> TracebackType | None:
    """Return the frames after the last one of the SDK: none, where the SDK itself raised."""
    kept = frames
    while frames is not None:
        below = frames.tb_next
        if _is_of_the_sdk(frames):
            kept = below
        frames = below
    return kept


def _below_the_sdk(frames: TracebackType | None) -> TracebackType | None:
    while frames is not None and _is_of_the_sdk(frames):
        frames = frames.tb_next
    return frames


def _is_of_the_sdk(frames: TracebackType) -> bool:
    return is_ours(str(frames.tb_frame.f_globals.get("__name__")))


def is_ours(module: str) -> bool:
    """Whether a module is one of the SDK's."""
    return module.startswith("grafana_oncall.")


def is_untrusted(error: BaseException) -> bool:
    """Whether the server's certificate is not trusted."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error))


def is_without_tls(error: BaseException) -> bool:
    """Whether a connection that failed may have reached a server that expects plain http."""
    return any(
        isinstance(cause, ssl.SSLEOFError | ConnectionResetError)  # such a server may hang up
        or (isinstance(cause, ssl.SSLError) and cause.reason in _NO_RECORDS)
        for cause in causes(error)
    )


def is_unresolved(error: BaseException) -> bool:
    """Whether the host is known to have no address, as opposed to a resolver that fails."""
    return any(
        isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN
        for cause in causes(error)
    )
