"""Bisection: which pages are read to find missing groups, by what a server counts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from math import ceil, log2

import attrs
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.request import Page
from grafana_oncall._watch.bisection import Bisection
from grafana_oncall.models import AlertGroup
from tests.support.samples import GROUP_MODEL

SIZE = 10
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def time(number: int) -> datetime:
    """When the group of this number was created: a moment before a whole second."""
    return FIRST + timedelta(seconds=number + 1, microseconds=-1)


def first_page(numbers: Collection[int], until: datetime) -> Page[AlertGroup]:
    """The newest of these groups that were created until then."""
    found = sorted((one for one in numbers if time(one) <= until), reverse=True)
    return Page(
        results=[attrs.evolve(GROUP_MODEL, created_at=time(one)) for one in found[:SIZE]],
        count=len(found),
        number=1,
        total_pages=None,
        next="?page=2" if found[SIZE:] else None,
        raw=b"",
    )


def found_missing(
    known: int, missing: Collection[int], counted: float = 1.0
) -> tuple[set[int], int]:
    """What is found missing of so many known groups, and by how many requests.

    The server counts this share of what is there.
    """
    there = {*range(known)} - {*missing}
    newest = first_page(there, time(known))
    since = newest.results[-1].created_at if newest.next else FIRST
    new = {one for one in missing if time(one) >= since}
    number = known - len(new) - int(counted * len(there))
    search = Bisection(map(time, range(known)), since, number)
    found, requests = set[int](), 0
    while (until := search.until) is not None:
        page = first_page(there, until)
        since = search.add(until, attrs.evolve(page, count=int(counted * page.count))) or FIRST
        shown = {group.created_at for group in page.results}
        covered = {one for one in range(known) if since <= time(one) <= until}
        found |= {one for one in covered if time(one) not in shown}
        requests += 1
        assert requests <= known
    assert found <= {*missing}
    return found, requests


@given(known=st.integers(0, 400), data=st.data())
def test_all_missing_groups_are_found(known: int, data: st.DataObject) -> None:
    """Older than the newest page, which is read anyway, however many there are."""
    missing = data.draw(st.sets(st.integers(0, known - 1))) if known else set[int]()
    there = sorted({*range(known)} - missing)
    oldest_read = there[-SIZE] if there[SIZE:] else -1
    found, _ = found_missing(known, missing)
    assert found == {one for one in missing if one < oldest_read}


@given(known=st.integers(2 * SIZE, 5_000), data=st.data())
def test_one_is_found_by_a_number_of_requests_that_grows_with_the_logarithm(
    known: int, data: st.DataObject
) -> None:
    """The last of them reads the page where it should be."""
    missing = data.draw(st.integers(0, known - 2 * SIZE))
    found, requests = found_missing(known, {missing})
    assert found == {missing}
    assert requests <= ceil(log2(known / SIZE)) + 1


@given(known=st.integers(0, 400), counted=st.floats(0, 2))
def test_where_the_server_counts_wrongly_nothing_is_found_missing(
    known: int, counted: float
) -> None:
    """And the search ends."""
    assert found_missing(known, (), counted)[0] == set()


def test_a_search_in_a_second_with_more_groups_than_a_page_ends() -> None:
    """Without what is missing there: its page cannot be asked for by time."""
    times = [FIRST + timedelta(milliseconds=number) for number in range(3 * SIZE)]
    newest = [attrs.evolve(GROUP_MODEL, created_at=one) for one in times[: -SIZE - 1 : -1]]
    page = attrs.evolve(first_page((), FIRST), results=newest, count=len(times) - 1, next="?page=2")
    search, requests = Bisection(times, FIRST + timedelta(seconds=1), 1), 0
    while (until := search.until) is not None:
        search.add(until, page)
        requests += 1
        assert requests <= 2
