"""`python -m grafana_oncall.testing`: a seeded fake server on a socket, until a signal comes."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType

from grafana_oncall.testing import DEFAULT_TOKEN, FakeOnCall, seed_storm, serve

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, and answer the exit code."""
    try:
        asyncio.run(_run(_parser().parse_args(arguments)))
    except (ModuleNotFoundError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m grafana_oncall.testing",
        description="A fake Grafana OnCall server, seeded with a storm of alert groups.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="0 takes a free one (%(default)s)")
    parser.add_argument("--groups", type=_count, default=500, help="how many (%(default)s)")
    parser.add_argument(
        "--token", type=_token, default=DEFAULT_TOKEN, help="the admin's (%(default)s)"
    )
    parser.add_argument("--flavour", choices=("cloud", "oss"), default="cloud", help="%(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of ids and storm (%(default)s)")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("0 or more")
    return number


def _port(text: str) -> int:
    number = _count(text)
    if number > 65535:
        raise argparse.ArgumentTypeError("65535 at most")
    return number


def _token(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a token cannot be empty")
    return text


async def _run(options: argparse.Namespace) -> None:
    fake = FakeOnCall(seed=options.seed, token=options.token, flavour=options.flavour)
    groups = seed_storm(fake, options.groups)
    with _stop_event() as stop:
        async with serve(fake, options.host, options.port) as url:
            sys.stdout.write(
                f"url: {url}\n"
                f"token: {fake.token}\n"
                f"{len(groups)} alert groups, {fake.flavour} flavour; Ctrl-C stops the server\n"
            )
            sys.stdout.flush()
            await stop.wait()


@contextmanager
def _stop_event() -> Generator[asyncio.Event]:
    """An event that is set by the signals that stop a program."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_soon(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, stop_soon) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
