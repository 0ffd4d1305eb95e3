"""`python -m grafana_oncall.testing`: a fake server on a socket, until a signal stops it."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TypeVar
from urllib.parse import urlsplit

from grafana_oncall.testing import DEFAULT_TOKEN, FakeOnCall, RateLimit, seed_storm, serve
from grafana_oncall.testing._outgoing.sending import URL
from grafana_oncall.testing._page.clock import RealClock
from grafana_oncall.testing._page.guard import is_loopback
from grafana_oncall.testing._server.arguments import NAME

from .factory import seed_arrival

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_ADVICE: dict[int | None, str] = {
    errno.EADDRINUSE: "Choose another port with --port; --port 0 takes a free one.",
    errno.EADDRNOTAVAIL: "Choose an address of this machine with --host.",
}
"""What to do about errors of the socket, by `errno`."""
_SEEDED = {"groups": 500, "token": DEFAULT_TOKEN, "flavour": "cloud", "seed": 0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit code."""
    try:
        asyncio.run(_run(_parse(arguments)))
    except (ModuleNotFoundError, OSError, StateFileError) as error:
        advice = _ADVICE.get(getattr(error, "errno", None))
        sys.stderr.write(f"{error}\n" if advice is None else f"{error}\n{advice}\n")
        return 1
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    for name, default in _SEEDED.items():
        given = getattr(options, name)
        if options.load is not None and given is not None:
            parser.error(f"--{name} cannot be combined with --load: the file contains it")
        setattr(options, name, default if given is None else given)
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m grafana_oncall.testing",
        description="A fake Grafana OnCall server, seeded with a storm of alert groups.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=_port, default=8080, help="0 takes a free one (%(default)s)")
    add("--groups", type=_count, help="how many (500)")
    add("--token", type=_token, help=f"the admin's ({DEFAULT_TOKEN})")
    add("--flavour", choices=("cloud", "oss"), help="which server (cloud)")
    add("--seed", type=_seed, help="of ids and storm (0)")
    add("--load", type=Path, metavar="FILE", help="start from a state that --save wrote")
    add("--save", type=Path, metavar="FILE", help="write the state to this file when it stops")
    add("--latency", type=_latency, metavar="MS", help="from a request to its response")
    add("--rate-limit", type=_rate_limit, metavar="N/SECONDS", help="requests per user and window")
    add(
        "--deliver",
        type=_url,
        action="append",
        default=[],
        metavar="URL",
        help="send the webhooks whose URL is this one or below it; others are not sent",
    )
    add(
        "--new-every",
        type=_seconds,
        metavar="SECONDS",
        help="add a new alert group at this interval",
    )
    return parser


