"""The jobs by aiohttp alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from .bare import Bare
from .naive import Afternoon, Failed


@asynccontextmanager
async def opened(url: str, token: str) -> AsyncGenerator[Afternoon]:
    """The jobs by aiohttp."""
    async with aiohttp.ClientSession(url, headers={"Authorization": token}) as http:

        async def send(method: str, path: str, **options: Any) -> Any:
            try:
                async with http.request(method, path, **options) as response:
                    if response.status >= 400:
                        raise Failed(response.status, response.headers.get("Retry-After"))
                    return await response.json() if response.content_length else None
            except (aiohttp.ClientError, TimeoutError) as error:
                raise Failed from error

        yield Afternoon(Bare(send))
