"""The fake on a real socket, by uvicorn."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from secrets import token_urlsafe

from grafana_oncall.testing.clock import tick
from grafana_oncall.testing.fake import FakeOnCall

from .asgi import App

MISSING = (
    "the fake on a socket needs uvicorn: "
    "pip install '.[testing]', in a checkout of grafana-oncall-sdk"
)

# Nothing can be sent to the address that stands for all of a machine's.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # replaced, not bound


@asynccontextmanager
async def serve(
    fake: FakeOnCall, host: str = "127.0.0.1", port: int = 0, *, page: bool = False
) -> AsyncGenerator[str]:
    """Serve the fake in this event loop until the block ends; yield the base URL.

    No signal handler is installed.

    Args:
        fake: The server.
        host: The address to listen on. For all addresses (`0.0.0.0` or `::`), the URL is that of
            this machine's loopback.
        port: The port; 0 takes a free one.
        page: Whether browsers on this machine get a page that shows what happens, and lets people
            act, from the URL that is yielded.

    Raises:
        OSError: The port is in use.
        ModuleNotFoundError: uvicorn is not installed.
    """
    try:
        # An extra, imported only when it is used.
        from .uvicorn_server import QuietServer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error
    with _listen(host, port) as listener:
        server = QuietServer(_with_page(fake) if page else fake.app)
        ticking = asyncio.create_task(tick(fake.run_due))
        # No TaskGroup: it would wrap the caller's exceptions in a group.
        running = asyncio.create_task(server.serve(sockets=[listener]))
        running.add_done_callback(lambda _: server.listening.set())
        try:
            await server.listening.wait()
            yield _url(listener)
        finally:
            ticking.cancel()
            server.should_exit = True
            await running


def _with_page(fake: FakeOnCall) -> App:
    # Only those who look at it pay for it.
    from grafana_oncall.testing._page.app import page_app  # noqa: PLC0415

    return page_app(fake, token=token_urlsafe())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    # asyncio sets this for sockets that it makes itself. Without it, a response in two segments
    # waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url(listener: socket.socket) -> str:
    bound, port = listener.getsockname()[:2]
    host: str = _LOOPBACK.get(bound) or bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
