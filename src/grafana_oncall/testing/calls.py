"""What became of a request: the record of it, which is also what the doors act out."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import attrs

from grafana_oncall.testing._server.dispatch import operation_name
from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse

from .faults import Fault


@attrs.frozen(kw_only=True)
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


class Calls(list[Call]):
    """The calls in the order of their arrival: a list that can be asked for those of one kind.

    assert not server.calls("resolve")
    assert server.calls("acknowledge")[-1].status == 200
    """

    def __call__(self, operation: str) -> Calls:
        """Those of one operation, `"acknowledge_alert_group"` or in short `"acknowledge"`.

        `ValueError` for a name that none has, and for a short one that several have.
        """
        name = operation_name(operation)
        return Calls(call for call in self if call.operation == name)

    def __repr__(self) -> str:
        return f"[{', '.join(f'{call.method} {call.path}: {_end(call)}' for call in self)}]"


def _end(call: Call) -> str:
    return f"{call.status or 'no answer'}{f' ({call.fault.kind})' if call.fault else ''}"


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

    @property
    def latency(self) -> timedelta:
        """From a request to its answer."""
        ...

    def exchange(self, request: FakeRequest) -> Call:
        """Take one request, and say what becomes of it."""
        ...
