"""Identifiers that look like the server's, the same ones for the same seed."""

from __future__ import annotations

from random import Random
from string import ascii_letters, ascii_uppercase, digits

_UPPER = ascii_uppercase + digits
_MIXED = ascii_letters + digits


class Ids:
    """Makes ids such as `I68T24C13IFW1`: a letter for the kind, then 12 to 14 characters."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - ids shall repeat, they protect nothing

    def new(self, kind: str) -> str:
        """An id of this kind: `I` is an alert group, `C` an integration, `T` a team."""
        return kind + "".join(self._random.choices(_UPPER, k=self._random.randint(12, 14)))

    def secret(self) -> str:
        """The random part of an integration's link."""
        return "".join(self._random.choices(_MIXED, k=24))

    def pick(self, words: tuple[str, ...]) -> str:
        """One of these words."""
        return self._random.choice(words)
