"""The record of each request to the fake, which also tells a transport what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import attrs

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall.testing._server.dispatch import operation_name
from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse

from .faults import Fault


@attrs.frozen(kw_only=True)
class Call(DocumentedFields):
    """A request that arrived, and its outcome."""

    request: FakeRequest
    """The request."""
    operation: str | None
    """Name of the operation; `None` if the path or the method has none."""
    response: FakeResponse | None
    """The response as it was sent, a truncated one already cut; `None` if there was none."""
    fault: Fault | None = None
    """The scripted fault, if there was one."""
    applied: bool = True
    """Whether the server processed the request, even if it refused it."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.method

    @property
    def path(self) -> str:
        """The path, as sent."""
        return self.request.path

    @property
    def status(self) -> int | None:
        """The status of the response."""
        return None if self.response is None else self.response.status


class Calls(list[Call]):
    """The calls in order of arrival; calling the list filters it by operation.

    assert not server.calls("resolve")
    assert server.calls("acknowledge")[-1].status == 200
    """

    def __call__(self, operation: str) -> Calls:
        """Return the calls of an operation: `"acknowledge_alert_group"`, or short `"acknowledge"`.

        Raises:
            ValueError: No operation has this name, or several have this short name.
        """
        name = operation_name(operation)
        return Calls(call for call in self if call.operation == name)

    def __repr__(self) -> str:
        return f"[{', '.join(f'{call.method} {call.path}: {_end(call)}' for call in self)}]"


def _end(call: Call) -> str:
    return f"{call.status or 'no response'}{f' ({call.fault.kind})' if call.fault else ''}"


class NoResponse(Exception):
    """A fault left a request without a complete response, and there is no connection to break."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.call = call
        """The call that got no response."""

    def __str__(self) -> str:
        fault = "" if self.call.fault is None else f" ({self.call.fault.kind})"
        return f"a fault{fault} prevented the response to {self.call.method} {self.call.path}"


class Server(Protocol):
    """What transports need of the fake."""

    @property
    def latency(self) -> timedelta:
        """Time from a request to its response."""
        ...

    def exchange(self, request: FakeRequest) -> Call:
        """Process one request, and return its record."""
        ...
