"""Objects that say so before they change, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Listener = Callable[[], None]
C = TypeVar("C", bound=type)

_MUTATORS = (
    "__delitem__",
    "__iadd__",
    "__imul__",
    "__ior__",
    "__setitem__",
    "append",
    "clear",
    "extend",
    "insert",
    "pop",
    "popitem",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "update",
)


def nobody() -> None:
    """Nobody listens."""


class Notice:
    """Tells a listener; a copy of it, made with whatever holds it, tells nobody."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def __call__(self) -> None:
        self._listener()

    def __reduce__(self) -> tuple[Callable[[], Listener], tuple[()]]:
        return _tell_nobody, ()


def _tell_nobody() -> Listener:
    return nobody


def watched(cls: C) -> C:
    """A subclass of list or dict whose `before_change()` is called before each change.

    `super().append(...)` and the like stay silent.
    """
    for name in _MUTATORS:
        if hasattr(cls, name):
            setattr(cls, name, _announced(getattr(cls, name)))
    return cls


def _announced(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def announce(self: Any, *args: Any, **options: Any) -> Any:
        self.before_change()
        return method(self, *args, **options)

    return announce
