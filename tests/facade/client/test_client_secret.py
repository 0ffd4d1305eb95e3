"""No representation of a client or of an error shows the token."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import respx

from grafana_oncall import OnCallClient, operations
from grafana_oncall.errors import (
    ClientStateError,
    DecodeError,
    Forbidden,
    InvalidArgument,
    LabelError,
    OnCallError,
    RequestTimeout,
    TransportError,
)
from tests.support.clients import KEY, assert_fit_to_hand_on, made, timing_out
from tests.support.samples import API, BASE, GROUP, GROUP_ID, STACK, one_page
from tests.support.secrets_shown import leaks, shows


def test_a_leak_would_be_found() -> None:
    """The search is tried on an error that does show the token."""

    def careless(token: str) -> None:
        raise OnCallError(f"no luck with {token}")

    with pytest.raises(OnCallError) as caught:
        careless(KEY)
    assert leaks(caught.value, KEY) == [
        f"{kind} of OnCallError"
        for kind in (
            "str",
            "repr",
            "traceback",
            "traceback with locals",
            "rich with locals",
            "pickle",
        )
    ]


def test_help_shows_nothing_of_the_environment() -> None:
    """The default of an argument would show all of it."""
    secret = "opensesame-opensesame"
    program = "from grafana_oncall import OnCallClient; help(OnCallClient)"
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SOME_PASSWORD": secret},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "from_env" in shown
    assert secret not in shown


async def test_no_representation_of_a_client_shows_the_token(wire: respx.MockRouter) -> None:
    """New or used; nor does any of its parts."""
    wire.route().respond(json=GROUP)
    async with made(grafana_url=STACK) as client:
        for _ in range(2):
            parts = [client, client.alert_groups, client.integrations, client.alert_groups.list()]
            for part in (*parts, vars(client), vars(client._session)):
                assert not shows(f"{part!r} {part!s}", KEY)
            result = await client.send(operations.get_alert_group(GROUP_ID))
            assert not shows(repr(result), KEY)
    assert repr(client) == f"OnCallClient(url={API!r})"


@pytest.mark.parametrize(
    "duplicate",
    [
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
    ],
)
def test_a_client_cannot_be_pickled_or_copied(duplicate: Callable[[object], object]) -> None:
    """The error says why."""
    with pytest.raises(TypeError, match="secret"):
        duplicate(made())


async def _through(transport: Callable[[httpx.Request], httpx.Response]) -> None:
    async with made(transport=httpx.MockTransport(transport)) as client:
        await client.alert_groups.get(GROUP_ID)


def _careless(request: httpx.Request) -> httpx.Response:
    headers = dict(request.headers)  # as h11 has them while it writes them
    raise httpx.WriteError(f"gone after {len(headers)} headers", request=request)


async def _walk_that_fails_ahead() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        if page == 3:
            raise httpx.ReadError("gone", request=request)
        more = {"count": 9, "next": f"?page={page + 1}", "total_pages": 9}
        return httpx.Response(200, json={**one_page(), **more, "current_page_number": page})

    async with made(transport=httpx.MockTransport(respond)) as client:
        await client.alert_groups.list().collect()


async def _bad_argument() -> None:
    async with made() as client:
        await client.alert_groups.add_label(GROUP_ID, "1", "2")


async def _closed() -> None:
    async with made() as client:
        pass
    await client.alert_groups.get(GROUP_ID)


async def _bad_url() -> None:
    OnCallClient(url="nonsense", token=KEY)


async def _bad_timeout() -> None:
    OnCallClient(url=BASE, token=KEY, timeout=-1)


async def _no_stack() -> None:
    OnCallClient(url=BASE, token=f"glsa_{KEY}")


async def _bad_token() -> None:
    OnCallClient(url=BASE, token=f"Token {KEY}")


async def _bad_url_of_the_environment() -> None:
    OnCallClient.from_env({"GRAFANA_ONCALL_URL": "x", "GRAFANA_ONCALL_ACCESS_TOKEN": KEY})


async def _missing_url_of_the_environment() -> None:
    OnCallClient.from_env({"GRAFANA_ONCALL_ACCESS_TOKEN": KEY})


FAILURES: list[Any] = [
    pytest.param(lambda: _through(timing_out), RequestTimeout, id="timeout"),
    pytest.param(
        lambda: _through(lambda _: httpx.Response(403, json={"detail": "no"})), Forbidden, id="403"
    ),
    pytest.param(
        lambda: _through(lambda _: httpx.Response(200, json={"id": None})),
        DecodeError,
        id="wrong type",
    ),
    pytest.param(
        lambda: _through(lambda _: httpx.Response(200, text="<html>")), DecodeError, id="not JSON"
    ),
    pytest.param(lambda: _through(_careless), TransportError, id="frames below that show it"),
    pytest.param(_walk_that_fails_ahead, TransportError, id="in a walk"),
    pytest.param(_bad_argument, LabelError, id="bad argument"),
    pytest.param(_closed, ClientStateError, id="closed client"),
]
SETTINGS: list[Any] = [
    pytest.param(_bad_timeout, InvalidArgument, id="bad timeout"),
    pytest.param(_bad_url, InvalidArgument, id="bad url"),
    pytest.param(_no_stack, InvalidArgument, id="no stack"),
    pytest.param(_bad_token, InvalidArgument, id="bad token"),
    pytest.param(_bad_url_of_the_environment, InvalidArgument, id="environment, bad url"),
    pytest.param(_missing_url_of_the_environment, InvalidArgument, id="environment, no url"),
]


@pytest.mark.parametrize(("provoke", "kind"), [*FAILURES, *SETTINGS])
async def test_no_representation_of_an_error_shows_the_token(
    provoke: Callable[[], Awaitable[None]], kind: type[OnCallError]
) -> None:
    """Not its text, traceback with local variables, or pickle; nor those of its causes."""
    with pytest.raises(OnCallError) as caught:
        await provoke()
    assert_fit_to_hand_on(caught.value, kind)