def _expects(wanted: str) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Make argparse report what is expected if the text of an option cannot be parsed."""

    def decorate(read: Callable[[str], T]) -> Callable[[str], T]:
        def read_or_explain(text: str) -> T:
            try:
                return read(text)
            except (ValueError, OverflowError) as error:
                raise argparse.ArgumentTypeError(f"{text!r}: {wanted} is needed") from error

        return read_or_explain

    return decorate


_seed = _expects("a whole number")(int)


@_expects("a whole number from 0 to 1000000")
def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1_000_000:
        raise ValueError(number)
    return number


@_expects("a whole number from 0 to 65535")
def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(number)
    return number


@_expects("a text")
def _token(text: str) -> str:
    NAME(token=text)
    return text


@_expects("an absolute URL of http or https")
def _url(text: str) -> str:
    URL(url=text)
    return text


@_expects("a whole number of milliseconds, up to a day,")
def _latency(text: str) -> timedelta:
    number = int(text)
    return _duration(number / 1000) if number else timedelta(0)


@_expects("a number of seconds, from a millisecond to a day,")
def _seconds(text: str) -> float:
    return _duration(float(text)).total_seconds()


@_expects("N/SECONDS, such as 300/60, with N from 1 and SECONDS from 0.001 to 86400,")
def _rate_limit(text: str) -> RateLimit:
    requests, _, window = text.partition("/")
    return RateLimit(requests=int(requests), window=_duration(float(window)))


def _duration(seconds: float) -> timedelta:
    if not 0.001 <= seconds <= 86400:
        raise ValueError(seconds)
    return timedelta(seconds=seconds)


async def _run(options: argparse.Namespace) -> None:
    with _stop_event() as stop:
        if options.save is not None:
            check_target(options.save)
        fake = _made(options)
        async with (
            serve(fake, options.host, options.port, page=True) as url,
            _delivering(fake, options.deliver),
        ):
            sys.stdout.write(
                f"url: {url}\n"
                f"token: {fake.token}\n"
                f"{_page(url)}"
                f"{len(fake.groups)} alert groups, {fake.flavour} flavour; "
                "Ctrl-C, or kill %1 in the background, stops the server\n"
            )
            sys.stdout.flush()
            await _wait(stop, fake, options.new_every)
        if options.save is not None:
            save(fake, options.save)


def _page(url: str) -> str:
    """Return the line for people with a browser, if it gets the page at this address."""
    return f"page: {url}/\n" if is_loopback(urlsplit(url).hostname or "") else ""


@asynccontextmanager
async def _delivering(fake: FakeOnCall, urls: Sequence[str]) -> AsyncGenerator[None]:
    """Send webhooks below these URLs; those that wait to be sent again do not hold up the end."""
    deliveries = [asyncio.create_task(_deliver(fake, url)) for url in urls]
    try:
        yield
    finally:
        for delivery in deliveries:
            delivery.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)


async def _deliver(fake: FakeOnCall, url: str) -> None:
    async with fake.deliver_webhooks(url):
        await asyncio.get_running_loop().create_future()


def _made(options: argparse.Namespace) -> FakeOnCall:
    fake = _seeded(options) if options.load is None else load(options.load)
    fake.latency = fake.latency if options.latency is None else options.latency
    fake.rate_limit = fake.rate_limit if options.rate_limit is None else options.rate_limit
    return fake


def _seeded(options: argparse.Namespace) -> FakeOnCall:
    fake = FakeOnCall(
        seed=options.seed,
        clock=RealClock(),
        token=options.token,
        flavour=options.flavour,
        keep_calls=False,
    )
    seed_storm(fake, options.groups)
    return fake


async def _wait(stop: asyncio.Event, fake: FakeOnCall, new_every: float | None) -> None:
    """Wait for the event, and meanwhile add a group every `new_every` seconds."""
    while not stop.is_set():
        try:
            async with asyncio.timeout(new_every):
                await stop.wait()
        except TimeoutError:
            seed_arrival(fake)


@contextmanager
def _stop_event() -> Generator[asyncio.Event]:
    """Yield an event that is set by the signals that stop a program."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_soon(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, stop_soon) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class StateFileError(Exception):
    """A file does not contain a state, or none can be written there."""


def load(path: Path) -> FakeOnCall:
    """Return the fake from this file, on the real clock and without a record of calls.

    Raises:
        StateFileError: The file contains something else.
        OSError: It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return FakeOnCall.from_json(text, clock=RealClock(), keep_calls=False)
    except ValueError as error:
        raise StateFileError(f"{path}: a state that --save wrote is needed; {error}") from error


def check_target(path: Path) -> None:
    """Raise if `save` would fail there, before there is anything to lose."""
    if path.is_dir():
        raise StateFileError(f"{path}: this is a directory, and the state is saved in a file")
    if not os.access(path.resolve().parent, os.W_OK):
        raise StateFileError(f"{path}: there is no such directory, or no permission to write to it")


def save(fake: FakeOnCall, path: Path) -> None:
    """Write the state; if that fails, the file keeps its previous content."""
    target, text = path.resolve(), fake.to_json()
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        written = Path(folder) / target.name
        with written.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        written.replace(target)


if __name__ == "__main__":
    sys.exit(main())
