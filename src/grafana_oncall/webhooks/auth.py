"""What a webhook must show to be let in: the value of one header."""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final, NoReturn

from grafana_oncall._core.text import is_sendable, shown
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall.errors import InvalidArgument

from .asgi import Headers

AUTHORIZATION: Final = "authorization"
_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_ENCODINGS: Final = ("utf-8", "latin-1")
"""HTTP does not say in which one a sender writes a header."""


class Secret:
    """A secret that shows itself to nobody.

    Making one never raises: the frames of a traceback that shows local variables then hold this
    object, and no string.
    """

    __slots__ = ("_accepted", "_basic", "_header", "_secret")

    def __init__(
        self, secret: "Secret | str | UnsetType | None", basic: "Secret | tuple[str, str] | None"
    ) -> None:
        self._secret: object = secret
        self._basic: object = basic
        self._header = AUTHORIZATION.encode()
        self._accepted: tuple[bytes, ...] | None = ()

    def check(self, header: object) -> None:
        """Raises InvalidArgument, in words that do not contain it, for what cannot be a secret."""
        if not isinstance(header, str) or not re.fullmatch(_NAME, header):
            message = f"header={shown(header)}: the name of a header is needed."
            raise InvalidArgument(message, argument="header")
        argument = "secret" if self._basic is None else "basic"
        fault = _secret_fault(self._secret) if argument == "secret" else self._basic_fault(header)
        if fault:
            raise InvalidArgument(f"{argument}: {fault}", argument=argument)
        self._header = header.lower().encode()
        self._accepted = _accepted(self._secret, self._basic)

    def _basic_fault(self, header: str) -> str | None:
        if self._secret is not UNSET:
            return "give it instead of secret=, not beside it."
        if header.lower() != AUTHORIZATION:
            return "it is read from the Authorization header: leave header= out."
        return _credentials_fault(self._basic)

    def opens(self, headers: Headers) -> bool:
        """Whether the headers of a request show it, and only once."""
        if self._accepted is None:
            return True
        given = [value for name, value in headers if name.lower() == self._header]
        # A list, so that one comparison does not spare the other.
        same = [hmac.compare_digest(value, one) for value in given for one in self._accepted]
        return len(given) == 1 and any(same)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret cannot be pickled or copied.")


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
