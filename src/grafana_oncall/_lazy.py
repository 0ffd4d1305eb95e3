"""Lazy import of names on first use (PEP 562)."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

_PACKAGE: Final = __name__.rpartition(".")[0]


def lazily(
    module: str, sources: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a module that re-exports names of others.

    Args:
        module: Full name of that module, whose `__all__` is what `dir()` lists.
        sources: The names by the module that defines them, relative to this package.
    """
    source_of = {name: source for source, names in sources.items() for name in names}

    def get(name: str) -> Any:
        source = source_of.get(name)
        if source is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value = (
            import_module(f".{name}", _PACKAGE)
            if source == "."
            else getattr(import_module(source, _PACKAGE), name)
        )
        setattr(sys.modules[module], name, value)  # found directly from now on
        return value

    def list_names() -> list[str]:
        return sorted(vars(sys.modules[module])["__all__"])

    return get, list_names
