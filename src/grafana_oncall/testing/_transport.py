"""The door for httpx in the same process: no socket, no server."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from grafana_oncall.testing._answers import FakeRequest, FakeResponse


def mock_transport(handle: Callable[[FakeRequest], FakeResponse]) -> httpx.MockTransport:
    """An httpx transport, for `AsyncClient` and `Client` alike."""

    def answer(request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.partition(b"?")
        response = handle(
            FakeRequest(
                method=request.method,
                path=path.decode("ascii"),
                query=query,
                headers=request.headers,
                body=request.content,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, content=response.body or None
        )

    return httpx.MockTransport(answer)
