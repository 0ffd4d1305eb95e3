"""What a fault is, the seven kinds, and the answer that each one leaves of the real one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Any, Literal

from attrs import evolve, frozen

from ._answers import FakeResponse, answer_json, answer_page
from ._checks import Check
from ._quota import throttled

Kind = Literal["reset", "refuse", "status", "throttle", "truncate", "html", "hang"]
_BODILESS = {204, 304}
_STATUS = Check("a status from 200 to 599", int, lambda code: 200 <= code <= 599)
_ERROR = Check("a status from 400 to 599", int, lambda code: 400 <= code <= 599)
_SECONDS = Check("a whole number of seconds, one at least,", int, lambda number: number >= 1)


@frozen(kw_only=True)
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
    response = evolve(page, headers={**page.headers, **(headers or {})})
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
    return evolve(
        answer, headers={**answer.headers, **length}, body=answer.body[: len(answer.body) // 2]
    )
