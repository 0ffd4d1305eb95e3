"""Find out by harmless requests what the tokens of a client can do."""

from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

import attrs

from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import is_service_account
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall._session.session import Session
from grafana_oncall._validation.endpoints import endpoint
from grafana_oncall.errors import (
    DecodeError,
    EndpointUnavailable,
    Forbidden,
    OnCallError,
    RateLimited,
    StatusError,
    TokenUnavailable,
    TransportError,
    Unauthorized,
)

from .report import SKEW_MATTERS, CheckReport, TokenReport

_FAMILIES: Final = {
    "alert-groups": "alert_groups/",
    "integrations": "integrations/",
    "escalation-chains": "escalation_chains/",
    "schedules": "schedules/",
    "outgoing-webhooks": "webhooks/",
    "chatops": "user_groups/",
    "other-settings": "organizations/current/",
}
"""Permissions, and what they guard; `user-settings` guards the users, who are read first."""

_USERS: Final = "user-settings"
_CLOUD_MEMBERS: Final = frozenset({"phone_number", "phone_number_status"})
"""Which users have in Grafana Cloud only."""

_ONE: Final = {"perpage": 1}

_NEEDS_USER: Final = (
    "to acknowledge, resolve or silence, pass user_token=, a user's OnCall API key: the server "
    "refuses that to service accounts."
)


@attrs.define
class _Findings:
    """What is known of the server so far."""

    reachable: bool = False
    cloud: bool | None = None
    skew: float | None = None
    requests: int = 0
    advice: list[str] = attrs.field(factory=list[str])

    def learn_clock(self, response: Response) -> None:
        """Compare the clocks."""
        with suppress(ValueError, OverflowError, TypeError):  # it sends no date, or none of ours
            date = parsedate_to_datetime(response.headers.get("date", ""))
            self.skew = float(round((date - response.received).total_seconds()))


async def check(session: Session) -> CheckReport:
    """Return what the client's tokens can do, by at most eight requests for each."""
    once = attrs.evolve(session.options, retry=RetryPolicy(max_attempts=1, deadline=0))
    quick, found = Session(session.shared, once), _Findings()
    credentials = session.shared.credentials
    tokens = [await _TokenCheck(quick, found, "token").run()]
    if credentials is not None and credentials.user_token is not None:
        tokens.append(await _TokenCheck(quick, found, "user_token").run())
    elif tokens[0].kind == "service_account" and tokens[0].valid:
        tokens[0] = attrs.evolve(tokens[0], advice=(*tokens[0].advice, _NEEDS_USER))
    if found.skew is not None and abs(found.skew) >= SKEW_MATTERS:
        found.advice.append("set this machine's clock, or the server's.")
    target = session.shared.target
    return CheckReport(
        url=target.base_url,
        grafana_url=target.headers.value.get("x-grafana-url"),
        reachable=found.reachable,
        flavour=_flavour(target.base_url, cloud=found.cloud),
        clock_skew=found.skew,
        tokens=tuple(tokens),
        requests=found.requests,
        advice=tuple(found.advice),
    )


def _flavour(url: str, *, cloud: bool | None) -> Literal["cloud", "oss"] | None:
    if (urlsplit(url).hostname or "").endswith(".grafana.net"):
        return "cloud"
    return None if cloud is None else "cloud" if cloud else "oss"


class _TokenCheck:
    """Checks one token."""

    def __init__(
        self, session: Session, found: _Findings, name: Literal["token", "user_token"]
    ) -> None:
        self._session = session
        self._found = found
        self._name: Final = name
        self._valid: bool | None = None
        self._stopped = False
        """Whether more requests would find out nothing."""
        self._families: dict[bool | None, list[str]] = {True: [], False: [], None: []}
        self._advice: list[str] = []

    async def run(self) -> TokenReport:
        """Make its requests."""
        token = await self._token()
        if token is None:
            return self._report(None, {})
        is_account = is_service_account(token)
        users = "users/" if is_account else "users/current/"
        first = await self._read(_USERS, users)
        user = self._user(first, is_account=is_account)
        for family, path in _FAMILIES.items():
            if not self._stopped:
                await self._read(family, path)
        return self._report("service_account" if is_account else "user", user)

    async def _token(self) -> Secret[str] | None:
        """Return the token, which may have to be asked for."""
        shared = self._session.shared
        if shared.credentials is None:
            return Secret(shared.target.headers.value["authorization"])
        token = getattr(shared.credentials, self._name)
        try:
            with shared:
                await shared.get_token(token, self._session.options)
        except TokenUnavailable as error:
            self._advice.append(str(error))
        return cast("Secret[str] | None", token.current)

    async def _read(self, family: str, path: str) -> object:
        """Read as little as possible of what a permission guards, and note what that shows."""
        try:
            result = await self._session.exchange(self._request(family, path))
        except (StatusError, DecodeError, TransportError) as error:
            self._found.requests += len(error.attempts)
            self._families[self._failed(error)].append(family)
            return None
        self._found.requests += 1
        self._found.reachable = self._valid = True
        self._found.learn_clock(result.response)
        self._families[True].append(family)
        return result.value

    def _request(self, family: str, path: str) -> Request[Any]:
        query = None if path.endswith("/current/") else _ONE
        request = endpoint("GET", path, query=query, as_user=self._name == "user_token")
        permission = f"grafana-irm-app.{family}:read (on open source: grafana-oncall-app.…)"
        operation = attrs.evolve(request.operation, permission=permission)
        return attrs.evolve(request, operation=operation)

    def _failed(self, error: OnCallError) -> bool | None:
        """Note what a failure shows; return False if the permission is missing."""
        stranger = _is_of_a_stranger(error)
        if stranger and not self._families[True]:
            self._stopped = True
            self._found.advice.append(str(error))
            return None
        self._found.reachable = True
        if isinstance(error, Unauthorized) and self._valid is None:
            self._valid, self._stopped = False, True
        elif isinstance(error, Unauthorized | Forbidden):
            self._valid = True
            self._advice.append(str(error))
            return False
        elif isinstance(error, EndpointUnavailable):
            return None  # an open-source engine may lack it
        self._stopped = self._stopped or stranger or isinstance(error, RateLimited)
        self._advice.append(str(error))
        return None

    def _user(self, value: object, *, is_account: bool) -> dict[str, Any]:
        """Return the user of the token; learn the flavour from any user."""
        members = _members(value)
        if is_account:
            listed = members.get("results")
            users = cast("list[object]", listed) if isinstance(listed, list) else []
            members = _members(users[0] if users else None)
        if not members:
            return {}
        self._found.cloud = bool(_CLOUD_MEMBERS & {*members})
        return {} if is_account else members

    def _report(
        self, kind: Literal["user", "service_account"] | None, user: dict[str, Any]
    ) -> TokenReport:
        return TokenReport(
            name=self._name,
            kind=kind,
            valid=self._valid,
            user=_text(user, "username"),
            role=_text(user, "role"),
            can_read=tuple(self._families[True]),
            cannot_read=tuple(self._families[False]),
            unknown=() if self._valid is False else tuple(self._families[None]),
            advice=tuple(dict.fromkeys(self._advice)),
        )


def _is_of_a_stranger(error: OnCallError) -> bool:
    """Whether nobody answered, or something in OnCall's place."""
    is_gateway = isinstance(error, StatusError) and error.is_gateway
    return is_gateway or isinstance(error, TransportError | DecodeError | EndpointUnavailable)


def _members(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text(user: dict[str, Any], name: str) -> str | None:
    value = user.get(name)
    return value if isinstance(value, str) else None
