"""Which requests follow a page of a list."""

from urllib.parse import urlencode

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import Page, Request, operations
from grafana_oncall._listing.pages import next_page, upcoming
from grafana_oncall.errors import DecodeError
from grafana_oncall.models import AlertGroup

HOST = "http://internal:8080/oncall/api/v1/alert_groups/"
FIRST = operations.list_alert_groups(state="new", label=["team:SRE", "env:prod"])
FILTERS = (("label", "team:SRE"), ("label", "env:prod"), ("state", "new"))


def page(next: str | None, *, number: int = 1, total_pages: int | None = None) -> Page[AlertGroup]:
    """A page of a list, with its link to the next."""
    return Page(results=(), count=0, number=number, total_pages=total_pages, next=next, raw=b"{}")


@pytest.mark.parametrize(
    ("next", "query"),
    [
        pytest.param(f"{HOST}?page=2", (*FILTERS, ("page", "2")), id="filters are kept"),
        pytest.param(f"{HOST}?page=9", (*FILTERS, ("page", "9")), id="any number further on"),
        pytest.param("?page=2", (*FILTERS, ("page", "2")), id="only a query"),
        pytest.param(
            f"{HOST}?label=team%3ADBA&page=2&state=resolved",
            (*FILTERS, ("page", "2")),
            id="the server's filters do not replace the request's",
        ),
        pytest.param(
            f"{HOST}?cursor=a%2Fb&page=2",
            (*FILTERS, ("cursor", "a/b"), ("page", "2")),
            id="what we do not know is kept",
        ),
        pytest.param(
            f"{HOST}?empty=&page=2", (*FILTERS, ("empty", ""), ("page", "2")), id="even if empty"
        ),
        pytest.param(f"{HOST}?page=2#page=7", (*FILTERS, ("page", "2")), id="fragment"),
        pytest.param("javascript:x?page=2", (*FILTERS, ("page", "2")), id="any scheme"),
    ],
)
def test_only_the_query_of_next_is_taken(next: str, query: tuple[tuple[str, str], ...]) -> None:
    """Operation, path and host stay those of the request."""
    assert next_page(FIRST, page(next)) == attrs.evolve(FIRST, query=query)


def test_without_next_the_list_ends() -> None:
    """Also when the server repeats its last page, because the list shrank."""
    assert next_page(FIRST, page(None)) is None
    assert next_page(operations.list_alert_groups(page=9), page(None, number=3)) is None
    assert upcoming(FIRST, page(None, total_pages=9), 3) == []


@pytest.mark.parametrize(
    ("asked", "current"),
    [
        pytest.param(1, page(f"{HOST}?page=1"), id="the same page"),
        pytest.param(5, page(f"{HOST}?page=4", number=5), id="an earlier page"),
        pytest.param(1, page(f"{HOST}?page=0"), id="zero"),
        pytest.param(1, page(f"{HOST}?page=-2"), id="negative"),
        pytest.param(1, page(f"{HOST}?page=abc"), id="no number"),
        pytest.param(1, page(f"{HOST}?page="), id="empty"),
        pytest.param(1, page(HOST), id="no query"),
        pytest.param(1, page(""), id="nothing"),
        pytest.param(1, page(f"{HOST}?page=2.5"), id="fraction"),
        pytest.param(1, page(f"{HOST}?page=%D9%A2"), id="a digit of another script"),
        pytest.param(1, page(f"{HOST}?page=%202"), id="space"),
        pytest.param(1, page(f"{HOST}?page=2%0A"), id="newline"),
        pytest.param(1, page(f"{HOST}?page=" + "9" * 10), id="beyond any list"),
        pytest.param(1, page(f"{HOST}?page=" + "9" * 5000), id="more digits than int() takes"),
        pytest.param(1, page("http://[::1?page=2"), id="no url"),
        pytest.param(3, page(f"{HOST}?page=4", number=2), id="another page than asked"),
        pytest.param(1, page(f"{HOST}?page=3", number=2), id="a later page than asked"),
    ],
)
def test_a_list_that_would_go_in_circles_ends_with_an_error(
    asked: int, current: Page[AlertGroup]
) -> None:
    """It names the operation and the place, and shows the response."""
    request = operations.list_alert_groups(page=asked)
    with pytest.raises(
        DecodeError, match=f"^list_alert_groups: .*returned for page {asked}"
    ) as info:
        next_page(request, current)
    assert (info.value.path, info.value.content) == ("$.next", current.raw)
    with pytest.raises(DecodeError):
        upcoming(request, current, 4)


