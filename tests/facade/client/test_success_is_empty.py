"""An unexpected body is not a success: another server has responded, perhaps with a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import DecodeError, OutcomeUnknown
from tests.support.clients import made

WRITES: dict[str, tuple[int, Callable[[OnCallClient], Awaitable[object]]]] = {
    "acknowledge": (200, lambda client: client.alert_groups.acknowledge("I1")),
    "unacknowledge": (200, lambda client: client.alert_groups.unacknowledge("I1")),
    "resolve": (200, lambda client: client.alert_groups.resolve("I1")),
    "unresolve": (200, lambda client: client.alert_groups.unresolve("I1")),
    "silence": (200, lambda client: client.alert_groups.silence("I1", 60)),
    "unsilence": (200, lambda client: client.alert_groups.unsilence("I1")),
    "wipe": (204, lambda client: client.alert_groups.delete("I1")),
    "delete": (204, lambda client: client.alert_groups.delete("I1", mode="delete")),
    "remove_label": (204, lambda client: client.alert_groups.remove_label("I1", "a", "b")),
    "delete an integration": (204, lambda client: client.integrations.delete("C1")),
}
"""The status of success, and the call."""

every_write = pytest.mark.parametrize("name", WRITES)
bodies = pytest.mark.parametrize(
    "body",
    [
        {"error": "upstream down"},
        {"detail": "Can't acknowledge a resolved alert group"},
        {},
        "Ok.",
        [],
    ],
    ids=str,
)


class Server:
    """Return the responses of a script, and after the end its last one."""

    def __init__(self, *responses: httpx.Response) -> None:
        self.responses = [*responses]
        self.seen = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        """Return the next response, whatever the request."""
        self.seen += 1
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]

    def client(self) -> OnCallClient:
        """A client of this server."""
        return made(transport=httpx.MockTransport(self))


@every_write
@bodies
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_json_is_not_a_success(name: str, body: Any, status: int) -> None:
    """The outcome is unknown, and what cannot be retried is sent once."""
    server = Server(httpx.Response(status, json=body))
    async with server.client() as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await WRITES[name][1](client)
    assert isinstance(caught.value.__cause__, DecodeError)
    assert server.seen == (1 if name == "silence" else 5)


@every_write
async def test_a_retry_may_show_the_outcome(name: str) -> None:
    """Where the write may be retried."""
    status, call = WRITES[name]
    if name == "silence":
        return
    server = Server(httpx.Response(200, json={"error": "upstream down"}), httpx.Response(status))
    async with server.client() as client:
        await call(client)
    assert server.seen == 2


@every_write
async def test_an_empty_response_is_a_success(name: str) -> None:
    """With the one success status of the operation."""
    status, call = WRITES[name]
    server = Server(httpx.Response(status))
    async with server.client() as client:
        await call(client)
    assert server.seen == 1
