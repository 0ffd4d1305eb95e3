"""The settings of a client: checked, and made into the session that it sends through."""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import timedelta
from functools import partial
from ssl import SSLContext
from typing import Final, TypedDict, cast

import attrs

from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import (
    Redactor,
    digest,
    is_service_account,
    request_headers,
)
from grafana_oncall._http.factory import Transport, make_sender
from grafana_oncall._http.libraries import HttpxClient
from grafana_oncall._http.proxies import HttpxProxy
from grafana_oncall._http.sender import Target
from grafana_oncall._http.urls import api_url, stack_missing, stack_url
from grafana_oncall._session.credentials import Credentials, Token, TokenSource
from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.rate_limit import Limiter, limiter_of
from grafana_oncall._session.retry_policy import RetryBudget, RetryPolicy
from grafana_oncall._session.session import Session
from grafana_oncall._session.state import Options, Shared
from grafana_oncall._session.throttle import Throttle
from grafana_oncall._validation.arguments import function, of_type, seconds, whole
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.events import Listener


class DiscoverOptions(TypedDict, total=False):
    """Options of `OnCallClient.discover`, the same as those of `OnCallClient`."""

    user_token: TokenSource | None
    timeout: float | timedelta
    retry: RetryPolicy
    retry_budget: int
    rate_limit: str | None
    rate_limit_storage: str | None
    max_connections: int
    max_response_bytes: int
    allow_http: bool
    verify: SSLContext | bool
    proxy: HttpxProxy | str | None
    transport: Transport | None
    http_client: HttpxClient | None
    on_event: Listener | Sequence[Listener] | None
    random: Callable[[], float]


class ClientOptions(DiscoverOptions, total=False):
    """Options of `OnCallClient.from_env`, the same as those of `OnCallClient`."""

    url: str
    token: TokenSource
    grafana_url: str | None


@attrs.frozen(kw_only=True)
class Sending:
    """How a client sends, whatever the server is. A password in it is in a `Secret`."""

    timeout: float | timedelta
    retry: RetryPolicy
    retry_budget: int
    max_connections: int
    allow_http: bool
    verify: SSLContext | bool
    proxy: Secret[HttpxProxy | str | None]
    transport: Transport | None
    http_client: HttpxClient | None
    on_event: Listener | Sequence[Listener] | None
    random: Callable[[], float]

    def session_to(
        self, target: Target, *, limiter: Limiter | None, credentials: Credentials | None
    ) -> Session:
        """Return a session; raise InvalidArgument for a setting that makes no sense."""
        options = Options(timeout=timeout_of(self.timeout), retry=retry_of(self.retry))
        whole("max_connections", self.max_connections)
        whole("retry_budget", self.retry_budget)
        function("random", self.random)
        listeners = _listeners(self.on_event)
        sender = make_sender(
            target,
            http_client=self.http_client,
            transport=self.transport,
            verify=self.verify,
            proxy=self.proxy,
            allow_http=self.allow_http,
            max_connections=self.max_connections,
        )
        shared = Shared(
            target=target,
            sender=sender,
            throttle=Throttle(RateEstimate(max_in_flight=self.max_connections)),
            limiter=limiter,
            credentials=credentials,
            listeners=listeners,
            random=self.random,
            retry_budget=RetryBudget(self.retry_budget),
        )
        return Session(shared, options)


def make_session(
    sending: Sending,
    *,
    url: str,
    token: Secret[TokenSource],
    user_token: Secret[TokenSource | None],
    grafana_url: str | None,
    rate_limit: str | None,
    rate_limit_storage: Secret[str | None],
    max_response_bytes: int,
) -> Session:
    """Return the session of a new client; raise InvalidArgument for a setting that makes no sense.

    What may contain a password comes as a `Secret`: a traceback must not show it.
    """
    redactor = Redactor()
    stack = stack_url(grafana_url)
    main = Token("token", token, check=partial(_check_token, stack), redactor=redactor)
    base_url = api_url(url, allow_http=of_type("allow_http", sending.allow_http, bool))
    whole("max_response_bytes", max_response_bytes)
    credentials = _credentials(main, user_token, redactor)
    target = Target(
        base_url=base_url,
        headers=request_headers(None if credentials else main.current, stack),
        redactor=redactor,
        max_response_bytes=max_response_bytes,
    )
    key = digest(main.current or Secret(f"{base_url} {stack}"))
    limiter = limiter_of(rate_limit, rate_limit_storage, key=key)
    return sending.session_to(target, limiter=limiter, credentials=credentials)


def _credentials(
    token: Token, user_token: Secret[TokenSource | None], redactor: Redactor
) -> Credentials | None:
    """Return the tokens; None if one constant token is all that there is."""
    if user_token.value is not None:
        user = Token("user_token", user_token, check=_check_user_token, redactor=redactor)
        return Credentials(token, user)
    return None if token.current else Credentials(token, None)


def _check_token(stack: str | None, token: Secret[str]) -> None:
    if stack is None and is_service_account(token):
        raise stack_missing()


def _check_user_token(token: Secret[str]) -> None:
    if is_service_account(token):
        message = "user_token: it is a service account's; a user's OnCall API key is needed."
        raise InvalidArgument(message, argument="user_token")


def timeout_of(timeout: object) -> float:
    """Return the timeout in seconds."""
    return seconds("timeout", timeout, longest=timedelta(days=1))


def retry_of(retry: RetryPolicy) -> RetryPolicy:
    """Return the policy if it is one."""
    return of_type("retry", retry, RetryPolicy)


def _listeners(on_event: Listener | Sequence[Listener] | None) -> tuple[Listener, ...]:
    if on_event is None:
        return ()
    is_list = isinstance(on_event, list | tuple)
    listeners = cast("Sequence[Listener]", on_event if is_list else (on_event,))
    return tuple(function("on_event", listener) for listener in listeners)


def read_environment(
    variables: Secret[Mapping[str, str]], *, given: Container[str] = ()
) -> dict[str, str | Secret[str] | None]:
    """Return url, tokens and grafana_url as the environment sets them, unless they are given."""
    settings: dict[str, str | Secret[str] | None] = {}
    if "url" not in given:
        settings["url"] = _required(variables, "url", *_URL).value
    if "token" not in given:
        settings["token"] = _required(variables, "token", *_TOKEN)
    if "user_token" not in given and variables.value.get(_USER_TOKEN):
        settings["user_token"] = Secret(variables.value[_USER_TOKEN])
    if "grafana_url" not in given:
        settings["grafana_url"] = variables.value.get("GRAFANA_URL") or None
    return settings


_URL: Final = ("GRAFANA_ONCALL_URL", "the OnCall API URL of the stack's settings page")
_TOKEN: Final = (
    "GRAFANA_ONCALL_ACCESS_TOKEN",
    "a user's OnCall API key or a service account token",
)
"""Names of variables, and what to set them to."""
_USER_TOKEN: Final = "GRAFANA_ONCALL_USER_TOKEN"  # noqa: S105  # the name of a variable


def _required(
    variables: Secret[Mapping[str, str]], argument: str, variable: str, meaning: str
) -> Secret[str]:
    value = Secret(variables.value.get(variable, ""))
    if not value.value:
        message = (
            f"The environment variable {variable} is missing or empty. Set it to {meaning}, or "
            f"pass {argument}=."
        )
        raise InvalidArgument(message, argument=variable)
    return value
