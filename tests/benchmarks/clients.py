"""Clients of the SDK, over each sender."""

from typing import Any, Final, Literal

import httpx

from grafana_oncall import OnCallClient

TOKEN: Final = "token"  # the server requires none

Transport = Literal["httpx", "httpx2", "aiohttp"]


def client(url: str, transport: Transport | httpx.AsyncBaseTransport = "httpx") -> OnCallClient:
    """Return a client of the server."""
    options: dict[str, Any] = {} if transport == "httpx" else {"transport": transport}
    return OnCallClient(url=url, token=TOKEN, **options)
