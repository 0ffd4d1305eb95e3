"""Encode requests, and decode responses to values or errors."""

import types
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, Generic, TypeVar, cast, get_args, get_origin

import attrs
import msgspec

from grafana_oncall._core.request import Page, Request, Response
from grafana_oncall._core.text import printable
from grafana_oncall._core.types import UNSET
from grafana_oncall.errors import DecodeError, InvalidArgument

from .converter import BaseValidationError, decoder, dumps, faults, loads
from .error_responses import error_from_response
from .repair import loads_with_nulls

T = TypeVar("T")

_FAULTS: Final = (
    msgspec.DecodeError,  # and ValidationError, which is one
    BaseValidationError,
    UnicodeDecodeError,
    RecursionError,
)
_OUT_OF_STEP: Final = (
    "it is the response to another request. The server or a proxy sends responses without "
    "requests; the connection is closed."
)


def encode(request: Request[Any]) -> bytes | None:
    """Return the body of a request as JSON, or None."""
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


def decode(request: Request[T], response: Response, *, service_account: bool = False) -> T:
    """Return the value of a response, to a service account or to a user.

    Raises:
        StatusError: The status is not 2xx.
        DecodeError: The body does not match the specification; or it cannot be the response to this
            request, because of its status, a body where none belongs, or another object than the
            requested one. Such responses come from proxies in the server's place, and on
            connections whose responses are out of step.
    """
    if not 200 <= response.status < 300:
        raise error_from_response(request, response, service_account=service_account)
    operation = request.operation
    returns: Any = request.returns
    if response.status != operation.success and returns is not Any:
        raise _decode_error(request, response, f"success is {operation.success}")
    if returns is types.NoneType or returns is Response:
        return cast("T", _undecoded(request, response))
    if returns is str or returns is Any:
        return cast("T", (_text if returns is str else _whatever)(request, response))
    if not response.content:
        raise _decode_error(request, response, "the body is empty")
    envelope = _envelope(returns)
    if envelope is not None:
        return cast("T", _page(request, response, envelope))
    try:
        value: T = decoder(returns)(response.content)
    except _FAULTS:
        value = _reread(request, response, returns, response.content)
    if operation.path.endswith("}/"):
        requested = request.path.split("/")[-2]  # ids contain nothing that is percent-encoded
        received = getattr(value, "id", requested)
        if received != requested:
            reason = f"it is {received} instead of {requested}"
            raise _decode_error(request, response, reason, hint=_OUT_OF_STEP)
    return value


def _undecoded(request: Request[Any], response: Response) -> Response | None:
    """Return nothing for an empty body, and a response that is decoded later as it is."""
    if request.returns is types.NoneType:
        if response.content:
            raise _decode_error(request, response, "there is a body where none belongs")
        return None
    if response.content.lstrip()[:1] != b"{":
        what = "it is no JSON object" if response.content else "the body is empty"
        raise _decode_error(request, response, what)
    return response


def _whatever(request: Request[Any], response: Response) -> object:
    """Return the JSON of any response, its text if it says that it is one, or None if empty."""
    if not response.content:
        return None
    try:
        return msgspec.json.decode(response.content)
    except _FAULTS as error:
        if response.headers.get("content-type", "").lower().startswith("text/"):
            return _text(request, response)
        raise _decode_error(request, response, f"it is not JSON ({error})") from error


def _text(request: Request[Any], response: Response) -> str:
    """Return a text, such as a calendar; a page of HTML is none."""
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "text/html":
        raise _decode_error(request, response, "it is a page of HTML")
    try:
        return response.content.decode()
    except UnicodeDecodeError as error:
        raise _decode_error(request, response, f"it is no UTF-8 ({error})") from error


@cache
def _envelope(returns: Any) -> type[_Envelope[Any]] | None:
    """Return the envelope of a page, or None if the response is not a page."""
    if get_origin(returns) is not Page:
        return None
    item: Any = get_args(returns)[0]
    return _Envelope[item]


