"""The API token: where it comes from, its validation, and its redaction from all that is shown.

Where the token is hidden: `client` wraps it in a `Secret` (`_core.secret`), which no repr or pickle
shows; has a `__repr__` and a `__reduce__` of its own; and drops the environment in `from_env`.
Redis only sees its `digest`. `_http.urls` and `_http.proxies` refuse to send it over plain http.
`_session.credentials` asks for it, and has each one redacted. Queries with tokens of calendars are
hidden by `_without_token` in `_core.request`, and what Grafana repeats by `_setup.discovery`.
`Redactor` takes it out of responses (`response`, `read` and `redacted` of `Target` in
`_http.sender`; `_decoded` and `_read_ahead` in `_session.attempts`) and out of the texts of foreign
errors (`transport_error` and `url_error` of `Target`). Errors are raised outside of handlers where
a chained one would hold headers (`send` of the senders, `round_trip` in `_session.state`), and
`_core.causes` strips tracebacks, also those of cancellations in `_http.aiohttp_sender`.
`repr=False` keeps headers and bodies out of the reprs in `_core.request`.

Where other secrets are hidden: passwords in URLs by `_http.proxies`, `_http.urls`,
`_session.rate_limit`, `_session.redis_window`, `_core.redis_address`, `stores.redis` and
`stores.postgres`; ids in the paths of errors by `_place` in `_codec.error_responses`; the secret of
webhooks by `webhooks.auth` and `webhooks.router`.

How redaction works, and why it is safe. A proxy's page may repeat the headers of a request, escaped
for HTML, JSON or URLs, and so may the errors of a library. So a regular expression matches each
character of the secret in all of its spellings. As it is slow, it only runs if the text contains
the secret as it is, or the beginning of any escape; and the bytes of a JSON response are first
searched for a marker that every spelling in JSON must contain.

May the cause of an error be shown? The exceptions of httpx, httpcore and the sockets contain
nothing but text, and are chained. Those of other libraries may contain the headers that were sent,
as aiohttp's do, and are left out; so is any whose text repeats the token, which a server can cause.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from html.entities import html5
from typing import Any, Final

from grafana_oncall._core.causes import causes, strip_tracebacks
from grafana_oncall._core.secret import Secret
from grafana_oncall._version import __version__
from grafana_oncall.errors import InvalidArgument

from .body import ACCEPTED

_SCHEME: Final = re.compile(r"bearer(?: +|$)", re.IGNORECASE)

_MOST_SECRETS: Final = 32
"""Tokens that one client has used, of which the latest are redacted: what is in flight has no older
one, and every response is searched for all of them."""

_LONG: Final = 16
"""A secret at least this long does not occur in a response by chance."""

_SHORT: Final = 4
"""Shorter runs of characters often do."""

_ESCAPES: Final = ("%", "\\", "&")
"""Without any of these, every character is written as itself."""

_THOROUGH_BYTES: Final = 64 * 1024
"""All spellings are looked for in so many bytes from the beginning only: that takes thirty times as
long as looking for one, and a large response must not block the event loop."""


def bare(token: Secret[Any]) -> Secret[Any]:
    """Return the token without the scheme word that documentation and proxies put before it.

    The API takes none. It is unwrapped, too, if it was given as a `Secret`.
    """
    while issubclass(type(token.value), Secret):
        token = token.value
    if not isinstance(token.value, str):
        return token
    return Secret(_SCHEME.sub("", token.value))


def check_token(token: Secret[Any], name: str = "token") -> None:
    """Raise InvalidArgument, without showing the token, if it cannot be one."""
    if not isinstance(token.value, str) or not token.value:
        fault = "a non-empty string is needed: an OnCall API key or a service account token."
    elif not re.fullmatch(r"[!-~]+", token.value):
        fault = "it contains a space, a control character or a non-ASCII character."
    else:
        return
    raise InvalidArgument(f"{name}: {fault}", argument=name)


def digest(token: Secret[str]) -> str:
    """Return a name for the token that does not reveal it."""
    return sha256(token.value.encode()).hexdigest()[:32]


def is_service_account(token: Secret[str]) -> bool:
    """Whether the token belongs to a Grafana service account rather than to a user."""
    return token.value.startswith("glsa_")


def request_headers(
    token: Secret[str] | None, grafana_url: str | None
) -> Secret[Mapping[str, str]]:
    """Return the headers of every request; without a token if that is not always the same."""
    headers = {
        "accept": "application/json, text/calendar",
        "accept-encoding": ACCEPTED,
        "user-agent": f"grafana-oncall-sdk/{__version__}",
    }
    if token is not None:
        headers["authorization"] = token.value
    if grafana_url is not None:
        headers["x-grafana-url"] = grafana_url
    return Secret(headers)


class Redactor:
    """Redacts secrets: the latest tokens that a client has used, whatever they were used for."""

    __slots__ = ("_markers", "_secrets")

    def __init__(self, secret: str | None = None, name: str = "token") -> None:
        self._secrets: tuple[_Spelt, ...] = ()
        self._markers: tuple[bytes, ...] = ()
        if secret is not None:
            self.add(secret, name)

    def add(self, secret: str, name: str) -> None:
        """Redact this secret as well, under this name."""
        others = (spelt for spelt in self._secrets if spelt.secret != secret)
        self._secrets = (_Spelt(secret, f"({name})"), *others)[:_MOST_SECRETS]
        self._markers = tuple(marker for spelt in self._secrets for marker in spelt.markers)

    def text(self, text: str) -> str:
        """Return the text with the secrets redacted."""
        for spelt in self._longest_first():
            text = spelt.redacted(text)
        return text

    def content(self, content: bytes | bytearray) -> bytes:
        """Return the bytes with the secrets redacted; after 64 KiB, in plain spellings only."""
        for spelt in self._longest_first():
            content = spelt.redacted_bytes(content)
        return bytes(content)

    def may_be_in(self, *parts: bytes) -> bool:
        """Return whether a secret may be in these bytes of JSON; a no is certain, and cheap.

        A program that escapes letters at all escapes all of them. So the secret's longest run of
        letters and digits appears either as it is, or escaped from beginning to end. A short
        secret, as in tests, is not looked for, because it may be in any response by chance.
        """
        for marker in self._markers:  # a generator takes longer than all of it
            for part in parts:
                if marker in part:
                    return True
        return False

    def _longest_first(self) -> "Sequence[_Spelt]":
        # Of a token that another one begins with, the end would be left.
        return sorted(self._secrets, key=lambda spelt: -len(spelt.secret))


class _Spelt:
    """One secret in all of its spellings."""

    __slots__ = ("_name", "_patterns", "markers", "secret")

    def __init__(self, secret: str, name: str) -> None:
        self.secret = secret
        self.markers = _markers(secret) if len(secret) >= _LONG else ()
        self._name = name
        self._patterns: tuple[re.Pattern[str], re.Pattern[bytes]] | None = None

    def redacted(self, text: str) -> str:
        if self.secret not in text and not any(escape in text for escape in _ESCAPES):
            return text
        return self._compiled()[0].sub(self._name, text)

    def redacted_bytes(self, content: bytes | bytearray) -> bytes:
        secret, replacement = self.secret.encode(), self._name.encode()
        cut = _THOROUGH_BYTES
        if (found := content.find(secret, max(0, cut - len(secret) + 1), cut + len(secret))) >= 0:
            cut = found + len(secret)  # never in two
        beginning, rest = bytes(content[:cut]), bytes(content[cut:])
        if any(escape.encode() in beginning for escape in _ESCAPES):
            beginning = self._compiled()[1].sub(replacement, beginning)
        else:
            beginning = beginning.replace(secret, replacement)
        return beginning + rest.replace(secret, replacement)

    def _compiled(self) -> tuple[re.Pattern[str], re.Pattern[bytes]]:
        # On first use, because compiling takes longer than making a client.
        if self._patterns is None:
            pattern = "".join(map(_spellings, self.secret))
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


def without_secrets(error: BaseException, redactor: Redactor) -> BaseException | None:
    """Strip an exception and its causes of all that may contain the token.

    Tracebacks and headers are removed, and unsafe causes replaced by the first safe one behind
    them. None if the exception itself is unsafe.
    """
    if not _is_safe(error, redactor):
        return None
    for link in causes(error):
        if _is_of_httpx(link):
            _remove_headers(link)
        if link.__cause__ is not None:
            link.__cause__ = _first_safe(link.__cause__, redactor)
        if link.__context__ is not None:
            link.__context__ = _first_safe(link.__context__, redactor)
    strip_tracebacks(error)
    return error


def _first_safe(error: BaseException, redactor: Redactor) -> BaseException | None:
    return next((cause for cause in causes(error) if _is_safe(cause, redactor)), None)


def _is_safe(error: BaseException, redactor: Redactor) -> bool:
    """Whether an exception contains nothing but text, and the token is not in it."""
    words = f"{error} {error!r} {vars(error)!r}"
    return _is_only_text(error) and redactor.text(words) == words


def _is_only_text(error: BaseException) -> bool:
    if _is_of_httpx(error):
        return True
    values = (*error.args, *vars(error).values())
    return all(isinstance(value, str | int | float | bytes | None) for value in values)


def _is_of_httpx(error: BaseException) -> bool:
    """Whether it is an HTTPError of httpx or httpx2, neither of which is imported for this."""
    return any(
        kind.__name__ == "HTTPError" and kind.__module__ in {"httpx", "httpx2"}
        for kind in type(error).__mro__
    )


def _remove_headers(error: Any) -> None:
    with suppress(RuntimeError):  # it has no request
        error.request = type(error.request)(error.request.method, error.request.url)
        if hasattr(error, "response"):
            error.response.request = error.request
