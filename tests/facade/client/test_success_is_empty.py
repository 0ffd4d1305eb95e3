"""A body where none is due is no success: somebody else has answered, perhaps that it failed."""

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
    """Answers from a script; its last answer again and again."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = [*answers]
        self.seen = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        """Whatever it is asked."""
        self.seen += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def client(self) -> OnCallClient:
        """One of it."""
        return made(transport=httpx.MockTransport(self))


@every_write
@bodies
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_json_is_no_success(name: str, body: Any, status: int) -> None:
    """It is in doubt, and what cannot be repeated is sent once."""
    server = Server(httpx.Response(status, json=body))
    async with server.client() as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await WRITES[name][1](client)
    assert isinstance(caught.value.__cause__, DecodeError)
    assert server.seen == (1 if name == "silence" else 5)


@every_write
async def test_a_repeat_may_tell(name: str) -> None:
    """That of a write that may be repeated."""
    status, call = WRITES[name]
    if name == "silence":
        return
    server = Server(httpx.Response(200, json={"error": "upstream down"}), httpx.Response(status))
    async with server.client() as client:
        await call(client)
    assert server.seen == 2


@every_write
async def test_an_empty_answer_is_success(name: str) -> None:
    """With the one status of the operation."""
    status, call = WRITES[name]
    server = Server(httpx.Response(status))
    async with server.client() as client:
        await call(client)
    assert server.seen == 1
