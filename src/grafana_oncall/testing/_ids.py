"""Identifiers that look like the server's, the same ones for the same seed."""

from __future__ import annotations

from random import Random
from string import ascii_letters, ascii_uppercase, digits

from attrs import define

_UPPER = ascii_uppercase + digits
_MIXED = ascii_letters + digits


@define
class Ids:
    """Makes ids such as `I68T24C13IFW1`: a letter for the kind, then 12 to 14 characters.

    Each is drawn by itself, so the seed and the number of those drawn say which comes next.
    """

    seed: int
    drawn: int = 0

    def new(self, kind: str) -> str:
        """An id of this kind: `I` is an alert group, `C` an integration, `T` a team."""
        random = self._random()
        return kind + "".join(random.choices(_UPPER, k=random.randint(12, 14)))

    def secret(self) -> str:
        """The random part of an integration's link."""
        return "".join(self._random().choices(_MIXED, k=24))

    def pick(self, words: tuple[str, ...]) -> str:
        """One of these words."""
        return self._random().choice(words)

    def _random(self) -> Random:
        self.drawn += 1
        return Random(f"{self.seed}-{self.drawn}")  # noqa: S311 - ids shall repeat, they protect nothing
