"""Names of a module that are imported when they are first used (PEP 562)."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

_PACKAGE: Final = __name__.rpartition(".")[0]


def lazily(
    door: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of a module that only hands on what others have.

    `homes` tells where names come from, as `from home import names` does inside this package.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def imported(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {door!r} has no attribute {name!r}")
        value = (
            import_module(f".{name}", _PACKAGE)
            if home == "."
            else getattr(import_module(home, _PACKAGE), name)
        )
        setattr(sys.modules[door], name, value)  # the next use finds it there
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[door]), *home_of})

    return imported, listed
