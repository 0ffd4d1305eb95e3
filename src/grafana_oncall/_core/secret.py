"""A secret that is not shown: in no repr, no pickle and no traceback with local variables."""

from typing import Generic, NoReturn, TypeVar

import attrs

T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class Secret(Generic[T_co]):
    """A token, a password, or a value with one in it.

    Error reporters often record the local variables of every frame. So a function that can raise
    keeps this object in a variable, and never the value. Making one never raises.
    """

    value: T_co = attrs.field(repr=False)  # some debuggers read attrs fields instead of the repr
    """The value itself."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret cannot be pickled or copied.")
