"""What a fault is, the seven kinds, and the answer that each one leaves of the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Any, Literal

import attrs

from grafana_oncall.testing._server.arguments import CALLABLE, COUNT, DURATION, Check
from grafana_oncall.testing._server.dispatch import operation_name
from grafana_oncall.testing._server.rate_limit import throttled
from grafana_oncall.testing._server.responses import (
    FakeRequest,
    FakeResponse,
    answer_json,
    answer_page,
)

from .clock import Clock

Kind = Literal["reset", "refuse", "status", "throttle", "truncate", "html", "hang"]
_BODILESS = {204, 304}
_STATUS = Check("a status from 200 to 599", int, lambda code: 200 <= code <= 599)
_ERROR = Check("a status from 400 to 599", int, lambda code: 400 <= code <= 599)
_SECONDS = Check("a whole number of seconds, one at least,", int, lambda number: number >= 1)


@attrs.frozen(kw_only=True)
class Fault:
    """Something that goes wrong with a request. `reset`, `status`, `hang` … make one."""

    kind: Kind
    applied: bool
    """Whether the server gets to see the request, and does what it asks for."""
    response: FakeResponse | None = None
    """What is answered in any case: the page of `status` and `html`."""
    lasting: timedelta | None = None
    """How long it lasts of itself: only a throttling does."""


def reset(*, applied: bool = False) -> Fault:
    """The connection is reset without an answer, before or after the request was applied."""
    return Fault(kind="reset", applied=applied)


def refuse() -> Fault:
    """The connection is never accepted.

    On a socket a request must be read before it is known, so there the connection is closed in
    an orderly way, without an answer and before the request is applied.
    """
    return Fault(kind="refuse", applied=False)


def status(code: int, *, applied: bool = False, headers: Mapping[str, str] | None = None) -> Fault:
    """A proxy answers with this status and its page; `applied` when it gave up waiting."""
    _STATUS(code=code)
    page = _proxy_page(code)
    response = attrs.evolve(page, headers={**page.headers, **(headers or {})})
    return Fault(kind="status", applied=applied, response=response)


def error(code: int, body: Any) -> Fault:
    """The server refuses with this JSON body, whatever its shape: real ones have seven."""
    _ERROR(code=code)
    return Fault(kind="status", applied=False, response=answer_json(code, body))


def throttle(seconds: int) -> Fault:
    """The server's 429, for so many seconds by its clock unless `add` says otherwise.

    `Retry-After` and `RateLimit-Reset` count down from the moment it was added.
    """
    _SECONDS(seconds=seconds)
    return Fault(kind="throttle", applied=False, lasting=timedelta(seconds=seconds))


def truncate() -> Fault:
    """The request is applied, and the connection closes before the body is complete.

    An answer that never has a body (204) does not arrive at all.
    """
    return Fault(kind="truncate", applied=True)


def html(*, applied: bool = False) -> Fault:
    """A proxy answers 200 with its login page, which is not what was asked for."""
    page = answer_page(200, "Sign in", "Please sign in to continue.")
    return Fault(kind="html", applied=applied, response=page)


def hang(*, applied: bool = False) -> Fault:
    """No answer ever comes: the client's read timeout ends it."""
    return Fault(kind="hang", applied=applied)


def spoil(fault: Fault, answer: FakeResponse | None, age: timedelta) -> FakeResponse | None:
    """What a client gets to see instead of the real answer; `None` when that is nothing.

    `answer` is `None` where the request was not applied; `age` is for how long the fault has been
    there.
    """
    if fault.lasting is not None:
        return throttled(max(1, ceil((fault.lasting - age).total_seconds())))
    if fault.kind == "truncate" and answer is not None:
        return _cut(answer)
    return fault.response


def _proxy_page(code: int) -> FakeResponse:
    if code in _BODILESS:
        return FakeResponse(code)
    known = code in {each.value for each in HTTPStatus}
    return answer_page(code, f"{code} {HTTPStatus(code).phrase}" if known else str(code))


def _cut(answer: FakeResponse) -> FakeResponse | None:
    if answer.status in _BODILESS:
        return None
    length = {"Content-Length": str(len(answer.body) or 1)}
    return attrs.evolve(
        answer, headers={**answer.headers, **length}, body=answer.body[: len(answer.body) // 2]
    )


Choice = Callable[[FakeRequest, str | None], Fault | None]
_LONGEST_URL = 65_535  # bytes; for a longer one the real server (uWSGI) resets
_FAULT = Check("a fault, such as status(503) or reset(),", Fault)


@attrs.frozen
class Hit:
    """A fault that befalls a request, and for how long it has been there."""

    fault: Fault
    age: timedelta = timedelta(0)

    def spoil(self, answer: FakeResponse | None) -> FakeResponse | None:
        """What the client gets to see of the real answer."""
        return spoil(self.fault, answer, self.age)


@attrs.define(kw_only=True)
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


@attrs.frozen
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
