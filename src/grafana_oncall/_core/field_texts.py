"""The texts below the fields of a class, where `help()` finds them."""

import ast
import inspect
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise


class DocumentedFields:
    """Base of attrs classes with slots, whose fields have a text in `help()`."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        slots = vars(cls).get("__slots__", ())
        if slots:
            type.__setattr__(cls, "__slots__", _FieldTexts(cls, slots))


class _FieldTexts(dict[str, str | None]):
    """The `__slots__` of a class: its fields, each with the text below it in the source.

    `help()` shows the values of such a mapping. They are read when it first asks for one; without
    the source it shows the names alone.
    """

    def __init__(self, owner: type, slots: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(slots))
        self._module = owner.__module__  # where it is written, whatever it says later
        self._class = owner.__name__

    def __getitem__(self, name: str) -> str | None:
        """Return the text of a field, if it has one."""
        return self._texts.get(name)

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        try:
            source = inspect.getsource(sys.modules[self._module])
        except (KeyError, OSError, TypeError):  # no such module, no such file, no file at all
            return {}
        return dict(_documented(source, self._class))


def _documented(source: str, name: str) -> Iterable[tuple[str, str]]:
    """Yield the fields of a class that have a text, with it."""
    classes = (each for each in ast.parse(source).body if isinstance(each, ast.ClassDef))
    body = next((each.body for each in classes if each.name == name), list[ast.stmt]())
    for field, below in pairwise(body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=member)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield member, inspect.cleandoc(text)
            case _:
                pass