def _page(request: Request[Any], response: Response, kind: Any) -> Page[Any]:
    undecodable: Sequence[DecodeError] = ()
    try:
        envelope: _Envelope[Any] = decoder(kind)(response.content)
    except _FAULTS:
        envelope, undecodable = _item_by_item(request, response, get_args(kind)[0])
    number = envelope.current_page_number
    # Past the end, servers repeat the last page, so a lower number proves nothing.
    if number is not None and number > 1 and number > request.page_number:
        reason = f"it is page {number} instead of page {request.page_number}"
        raise _decode_error(request, response, reason, hint=_OUT_OF_STEP)
    page = Page(
        results=envelope.results,
        count=envelope.count,
        number=request.page_number if number is None else number,
        total_pages=envelope.total_pages,
        next=envelope.next,
        raw=response.content,
        undecodable=undecodable,
    )
    if request.verify is not None:
        request.verify(page)
    return page


def _item_by_item(
    request: Request[Any], response: Response, kind: Any
) -> tuple[_Envelope[Any], Sequence[DecodeError]]:
    """Decode a page of which something is not of its type, and what is wrong with its items."""
    envelope: _Envelope[Any] = _reread(request, response, _Envelope[Any], response.content)
    items: list[Any] = []
    undecodable: list[DecodeError] = []
    for number, item in enumerate(envelope.results):
        content, at = msgspec.json.encode(item), f"$.results[{number}]"
        try:
            items.append(_reread(request, response, kind, content, at))
        except DecodeError as error:
            if not request.skip_undecodable:
                raise
            undecodable.append(error)
    return attrs.evolve(envelope, results=items), undecodable


def _reread(
    request: Request[Any], response: Response, kind: Any, content: bytes, at: str = "$"
) -> Any:
    """Decode an object again, with null for absent; raise what is wrong with it, and its id."""
    try:
        return loads_with_nulls(content, kind)
    except (msgspec.ValidationError, BaseValidationError) as error:
        reason, path = next(faults(error))
        made = _decode_error(request, response, reason, at + path[1:], object_id=_id_in(content))
        raise made from error
    except _FAULTS as error:
        raise _decode_error(request, response, f"it is not JSON ({error})") from error


@attrs.frozen(kw_only=True)
class _Identified:
    id: str


def _id_in(content: bytes) -> str | None:
    try:
        return printable(loads(content, _Identified).id)
    except _FAULTS:
        return None


def contains(stored: bytes, sent: bytes | None) -> bool:
    """Whether an object, as JSON, has every member that a request sent."""
    return sent is not None and _contains(msgspec.json.decode(stored), msgspec.json.decode(sent))


def _contains(stored: object, sent: object) -> bool:
    if isinstance(stored, dict) and isinstance(sent, dict):
        has, wants = cast("dict[str, object]", stored), cast("dict[str, object]", sent)
        return all(name in has and _contains(has[name], value) for name, value in wants.items())
    if isinstance(stored, list) and isinstance(sent, list):
        present, wanted = cast("list[object]", stored), cast("list[object]", sent)
        return len(present) == len(wanted) and all(
            any(_contains(candidate, item) for candidate in present) for item in wanted
        )
    if isinstance(stored, str) and isinstance(sent, str):
        moment = _moment(sent)
        return stored == sent or (moment is not None and moment == _moment(stored))
    return stored == sent


def _moment(text: str) -> datetime | None:
    """Return a date and time with a zone, which servers write in another form; None for others."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def _decode_error(
    request: Request[Any],
    response: Response,
    reason: str,
    path: str | None = None,
    *,
    hint: str | None = None,
    object_id: str | None = None,
) -> DecodeError:
    return DecodeError(
        printable(reason),
        operation=request.operation.id,
        status=response.status,
        content=response.content,
        path=path,
        hint=hint,
        object_id=object_id,
    )
