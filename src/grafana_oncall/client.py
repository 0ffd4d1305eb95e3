"""OnCallClient: the settings, the connections, and the doors to the resources."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from random import Random
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Final, NoReturn, Self, TypedDict, TypeVar, Unpack, cast

import httpx

from grafana_oncall._core.request import Request, Result
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import check_token, digest, is_service_account
from grafana_oncall._http.factory import Transport, check_exclusive, check_kinds, make_http
from grafana_oncall._http.sender import Wire
from grafana_oncall._http.urls import api_url, stack_url
from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.rate_limit import Limiter
from grafana_oncall._session.retry_policy import RetryBudget, RetryPolicy
from grafana_oncall._session.session import Session
from grafana_oncall._session.state import Options, Shared
from grafana_oncall._session.throttle import Throttle
from grafana_oncall._validation.arguments import function, of_type, seconds, whole

from .errors import InvalidArgument
from .events import Listener

if TYPE_CHECKING:
    from grafana_oncall.resources.alert_groups import AlertGroups
    from grafana_oncall.resources.integrations import Integrations

__all__ = ["ClientOptions", "OnCallClient"]

T = TypeVar("T")

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds."""

_LONGEST_TIMEOUT: Final = timedelta(days=1)
MAX_CONNECTIONS: Final = 32
MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024


class ClientOptions(TypedDict, total=False):
    """What `OnCallClient.from_env` takes besides the environment, each as `OnCallClient` does."""

    timeout: float | timedelta
    retry: RetryPolicy
    retry_budget: int
    rate_limit: str | None
    rate_limit_storage: str | None
    max_connections: int
    max_response_bytes: int
    allow_http: bool
    verify: SSLContext | bool
    proxy: httpx.Proxy | str | None
    transport: Transport | None
    http_client: httpx.AsyncClient | None
    on_event: Listener | None
    random: Callable[[], float]


