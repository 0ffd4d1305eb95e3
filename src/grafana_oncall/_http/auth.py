"""What a client is made with, checked: the API's URL, the stack's URL, the token, the timeout."""

import re
from hashlib import sha256

from grafana_oncall._core.types import Hidden
from grafana_oncall.errors import InvalidArgument


class Token(Hidden[object]):
    """A token; an object, for `check` has yet to see what a caller without a type checker gave."""

    __slots__ = ()

    def __init__(self, secret: "str | Token") -> None:
        super().__init__(secret.value if isinstance(secret, Token) else secret)

    @property
    def secret(self) -> str:
        """The token itself, for the header and nothing else."""
        return str(self.value)

    @property
    def digest(self) -> str:
        """A name for the credential that does not give it away."""
        return sha256(self.secret.encode()).hexdigest()[:32]

    @property
    def is_service_account(self) -> bool:
        """Whether it belongs to a Grafana service account rather than to a user."""
        return self.secret.startswith("glsa_")

    def check(self) -> None:
        """Raises InvalidArgument, in words that do not contain it, for what cannot be a token."""
        if not isinstance(self.value, str) or not self.value:
            fault = "a non-empty string is needed: an OnCall API key or a service account token."
        elif self.value.lower().startswith("bearer "):
            fault = "give it bare: the API takes no scheme word such as 'Bearer'."
        elif not re.fullmatch(r"[!-~]+", self.value):
            fault = "it contains a space, a control character or a non-ASCII character."
        else:
            return
        raise InvalidArgument(f"token: {fault}", argument="token")

    def __bool__(self) -> bool:
        return bool(self.value)
