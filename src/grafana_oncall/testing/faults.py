"""Faults: their kinds, what each does to a response, and which requests they affect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Any, Literal

import attrs

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._server.arguments import CALLABLE, COUNT, DURATION, Check
from grafana_oncall.testing._server.dispatch import operation_name
from grafana_oncall.testing._server.rate_limit import throttled
from grafana_oncall.testing._server.responses import (
    FakeRequest,
    FakeResponse,
    html_response,
    json_response,
)

from .clock import Clock

Kind = Literal["reset", "refuse", "status", "throttle", "truncate", "html", "hang"]
_BODILESS = {204, 304}
_STATUS = Check("a status from 200 to 599", int, lambda code: 200 <= code <= 599)
_ERROR = Check("a status from 400 to 599", int, lambda code: 400 <= code <= 599)
_SECONDS = Check("a whole number of seconds, one at least,", int, lambda number: number >= 1)


@attrs.frozen(kw_only=True)
class Fault(DocumentedFields):
    """Something that goes wrong with a request. Made by `reset`, `status`, `hang` …."""

    kind: Kind
    """What goes wrong."""
    applied: bool
    """Whether the server processes the request."""
    response: FakeResponse | None = None
    """The response of `status` and `html`, whatever the request."""
    lasting: timedelta | None = None
    """How long it lasts by default; only that of `throttle` does."""


def reset(*, applied: bool = False) -> Fault:
    """Reset the connection without a response, before or after the request is applied."""
    return Fault(kind="reset", applied=applied)


def refuse() -> Fault:
    """Refuse the connection.

    On a socket, the request must be read to find its faults. So there the connection is closed in
    an orderly way, without a response and before the request is applied.
    """
    return Fault(kind="refuse", applied=False)


def status(code: int, *, applied: bool = False, headers: Mapping[str, str] | None = None) -> Fault:
    """Respond with this status and a proxy's page; `applied` as if the proxy had timed out."""
    _STATUS(code=code)
    page = _proxy_page(code)
    response = attrs.evolve(page, headers={**page.headers, **(headers or {})})
    return Fault(kind="status", applied=applied, response=response)


def error(code: int, body: Any) -> Fault:
    """Refuse with this JSON body, whatever its shape."""
    _ERROR(code=code)
    return Fault(kind="status", applied=False, response=json_response(code, body))


def throttle(seconds: int) -> Fault:
    """Respond 429 for so many seconds of the fake's clock, unless `add` limits it otherwise.

    `Retry-After` and `RateLimit-Reset` count down from the moment it was added.
    """
    _SECONDS(seconds=seconds)
    return Fault(kind="throttle", applied=False, lasting=timedelta(seconds=seconds))


def truncate() -> Fault:
    """Apply the request, but close the connection before the body is complete.

    A response without a body (204) does not arrive at all.
    """
    return Fault(kind="truncate", applied=True)


def html(*, applied: bool = False) -> Fault:
    """Respond 200 with a proxy's login page."""
    page = html_response(200, "Sign in", "Please sign in to continue.")
    return Fault(kind="html", applied=applied, response=page)


def hang(*, applied: bool = False) -> Fault:
    """Send no response, until the client's read timeout."""
    return Fault(kind="hang", applied=applied)


def apply_fault(fault: Fault, response: FakeResponse | None, age: timedelta) -> FakeResponse | None:
    """Return what the client receives instead of the real response, or `None` for nothing.

    Args:
        fault: What goes wrong.
        response: The real response; `None` if the request was not applied.
        age: Time since the fault was added.
    """
    if fault.lasting is not None:
        return throttled(max(1, ceil((fault.lasting - age).total_seconds())))
    if fault.kind == "truncate" and response is not None:
        return _cut(response)
    return fault.response


def _proxy_page(code: int) -> FakeResponse:
    if code in _BODILESS:
        return FakeResponse(code)
    is_known = code in {known.value for known in HTTPStatus}
    return html_response(code, f"{code} {HTTPStatus(code).phrase}" if is_known else str(code))


