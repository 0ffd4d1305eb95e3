"""Authentication and authorization: tokens, stack URLs, roles."""

from __future__ import annotations

import attrs

from .responses import FakeRequest, crashed, detail
from .state import FakeUser, Flavour, Role

_RANK: dict[Role, int] = {"none": 0, "viewer": 1, "editor": 2, "admin": 3}
SERVICE_ACCOUNT_PREFIX = "glsa_"


@attrs.frozen(kw_only=True)
class Grant:
    """The user and role of a token."""

    user: FakeUser
    role: Role
    service_account: bool

    @classmethod
    def of(cls, token: str, user: FakeUser, role: Role) -> Grant:
        """Return the grant of a token; its prefix makes it a service account's."""
        is_service_account = token.startswith(SERVICE_ACCOUNT_PREFIX)
        return cls(user=user, role=role, service_account=is_service_account)

    def allows(self, role: Role) -> bool:
        """Whether this grant includes the role that an operation needs."""
        return _RANK[self.role] >= _RANK[role]


def authenticate(
    request: FakeRequest, grants: dict[str, Grant], grafana_url: str | None, flavour: Flavour
) -> Grant:
    """Return the grant of the request's token, or raise the refusal."""
    token = request.headers.get("authorization", "")
    if not token.isascii():
        raise crashed()
    if token.startswith(SERVICE_ACCOUNT_PREFIX):
        _check_stack(request.headers.get("x-grafana-url"), grafana_url, flavour)
    if token not in grants:
        raise detail(403, "Invalid token.")
    return grants[token]


def authorize(grant: Grant, role: Role, *, needs_user: bool) -> None:
    """Refuse a token whose role is not sufficient, or a service account where a user is needed."""
    if needs_user and grant.service_account:
        raise detail(403, "Invalid token.")
    if not grant.allows(role):
        raise detail(403, "You do not have permission to perform this action.")


def _check_stack(given: str | None, known: str | None, flavour: Flavour) -> None:
    if given is None or not given.startswith(("http://", "https://")):
        if flavour == "oss":
            return  # to the one stack that this server has
        raise detail(403, "Organization not found.")
    if known is not None and given.rstrip("/") != known.rstrip("/"):
        # The stack may exist: the server starts to synchronize it, and this response has no
        # Retry-After.
        raise detail(429, "Organization being synced, please retry.", RateLimit_Reset="350")
