"""Short tracebacks: an error shows the caller's lines, not how the SDK came to raise it."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction, isfunction
from typing import Any, Final, TypeVar, cast

from grafana_oncall.errors import OnCallError

from .causes import drop_frames, is_ours

_F = TypeVar("_F", bound=Callable[..., Any])

_CLASS_METHOD: Final[Any] = classmethod
"""Of any type, so that checkers do not ask for the type of what a class method returns."""


def short_traceback(function: _F) -> _F:
    """Decorate a function that users call: its errors of the SDK show no line of the SDK.

    Other errors keep their lines. The arguments, which may be secrets, are in no traceback by this.
    """

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            _shorten(error)
            raise

    @wraps(function)
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except BaseException as error:
            _shorten(error)
            raise

    return cast("_F", call_async if iscoroutinefunction(function) else call)


def _shorten(error: BaseException) -> None:
    if error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next  # the line of the decorator
    if isinstance(error, OnCallError):
        drop_frames(error)


class ShortTracebacks:
    """Base of classes whose constructor and public methods have a `short_traceback`.

    Those of a user's subclass do not: the user's own lines are what a traceback is read for.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if is_ours(cls.__module__):
            _shorten_all(cls)


def _shorten_all(cls: type) -> None:
    own: dict[str, Any] = dict(vars(cls))
    for name, value in own.items():
        if name == "__init__" or not name.startswith("_"):
            if isfunction(value):
                setattr(cls, name, _once(value))
            elif isinstance(value, _CLASS_METHOD):
                setattr(cls, name, classmethod(_once(value.__func__)))


def _once(function: _F) -> _F:
    """Decorate a function, unless it is so: attrs makes a class a second time to give it slots."""
    is_short = getattr(function, "__globals__", None) is globals()
    return function if is_short else short_traceback(function)
