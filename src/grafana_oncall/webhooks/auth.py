"""Authentication of webhook requests: the value of one header."""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final

from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import is_sendable, shown
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall.errors import InvalidArgument

from .asgi import Headers

AUTHORIZATION: Final = "authorization"
_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_ENCODINGS: Final = ("utf-8", "latin-1")
"""HTTP does not define which of them a header is in."""


class Authenticator:
    """Checks that a request has the secret.

    Raises:
        InvalidArgument: The secret, or the name of its header, cannot be one. The secret is not in
            the message.
    """

    __slots__ = ("_accepted", "_header")

    def __init__(self, header: object, secret: Secret[object], basic: Secret[object]) -> None:
        if not isinstance(header, str) or not re.fullmatch(_NAME, header):
            message = f"header={shown(header)}: pass the name of a header."
            raise InvalidArgument(message, argument="header")
        if basic.value is None:
            argument, fault = "secret", _secret_fault(secret.value)
        else:
            argument, fault = "basic", _basic_fault(header, secret, basic)
        if fault:
            raise InvalidArgument(f"{argument}: {fault}", argument=argument)
        self._header = header.lower().encode()
        self._accepted = Secret(_accepted(secret.value, basic.value))

    def authenticates(self, headers: Headers) -> bool:
        """Whether the headers of a request have the secret, and only once."""
        if self._accepted.value is None:
            return True
        given = [value for name, value in headers if name.lower() == self._header]
        # A list: every comparison is made, so that the time taken does not show which matched.
        same = [
            hmac.compare_digest(value, right) for value in given for right in self._accepted.value
        ]
        return len(given) == 1 and any(same)


def _secret_fault(secret: object) -> str | None:
    match secret:
        case None:
            return None
        case "" | UnsetType():
            return "pass the whole value of the webhook's header; None accepts every request."
        case str() if secret == secret.strip() and _can_be_sent(secret):
            return None
        case str():
            return "a header cannot contain control characters, or start or end with a space."
        case _:
            return f"pass a string, not {type(secret).__name__}."


def _basic_fault(header: str, secret: Secret[object], basic: Secret[object]) -> str | None:
    if secret.value is not UNSET:
        return "pass it instead of secret=, not as well."
    if header.lower() != AUTHORIZATION:
        return "it is read from the Authorization header: omit header=."
    return _credentials_fault(basic.value)


def _credentials_fault(basic: object) -> str | None:
    match basic:
        case (str(user), str(password)) if user and password:
            if ":" in user or not _can_be_sent(user + password):
                return "the user cannot contain a colon, nor either of them control characters."
            return None
        case _:
            return "pass a pair (user, password), neither of them empty."


def _can_be_sent(text: str) -> bool:
    return is_sendable(text) and not re.search(r"[\x00-\x1f\x7f]", text)


def _accepted(secret: object, basic: object) -> tuple[bytes, ...] | None:
    """Return the accepted values of the header; None if every request is accepted."""
    match secret, basic:
        case str(text), _:
            return tuple(_encoded(text))
        case _, (str(user), str(password)):
            return tuple(b"Basic " + b64encode(text) for text in _encoded(f"{user}:{password}"))
        case _:
            return None


def _encoded(text: str) -> Iterator[bytes]:
    """Encode a text in each encoding that has all of its characters."""
    for encoding in _ENCODINGS:
        encoded = text.encode(encoding, "ignore")
        if encoded.decode(encoding) == text:
            yield encoded
