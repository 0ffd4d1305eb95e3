"""Servers and proxies that repeat the token: no result or error shows it."""

from __future__ import annotations

import asyncio
import gzip
import html
import json
import logging
import pickle
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from grafana_oncall import OnCallClient, operations
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.errors import FilterIgnored, OnCallError
from tests.support.clients import KEY, made
from tests.support.listing import settle
from tests.support.samples import GROUP, GROUP_ID, one_page
from tests.support.secrets_shown import leaks, shows

ONCE = RetryPolicy(max_attempts=1, deadline=0)

CLIENTS = ("httpx", "httpx2", "aiohttp", "a client of the user's")


@asynccontextmanager
async def client_of(response: bytes, name: str, **settings: Any) -> AsyncGenerator[OnCallClient]:
    """A client whose every request gets these bytes as its response."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        await reader.readexactly(sum(lengths))
        writer.write(response)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    options: dict[str, Any] = {"url": f"http://{host}:{port}", "retry": ONCE, **settings}
    try:
        async with httpx.AsyncClient() as http:
            own = {"http_client": http} if name.startswith("a ") else {"transport": name}
            async with made(**options, **own) as client:
                yield client
    finally:
        server.close()
        await settle()


def raw_response(status: str, content: bytes, *lines: str) -> bytes:
    """A complete response."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *lines, "", ""]
    return "\r\n".join(head).encode() + content


def as_json(text: str) -> str:
    """Every letter escaped."""
    return "".join(f"\\u{ord(character):04x}" for character in text)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "HTML": html.escape,
    "HTML, every letter": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(character):X};" for character in text),
    "JSON, every letter": as_json,
    "JSON, upper case": lambda text: as_json(text).upper().replace("\\U", "\\u"),
    "URL": quote,
    "URL, every letter": lambda text: "".join(f"%{ord(character):02x}" for character in text),
    "bytes": lambda text: repr(text.encode()),
}


def refusals(echo: str) -> dict[str, bytes]:
    """Invalid responses, each of which repeats the token."""
    page = f"<html><body>Sent: Authorization: {echo}</body></html>".encode()
    bad = json.dumps({"detail": "Invalid token. Got ECHO"}).replace("ECHO", echo).encode()
    odd = json.dumps({**GROUP, "state": ["ECHO"]}).replace("ECHO", echo).encode()
    return {
        "403": raw_response("403 Forbidden", bad),
        "403 of a field": raw_response("400 Bad Request", b'{"%s": ["no"]}' % echo.encode()),
        "502 of HTML": raw_response("502 Bad Gateway", page),
        "401 in gzip": raw_response(
            "401 Unauthorized", gzip.compress(page), "Content-Encoding: gzip"
        ),
        "200 of HTML": raw_response("200 OK", page),
        "200 of another shape": raw_response("200 OK", odd),
        "200 of HTML after a blank": raw_response("200 OK", b"\n " + page),
        "a header": raw_response("403 Forbidden", b"{}", f"X-Sent: {echo}"),
        "a redirect": raw_response("302 Found", b"", f"Location: /login/{echo}?t={echo}"),
        "no known encoding": raw_response("200 OK", page, "Content-Encoding: br"),
        "no gzip": raw_response("200 OK", page, "Content-Encoding: gzip"),
        "cut short": raw_response("200 OK", page)[:-1],
    }


async def failure(call: Awaitable[object]) -> BaseException | None:
    """The error that a call ends with, if any."""
    (result,) = await asyncio.gather(call, return_exceptions=True)
    return result if isinstance(result, BaseException) else None


ECHOES = [
    *((what, "plain", name) for what in refusals("") for name in CLIENTS),
    *((what, spelling, "httpx") for spelling in SPELLINGS for what in ("403", "200 of HTML")),
    ("200 of another shape", "JSON, every letter", "httpx"),
    ("a header", "URL, every letter", "httpx"),
    ("a redirect", "URL, every letter", "httpx"),
]


@pytest.mark.parametrize(("what", "spelling", "name"), ECHOES)
async def test_a_refusal_that_repeats_the_token_shows_it_nowhere(
    what: str, spelling: str, name: str
) -> None:
    """Not in its message, attributes, local variables, or pickle."""
    async with client_of(refusals(SPELLINGS[spelling](KEY))[what], name) as client:
        error = await failure(client.alert_groups.get(GROUP_ID))
    assert isinstance(error, OnCallError)
    assert leaks(error, KEY) == []


