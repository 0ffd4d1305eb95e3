"""Waiting for groups: invalid arguments."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall
from tests.support.waits import SEEN, add, waiting


@SEEN
@pytest.mark.parametrize(
    "given",
    [
        pytest.param(given, id=repr(given))
        for given in ("", "a/b", [""], ["I1", "I 2"], [None], [7], b"I1", None, 7, [["I1"]])
    ],
)
async def test_an_invalid_id_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, seen: str, given: Any
) -> None:
    """The error names the argument; nothing is sent, even if the other ids are valid."""
    with pytest.raises(InvalidArgument) as caught:
        await waiting(oncall)[seen](given, timeout=60)
    assert (caught.value.argument, fake.calls) == ("alert_group_ids", [])


@pytest.mark.parametrize(
    "state", ["", "deleted", "Resolved", None, 1, True, pytest.param(["resolved"], id="a list")]
)
async def test_an_unknown_state_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, state: Any
) -> None:
    """A newer server could have it, but a typo would be waited for in vain."""
    (group,) = add(fake, 1)
    with pytest.raises(InvalidArgument) as caught:
        await oncall.alert_groups.wait_until(group.id, state, timeout=60)
    assert (caught.value.argument, fake.calls) == ("state", [])


@SEEN
@pytest.mark.parametrize("argument", ["timeout", "every"])
@pytest.mark.parametrize(
    "value",
    [0, -1, 0.0, True, False, None, "60", timedelta(0), timedelta(-1), float("nan"), float("inf")],
    ids=repr,
)
@pytest.mark.parametrize("given", ["I1", pytest.param([], id="nothing to wait for")])
async def test_an_invalid_duration_is_refused(  # noqa: PLR0917  # fixtures
    fake: FakeOnCall, oncall: OnCallClient, seen: str, argument: str, value: Any, given: Any
) -> None:
    """In both waiting functions, also with nothing to wait for."""
    with pytest.raises(InvalidArgument, match=re.escape(f"{argument}=")) as caught:
        await waiting(oncall)[seen](given, **{"timeout": 60, argument: value})
    assert caught.value.argument == argument
    assert fake.calls == []
