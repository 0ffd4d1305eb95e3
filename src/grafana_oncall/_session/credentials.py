"""The tokens of a client: given, or asked for when they are needed.

How it works, and why it is safe. A token that is given as text is a constant header of the sender,
and nothing here is involved. One that a function returns is asked for by the first request, and
again when the server refuses it (`Unauthorized`). Only one task asks, inside its own call; the
others wait for what comes of it, also if that is a failure. If the asking task is cancelled, the
next one asks. A call is retried once, and only with another token than the one that was refused: a
refusal had no effect, so this is safe for any operation. Each token that is learned is redacted
from then on.

Two tokens, one throttle: the server counts requests per user, so `user_token=` has a limit of its
own, and a 429 of either pauses both. That costs some speed when one of them is used up, and never
a request too many; and on the open-source engine both may count in the same place, because it
counts a service account under its number, which some user has as well.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any, Final, TypeAlias, cast

import attrs

from grafana_oncall._core.request import Operation
from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import printable
from grafana_oncall._http.auth import Redactor, bare, check_token, without_secrets
from grafana_oncall.errors import InvalidArgument, TokenUnavailable

TokenFunction: TypeAlias = Callable[[], str | Secret[str] | Awaitable[str | Secret[str]]]
"""Returns a token when it is called, or when what it returns is awaited."""

TokenSource: TypeAlias = str | Secret[str] | TokenFunction
"""A token, or a function that returns it."""

Check: TypeAlias = Callable[[Secret[str]], None]
"""Raises InvalidArgument for a token that cannot be used here."""


class Token:
    """One token of a client."""

    current: Secret[str] | None
    """The one to send; None until it is known. A new object each time that it was asked for."""

    def __init__(
        self,
        name: str,
        source: Secret[Any],
        *,
        check: Check,
        redactor: Redactor,
        scheme: str = "",
    ) -> None:
        self._name: Final = name
        self._check: Final = check
        self._scheme: Final = scheme
        self._redactor: Final = redactor
        self._function: Final[TokenFunction | None] = _function(source)
        self._asking: Final = asyncio.Lock()
        self._asker: asyncio.Task[Any] | None = None
        self._failure: TokenUnavailable | None = None
        """Of the last time that it was asked for; None if that succeeded."""
        self.current = None if self._function else self._learned(source)

    async def get(self, refused: Secret[str] | None) -> bool:
        """Ask for a token in the place of this one; return whether it is another now.

        None is the place of a token that is not known yet. If another task has asked since, its
        answer is taken.
        """
        if self._function is None:
            return False
        await self._ask(refused)
        now = self.current
        return refused is None or (now is not None and now.value != refused.value)

    async def _ask(self, known: Secret[str] | None) -> None:
        """Ask unless the token is another than the known one: once for all tasks that wait."""
        if self._asker is asyncio.current_task():
            raise self._error("the function calls the client whose token it is asked for")
        failure = self._failure
        async with self._asking:
            if self.current is not known:
                return
            if self._failure is not None and self._failure is not failure:
                again = copy(self._failure)  # errors are annotated, each by its own call
                raise again from self._failure.__cause__
            self._asker = asyncio.current_task()
            try:
                self.current, self._failure = await self._asked(), None
            except TokenUnavailable as error:
                self._failure = error
                raise
            finally:
                self._asker = None

    async def _asked(self) -> Secret[str]:
        assert self._function is not None  # noqa: S101  # else it is known from the beginning
        try:
            value: Any = self._function()
            found = Secret(await value if inspect.isawaitable(value) else value)
            del value
        except Exception as error:  # noqa: BLE001  # of any class: the function is the user's
            failure = self._raised(error)
        else:
            try:
                return self._learned(found)
            except InvalidArgument as error:
                fault = str(error).removeprefix(f"{self._name}: ")
            failure = self._error(f"what the function returned cannot be used: {fault}")
        # Outside the handler, which would chain the original error, and that may show the token.
        raise failure

    def _learned(self, source: Secret[Any]) -> Secret[str]:
        """Return the token as it is sent; it is checked, and redacted from now on."""
        token = bare(source)
        check_token(token, self._name)
        self._check(token)
        self._redactor.add(token.value, self._name)
        return Secret(self._scheme + token.value)

    def _raised(self, error: Exception) -> TokenUnavailable:
        words = printable(self._redactor.text(f"{type(error).__name__} {error}".strip()))
        failure = self._error(f"the function raised {words}", raised=True)
        failure.__cause__ = without_secrets(error, self._redactor)
        return failure

    def timed_out(self, seconds: float) -> TokenUnavailable:
        """Return the error for a function that takes too long."""
        return self._error(f"the function returned nothing within {seconds:g} s", raised=True)

    def _error(self, words: str, *, raised: bool = False) -> TokenUnavailable:
        message = f"{self._name}: {words}. The request was not sent."
        return TokenUnavailable(message, argument=self._name, raised=raised)


def _function(source: Secret[Any]) -> TokenFunction | None:
    is_function = callable(source.value) and not isinstance(source.value, type)
    return cast("TokenFunction", source.value) if is_function else None


@attrs.frozen
class Credentials:
    """The tokens of a client that has more to send than one constant token."""

    token: Token
    user_token: Token | None

    def of(self, operation: Operation) -> Token:
        """Return the token that an operation is sent with."""
        return self.user_token if operation.needs_user and self.user_token else self.token
