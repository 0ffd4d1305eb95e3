"""Which request meets which fault: the list behind `fake.faults`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, frozen

from ._answers import FakeRequest, FakeResponse
from ._checks import CALLABLE, COUNT, DURATION, Check
from ._clock import Clock
from ._fault import Fault, reset, spoil
from ._routes import operation_name

Choice = Callable[[FakeRequest, str | None], Fault | None]
_LONGEST_URL = 65_535  # bytes; for a longer one the real server (uWSGI) resets
_FAULT = Check("a fault, such as status(503) or reset(),", Fault)


@frozen
class Hit:
    """A fault that befalls a request, and for how long it has been there."""

    fault: Fault
    age: timedelta = timedelta(0)

    def spoil(self, answer: FakeResponse | None) -> FakeResponse | None:
        """What the client gets to see of the real answer."""
        return spoil(self.fault, answer, self.age)


@define(kw_only=True)
class _Script:
    """A fault with its limits."""

    fault: Fault
    operation: str | None
    left: int | None
    since: datetime
    until: datetime | None

    def is_over(self, now: datetime) -> bool:
        return self.left == 0 or (self.until is not None and self.until <= now)

    def hit(self, _request: FakeRequest, operation: str | None, now: datetime) -> Hit | None:
        if self.operation not in {None, operation}:
            return None
        if self.left is not None:
            self.left -= 1
        return Hit(self.fault, now - self.since)


@frozen
class _Chooser:
    """A callable that decides for each request."""

    choice: Choice

    def is_over(self, _now: datetime) -> bool:
        return False

    def hit(self, request: FakeRequest, operation: str | None, _now: datetime) -> Hit | None:
        fault = self.choice(request, operation)
        _FAULT.or_none(choice=fault)
        return None if fault is None else Hit(fault)


class Faults:
    """The faults that requests to a fake will meet, in the order in which they were added.

    The first that applies is used, and only it is used up.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[_Script | _Chooser] = []

    def add(
        self,
        fault: Fault,
        *,
        operation: str | None = None,
        times: int | None = None,
        lasting: timedelta | None = None,
    ) -> None:
        """Let requests meet this fault.

        Args:
            fault: What goes wrong.
            operation: Only these requests, one of `OPERATION_NAMES` or in short, as `calls` takes
                it; `None` is any request, to an unknown path too.
            times: So many of them; once when neither this nor `lasting` is given.
            lasting: For so long from now on, by the fake's clock; a `throttle` knows how long.
        """
        _FAULT(fault=fault)
        COUNT.or_none(times=times)
        DURATION.or_none(lasting=lasting)
        lasting = lasting or fault.lasting
        now = self._clock()
        self._entries.append(
            _Script(
                fault=fault,
                operation=None if operation is None else operation_name(operation),
                left=times or (1 if lasting is None else None),
                since=now,
                until=None if lasting is None else now + lasting,
            )
        )

    def choose(self, choice: Choice) -> None:
        """Ask this for each request that no earlier fault befalls, until `clear`.

        It gets the request and the name of its operation (`None` for an unknown path or method),
        and answers a fault or `None`.
        """
        CALLABLE(choice=choice)
        self._entries.append(_Chooser(choice))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._entries.clear()

    def take(self, request: FakeRequest, operation: str | None) -> Hit | None:
        """The fault that this request meets, which is used up once; a URL too long has its own."""
        if len(request.path) + len(request.query) > _LONGEST_URL:
            return Hit(reset())
        now = self._clock()
        self._entries = [entry for entry in self._entries if not entry.is_over(now)]
        hits = (entry.hit(request, operation, now) for entry in self._entries)
        return next((hit for hit in hits if hit is not None), None)
