"""The jobs by httpx alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from .bare import Bare
from .naive import Afternoon, Failed


@asynccontextmanager
async def opened(url: str, token: str) -> AsyncGenerator[Afternoon]:
    """The jobs by httpx."""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": token}) as http:

        async def send(method: str, path: str, **options: Any) -> Any:
            try:
                response = await http.request(method, path, **options)
            except httpx.TransportError as error:
                raise Failed from error
            if response.is_error:
                raise Failed(response.status_code, response.headers.get("Retry-After"))
            return response.json() if response.content else None

        yield Afternoon(Bare(send))
