"""OnCallClient: the settings, the connections, and the doors to the resources."""

import os
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Final, NoReturn, Self, TypedDict, TypeVar, Unpack

import httpx

from ._alert_groups import AlertGroups
from ._arguments import positive
from ._integrations import Integrations
from ._request import Answer, Request
from ._session import MAX_CONNECTIONS, Session, make_http
from ._settings import Token, api_url, stack_url, timeout_seconds
from .errors import InvalidArgument

T = TypeVar("T")

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds."""


class ClientOptions(TypedDict, total=False):
    """What `OnCallClient.from_env` takes besides the settings in the environment."""

    timeout: float | timedelta
    max_connections: int
    transport: httpx.AsyncBaseTransport
    http_client: httpx.AsyncClient


class OnCallClient:
    """The async client of the Grafana OnCall HTTP API.

        async with OnCallClient(url="https://oncall.example", token="…") as client:
            async for group in client.alert_groups.list(state="new"):
                print(group.id, group.title)

    One client serves many tasks, of one event loop. It keeps its connections until it is closed,
    by `async with` or by `aclose`.

    Args:
        url: The OnCall API URL of the stack's settings page; it may end in `/` or `/api/v1`.
        token: A user's OnCall API key or a service account token (`glsa_…`), bare.
        grafana_url: URL of the Grafana stack; needed with a service account token.
        timeout: Longest silence of the server while connecting, sending or answering, in seconds
            or as a timedelta.
        max_connections: Most connections, and so most requests at once.
        transport: An httpx transport to send through, such as a fake's; closed with the client.
        http_client: An httpx client of yours to send through, with its proxies, TLS settings and
            hooks; it stays open, and its own limit of connections should not be lower than
            `max_connections`.

    Raises:
        InvalidArgument: A setting is missing or cannot be meant.
    """

    integrations: Integrations
    """Sources of alerts."""
    alert_groups: AlertGroups
    """Alerts that belong together, and what is done about them."""

    def __init__(
        self,
        *,
        url: str,
        token: str | Token,
        grafana_url: str | None = None,
        timeout: float | timedelta = DEFAULT_TIMEOUT,
        max_connections: int = MAX_CONNECTIONS,
        transport: httpx.AsyncBaseTransport | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        token = Token(token)
        if transport is not None and http_client is not None:
            message = "Give transport= or http_client=, not both."
            raise InvalidArgument(message, argument="transport")
        if grafana_url is None and token.is_service_account:
            message = (
                "grafana_url: a service account token (glsa_…) needs the URL of its Grafana stack."
            )
            raise InvalidArgument(message, argument="grafana_url")
        positive("max_connections", max_connections)
        self._base_url = api_url(url)
        self._session = Session(
            base_url=self._base_url,
            token=token,
            grafana_url=None if grafana_url is None else stack_url(grafana_url),
            timeout=timeout_seconds(timeout),
            http=http_client or make_http(transport, max_connections),
            owns_http=http_client is None,
            max_connections=max_connections,
        )
        self.integrations = Integrations(self._session)
        self.alert_groups = AlertGroups(self._session)

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] = os.environ, **options: Unpack[ClientOptions]
    ) -> Self:
        """A client with the settings of the environment.

        `GRAFANA_ONCALL_URL` and `GRAFANA_ONCALL_ACCESS_TOKEN` must be set; `GRAFANA_URL` may be.
        Terraform's Grafana provider reads the same names.
        """
        for name in ("GRAFANA_ONCALL_URL", "GRAFANA_ONCALL_ACCESS_TOKEN"):
            if not environ.get(name):
                message = f"The environment variable {name} is missing or empty."
                raise InvalidArgument(message, argument=name)
        return cls(
            url=environ["GRAFANA_ONCALL_URL"],
            token=environ["GRAFANA_ONCALL_ACCESS_TOKEN"],
            grafana_url=environ.get("GRAFANA_URL") or None,
            **options,
        )

    async def send(self, request: Request[T]) -> Answer[T]:
        """Sends a request of `grafana_oncall.operations`; the way to the raw bytes of any answer.

            answer = await client.send(operations.get_alert_group("I68T24C13IFW1"))
            answer.value.title, answer.response.headers, answer.response.content

        A parameter that the SDK does not know is added by `attrs.evolve(request, query=…)`.
        """
        return await self._session.exchange(request)

    async def aclose(self) -> None:
        """Closes the connections. The client cannot be used again."""
        await self._session.aclose()

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
