"""Requests as they are: those of builders, and those to any endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from grafana_oncall._core.request import Request, Result
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._core.types import UNSET
from grafana_oncall._session.session import Session
from grafana_oncall._validation.endpoints import Method, QueryValue, endpoint

T = TypeVar("T")


class Requests(ShortTracebacks):
    """Base of the client: what no resource has a method for."""

    _session: Session

    async def send(self, request: Request[T]) -> Result[T]:
        """Send a request of `grafana_oncall.operations`, and return the raw response as well.

            result = await client.send(operations.get_alert_group("I68T24C13IFW1"))
            result.value.title, result.response.headers, result.response.content

        Parameters that the SDK does not know can be added with `attrs.evolve(request, query=…)`.

        The response is the last one: the refusal of a retry, if that shows that the effect is
        already there. Unlike the methods of the resources, `send` does not read back whether a
        `create_integration`, `update_integration` or `add_alert_group_label` took effect.
        """
        return await self._session.exchange(request)

    async def request(
        self,
        method: Method,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: Any = UNSET,
        retry: Literal["same", "never"] | None = None,
        as_user: bool = False,
    ) -> Result[Any]:
        """Call any endpoint below `/api/v1/`, also one that the SDK does not know.

            result = await client.request("GET", "teams/", query={"name": "SRE"})
            result.value["results"], result.response.status

        Retries, throttle, redaction and errors are those of all calls. The value is the decoded
        JSON; a text if the response is one, such as a calendar; or None if it is empty. Errors name
        the operation by method and path, with `{id}` for ids, such as `"GET teams/{id}/"`.

        Args:
            method: GET, POST, PUT, PATCH or DELETE. No HEAD: behind uWSGI, its answer spoils the
                connection for the next request.
            path: Below `/api/v1/`, such as `"teams/"`; the slash at its end is added.
            query: Parameters; a list repeats one.
            body: Anything that JSON can hold.
            retry: How a request is repeated that may have taken effect although it failed. By
                default a GET is; a DELETE is, and a 404 then means that it is gone; all others are
                not, and raise OutcomeUnknown. `"same"` repeats: pass it if twice is as good as
                once. `"never"` repeats nothing.
            as_user: Whether to send `user_token=`, if there is one.
        """
        request = endpoint(method, path, query=query, body=body, retry=retry, as_user=as_user)
        return await self._session.exchange(request)
