"""Functions that users pass: async ones only where their coroutine is awaited."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from grafana_oncall.bot import Bot
from grafana_oncall.bulk.options import Settings
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.webhooks import Router
from tests.support.clients import made


def plain(*_: object) -> None:
    """Do nothing."""


async def awaited(*_: object) -> None:
    """Do nothing, later."""


class Awaited:
    """Its objects are called like an async function, the class like a plain one."""

    async def __call__(self, *_: object) -> None:
        """Do nothing, later."""


def watcher(**options: Any) -> Any:
    """A watcher of a client."""
    return made().alert_groups.watch(**options)


USES: dict[str, Callable[..., object]] = {
    "on_event": made,
    "random": made,
    "clock": watcher,
    "on_progress": Settings,
    "random of a bot": lambda random: Bot(watcher(), random=random),
    "on_dead_letter": lambda **options: Bot(watcher(), **options),
    "on_error": lambda **options: Router(secret="s", **options),
}
EITHER = {"on_error"}
ASYNC = {"on_dead_letter"} | EITHER
PLAIN = (USES.keys() - ASYNC) | EITHER

ASYNC_VALUES = [awaited, partial(awaited, 1), Awaited()]
PLAIN_VALUES = [plain, partial(plain, 1), print, Awaited]


def given(use: str, value: object) -> None:
    """Pass the value as the argument."""
    USES[use](**{use.partition(" ")[0]: value})


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("value", ["print", 5])
def test_what_cannot_be_called_is_refused(use: str, value: object) -> None:
    """When it is passed, not at the first call."""
    with pytest.raises(InvalidArgument, match="function is needed") as refused:
        given(use, value)
    assert refused.value.argument == use.partition(" ")[0]


@pytest.mark.parametrize("use", sorted(USES.keys() - ASYNC))
@pytest.mark.parametrize("value", ASYNC_VALUES, ids=["function", "partial", "object"])
def test_an_async_function_is_refused_where_it_would_not_be_awaited(
    use: str, value: object
) -> None:
    """It would be called, but would do nothing."""
    with pytest.raises(InvalidArgument, match="that is not async is needed") as refused:
        given(use, value)
    assert refused.value.argument == use.partition(" ")[0]


@pytest.mark.parametrize("use", sorted(ASYNC - EITHER))
@pytest.mark.parametrize("value", PLAIN_VALUES, ids=["function", "partial", "builtin", "class"])
def test_a_plain_function_is_refused_where_its_result_is_awaited(use: str, value: object) -> None:
    """It would run, and then be logged as failed."""
    with pytest.raises(InvalidArgument, match="an async function is needed") as refused:
        given(use, value)
    assert refused.value.argument == use


@pytest.mark.parametrize(
    ("use", "value"),
    [
        *((use, value) for use in sorted(ASYNC) for value in ASYNC_VALUES),
        *((use, value) for use in sorted(PLAIN) for value in PLAIN_VALUES),
    ],
)
def test_a_function_of_the_right_kind_is_accepted(use: str, value: object) -> None:
    """Functions, partials, objects and classes."""
    given(use, value)
