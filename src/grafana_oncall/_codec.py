"""Pure: a request to bytes, and an answer to its value or to the error that it stands for."""

import re
import types
from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar, cast, get_args, get_origin

import attrs
import msgspec
from cattrs import ClassValidationError, transform_error

from ._converter import dumps, input_fault, loads
from ._refusal import refusal
from ._request import Page, Request, Response
from ._values import UNSET
from .errors import DecodeError

T = TypeVar("T")


def encode(request: Request[Any]) -> bytes | None:
    """The body of a request as JSON, None where it has none."""
    return None if request.body is UNSET else dumps(request.body)


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
    if get_origin(request.returns) is Page:
        return cast("T", _page(request, response))
    return _decoded(request, response, request.returns)


def _expect_nothing(request: Request[Any], response: Response) -> None:
    """No body, or JSON that nobody asked for; a proxy's login page is no success."""
    if response.status == 204 and response.content:
        raise _nonsense(request, response, "a body came where there is none")
    if response.content:
        _decoded(request, response, msgspec.Raw)


def _page(request: Request[Any], response: Response) -> Page[Any]:
    item: Any = get_args(request.returns)[0]
    envelope = _decoded(request, response, _Envelope[item])
    number = envelope.current_page_number
    return Page(
        results=envelope.results,
        count=envelope.count,
        number=request.page_number if number is None else number,
        total_pages=envelope.total_pages,
        next=envelope.next,
        raw=response.content,
    )


_MSGSPEC_PATH: Final = re.compile(r"^(?P<reason>.*) - at `(?P<path>.*)`$", re.DOTALL)


def _decoded(request: Request[Any], response: Response, cl: type[T]) -> T:
    try:
        return loads(response.content, cl)
    except msgspec.ValidationError as error:
        found = _MSGSPEC_PATH.match(str(error))
        reason, path = (found["reason"], found["path"]) if found else (str(error), "$")
        raise _nonsense(request, response, reason, path) from error
    except ClassValidationError as error:
        reason, _, path = transform_error(error, format_exception=input_fault)[0].rpartition(" @ ")
        raise _nonsense(request, response, reason, path) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _nonsense(request, response, f"it is not JSON ({error})") from error


def holds(kept: bytes, asked: bytes | None) -> bool:
    """Whether an object, as JSON, has all that a request asked for."""
    return asked is not None and _holds(msgspec.json.decode(kept), msgspec.json.decode(asked))


def _holds(kept: Any, asked: Any) -> bool:
    match asked:
        case dict():
            members: dict[str, Any] = asked
            return isinstance(kept, dict) and all(
                name in kept and _holds(kept[name], value) for name, value in members.items()
            )
        case list():
            items: list[Any] = asked
            return (
                isinstance(kept, list)
                and len(kept) == len(items)
                and all(any(_holds(one, item) for one in kept) for item in items)
            )
        case _:
            return bool(kept == asked)


def _nonsense(
    request: Request[Any], response: Response, reason: str, path: str | None = None
) -> DecodeError:
    return DecodeError(
        reason,
        operation=request.operation.id,
        status=response.status,
        content=response.content,
        path=path,
    )