@pytest.mark.parametrize("what", ["403", "200 of HTML", "cut short"])
async def test_a_write_whose_response_repeats_the_token_shows_it_nowhere(what: str) -> None:
    """Its outcome may be unknown; then another error is the cause."""
    async with client_of(refusals(KEY)[what], "httpx") as client:
        error = await failure(client.alert_groups.silence(GROUP_ID, 60))
    assert isinstance(error, OnCallError)
    assert leaks(error, KEY) == []


BROKEN = {
    "a header without a colon": b"HTTP/1.1 200 OK\r\nauthorization %s\r\n\r\n",
    "a header with a blank": b"HTTP/1.1 200 OK\r\nauthorization : %s\r\n\r\n",
    "a status line": b"HTTP/1.1 %s\r\n\r\n",
    "no HTTP at all": b"Bearer %s\r\n\r\n",
    "the size of a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
    "a transfer encoding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
    "a content length": b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
    "two content lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: %s\r\n\r\n",
}


@pytest.mark.parametrize("name", CLIENTS[:2])
@pytest.mark.parametrize("what", BROKEN)
async def test_a_response_that_breaks_the_protocol_with_the_token_shows_it_nowhere(
    what: str, name: str
) -> None:
    """The HTTP libraries quote it in their errors."""
    async with client_of(BROKEN[what] % KEY.encode(), name) as client:
        with pytest.raises(OnCallError) as caught:
            await client.alert_groups.get(GROUP_ID)
    assert leaks(caught.value, KEY) == []


def _page_of(**members: str) -> bytes:
    text = json.dumps(one_page({**GROUP, **members}))
    return raw_response(
        "200 OK", text.replace("ECHO", KEY).replace("ESCAPED", as_json(KEY)).encode()
    )


@pytest.mark.parametrize("title", ["ECHO", "ESCAPED"])
async def test_a_good_response_that_repeats_the_token_does_not_pass_it_on(title: str) -> None:
    """Later code may fail with groups among its local variables."""
    async with client_of(_page_of(title=title), "httpx") as client:
        run = client.alert_groups.bulk.acknowledge(client.alert_groups.list(state="new"))
        with pytest.raises(FilterIgnored) as caught:
            await run
        (group,) = await client.alert_groups.list().collect()
        assert group.title == "(token)"
    assert leaks(caught.value, KEY) == []


async def test_a_good_response_whose_headers_repeat_the_token_can_be_passed_on() -> None:
    """To a log, to a cache, to another process."""
    echo = raw_response(
        "200 OK", json.dumps(GROUP).encode(), f"X-Sent: {KEY}", "X-Sent: no", "X-Two: a"
    )
    async with client_of(echo, "httpx") as client:
        response = (await client.send(operations.get_alert_group(GROUP_ID))).response
    assert response.headers["x-sent"] == "(token), no"
    assert response.headers["X-Two"] == "a"
    assert not shows(repr(pickle.dumps(response)), KEY)


class LeakyTransport(httpx.AsyncBaseTransport):
    """A user's transport, whose errors quote the token."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raise an error that quotes the token everywhere."""
        token = request.headers["authorization"]
        error = httpx.ReadError(f"gone, with {SPELLINGS['bytes'](token)}")
        error.add_note(f"it had {token}")
        raise error from ValueError(f"no {token}")


async def test_the_errors_of_a_transport_that_quotes_the_token_are_redacted() -> None:
    """So are their causes."""
    async with made(transport=LeakyTransport(), retry=ONCE) as client:
        with pytest.raises(OnCallError, match="gone, with b'\\(token\\)'") as caught:
            await client.alert_groups.get(GROUP_ID)
    assert leaks(caught.value, KEY) == []


async def test_the_log_has_no_token_when_a_response_repeats_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The SDK's log, at its lowest level."""
    caplog.set_level(logging.DEBUG, "grafana_oncall")
    for response in refusals(KEY).values():
        async with client_of(response, "httpx") as client:
            await failure(client.alert_groups.get(GROUP_ID))
            await failure(client.alert_groups.acknowledge(GROUP_ID))
    assert caplog.records
    assert not shows(caplog.text, KEY)
