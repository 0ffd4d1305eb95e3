"""The requests that follow a page of a list."""

import re
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import attrs

from grafana_oncall._core.request import Page, Request
from grafana_oncall.errors import DecodeError

T = TypeVar("T")


def next_page(request: Request[Page[T]], page: Page[T]) -> Request[Page[T]] | None:
    """Return the request of the next page, None at the end; raise DecodeError for a loop of pages.

    Only the page number and unknown parameters are taken from the server's `next`: its host is
    often not the one that the client uses, and the caller's filters must not change. Past the end
    a server repeats its last page, which has no `next`, so a list that shrank simply ends.
    """
    if page.next is None:
        return None
    linked = _query(page.next)
    number = dict(linked).get("page", "")
    forward = re.fullmatch(r"[0-9]{1,9}", number) and int(number) > request.page_number
    if not forward or page.number != request.page_number:
        raise DecodeError(
            f"page {page.number} was returned for page {request.page_number}, "
            f"and its next page is {number or None!r}",
            operation=request.operation.id,
            status=200,
            content=page.raw,
            path="$.next",
        )
    own = {"page", *(name for name, _ in request.query)}
    added = tuple(pair for pair in linked if pair[0] not in own)
    return at_page(attrs.evolve(request, query=(*request.query, *added)), int(number))


def upcoming(
    request: Request[Page[T]],
    page: Page[T],
    most: int,
    *,
    known: Sequence[Request[Page[T]]] = (),
) -> list[Request[Page[T]]]:
    """Return up to `most` requests of the next pages, as far as the page says how many there are.

    The first of them are those that are `known`, which were returned for the page before.
    """
    following = next_page(request, page)
    if following is None:
        return []
    number = following.page_number
    last = max(number, min(page.total_pages or number, number + most - 1))
    fresh = range(number + len(known), last + 1)
    return [*known, *(at_page(following, later) for later in fresh)]


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []  # the caller reports the missing number


def at_page(request: Request[T], number: int) -> Request[T]:
    """Return the request of another page of the same list."""
    query = [pair for pair in request.query if pair[0] != "page"]
    return attrs.evolve(request, query=(*query, ("page", str(number))))
