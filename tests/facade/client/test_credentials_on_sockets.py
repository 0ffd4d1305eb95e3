"""A token that a function returns goes out over each library, and none of them shows it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from grafana_oncall.errors import OnCallError, Unauthorized
from tests.support.clients import KEY, made
from tests.support.samples import GROUP_ID
from tests.support.secrets_shown import leaks
from tests.support.sessions import raw_response, received, serving


@pytest.mark.parametrize("name", ["httpx", "httpx2", "aiohttp", "a client of the user's"])
async def test_each_request_has_the_token_of_its_operation(name: str) -> None:
    """With a body or without, and after a change."""
    heads: list[bytes] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await received(reader))
            token = heads[-1].lower().split(b"authorization: ")[1].split(b"\r\n")[0]
            writer.write(raw_response(b'{"detail":"no %s"}' % token, "401 Unauthorized"))
            await writer.drain()

    tokens = iter(["first", "second", "third"])
    settings: dict[str, Any] = {"token": lambda: next(tokens), "user_token": KEY}
    async with serving(respond) as url, httpx.AsyncClient() as http:
        own = {"http_client": http} if name.startswith("a ") else {"transport": name}
        async with made(url=url, **settings, **own) as client:
            with pytest.raises(Unauthorized):
                await client.integrations.create(type="webhook", name="CI")
            with pytest.raises(OnCallError) as caught:
                await client.alert_groups.silence(GROUP_ID, 60)
    assert caught.value.__traceback__ is not None
    own_frame_left_out = caught.value.with_traceback(caught.value.__traceback__.tb_next)
    assert leaks(own_frame_left_out, KEY) == []
    sent = [head.lower().split(b"authorization: ")[1].split(b"\r\n")[0] for head in heads]
    assert sent == [b"first", b"second", KEY.encode()]
    assert [head.lower().count(b"authorization:") for head in heads] == [1, 1, 1]
    assert all(b"content-type: application/json" in head.lower() for head in heads)