class OnCallClient:
    """The async client of the Grafana OnCall HTTP API.

        async with OnCallClient(url="https://oncall.example", token="…") as client:
            async for group in client.alert_groups.list(state="new"):
                print(group.id, group.title)

    One client serves many tasks, of one event loop. It keeps its connections until it is closed,
    by `async with` or by `aclose`. Failures that can be handled are: see `RetryPolicy`. A 429 is
    never seen by callers unless the pause that the server asks for is longer than
    `RetryPolicy.deadline`: all tasks of the client wait as long as it says, and after 15
    minutes one request probes whether it still says so.

    Args:
        url: The OnCall API URL of the stack's settings page; it may end in `/` or `/api/v1`.
        token: A user's OnCall API key or a service account token (`glsa_…`), bare.
        grafana_url: URL of the Grafana stack; needed with a service account token.
        timeout: Longest silence of the server while connecting, sending or answering, in seconds
            or as a timedelta.
        retry: How often and how long to try again.
        retry_budget: What the retries under way may cost together, 5 each and 10 after a timeout;
            so a server that fails now and then is not met with a storm of them. What background
            calls repeat in an outage costs nothing: they pause, and one at a time probes.
        rate_limit: A quota to keep by oneself, such as `"300/5m"`; without one, the client goes
            at full speed until the server says 429. Needs `grafana-oncall-sdk[limits]`.
        rate_limit_storage: Redis that keeps that quota for many processes, such as
            `"redis://localhost:6379"`. Needs `grafana-oncall-sdk[redis]`.
        max_connections: Most connections, and so most requests at once.
        max_response_bytes: Largest answer that is read, after it is decompressed; nothing but gzip
            is. Decoded, it takes at most twelve times as much memory, or 12 MB.
        allow_http: Allows plain http to hosts other than this one.
        verify: TLS settings, as httpx takes them.
        proxy: URL of a proxy, as httpx takes it; without one, the environment decides, but for
            this machine's own addresses, to which no proxy of the environment leads. Plain http
            through a proxy on another machine needs `allow_http`.
        transport: What sends: "httpx", which is the default, or "aiohttp", which takes a fraction
            of its CPU and needs `grafana-oncall-sdk[aiohttp]`; or an httpx transport, such as a
            fake's, which is closed with the client. aiohttp is never chosen unasked: many
            programs have it installed for other reasons, and mocks of httpx would miss its
            requests. It connects directly: with a proxy, given or of the environment, httpx sends.
        http_client: An httpx client of yours to send through, with its own TLS settings, proxies,
            limits and cookies. Its connections should not be fewer than `max_connections`, and
            whatever proxy it has, its own or of the environment, gets the token of a URL with plain
            http. It stays open. The pool of httpx 0.28 may lose a place when a request is
            cancelled (httpcore#1093), until no request can be sent any more; the client's own
            pool does not. Over HTTP/2, or with a class of your own, a failure is never known
            to have come before the request was sent; so `silence` and `integrations.create` are
            not repeated then.
        on_event: Called with each event of `grafana_oncall.events`.
        random: Gives numbers from 0 to 1, for the jitter of delays.

    Raises:
        InvalidArgument: A setting is missing or makes no sense.
    """

    _base_url = "(none)"

    def __init__(
        self,
        *,
        url: str,
        token: str | Secret[str],
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
        proxy: httpx.Proxy | str | None = None,
        transport: Transport | None = None,
        http_client: httpx.AsyncClient | None = None,
        on_event: Listener | None = None,
        random: Callable[[], float] = Random().random,  # noqa: B008, S311  # jitter is no secret
    ) -> None:
        token = token if isinstance(token, Secret) else Secret(token)
        via, storage = Secret(proxy), Secret(rate_limit_storage)
        # A traceback that shows local variables must not show the passwords in them.
        del proxy, rate_limit_storage
        check_token(token)
        base_url = api_url(url, allow_http=of_type("allow_http", allow_http, bool))
        options = Options(timeout=_timeout(timeout), retry=of_type("retry", retry, RetryPolicy))
        whole("max_connections", max_connections)
        whole("retry_budget", retry_budget)
        whole("max_response_bytes", max_response_bytes)
        function("random", random)
        if on_event is not None:
            function("on_event", on_event)
        check_kinds(http_client=http_client, transport=transport)
        check_exclusive(http_client=http_client, transport=transport, verify=verify, proxy=via)
        limiter = _limiter(rate_limit, storage, token)
        wire = Wire(
            base_url=base_url,
            token=token,
            grafana_url=_stack(grafana_url, token),
            http=make_http(
                base_url=base_url,
                allow_http=allow_http,
                max_connections=max_connections,
                transport=transport,
                verify=verify,
                proxy=via,
            )
            if http_client is None
            else http_client,
            owns_http=http_client is None,
            max_response_bytes=max_response_bytes,
        )
        shared = Shared(
            wire=wire,
            throttle=Throttle(RateEstimate(max_in_flight=max_connections)),
            limiter=limiter,
            listener=on_event,
            random=random,
            retry_budget=RetryBudget(retry_budget),
        )
        self._base_url = base_url
        self._session = Session(shared, options)

    # The models of a resource are built when it is first used: few programs use all of them.

    @cached_property
    def integrations(self) -> "Integrations":
        """Sources of alerts."""
        from grafana_oncall.resources.integrations import Integrations  # noqa: PLC0415  # see above

        return Integrations(self._session)

    @cached_property
    def alert_groups(self) -> "AlertGroups":
        """Alerts that belong together, and what is done about them."""
        from grafana_oncall.resources.alert_groups import AlertGroups  # noqa: PLC0415  # see above

        return AlertGroups(self._session)

    def with_options(
        self,
        *,
        timeout: float | timedelta | None = None,
        retry: RetryPolicy | None = None,
        background: bool | None = None,
    ) -> Self:
        """The same client with other options, for some calls: same connections, throttle and quota.

            await client.with_options(timeout=3).alert_groups.get("I68T24C13IFW1")

        Closing one of them closes all.

        Args:
            timeout: As for the client.
            retry: As for the client.
            background: Whether these calls yield to all others in the throttle, and wait out an
                outage until `RetryPolicy.deadline`.
        """
        shared, options = self._session.shared, self._session.options
        changed = Options(
            timeout=options.timeout if timeout is None else _timeout(timeout),
            retry=options.retry if retry is None else of_type("retry", retry, RetryPolicy),
            background=(
                options.background
                if background is None
                else of_type("background", background, bool)
            ),
        )
        other = object.__new__(type(self))
        other.__dict__.update(
            (name, value)
            for name, value in self.__dict__.items()
            # What was made of this session when first used is made anew of the other.
            if not isinstance(getattr(type(self), name, None), cached_property)
        )
        other._session = Session(shared, changed)
        return other

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, **options: Unpack[ClientOptions]
    ) -> Self:
        """A client with the settings of the environment.

        `GRAFANA_ONCALL_URL` and `GRAFANA_ONCALL_ACCESS_TOKEN` must be set; `GRAFANA_URL` may be.
        Terraform's Grafana provider reads the same names.
        """
        # Not as the argument's default: `help` would show it, with all secrets that it holds.
        environ = os.environ if environ is None else environ
        token = Secret(environ.get("GRAFANA_ONCALL_ACCESS_TOKEN", ""))
        url, grafana_url = environ.get("GRAFANA_ONCALL_URL"), environ.get("GRAFANA_URL")
        # A traceback that shows local variables must show neither the environment nor passwords.
        del environ
        try:
            _check_environment(url, token)
            return cls(url=url or "", token=token, grafana_url=grafana_url or None, **options)
        finally:
            cast("dict[str, object]", options).clear()

    async def send(self, request: Request[T]) -> Result[T]:
        """Sends a request of `grafana_oncall.operations`; the way to the raw bytes of any answer.

            answer = await client.send(operations.get_alert_group("I68T24C13IFW1"))
            answer.value.title, answer.response.headers, answer.response.content

        A parameter that the SDK does not know is added by `attrs.evolve(request, query=…)`. The
        response is the last that came: where a repeat told that the effect is there already, its
        refusal. A `create_integration`, `update_integration` or `add_alert_group_label` that is in
        doubt is not looked up, as the methods of the resources do.
        """
        return await self._session.exchange(request)

    async def aclose(self, *, wait: bool = False) -> None:
        """Closes the client for good; new calls are refused at once.

        Args:
            wait: Whether to let the calls under way come to their end. Otherwise they end now,
                with ClientStateError, or with OutcomeUnknown where a write was on its way.
        """
        await self._session.shared.aclose(wait=wait)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"OnCallClient(url={self._base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client cannot be pickled or copied: it holds connections and a secret.")


def _timeout(timeout: object) -> float:
    return seconds("timeout", timeout, longest=_LONGEST_TIMEOUT)


def _check_environment(url: str | None, token: Secret[str]) -> None:
    given = {"GRAFANA_ONCALL_URL": url, "GRAFANA_ONCALL_ACCESS_TOKEN": token.value and token}
    for name, value in given.items():
        if not value:
            message = f"The environment variable {name} is missing or empty."
            raise InvalidArgument(message, argument=name)


def _limiter(rate: str | None, storage: Secret[str | None], token: Secret[str]) -> Limiter | None:
    if rate is not None:
        return Limiter(rate, storage=storage.value, key=digest(token))
    if storage.value is not None:
        message = "rate_limit_storage= keeps a quota: give rate_limit= as well."
        raise InvalidArgument(message, argument="rate_limit_storage")
    return None


def _stack(url: str | None, token: Secret[str]) -> str | None:
    if url is not None:
        return stack_url(url)
    if is_service_account(token):
        message = (
            "grafana_url: a service account token (glsa_…) needs the URL of its Grafana stack."
        )
        raise InvalidArgument(message, argument="grafana_url")
    return None
