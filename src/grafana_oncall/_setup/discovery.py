"""Ask Grafana for the URL of OnCall, which it has in the settings of its OnCall plugin.

The answer names a host, and the token will be sent there: everywhere else, no host is taken from a
response. The caller asks for exactly that, of a Grafana to which the same token was sent. So the
URL is accepted if it could have been given as `url=`: https, or this machine, or `allow_http`.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from grafana_oncall._core.request import Operation, Request, Response, Result
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import Redactor, request_headers
from grafana_oncall._http.sender import Target
from grafana_oncall._http.urls import api_url, base_url
from grafana_oncall._session.credentials import Credentials, Token, TokenSource
from grafana_oncall._session.session import Session
from grafana_oncall.errors import (
    DecodeError,
    EndpointUnavailable,
    InvalidArgument,
    NotFound,
    StatusError,
)

from .settings import Sending

_PLUGINS: Final = ("grafana-irm-app", "grafana-oncall-app")
"""Of Grafana Cloud, and of the open-source OnCall."""

_MAX_BYTES: Final = 1024 * 1024

_OR_PASS: Final = "or make the client with url=, from the plugin's page in Grafana."  # noqa: S105  # no password
_HINTS: Final[Mapping[int, str]] = {
    401: f"Grafana takes a service account token (glsa_…), and no OnCall API key; {_OR_PASS}",
    403: f"the service account needs a role that may read settings of plugins; {_OR_PASS}",
    404: f"check grafana_url=, and that the OnCall or IRM plugin is installed there; {_OR_PASS}",
}
_REDIRECTED: Final = (
    f"set grafana_url= to Grafana's own URL; redirects are not followed; {_OR_PASS}"
)
_NO_GRAFANA: Final = f"check that grafana_url= is Grafana's, and not a login page; {_OR_PASS}"
_UNSET: Final = f"connect the plugin with OnCall, on its page in Grafana; {_OR_PASS}"


async def oncall_url(grafana_url: str, token: Secret[TokenSource], sending: Sending) -> str:
    """Return the URL of OnCall that a Grafana has in its settings.

    Raises:
        OnCallError: Grafana did not respond, refused, or does not say.
    """
    allow_http = sending.allow_http
    session = _session(base_url("grafana_url", grafana_url, allow_http=allow_http), token, sending)
    try:
        result = await _settings(session)
    finally:
        # Other transports and clients are the caller's, and used by the client to come.
        if session.shared.sender.opens_connections:
            await session.shared.aclose(wait=False)
    url = _url_in(result)
    try:
        api_url(url, allow_http=allow_http)
    except InvalidArgument as error:
        fault = str(error).removeprefix("url: ")
    else:
        return url
    raise _unusable(result.response, f"onCallApiUrl cannot be used: {fault}", _OR_PASS)


def _session(base: str, token: Secret[TokenSource], sending: Sending) -> Session:
    redactor = Redactor()
    source = Token("token", token, check=lambda _: None, redactor=redactor, scheme="Bearer ")
    target = Target(
        base_url=f"{base}/",
        headers=request_headers(None, None),
        redactor=redactor,
        max_response_bytes=_MAX_BYTES,
    )
    return sending.session_to(target, limiter=None, credentials=Credentials(source, None))


async def _settings(session: Session) -> Result[Any]:
    """Return the settings of whichever plugin is installed."""
    failure: StatusError | None = None
    for plugin in _PLUGINS:
        request = _request(f"api/plugins/{plugin}/settings")
        try:
            return await session.exchange(request)
        except (NotFound, EndpointUnavailable) as error:
            failure = failure or _refused(error, request)
        except StatusError as error:
            raise _refused(error, request) from None
        except DecodeError as error:
            raise DecodeError(
                "it is not JSON",
                operation=error.operation,
                status=error.status,
                content=error.content,
                hint=_NO_GRAFANA,
            ) from None
    raise cast("StatusError", failure)


def _request(path: str) -> Request[Any]:
    operation = Operation(
        id="discover",
        method="GET",
        path=path,
        permission="that reads settings of plugins",
        needs_user=False,
        success=200,
        retry="safe",
        check="nothing was changed.",
        docs="https://grafana.com/docs/grafana/latest/developers/http_api/",
    )
    return Request(operation=operation, path=path, returns=cast("type[Any]", Any))


def _refused(error: StatusError, request: Request[Any]) -> StatusError:
    """The same refusal, with Grafana's path and what to do about it there."""
    is_redirect = 300 <= error.status < 400
    detail = error.detail.partition("; ")[0] if is_redirect else error.detail
    refused = type(error)(
        status=error.status,
        detail=detail,
        fields=error.fields,
        operation=error.operation,
        method=error.method,
        path=f"/{request.path}",
        hint=_REDIRECTED if is_redirect else _HINTS.get(error.status),
        reset_after=error.reset_after,
        is_gateway=error.is_gateway,
    )
    refused.attempts, refused.elapsed = error.attempts, error.elapsed
    return refused


def _url_in(result: Result[Any]) -> str:
    settings: Any = result.value
    if not isinstance(settings, dict):
        raise _unusable(result.response, "there are no settings", _NO_GRAFANA)
    shown = cast("dict[str, Any]", settings).get("jsonData")
    url = cast("dict[str, Any]", shown).get("onCallApiUrl") if isinstance(shown, dict) else None
    if not isinstance(url, str) or not url:
        raise _unusable(result.response, "there is no URL of OnCall", _UNSET)
    return url


def _unusable(response: Response, fault: str, hint: str) -> DecodeError:
    return DecodeError(
        fault,
        operation="discover",
        status=response.status,
        content=response.content,
        path="$.jsonData.onCallApiUrl",
        hint=hint,
    )
