"""Clients whose token occurs in no other text, and checks of their errors."""

from __future__ import annotations

import pickle
from typing import Any

import httpx

from grafana_oncall import OnCallClient
from grafana_oncall.errors import OnCallError
from tests.support.samples import BASE
from tests.support.secrets_shown import leaks

KEY = "f00dfeedc0ffee1234567890abad1dea"
"""A token that is in no other text."""


def made(**settings: Any) -> OnCallClient:
    """Return a client with these settings, and valid ones for the rest."""
    given: dict[str, Any] = {"url": BASE, "token": KEY, **settings}
    return OnCallClient(**given)


def timing_out(request: httpx.Request) -> httpx.Response:
    """A transport that never responds."""
    raise httpx.ReadTimeout("too slow", request=request)


def assert_fit_to_hand_on(error: OnCallError, kind: type[OnCallError]) -> None:
    """The error is of this class, hides the token in every view, and survives pickling."""
    assert type(error) is kind
    assert leaks(error, KEY) == []
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # made a moment ago
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
