"""A user's own httpx client may add to a request, and removes nothing from it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grafana_oncall import OnCallClient
from grafana_oncall.errors import BadRequest, InvalidArgument
from tests.contract.calls import CALLS
from tests.contract.sent import Sent
from tests.contract.specification import OPERATIONS
from tests.support import virtual_time
from tests.support.budget import budget

URL = "https://oncall.example/oncall"
TOKEN = "meowmeowmeow"
FIXED = settings(
    max_examples=budget(3, hunt=300),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
EXTRA: dict[str, Any] = {
    "params": [("apikey", "k +&é"), ("via", "a"), ("via", "b")],
    "base_url": "https://elsewhere.example/other/",
    "headers": {"Authorization": "Bearer theirs", "Accept": "text/html", "X-Theirs": "1"},
    "cookies": {"session": "theirs"},
    "auth": ("user", "password"),
}
"""Everything that a client adds to its requests."""


def sent(operation: str, arguments: dict[str, Any], **extra: Any) -> Sent:
    """The one request of a call that the server refuses."""
    requests: list[Sent] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        requests.append(Sent.of(request))
        return httpx.Response(400, json={"detail": "No."})

    async def main() -> None:
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(refuse), **extra) as http,
            OnCallClient(url=URL, token=TOKEN, http_client=http) as client,
        ):
            with suppress(BadRequest):
                await CALLS[operation].send(client, **arguments)

    virtual_time.run(main())
    (request,) = requests
    return request


def pairs(request: Sent) -> list[tuple[str, str]]:
    """The parameters of its query."""
    return parse_qsl(request.query, keep_blank_values=True)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("added", [["params"], [*EXTRA]], ids=["parameters", "everything"])
@FIXED
@given(data=st.data())
def test_every_request_arrives_as_it_was_made(
    operation: str, added: list[str], data: st.DataObject
) -> None:
    """With its whole query: without a filter, the server would return all groups."""
    arguments = data.draw(CALLS[operation].arguments())
    plain = sent(operation, arguments)
    request = sent(operation, arguments, **{name: EXTRA[name] for name in added})
    assert (request.method, request.path, request.body) == (plain.method, plain.path, plain.body)
    assert pairs(request) == [*EXTRA["params"], *pairs(plain)]
    for name in ("authorization", "accept", "content-type", "host"):
        assert request.headers.get(name) == plain.headers.get(name)


class Forgetful(httpx.AsyncClient):
    """Makes requests without a part that was given."""

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        """Replace the query."""
        request = super().build_request(method, url, **options)
        request.url = request.url.copy_with(query=b"label=team%3AOther&apikey=k")
        return request


async def test_a_client_that_removes_a_filter_is_refused() -> None:
    """Before anything is sent."""
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"count": 0, "results": []})

    async with (
        Forgetful(transport=httpx.MockTransport(respond)) as http,
        OnCallClient(url=URL, token=TOKEN, http_client=http) as client,
    ):
        with pytest.raises(InvalidArgument, match="label") as refused:
            await client.alert_groups.list(labels={"team": "SRE"}).count()
    assert refused.value.argument == "http_client"
    assert not seen


async def test_a_parameter_of_the_client_gives_way_to_the_sdks() -> None:
    """The page that the SDK requests is the page that is read."""
    seen: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url.query, "ascii"))
        return httpx.Response(200, json={"count": 7, "results": []})

    async with (
        httpx.AsyncClient(
            transport=httpx.MockTransport(respond), params={"perpage": "50", "a": "b"}
        ) as http,
        OnCallClient(url=URL, token=TOKEN, http_client=http) as client,
    ):
        assert await client.alert_groups.list().count() == 7
    assert seen == ["perpage=1&a=b"]
