"""Redact a secret from text and bytes of other programs, however they write it.

Where the token is hidden: `client` and `_http.auth` wrap it in a `Secret` (`_core.secret`), which
no repr or pickle shows. This module takes it out of responses (`_response_of`, `_read` and
`redacted` in `_http.sender`; `_decoded` and `_read_ahead` in `_session.attempts`) and out of the
texts of foreign errors (`_http.failures`, and `_translated` of the aiohttp transport). Errors are
raised outside of handlers where a chained one would hold headers (`round_trip` in
`_session.state` and `_http.sender`), and `_core.causes` strips tracebacks. `repr=False` keeps
headers and bodies out of the reprs in `_core.request`.

Where other secrets are hidden: passwords in URLs by `_http.factory`, `_http.urls`,
`_session.rate_limit` and `_session.redis_window`; ids in the paths of errors by `_place` in
`_codec.error_responses`; the secret of webhooks by `webhooks.auth` and `webhooks.router`.

How it works, and why it is safe. A proxy's page may repeat the headers of a request, escaped for
HTML, JSON or URLs, and so may the errors of a library. So a regular expression matches each
character of the secret in all of its spellings. As it is slow, it only runs if the text contains
the secret as it is, or the beginning of any escape; and the bytes of a JSON response are first
searched for a marker that every spelling in JSON must contain.
"""

import re
from functools import cache
from html.entities import html5
from typing import Final

_LONG: Final = 16
"""A secret at least this long does not occur in a response by chance."""

_SHORT: Final = 4
"""Shorter runs of characters often do."""

_ESCAPES: Final = ("%", "\\", "&")
"""Without any of these, every character is written as itself."""

_THOROUGH_BYTES: Final = 64 * 1024
"""All spellings are looked for in so many bytes from the beginning only: that takes thirty times as
long as looking for one, and a large response must not block the event loop."""


class Redactor:
    """Redacts one secret."""

    __slots__ = ("_markers", "_name", "_patterns", "_secret")

    def __init__(self, secret: str, name: str = "token") -> None:
        self._secret = secret
        self._name = f"({name})"
        self._markers = _markers(secret) if len(secret) >= _LONG else ()
        self._patterns: tuple[re.Pattern[str], re.Pattern[bytes]] | None = None

    def text(self, text: str) -> str:
        """Return the text with the secret redacted."""
        if self._secret not in text and not any(escape in text for escape in _ESCAPES):
            return text
        return self._compiled()[0].sub(self._name, text)

    def content(self, content: bytes | bytearray) -> bytes:
        """Return the bytes with the secret redacted; after 64 KiB, in its plain spelling only."""
        secret, replacement = self._secret.encode(), self._name.encode()
        cut = _THOROUGH_BYTES
        if (found := content.find(secret, max(0, cut - len(secret) + 1), cut + len(secret))) >= 0:
            cut = found + len(secret)  # never in two
        beginning, rest = bytes(content[:cut]), bytes(content[cut:])
        if any(escape.encode() in beginning for escape in _ESCAPES):
            beginning = self._compiled()[1].sub(replacement, beginning)
        else:
            beginning = beginning.replace(secret, replacement)
        return beginning + rest.replace(secret, replacement)

    def may_be_in(self, *parts: bytes) -> bool:
        """Return whether the secret may be in these bytes of JSON; a no is certain, and cheap.

        A program that escapes letters at all escapes all of them. So the secret's longest run of
        letters and digits appears either as it is, or escaped from beginning to end. A short
        secret, as in tests, is not looked for, because it may be in any response by chance.
        """
        for marker in self._markers:  # a generator takes longer than all of it
            for part in parts:
                if marker in part:
                    return True
        return False

    def _compiled(self) -> tuple[re.Pattern[str], re.Pattern[bytes]]:
        # On first use, because compiling takes longer than making a client.
        if self._patterns is None:
            pattern = "".join(map(_spellings, self._secret))
            self._patterns = re.compile(pattern), re.compile(pattern.encode())
        return self._patterns


def _spellings(character: str) -> str:
    """Return a pattern of all spellings of a character, without unbounded repeats."""
    code = ord(character)
    raw = re.escape(character)
    spellings = [
        rf"%(?:25){{0,2}}(?i:{code:02x})",
        rf"\\{{1,4}}(?i:x{code:02x}|u{code:04x}|u\{{0{{0,4}}{code:x}\}})",
        rf"&(?:amp;){{0,2}}(?i:#0{{0,6}}{code};?|#x0{{0,6}}{code:x};?)",
        *(
            rf"&(?:amp;){{0,2}}{re.escape(name)}"
            for name in sorted(_names(character), reverse=True)
        ),
        # Last, because an escape may begin with the character itself.
        raw if character.isalnum() else rf"\\{{0,4}}{raw}",
    ]
    return f"(?:{'|'.join(spellings)})"


@cache
def _names(character: str) -> tuple[str, ...]:
    """Return the names of a character in HTML; letters and digits have none."""
    return tuple(name for name, value in html5.items() if value == character)


def _markers(secret: str) -> tuple[bytes, ...]:
    run = max(re.findall(r"[A-Za-z0-9]*", secret), key=len)
    if len(run) < _SHORT:
        return (b"",)  # which is in everything
    escapes = [
        "".join(f"\\u{ord(character):{form}}" for character in run) for form in ("04x", "04X")
    ]
    # The longest run, because long markers are found fastest.
    return tuple(marker.encode() for marker in dict.fromkeys((run, *escapes)))
