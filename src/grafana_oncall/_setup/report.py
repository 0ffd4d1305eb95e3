"""What `OnCallClient.check` found out, as values and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import attrs

from grafana_oncall._core.serializable import Serializable

SKEW_MATTERS: Final = 60.0
"""Seconds by which clocks may differ before it is worth a remark."""

_MAY_WRITE: Final = {
    "admin": "writes everything",
    "editor": "writes alert groups, schedules and the like, but no integrations or routes",
    "viewer": "only reads",
    "none": "may do nothing",
}
"""By the basic role, where no permissions are granted one by one."""


@attrs.frozen(kw_only=True)
class TokenReport(Serializable):
    """What one token of a client can do."""

    name: Literal["token", "user_token"]
    """The argument of the client: `token` or `user_token`."""
    kind: Literal["user", "service_account"] | None
    """Whose it is, by its prefix; None if a function failed to return it."""
    valid: bool | None
    """Whether the server accepts it; None if that could not be found out."""
    user: str | None = None
    """Name of its user, if it has one and may be asked."""
    role: str | None = None
    """Basic role of the user, such as `editor`."""
    can_read: tuple[str, ...] = ()
    """What it can read, by the names of permissions, such as `alert-groups`."""
    cannot_read: tuple[str, ...] = ()
    """What the server refuses."""
    unknown: tuple[str, ...] = ()
    """What could not be found out, because the server lacks the endpoint, or failed."""
    advice: tuple[str, ...] = ()
    """What to do about each failure."""

    @property
    def ok(self) -> bool:
        """Whether it is valid, and nothing was refused."""
        return self.valid is True and not self.cannot_read

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        kinds = {"user": "a user's OnCall API key", "service_account": "a service account's"}
        validity = {True: "valid", False: "NOT valid", None: "not checked"}[self.valid]
        yield f"{self.name}: {kinds.get(self.kind or '', 'no token')}, {validity}"
        if self.user is not None:
            yield f"  user: {self.user}"
        if self.role is not None:
            yield f"  role: {self.role} ({_MAY_WRITE.get(self.role, 'unknown')}, by default)"
        for what in ("can_read", "cannot_read", "unknown"):
            names: Sequence[str] = getattr(self, what)
            if names:
                yield f"  {what.replace('_', ' ')}: {', '.join(names)}"
        yield from (f"  to do: {one}" for one in self.advice)


@attrs.frozen(kw_only=True)
class CheckReport(Serializable):
    """What a client can do with its settings; `print` shows it in words.

    It was found out by GET requests alone, so nothing is known of what a token may write, but for
    the role of a user.
    """

    url: str
    """URL of the API."""
    grafana_url: str | None
    """URL of the Grafana stack, where one was given."""
    reachable: bool
    """Whether OnCall itself answered."""
    flavour: Literal["cloud", "oss"] | None
    """Grafana Cloud or the open-source engine, by its host or by members that only one of them has;
    None if that could not be found out."""
    clock_skew: float | None
    """Seconds by which the server's clock is ahead of this machine's, to a second or two."""
    tokens: tuple[TokenReport, ...]
    """`token`, and `user_token` if there is one."""
    requests: int
    """How many were made: at most eight for each token."""
    advice: tuple[str, ...] = ()
    """What to do, apart from the tokens."""

    @property
    def ok(self) -> bool:
        """Whether OnCall answered, every token is valid, and nothing was refused."""
        return self.reachable and all(token.ok for token in self.tokens)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        flavours = {"cloud": "Grafana Cloud", "oss": "open source"}
        reach = "reachable" if self.reachable else "NOT reachable"
        yield f"{self.url}: {reach}, {flavours.get(self.flavour or '', 'of unknown flavour')}"
        if self.clock_skew is not None and abs(self.clock_skew) >= SKEW_MATTERS:
            side = "behind" if self.clock_skew > 0 else "ahead of"
            yield f"  this machine's clock is {abs(self.clock_skew):.0f} s {side} the server's"
        yield from (f"  to do: {one}" for one in self.advice)
        for token in self.tokens:
            yield from token.lines()
        yield f"{self.requests} request{'' if self.requests == 1 else 's'}"
