"""Clients of the SDK, over each sender."""

from typing import Any, Final, Literal

import httpx

from grafana_oncall import OnCallClient

TOKEN: Final = "token"  # of a server that asks for none

Transport = Literal["httpx", "httpx2", "aiohttp"]


def client(url: str, transport: Transport | httpx.AsyncBaseTransport = "httpx") -> OnCallClient:
    """A client of the server."""
    options: dict[str, Any] = {} if transport == "httpx" else {"transport": transport}
    return OnCallClient(url=url, token=TOKEN, **options)
