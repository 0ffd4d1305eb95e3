"""Requests to the fake in one line."""

from __future__ import annotations

import json
from typing import Any

from grafana_oncall.testing import FakeOnCall, FakeRequest, FakeResponse

NOTHING: Any = object()


def ask(
    fake: FakeOnCall,
    method: str,
    path: str,
    body: Any = NOTHING,
    *,
    query: str = "",
    token: str | None = None,
    headers: dict[str, str] | None = None,
    raw: bytes | None = None,
) -> FakeResponse:
    """Send a request to `/api/v1/<path>`: `body` as JSON, or `raw` as it is."""
    sent = {"Authorization": fake.token if token is None else token}
    content = b"" if body is NOTHING else json.dumps(body).encode()
    if body is not NOTHING:
        sent["Content-Type"] = "application/json"
    return fake.handle(
        FakeRequest(
            method,
            f"/api/v1/{path}",
            query,
            {**sent, **(headers or {})},
            content if raw is None else raw,
        )
    )


def ids(response: FakeResponse) -> list[str]:
    """The ids on a page."""
    return [item["id"] for item in response.json()["results"]]
