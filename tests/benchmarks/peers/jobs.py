"""The jobs: their sizes, and the least time that each takes."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Final, Literal, Protocol, get_args

import attrs

from tests.benchmarks.samples import PER_PAGE

Job = Literal["list", "storm", "follow", "create"]
JOBS: Final[tuple[Job, ...]] = get_args(Job)

LATENCY: Final = 0.02
"""Seconds from a request to its answer."""
AT_ONCE: Final = 8
"""Requests in flight, of every client."""
EVERY: Final = 15.0
"""Seconds between two polls."""
LIMIT: Final = 300
"""Requests that the server accepts in a window of a minute, in `storm`."""
MINUTE: Final = 60.0
LOST: Final = 0.2
"""Share of the answers that are lost, in `create`."""
KEY: Final = "team"
VALUE: Final = "SRE"
"""The label."""
CLAIMS: Final = "claims.json"
"""The file with what the client claims."""
SKIPPED: Final = "skipped"
"""The file of `waiting.Skipped`."""


class Jobs(Protocol):
    """All jobs, by one client."""

    async def groups(self) -> Sequence[Any]:
        """All groups."""
        ...

    def row(self, group: Any) -> tuple[str, str]:
        """Id and state of a group."""
        ...

    async def storm(self) -> Sequence[str]:
        """Resolve what carries the label; return the ids of what the client says is resolved."""
        ...

    async def create(self, names: Sequence[str]) -> Sequence[str]:
        """Create integrations; return the names of those that the client says exist."""
        ...

    async def follow(self, report: Callable[[str, str], None]) -> None:
        """Report changes until cancelled."""
        ...


@attrs.frozen(kw_only=True)
class Size:
    """How much there is to do."""

    groups: int = 10_000
    """In `list` and `storm`; three of ten carry the label."""
    used: int = 270
    """Of the rate limit, in the minute in which `storm` begins, by another program."""
    watched: int = 500
    """Groups at the beginning of `follow`."""
    seconds: float = 3600.0
    """Time of `follow`; nothing happens in its last four minutes, so that all can be found."""
    quiet: float = 240.0
    integrations: int = 200


FULL: Final = Size()
QUICK: Final = Size(groups=150, used=298, watched=20, seconds=150.0, quiet=60.0, integrations=5)


def names(integrations: int) -> list[str]:
    """The names of the integrations to create."""
    return [f"service {number}" for number in range(integrations)]


def ideal_list(groups: int) -> float:
    """The time to read all pages, the first alone and then so many at once."""
    return LATENCY * (1 + ceil((ceil(groups / PER_PAGE) - 1) / AT_ONCE))


def ideal_storm(requests: int, used: int) -> float:
    """The time until the last of so many requests may be sent.

    A window of the limit passes `LIMIT` requests; of the first, some are used. A request that does
    not fit waits for those of the window before to leave it.
    """
    return MINUTE * ((requests + used - 1) // LIMIT)


def ideal_create(integrations: int) -> float:
    """The time of one request for each, so many at once."""
    return LATENCY * ceil(integrations / AT_ONCE)
