"""Pure: a secret taken out of what others say, in whichever way they write it.

A proxy's page may repeat the headers of a request, escaped for HTML, JSON or URLs, and so may the
errors of a library. Each character of the secret is looked for in all of its spellings.
"""

import re
from functools import cache
from html.entities import html5
from typing import Final

_LONG: Final = 16
"""A text of so many characters is no part of an answer by chance."""

_SHORT: Final = 4
"""A run of fewer characters is a part of many."""

_ESCAPES: Final = ("%", "\\", "&")
"""Without any of these, no character is written in another way than as itself."""

_THOROUGH: Final = 64 * 1024
"""Bytes from the beginning in which all spellings are looked for. That takes thirty times as long
as to look for one, and a large answer must not hold up the event loop."""


class Redactor:
    """Knows one secret, and shows it to nobody."""

    __slots__ = ("_name", "_patterns", "_secret", "_signs")

    def __init__(self, secret: str, name: str = "token") -> None:
        self._secret = secret
        self._name = f"({name})"
        self._signs = _signs(secret) if len(secret) >= _LONG else ()
        self._patterns: tuple[re.Pattern[str], re.Pattern[bytes]] | None = None

    def text(self, text: str) -> str:
        """The text without the secret."""
        if self._secret not in text and not any(one in text for one in _ESCAPES):
            return text
        return self._compiled()[0].sub(self._name, text)

    def content(self, content: bytes | bytearray) -> bytes:
        """The bytes without the secret; behind the first 64 KiB, without its plain spelling."""
        secret, replacement = self._secret.encode(), self._name.encode()
        cut = _THOROUGH
        if (found := content.find(secret, max(0, cut - len(secret) + 1), cut + len(secret))) >= 0:
            cut = found + len(secret)  # never in two
        beginning, rest = bytes(content[:cut]), bytes(content[cut:])
        if any(one.encode() in beginning for one in _ESCAPES):
            beginning = self._compiled()[1].sub(replacement, beginning)
        else:
            beginning = beginning.replace(secret, replacement)
        return beginning + rest.replace(secret, replacement)

    def may_be_in(self, *parts: bytes) -> bool:
        """Return whether the secret may be in these bytes of JSON; a no is certain, and cheap.

        Whoever escapes letters at all escapes all of them: so its longest run of letters and digits
        is there as it is, or escaped from its beginning to its end. A short secret, as tests have,
        is not looked for: by chance it may be in any answer.
        """
        for sign in self._signs:  # a generator takes longer than all of it
            for part in parts:
                if sign in part:
                    return True
        return False

    def _compiled(self) -> tuple[re.Pattern[str], re.Pattern[bytes]]:
        # When first needed, for it takes longer than to make a client.
        if self._patterns is None:
            pattern = "".join(map(_spellings, self._secret))
            self._patterns = re.compile(pattern), re.compile(pattern.encode())
        return self._patterns


def _spellings(character: str) -> str:
    """A pattern of all the ways to write a character. Repeats are bounded, so it is never slow."""
    code = ord(character)
    raw = re.escape(character)
    ways = [
        rf"%(?:25){{0,2}}(?i:{code:02x})",
        rf"\\{{1,4}}(?i:x{code:02x}|u{code:04x}|u\{{0{{0,4}}{code:x}\}})",
        rf"&(?:amp;){{0,2}}(?i:#0{{0,6}}{code};?|#x0{{0,6}}{code:x};?)",
        *(
            rf"&(?:amp;){{0,2}}{re.escape(name)}"
            for name in sorted(_names(character), reverse=True)
        ),
        # The last, for an escape may begin with the character itself.
        raw if character.isalnum() else rf"\\{{0,4}}{raw}",
    ]
    return f"(?:{'|'.join(ways)})"


@cache
def _names(character: str) -> tuple[str, ...]:
    """Of a character in HTML; none for letters and digits."""
    return tuple(name for name, meant in html5.items() if meant == character)


def _signs(secret: str) -> tuple[bytes, ...]:
    run = max(re.findall(r"[A-Za-z0-9]*", secret), key=len)
    if len(run) < _SHORT:
        return (b"",)  # which is in everything
    escapes = ["".join(f"\\u{ord(one):{form}}" for one in run) for form in ("04x", "04X")]
    # Long ones, for these are found the fastest.
    return tuple(one.encode() for one in dict.fromkeys((run, *escapes)))
