"""OnCallClient: settings, connections, and access to the resources."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from random import Random
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, Unpack, cast

import attrs

from grafana_oncall._core.aio import import_in_thread, only_async
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.factory import Transport
from grafana_oncall._http.libraries import HttpxClient
from grafana_oncall._http.proxies import HttpxProxy
from grafana_oncall._session.credentials import TokenSource
from grafana_oncall._session.retry_policy import RetryBudget, RetryPolicy
from grafana_oncall._session.session import Session
from grafana_oncall._setup.settings import (
    ClientOptions,
    DiscoverOptions,
    Sending,
    make_session,
    read_environment,
    retry_of,
    timeout_of,
)
from grafana_oncall._validation.arguments import of_type
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.events import Listener
from grafana_oncall.resources.accessors import Resources
from grafana_oncall.resources.requests import Requests

if TYPE_CHECKING:
    from grafana_oncall._setup.report import CheckReport

__all__ = ["ClientOptions", "OnCallClient"]


def __dir__() -> list[str]:
    return sorted(__all__)


DEFAULT_TIMEOUT: Final = 30.0  # seconds
MAX_CONNECTIONS: Final = 32
MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024


class OnCallClient(Resources, Requests):
    """The async client of the Grafana OnCall HTTP API.

        async with OnCallClient(url="https://oncall.example", token="…") as client:
            async for group in client.alert_groups.list(state="new"):
                print(group.id, group.title)

    One client serves many tasks of one event loop, and keeps its connections open until it is
    closed, by `async with` or `aclose`. Failures are retried where that is safe: see `RetryPolicy`.
    After a 429 all tasks of the client pause for as long as the server asks, and callers see none
    unless that is longer than `RetryPolicy.deadline`.

    Args:
        url: The OnCall API URL of the stack's settings page; it may end in `/` or `/api/v1`.
        token: A user's OnCall API key or a service account token (`glsa_…`); a `Bearer` before it
            is left out. Or a function, async or not, that returns it: it is called before the first
            request, and again when the server refuses the token, once for all tasks, and the call
            is then retried once. One that blocks should be async.
        user_token: A user's OnCall API key, in the same forms, for what a service account may not
            do, such as to acknowledge a group. Both share the throttle and `rate_limit`.
        grafana_url: URL of the Grafana stack; required with a service account token.
        timeout: Timeout of each connect, write and read, in seconds or as a timedelta.
        retry: How often and how long to retry.
        retry_budget: Token bucket that keeps retries from adding to an overload: each retry costs
            5, or 10 after a timeout. In an outage, background calls pay nothing: they pause, and
            one at a time is sent as a probe.
        rate_limit: The client's own rate limit, such as `"300/5m"`; without one, the client goes
            at full speed until the server says 429.
        rate_limit_storage: URL of a Redis that shares this limit, and pauses after a 429, between
            processes, such as `"redis://localhost:6379"`. Needs the extra `[redis]`. Clients with
            the same `token` share it; with a function as token, those with the same `url` and
            `grafana_url`.
        max_connections: Maximum number of connections, and so of requests at once.
        max_response_bytes: Largest response that is accepted, after decompression of gzip, which is
            the only encoding. Decoded, it takes at most twelve times as much memory, or 12 MB.
        allow_http: Allow plain http to hosts other than this machine.
        verify: TLS settings, or False to trust every server. By default, the certificates of
            certifi are trusted, or those in the file that SSL_CERT_FILE names or the folders of
            SSL_CERT_DIR. REQUESTS_CA_BUNDLE is not read.
        proxy: URL of a proxy, as httpx takes it. Without one, HTTPS_PROXY, HTTP_PROXY and ALL_PROXY
            name it, except for hosts in NO_PROXY (names, suffixes and networks such as 10.0.0.0/8)
            and for this machine's own addresses. Plain http through a proxy on another machine
            needs `allow_http`.
        transport: `"httpx"` (the default); `"httpx2"`, its maintained successor, or `"aiohttp"`,
            which takes the least CPU; both need the extra of that name, and mocks of httpx miss
            their requests. Or a transport of httpx or httpx2, such as a fake's, which is closed
            with the client. Through a proxy, httpx sends in the place of aiohttp.
        http_client: An `AsyncClient` of httpx or httpx2 to send through, with its own TLS settings,
            proxies, limits and cookies. It is not closed. It should allow `max_connections` or
            more, and its proxy, also one of the environment, sees the token if the URL is plain
            http. The pool of httpx 0.28 may lose a place for good when a request is cancelled
            (httpcore#1093). Over HTTP/2, or with a subclass, no failure proves that the request was
            not sent, so `silence` and `integrations.create` are not retried.
        on_event: Called with each event of `grafana_oncall.events`; or a list of such functions.
        random: Returns numbers from 0 to 1, for jitter.

    Raises:
        InvalidArgument: An argument is missing or makes no sense.
    """

    _base_url = "(none)"

    def __init__(
        self,
        *,
        url: str,
        token: TokenSource,
        user_token: TokenSource | None = None,
        grafana_url: str | None = None,
        timeout: float | timedelta = DEFAULT_TIMEOUT,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008  # frozen
        retry_budget: int = RetryBudget.CAPACITY,
        rate_limit: str | None = None,
        rate_limit_storage: str | None = None,
        max_connections: int = MAX_CONNECTIONS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        allow_http: bool = False,
        verify: SSLContext | bool = True,
        proxy: HttpxProxy | str | None = None,
        transport: Transport | None = None,
        http_client: HttpxClient | None = None,
        on_event: Listener | Sequence[Listener] | None = None,
        random: Callable[[], float] = Random().random,  # noqa: B008, S311  # jitter is no secret
    ) -> None:
        main, user = Secret(token), Secret(user_token)
        via, storage = Secret(proxy), Secret(rate_limit_storage)
        # A traceback with local variables must not show the passwords in them.
        del token, user_token, proxy, rate_limit_storage
        self._sending = Sending(
            timeout=timeout,
            retry=retry,
            retry_budget=retry_budget,
            max_connections=max_connections,
            allow_http=allow_http,
            verify=verify,
            proxy=via,
            transport=transport,
            http_client=http_client,
            on_event=on_event,
            random=random,
        )
        self._session = make_session(
            self._sending,
            url=url,
            token=main,
            user_token=user,
            grafana_url=grafana_url,
            rate_limit=rate_limit,
            rate_limit_storage=storage,
            max_response_bytes=max_response_bytes,
        )
        self._base_url = self._session.shared.target.base_url

    def with_options(
        self,
        *,
        timeout: float | timedelta | None = None,
        retry: RetryPolicy | None = None,
        background: bool | None = None,
    ) -> Self:
        """Return a client with other options that shares connections, throttle and rate limit.

            await client.with_options(timeout=3).alert_groups.get("I68T24C13IFW1")

        Closing either closes both.

        Args:
            timeout: As for the client.
            retry: As for the client.
            background: Whether these calls let all others go first, and wait out an outage until
                `RetryPolicy.deadline`.
        """
        shared, options = self._session.shared, self._session.options
        if timeout is not None:
            options = attrs.evolve(options, timeout=timeout_of(timeout))
        if retry is not None:
            options = attrs.evolve(options, retry=retry_of(retry))
        if background is not None:
            options = attrs.evolve(options, background=of_type("background", background, bool))
        other = object.__new__(type(self))
        other.__dict__.update(
            (name, value)
            for name, value in self.__dict__.items()
            # A resource belongs to one session, so the other client makes its own.
            if not isinstance(getattr(type(self), name, None), cached_property)
        )
        other._session = Session(shared, options)
        return other

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, **options: Unpack[ClientOptions]
    ) -> Self:
        """Return a client with the settings of the environment, except for those that are passed.

        `GRAFANA_ONCALL_URL` and `GRAFANA_ONCALL_ACCESS_TOKEN` are required, `GRAFANA_URL` and
        `GRAFANA_ONCALL_USER_TOKEN` are optional. Terraform's Grafana provider reads the same
        variables, except for the last one.
        """
        # As the default of the argument, `help` would show it, with all secrets in it.
        variables = Secret(os.environ if environ is None else environ)
        del environ  # a traceback with local variables must show neither it nor passwords
        settings = cast("dict[str, Any]", options)
        try:
            settings |= read_environment(variables, given=settings)
            return cls(**settings)
        finally:
            settings.clear()

    @classmethod
    async def discover(
        cls, *, grafana_url: str, token: TokenSource, **options: Unpack[DiscoverOptions]
    ) -> Self:
        """Ask Grafana for the URL of OnCall, and return a client with it.

            client = await OnCallClient.discover(
                grafana_url="https://stack.grafana.net", token="glsa_…"
            )

        One request reads the settings of Grafana's IRM plugin, and a second one those of the OnCall
        plugin if there is no IRM. You thereby ask for the token to be sent to the host that Grafana
        names; nothing else takes a host from a response. As a `url=`, it must be https, or on this
        machine, unless `allow_http`.

        Args:
            grafana_url: URL of the Grafana stack.
            token: A service account token (`glsa_…`), which Grafana takes as well.
            options: As for the client.

        Raises:
            InvalidArgument: An argument makes no sense; nothing was sent.
            StatusError: Grafana refused, such as Unauthorized, Forbidden or EndpointUnavailable.
            DecodeError: It does not name a URL of OnCall that can be used.
            TransportError: It did not respond.
        """
        from grafana_oncall._setup.discovery import oncall_url  # noqa: PLC0415  # as in `check`

        source, settings = Secret(token), cast("dict[str, Any]", options)
        del token
        if "url" in settings:
            raise InvalidArgument("url: it is what is looked for.", argument="url")
        try:
            settings |= {"grafana_url": grafana_url, "token": source.value}
            # Nothing is sent there: it checks all settings, before anything is sent.
            checked = cls(url="https://localhost", **settings)
            return cls(url=await oncall_url(grafana_url, source, checked._sending), **settings)
        finally:
            settings.clear()

    async def check(self) -> CheckReport:
        """Find out what the settings and tokens are good for, and return a report to print.

            print(await client.check())

        It says whether OnCall answers, whose each token is, whether it is valid, what it can read,
        how far the clocks differ, and what to do about each failure, which it does not raise. Only
        GET requests are made, each once: at most eight for each token.
        """
        from grafana_oncall._setup.check import check  # noqa: PLC0415  # few programs need it

        return await check(self._session)

    async def aclose(self, *, wait: bool = False) -> None:
        """Close the client for good; new calls raise ClientStateError at once.

        Args:
            wait: Whether to let the calls in flight finish. Otherwise they end now, with
                ClientStateError, or with OutcomeUnknown if a write was in flight.
        """
        await self._session.shared.aclose(wait=wait)

    if not TYPE_CHECKING:  # type checkers find this by themselves
        __enter__ = __exit__ = only_async("use `async with` instead of `with`.")

    async def __aenter__(self) -> Self:
        if self._session.shared.sender.opens_connections:
            await import_in_thread("grafana_oncall.resources.alert_groups")
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"OnCallClient(url={self._base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client cannot be pickled or copied: it has connections and a secret.")
