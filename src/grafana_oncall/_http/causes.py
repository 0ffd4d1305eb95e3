"""What lies at the bottom of a failed connection."""

import socket
import ssl
from collections.abc import Iterator


def is_untrusted(error: BaseException) -> bool:
    """Whether the server's certificate is not trusted."""
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in causes(error))


def is_unresolved(error: BaseException) -> bool:
    """Whether it is known that the host has no address: not that nobody could be asked."""
    return any(
        isinstance(one, socket.gaierror) and one.errno != socket.EAI_AGAIN for one in causes(error)
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, one after the other."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__