@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_upcoming_keeps_the_requests_that_are_known(known: int) -> None:
    """The result is the same, whether they existed before or are made now."""
    current = page(f"{HOST}?page=2", total_pages=9)
    wanted = upcoming(FIRST, current, 3)
    following = upcoming(FIRST, current, 3, known=wanted[:known])
    assert following == wanted
    assert all(one is other for one, other in zip(following, wanted[:known], strict=False))


@pytest.mark.parametrize(
    ("total", "most", "numbers"),
    [
        pytest.param(5, 1, [3], id="one by one"),
        pytest.param(5, 2, [3, 4], id="two ahead"),
        pytest.param(5, 9, [3, 4, 5], id="no further than the end"),
        pytest.param(3, 9, [3], id="the last one"),
        pytest.param(2, 9, [3], id="next counts more than total_pages"),
        pytest.param(None, 9, [3], id="unknown number of pages"),
        pytest.param(0, 9, [3], id="zero pages in total"),
        pytest.param(10**30, 3, [3, 4, 5], id="a total out of this world"),
    ],
)
def test_upcoming_goes_as_far_as_the_page_says(
    total: int | None, most: int, numbers: list[int]
) -> None:
    """The first request is the one of `next_page`."""
    request = operations.list_alert_groups(page=2, perpage=10)
    current = page(f"{HOST}?page=3&perpage=10", number=2, total_pages=total)
    following = upcoming(request, current, most)
    assert [request.page_number for request in following] == numbers
    assert following[0] == next_page(request, current)
    assert {request.query[0] for request in following} == {("perpage", "10")}


NAMES = st.sampled_from(["page", "state", "label", "cursor", "id", ""]) | st.text(max_size=5)
QUERIES = st.lists(st.tuples(NAMES, st.text(max_size=8) | st.integers().map(str)), max_size=6)


def urls(number: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Links to a page, most of them strange."""
    safe = st.characters(exclude_categories=["Cs"])
    pairs = st.lists(st.tuples(NAMES, st.text(safe, max_size=8)), max_size=5)
    return st.builds(
        lambda host, before, page, after: (
            f"{host}?{urlencode([*before, ('page', page), *after], errors='replace')}"
        ),
        st.sampled_from([HOST, "https://evil.example/", "", "//evil.example", "http://[", "/a"]),
        pairs,
        number,
        pairs,
    )


@given(
    filters=st.lists(
        st.tuples(st.sampled_from(["label", "state", "id", "x"]), st.text(max_size=5)), max_size=4
    ),
    asked=st.integers(1, 50),
    announced=st.integers(1, 50) | st.none(),
    next=urls(st.integers(-5, 60).map(str) | st.text(max_size=4)) | st.text(),
    total=st.none() | st.integers(-5, 10**12),
    most=st.integers(1, 65),
)
def test_whatever_next_says_the_walk_moves_forward_with_its_filters(
    *,
    filters: list[tuple[str, str]],
    asked: int,
    announced: int | None,
    next: str,
    total: int | None,
    most: int,
) -> None:
    """It never repeats a page, drops a filter, exceeds the window, or changes the host."""
    request = attrs.evolve(FIRST, query=(*filters, ("page", str(asked))))
    current = page(next, number=announced or asked, total_pages=total)
    try:
        following: list[Request[Page[AlertGroup]]] = upcoming(request, current, most)
    except DecodeError as error:
        assert error.path == "$.next"  # noqa: PT017  # both ends are allowed
        return
    assert 1 <= len(following) <= most
    numbers = [request.page_number for request in following]
    assert numbers == [*range(numbers[0], numbers[0] + len(numbers))]
    assert numbers[0] > asked
    for one in following:
        assert (one.operation, one.path, one.returns) == (
            request.operation,
            request.path,
            request.returns,
        )
        assert list(one.query[: len(filters)]) == filters
        assert [name for name, _ in one.query].count("page") == 1
        known = {name for name, _ in filters}
        assert not known & {name for name, _ in one.query[len(filters) :]}
