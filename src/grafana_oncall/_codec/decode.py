"""Pure: a request to bytes, and an answer to its value or to the error that it stands for."""

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Generic, TypeVar, cast, get_args, get_origin

import attrs
import msgspec

from grafana_oncall._core.request import Page, Request, Response
from grafana_oncall._core.text import printable
from grafana_oncall._core.types import UNSET
from grafana_oncall.errors import DecodeError, InvalidArgument

from .converter import BaseValidationError, decoder, dumps, faults
from .error_responses import error_from_response

T = TypeVar("T")

_OUT_OF_STEP: Final = (
    "it answers another request. A server or a proxy sends answers that nobody asked for; the "
    "connection on which it came is closed."
)


def encode(request: Request[Any]) -> bytes | None:
    """The body of a request as JSON, None where it has none."""
    if request.body is UNSET:
        return None
    try:
        return dumps(request.body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        reason = f"{request.operation.id}: its body cannot be encoded: {printable(str(error))}."
        raise InvalidArgument(reason, argument="body") from error


@attrs.frozen(kw_only=True)
class _Envelope(Generic[T]):
    count: int
    results: Sequence[T]
    next: str | None = None
    current_page_number: int | None = None
    total_pages: int | None = None


def decode(request: Request[T], response: Response) -> T:
    """The value of an answer; raises StatusError for a refusal, DecodeError for nonsense.

    Nonsense is also what cannot be the answer to this request: another status than that of its
    success, a body where none is due, another object than the one that was asked for. It comes from
    proxies that answer for the server, and from connections on which the answers are out of step.
    """
    if not 200 <= response.status < 300:
        raise error_from_response(request, response)
    success = request.operation.success
    if response.status != success:
        raise _decode_error(request, response, f"it succeeds with {success} only")
    if request.returns is types.NoneType:
        if response.content:
            raise _decode_error(request, response, "a body came where there is none")
        return cast("T", None)
    if not response.content:
        raise _decode_error(request, response, "the body is empty where one is due")
    returns: Any = request.returns
    envelope = _envelope(returns)
    if envelope is None:
        return _object(request, response)
    page = cast("T", _page(request, response, envelope))
    if request.verify is not None:
        request.verify(page)
    return page


def _object(request: Request[T], response: Response) -> T:
    value = _decoded(request, response, request.returns)
    if request.operation.path.endswith("}/"):
        asked = request.path.split("/")[-2]  # the rule of ids leaves nothing to be encoded
        told = getattr(value, "id", asked)
        if told != asked:
            reason = f"it is about {told}, and {asked} was asked for"
            raise _decode_error(request, response, reason, hint=_OUT_OF_STEP)
    return value


@cache
def _envelope(returns: Any) -> type[_Envelope[Any]] | None:
    """What a page comes in; None for what is no page."""
    if get_origin(returns) is not Page:
        return None
    item: Any = get_args(returns)[0]
    return _Envelope[item]


def _page(request: Request[Any], response: Response, kind: type[_Envelope[Any]]) -> Page[Any]:
    envelope = _decoded(request, response, kind)
    number = envelope.current_page_number
    # Past the end, servers answer the last page again: a lower number proves nothing.
    if number is not None and number > 1 and number > request.page_number:
        reason = f"it is page {number}, and page {request.page_number} was asked for"
        raise _decode_error(request, response, reason, hint=_OUT_OF_STEP)
    return Page(
        results=envelope.results,
        count=envelope.count,
        number=request.page_number if number is None else number,
        total_pages=envelope.total_pages,
        next=envelope.next,
        raw=response.content,
    )


def _decoded(request: Request[Any], response: Response, cl: type[T]) -> T:
    kind: Any = cl
    try:
        value: T = decoder(kind)(response.content)
    except (msgspec.ValidationError, BaseValidationError) as error:
        reason, path = next(faults(error))
        raise _decode_error(request, response, reason, path) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _decode_error(request, response, f"it is not JSON ({error})") from error
    return value


def holds(kept: bytes, asked: bytes | None) -> bool:
    """Whether an object, as JSON, has all that a request asked for."""
    return asked is not None and _holds(msgspec.json.decode(kept), msgspec.json.decode(asked))


def _holds(kept: object, asked: object) -> bool:
    if isinstance(kept, dict) and isinstance(asked, dict):
        has, wants = cast("dict[str, object]", kept), cast("dict[str, object]", asked)
        return all(name in has and _holds(has[name], value) for name, value in wants.items())
    if isinstance(kept, list) and isinstance(asked, list):
        ours, theirs = cast("list[object]", kept), cast("list[object]", asked)
        return len(ours) == len(theirs) and all(
            any(_holds(one, item) for one in ours) for item in theirs
        )
    return kept == asked


def _decode_error(
    request: Request[Any],
    response: Response,
    reason: str,
    path: str | None = None,
    hint: str | None = None,
) -> DecodeError:
    return DecodeError(
        printable(reason),
        operation=request.operation.id,
        status=response.status,
        content=response.content,
        path=path,
        hint=hint,
    )
