"""The errors of requests that were not sent, because of a pause or an outage."""

from typing import Any, Final

from grafana_oncall._core.request import API_ROOT, Operation, Request
from grafana_oncall.errors import RateLimited, TransportError

from .outage import Outage

_NO_RESPONSE: Final = {
    "unreachable": "no connection to {host}",
    "unavailable": "no response of OnCall's from {host}",
    "rate_limit_storage": "no response from the Redis of rate_limit_storage=",
}
"""What is missing during an outage, by the reason of its pauses."""

_OUTAGE_HINT: Final = (
    " Hint: see whether it is up and can be reached. Calls with_options(background=True) wait for "
    "it until RetryPolicy.deadline."
)


def outage_message(outage: Outage, now: float, operation: Operation, host: str) -> str:
    """Say how long an outage has lasted, and what its last failure was."""
    what = _NO_RESPONSE[outage.reason].format(host=host)
    words = outage.words.removeprefix(f"{operation.id}: ")
    hint = "" if "Hint: " in words else _OUTAGE_HINT
    return (
        f"{what} for {outage.lasted(now):.0f} s; nothing was sent. The last failure: {words}{hint}"
    )


def pause_error(request: Request[Any], seconds: float) -> RateLimited:
    """Return the error of a call for which the server's pause is too long."""
    operation = request.operation
    return RateLimited(
        status=429,
        detail=f"all calls of this client pause for {seconds:.0f} s after a 429",
        fields={},
        operation=operation.id,
        method=operation.method,
        path=f"/{API_ROOT}{request.path}",
        hint="this request was not sent; come back later, or raise RetryPolicy.deadline.",
        reset_after=seconds,
    )


def unsent_error(
    operation: Operation, words: str, kind: type[TransportError] = TransportError
) -> TransportError:
    """Return an error that says what kept the request from being sent."""
    return kind(f"{operation.id}: {words}", operation=operation.id, sent=False)