def _cut(response: FakeResponse) -> FakeResponse | None:
    if response.status in _BODILESS:
        return None
    length = {"Content-Length": str(len(response.body) or 1)}
    return attrs.evolve(
        response,
        headers={**response.headers, **length},
        body=response.body[: len(response.body) // 2],
    )


Choice = Callable[[FakeRequest, str | None], Fault | None]
_LONGEST_URL = 65_535  # bytes; for a longer one the real server (uWSGI) resets
_FAULT = Check("a fault, such as status(503) or reset(),", Fault)


@attrs.frozen
class MatchedFault:
    """A fault that affects a request, and the time since it was added."""

    fault: Fault
    """What goes wrong."""
    age: timedelta = timedelta(0)
    """Time since it was added."""

    def apply(self, response: FakeResponse | None) -> FakeResponse | None:
        """Return what the client receives instead of the real response."""
        return apply_fault(self.fault, response, self.age)


@attrs.define(kw_only=True)
class _ScheduledFault:
    """A fault, and the limits of where and how often it occurs."""

    fault: Fault
    operation: str | None
    left: int | None
    since: datetime
    until: datetime | None

    def is_over(self, now: datetime) -> bool:
        return self.left == 0 or (self.until is not None and self.until <= now)

    def match(
        self, _request: FakeRequest, operation: str | None, now: datetime
    ) -> MatchedFault | None:
        if self.operation not in {None, operation}:
            return None
        if self.left is not None:
            self.left -= 1
        return MatchedFault(self.fault, now - self.since)


@attrs.frozen
class _Chooser:
    """A function that chooses a fault for each request."""

    choice: Choice

    def is_over(self, _now: datetime) -> bool:
        return False

    def match(
        self, request: FakeRequest, operation: str | None, _now: datetime
    ) -> MatchedFault | None:
        fault = self.choice(request, operation)
        _FAULT.or_none(choice=fault)
        return None if fault is None else MatchedFault(fault)


class Faults:
    """The faults that requests to a fake will meet, in the order in which they were added.

    Only the first that matches a request affects it, and is used up.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[_ScheduledFault | _Chooser] = []

    @explain_keywords
    def add(
        self,
        fault: Fault,
        *,
        operation: str | None = None,
        times: int | None = None,
        lasting: timedelta | None = None,
    ) -> None:
        """Add a fault.

        Args:
            fault: What goes wrong.
            operation: Affect only this operation, by its full or short name as in `calls`; `None`
                is any request, also to an unknown path.
            times: How many requests; one if neither this nor `lasting` is given.
            lasting: How long from now, by the fake's clock; a `throttle` has a time of its own.
        """
        _FAULT(fault=fault)
        COUNT.or_none(times=times)
        DURATION.or_none(lasting=lasting)
        lasting = lasting or fault.lasting
        now = self._clock()
        self._entries.append(
            _ScheduledFault(
                fault=fault,
                operation=None if operation is None else operation_name(operation),
                left=times or (1 if lasting is None else None),
                since=now,
                until=None if lasting is None else now + lasting,
            )
        )

    def choose(self, choice: Choice) -> None:
        """Call a function for each request that no earlier fault matches, until `clear`.

        It gets the request and the name of its operation (`None` for an unknown path or method),
        and returns a fault or `None`.
        """
        CALLABLE(choice=choice)
        self._entries.append(_Chooser(choice))

    def clear(self) -> None:
        """Remove all faults."""
        self._entries.clear()

    def take(self, request: FakeRequest, operation: str | None) -> MatchedFault | None:
        """Return the fault for this request, and use it up; a URL that is too long has its own."""
        if len(request.path) + len(request.query) > _LONGEST_URL:
            return MatchedFault(reset())
        now = self._clock()
        self._entries = [entry for entry in self._entries if not entry.is_over(now)]
        matches = (entry.match(request, operation, now) for entry in self._entries)
        return next((match for match in matches if match is not None), None)
