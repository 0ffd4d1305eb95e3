"""Long work on an event loop."""

import asyncio
from typing import Final

_AT_A_TIME: Final = 1000


async def breathe(done: int) -> None:
    """Lets other tasks run after each thousand things that were done without waiting."""
    if done % _AT_A_TIME == 0:
        await asyncio.sleep(0)
