"""Bots: what can be registered, and which settings are accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Created, Gap, Snapshot, Watched
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.models import AlertGroup
from tests.support.bots import Make, maker, run_for

make = pytest.fixture(maker)


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param((), id="none"),
        pytest.param(("Created",), id="a name"),
        pytest.param((None,), id="None"),
        pytest.param((Snapshot,), id="a class that is no change"),
        pytest.param((AlertGroup,), id="a model"),
        pytest.param((Created, object), id="one good, one bad"),
        pytest.param((Watched,), id="a union"),
    ],
)
def test_what_is_not_a_kind_of_change_is_refused(make: Make, kinds: Any) -> None:
    """At the registration, not when a change arrives."""
    with pytest.raises(InvalidArgument) as caught:
        make().on(*kinds)
    assert caught.value.argument == "kinds"


@pytest.mark.parametrize(
    "handler", [None, print, "notice", pytest.param(lambda _: None, id="a lambda")]
)
def test_what_is_not_an_async_function_is_not_a_handler(make: Make, handler: Any) -> None:
    """A plain function would block every other handler."""
    with pytest.raises(InvalidArgument) as caught:
        make().on(Created)(handler)
    assert caught.value.argument == "handler"


async def _notice(change: Watched) -> None:
    """Do nothing."""


def test_the_decorator_returns_the_handler_unchanged(make: Make) -> None:
    """It can be called directly, and registered a second time."""
    bot = make()
    assert bot.on(Created)(_notice) is bot.on(Gap, Change)(_notice) is _notice


class _Notice:
    """An object that is called like an async function."""

    async def __call__(self, change: Watched) -> None:
        """Do nothing."""


def test_an_object_that_is_called_like_an_async_function_is_a_handler(make: Make) -> None:
    """It may have a state of its own."""
    notice = _Notice()
    assert make().on(Created)(notice) is notice


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(pytest.param("max_at_once", value, id=f"max_at_once={value}") for value in (0, -1, 1.5)),
        pytest.param("max_at_once", True, id="max_at_once=True"),
        pytest.param("retry", 3, id="retry=3"),
        pytest.param("retry", None, id="retry=None"),
        pytest.param("watcher", "SRE", id="watcher=SRE"),
    ],
)
def test_invalid_settings_are_refused(make: Make, argument: str, value: Any) -> None:
    """The error names the setting."""
    given: dict[str, Any] = {"watcher": make()._watcher, argument: value}
    with pytest.raises(InvalidArgument) as caught:
        Bot(given.pop("watcher"), **given)
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    "grace", [0, -1, True, "30", pytest.param(timedelta(0), id="no timedelta"), float("nan")]
)
async def test_an_invalid_grace_is_refused(make: Make, grace: Any) -> None:
    """Nothing is sent, and the bot can still run."""
    bot = make()
    with pytest.raises(InvalidArgument) as caught:
        await bot.run(grace=grace, signals=())
    assert caught.value.argument == "grace"
    await run_for(bot, 1)
