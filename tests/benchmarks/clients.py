"""Clients of the SDK, over httpx and, where this installation has it, over aiohttp."""

from importlib.util import find_spec
from typing import Any, Final, Literal

import httpx

from grafana_oncall import OnCallClient

TOKEN: Final = "token"  # of a server that asks for none

Transport = Literal["httpx", "aiohttp"]


def client(url: str, transport: Transport | httpx.AsyncBaseTransport = "httpx") -> OnCallClient:
    """A client of the server."""
    options: dict[str, Any] = {} if transport == "httpx" else {"transport": transport}
    return OnCallClient(url=url, token=TOKEN, **options)


def has_aiohttp() -> bool:
    """Whether the SDK can send through aiohttp."""
    return all(find_spec(name) for name in ("aiohttp", "grafana_oncall._http.aiohttp_transport"))
