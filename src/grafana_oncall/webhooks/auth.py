"""What a webhook must show to be let in: the value of one header."""

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
"""HTTP does not say in which one a sender writes a header."""


class Authenticator:
    """Decides whether a request shows the secret.

    Raises:
        InvalidArgument: The secret, or the name of its header, cannot be one. The secret is not in
            the message.
    """

    __slots__ = ("_accepted", "_header")

    def __init__(self, header: object, secret: Secret[object], basic: Secret[object]) -> None:
        if not isinstance(header, str) or not re.fullmatch(_NAME, header):
            message = f"header={shown(header)}: the name of a header is needed."
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
        """Whether the headers of a request show the secret, and only once."""
        if self._accepted.value is None:
            return True
        given = [value for name, value in headers if name.lower() == self._header]
        # A list, so that one comparison does not spare the other.
        same = [
            hmac.compare_digest(value, right) for value in given for right in self._accepted.value
        ]
        return len(given) == 1 and any(same)


def _secret_fault(secret: object) -> str | None:
    match secret:
        case None:
            return None
        case "" | UnsetType():
            return "give the whole value of the header that the webhook sends; None lets all in."
        case str() if secret == secret.strip() and _can_be_sent(secret):
            return None
        case str():
            return "a header cannot have control characters, or spaces at its ends."
        case _:
            return f"a string is needed, not {type(secret).__name__}."


def _basic_fault(header: str, secret: Secret[object], basic: Secret[object]) -> str | None:
    if secret.value is not UNSET:
        return "give it instead of secret=, not beside it."
    if header.lower() != AUTHORIZATION:
        return "it is read from the Authorization header: leave header= out."
    return _credentials_fault(basic.value)


def _credentials_fault(basic: object) -> str | None:
    match basic:
        case (str(user), str(password)) if user and password:
            if ":" in user or not _can_be_sent(user + password):
                return "a user's name cannot have a colon, and neither can have control characters."
            return None
        case _:
            return "a pair (user, password) is needed, neither of them empty."


def _can_be_sent(text: str) -> bool:
    return is_sendable(text) and not re.search(r"[\x00-\x1f\x7f]", text)


def _accepted(secret: object, basic: object) -> tuple[bytes, ...] | None:
    """The values that the header may have; None for any, or none at all."""
    match secret, basic:
        case str(text), _:
            return tuple(_encoded(text))
        case _, (str(user), str(password)):
            return tuple(b"Basic " + b64encode(one) for one in _encoded(f"{user}:{password}"))
        case _:
            return None


def _encoded(text: str) -> Iterator[bytes]:
    """In each encoding that has all of its characters."""
    for encoding in _ENCODINGS:
        made = text.encode(encoding, "ignore")
        if made.decode(encoding) == text:
            yield made
