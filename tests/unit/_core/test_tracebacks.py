"""What a traceback shows of a function that users call."""

from __future__ import annotations

import inspect
import logging
import os
import traceback
from types import FunctionType

import attrs
import pytest

from grafana_oncall._core.tracebacks import ShortTracebacks, short_traceback
from grafana_oncall.errors import InvalidArgument, OnCallError


class Service(ShortTracebacks):
    """A class of the SDK with each kind of method."""

    __module__ = "grafana_oncall.service"

    def __init__(self, token: str = "") -> None:
        if token:
            fail(OnCallError)

    def call(self, error: type[Exception], *_secrets: str) -> None:
        """Raise an error."""
        fail(error)

    async def call_async(self, error: type[Exception], *_secrets: str) -> None:
        """Raise an error."""
        fail(error)

    @classmethod
    def made(cls, error: type[Exception]) -> None:
        """Raise an error."""
        fail(error)

    def _private(self) -> None:
        """Only called by other methods."""


def refuse() -> None:
    """Raise an error of another library."""
    os.stat("the cause", dir_fd=-1)


def _fail(error: type[Exception]) -> None:
    """Raise an error, from another one."""
    try:
        refuse()
    except OSError as cause:
        raise error("no") from cause


fail = FunctionType(_fail.__code__, {**globals(), "__name__": "grafana_oncall.service"}, "fail")
"""As if a module of the SDK had it."""


def lines(error: BaseException) -> list[str]:
    """The functions that its traceback names."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_an_error_of_the_sdk_has_the_lines_of_the_caller_alone() -> None:
    """Those of functions, class methods and constructors; its cause keeps its own."""
    for call in (
        lambda: Service().call(OnCallError),
        lambda: Service.made(OnCallError),
        lambda: Service("token"),
    ):
        with pytest.raises(OnCallError) as caught:
            call()
        assert {*lines(caught.value)} <= {
            "<lambda>",
            "test_an_error_of_the_sdk_has_the_lines_of_the_caller_alone",
        }
        assert isinstance(caught.value.__cause__, OSError)
        assert lines(caught.value.__cause__) == ["refuse"]


class Own(Service):
    """A subclass in a user's program."""

    async def call_twice(self, error: type[Exception]) -> None:
        """Do more than the SDK does."""
        await self.call_async(error)


async def test_a_subclass_of_a_user_keeps_the_lines_of_its_own_methods() -> None:
    """They say which of its calls failed."""
    with pytest.raises(OnCallError) as caught:
        await Own().call_twice(OnCallError)
    assert lines(caught.value) == [
        "test_a_subclass_of_a_user_keeps_the_lines_of_its_own_methods",
        "call_twice",
    ]


async def test_an_error_of_another_kind_keeps_its_lines() -> None:
    """Since it may be a fault of the SDK; only those of the decorator are not there."""
    with pytest.raises(ZeroDivisionError) as caught:
        Service().call(ZeroDivisionError)
    assert lines(caught.value)[1:] == ["call", "_fail"]
    with pytest.raises(ZeroDivisionError) as caught:
        await Service().call_async(ZeroDivisionError)
    assert lines(caught.value)[1:] == ["call_async", "_fail"]


async def test_no_argument_is_shown_by_the_decorator(caplog: pytest.LogCaptureFixture) -> None:
    """Also where a traceback has all lines, with their local variables."""
    caplog.set_level(logging.DEBUG, logger="grafana_oncall")
    with pytest.raises(OnCallError) as caught:
        await Service().call_async(OnCallError)
    assert lines(caught.value)[1:] == ["call_async", "_fail"]
    frame = caught.value.__traceback__
    while frame is not None:
        assert "kwargs" not in frame.tb_frame.f_locals
        frame = frame.tb_next


def test_a_decorated_function_looks_like_itself() -> None:
    """To `help`, to editors, and to frameworks that ask whether to await it."""
    assert inspect.iscoroutinefunction(Service.call_async)
    assert not inspect.iscoroutinefunction(Service.call)
    assert (
        str(inspect.signature(Service.call))
        == "(self, error: 'type[Exception]', *_secrets: 'str') -> 'None'"
    )
    assert Service.call.__qualname__ == "Service.call"


def test_private_methods_are_left_alone() -> None:
    """They are called by public ones."""
    assert not hasattr(Service._private, "__wrapped__")


def test_each_function_is_decorated_once() -> None:
    """Although attrs makes a class with slots a second time."""

    @attrs.frozen
    class Value(ShortTracebacks):
        """A value."""

        __module__ = "grafana_oncall.value"

        def double(self) -> None:
            """Raise an error."""
            raise InvalidArgument("no", argument="x")

    decorated = Value.double.__wrapped__  # type: ignore[attr-defined]  # what the decorator sets
    assert not hasattr(decorated, "__wrapped__")
    assert not hasattr(Value(), "__dict__")


def test_a_function_can_be_decorated_by_itself() -> None:
    """Outside of a class."""
    with pytest.raises(OnCallError) as caught:
        short_traceback(fail)(OnCallError)
    assert lines(caught.value) == ["test_a_function_can_be_decorated_by_itself"]
