"""httpx and httpx2: what a client takes of them, without importing either.

Importing httpx takes longer than all of the SDK, and a client over aiohttp needs none of it.
"""

import sys
from types import ModuleType
from typing import Any, Final, Protocol

_LIBRARIES: Final = ("httpx", "httpx2")


class HttpxClient(Protocol):
    """An `AsyncClient` of httpx or httpx2."""

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        ...

    def build_request(self, method: str, url: Any, *, params: Any = ..., headers: Any = ...) -> Any:
        """Return a request with the settings of the client."""
        ...

    async def send(
        self,
        request: Any,
        *,
        stream: bool = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
    ) -> Any:
        """Send a request."""
        ...


class HttpxTransport(Protocol):
    """An async transport of httpx or httpx2."""

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def library_of(value: object, kind: str) -> ModuleType | None:
    """Return the library whose class of this name a value is an instance of."""
    for name in _LIBRARIES:
        # What was not imported has no instances; nor has what a thread is importing just now.
        library = sys.modules.get(name)
        if isinstance(value, getattr(library, kind, ())):
            return library
    return None
