"""Pure: a request to bytes, and an answer to its value or to the error that it stands for."""

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar, cast, get_args, get_origin

import attrs
import msgspec

from ._converter import BaseValidationError, dumps, faults, loads
from ._refusal import refusal
from ._request import Page, Request, Response
from ._values import UNSET, printable
from .errors import DecodeError, InvalidArgument

T = TypeVar("T")


def encode(request: Request[Any]) -> bytes | None:
    """The body of a request as JSON, None where it has none."""
    if request.body is UNSET:
        return None
    try:
        return dumps(request.body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        reason = (
            f"{request.operation.id}: no JSON can be made of the body: {printable(str(error))}."
        )
        raise InvalidArgument(reason, argument="body") from error


@attrs.frozen(kw_only=True)
class _Envelope(Generic[T]):
    count: int
    results: Sequence[T]
    next: str | None = None
    current_page_number: int | None = None
    total_pages: int | None = None


def decode(request: Request[T], response: Response) -> T:
    """The value of an answer; raises StatusError for a refusal, DecodeError for nonsense."""
    if not 200 <= response.status < 300:
        raise refusal(request, response)
    if request.returns is types.NoneType:
        _expect_nothing(request, response)
        return cast("T", None)
    if not response.content:
        raise _nonsense(request, response, "the body is empty where one is due")
    returns: Any = request.returns
    envelope = _envelope(returns)
    if envelope is not None:
        return cast("T", _page(request, response, envelope))
    return _decoded(request, response, request.returns)


def _expect_nothing(request: Request[Any], response: Response) -> None:
    """No body, or JSON that nobody asked for; a proxy's login page is no success."""
    if response.status == 204 and response.content:
        raise _nonsense(request, response, "a body came where there is none")
    if response.content:
        # Not msgspec.Raw, which does not look into strings.
        _decoded(request, response, cast("type[object]", Any))


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
    return Page(
        results=envelope.results,
        count=envelope.count,
        number=request.page_number if number is None else number,
        total_pages=envelope.total_pages,
        next=envelope.next,
        raw=response.content,
    )


def _decoded(request: Request[Any], response: Response, cl: type[T]) -> T:
    try:
        return loads(response.content, cl)
    except (msgspec.ValidationError, BaseValidationError) as error:
        reason, path = next(faults(error))
        raise _nonsense(request, response, reason, path) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _nonsense(request, response, f"it is not JSON ({error})") from error


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


def _nonsense(
    request: Request[Any], response: Response, reason: str, path: str | None = None
) -> DecodeError:
    return DecodeError(
        printable(reason),
        operation=request.operation.id,
        status=response.status,
        content=response.content,
        path=path,
    )
