"""What became of a request: the record of it, which is also what the doors act out."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from attrs import frozen

from grafana_oncall.testing._answers import FakeRequest, FakeResponse
from grafana_oncall.testing._fault import Fault


@frozen(kw_only=True)
class Call:
    """A request that arrived, and what became of it."""

    request: FakeRequest
    operation: str | None
    """The operation's name, `None` when the path or the method means none."""
    response: FakeResponse | None
    """The answer as it was given, a truncated body cut short; `None` where there was none."""
    fault: Fault | None = None
    """What went wrong by intention."""
    applied: bool = True
    """Whether the server saw the request; what it then made of it is another matter."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.method

    @property
    def path(self) -> str:
        """The path as it was sent."""
        return self.request.path

    @property
    def status(self) -> int | None:
        """The status of the answer."""
        return None if self.response is None else self.response.status


class NoAnswer(Exception):
    """A fault left the request without a (whole) answer, and there is no connection to break."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        fault = "" if self.call.fault is None else f" ({self.call.fault.kind})"
        return f"a fault{fault} spoiled the answer to {self.call.method} {self.call.path}"


class Server(Protocol):
    """What the doors need of the fake."""

    latency: timedelta

    def exchange(self, request: FakeRequest) -> Call:
        """Take one request, and say what becomes of it."""
        ...
