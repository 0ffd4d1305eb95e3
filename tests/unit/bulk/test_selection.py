"""What a query selects: all that matches when it is read, whatever moves meanwhile."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import BulkReport, Progress
from grafana_oncall.errors import FilterIgnored, SelectionTooLarge
from grafana_oncall.testing import FakeOnCall
from tests.support.budget import budget
from tests.support.virtual_time import now, run

URL = "https://oncall.example"
MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)
NEWEST = now() - timedelta(seconds=0.5)
APART = pytest.mark.parametrize(
    "apart",
    [
        pytest.param(MINUTE, id="a minute apart"),
        pytest.param(MICROSECOND, id="all in one second"),
    ],
)


def server(count: int, apart: timedelta = MINUTE) -> FakeOnCall:
    """A fake with so many firing groups: I0, which is the newest, I1, …."""
    fake = FakeOnCall(clock=now)
    for number in range(count):
        started = NEWEST - apart * number
        fake.add_group(id=f"I{number}", started_at=started, labels={"team": "SRE"})
    return fake


def frozen(
    fake: FakeOnCall,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    most: int | None = None,
    prefetch: int = 0,
    reported: Callable[[Progress], object] | None = None,
    **filters: Any,
) -> BulkReport:
    """The firing groups, read in pages of two, without any action."""

    async def main() -> BulkReport:
        door = transport or fake.transport()
        async with OnCallClient(
            url="https://oncall.example", token=fake.token, transport=door
        ) as client:
            query = client.alert_groups.list(state="new", perpage=2, prefetch=prefetch, **filters)
            return await client.alert_groups.bulk.resolve(
                query, dry_run=True, max_items=most, on_progress=reported
            )

    return run(main())


def selected(report: BulkReport) -> list[str]:
    """Return the ids of a report, in order."""
    return [outcome.id for outcome in report.outcomes]


def ids(numbers: Iterable[int]) -> list[str]:
    """Return the ids of these groups."""
    return [f"I{number}" for number in numbers]


def meanwhile(fake: FakeOnCall, happens: Callable[[int, int], object]) -> None:
    """Call `happens` before each response, with the number of requests and the page."""

    def choice(request: Any, _operation: str | None) -> None:
        happens(len(fake.calls), int(parse_qs(request.query).get("page", ["1"])[0]))

    fake.faults.choose(choice)


def resolve(fake: FakeOnCall, name: str) -> None:
    """Resolve it, as another client."""
    fake.groups[name].resolved_at = now()


@APART
@pytest.mark.parametrize("prefetch", [0, 2])
@pytest.mark.parametrize("count", [3, 4, 11])
def test_a_query_is_read_to_its_end(count: int, prefetch: int, apart: timedelta) -> None:
    """In the server's order, each group once."""
    report = frozen(server(count, apart), prefetch=prefetch)
    assert selected(report) == ids(range(count))
    assert report.complete


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_single_page_is_one_request(count: int) -> None:
    """Nothing moves within a page."""
    fake = server(count)
    report = frozen(fake, prefetch=2)
    assert (selected(report), report.complete) == (ids(range(count)), True)
    assert len(fake.calls) == 1


def test_a_listener_gets_how_many_were_found() -> None:
    """At first out of the server's count, in the end all of them."""
    reported: list[Progress] = []
    frozen(server(5), reported=reported.append)
    found = [
        (progress.done, progress.total) for progress in reported if progress.phase == "selecting"
    ]
    assert (found[0], found[-1]) == ((2, 5), (5, 5))
    assert found == sorted(found)


@APART
def test_groups_that_begin_after_the_first_page_are_left_out(apart: timedelta) -> None:
    """Those that began at the same moment as its newest group are not."""
    fake = server(5, apart)
    for name in ("I7", "I8", "I9"):
        fake.add_group(id=name, started_at=NEWEST)

    def more(requests: int, _page: int) -> None:
        if requests:
            fake.add_group(id=f"N{requests}", started_at=NEWEST + MICROSECOND * requests)

    meanwhile(fake, more)
    assert {*selected(frozen(fake))} == {*ids([0, 1, 2, 3, 4, 7, 8, 9])}
    assert "N1" in fake.groups


def test_a_page_full_of_groups_that_begin_after_the_first_page_is_not_an_error() -> None:
    """A page that is read later may have only new groups."""
    fake = server(9)

    def more(requests: int, _page: int) -> None:
        for number in range(2 if requests == 1 else 0):
            fake.add_group(id=f"N{number}", started_at=now() + MINUTE)

    meanwhile(fake, more)
    assert selected(frozen(fake, prefetch=2)) == ids(range(9))


@APART
@pytest.mark.parametrize("moment", range(1, 8))
def test_a_group_that_leaves_between_two_pages_hides_no_other(
    apart: timedelta, moment: int
) -> None:
    """The list moves up by one, onto a page that was read."""
    fake = server(6, apart)

    def leave(requests: int, _page: int) -> None:
        if requests == moment:
            resolve(fake, "I0")

    meanwhile(fake, leave)
    report = frozen(fake)
    assert {*ids(range(1, 6))} <= {*selected(report)}
    assert report.complete


def test_a_list_that_changes_all_the_time_is_read_a_bounded_number_of_times() -> None:
    """The selection is then incomplete: a group leaves before every second page."""
    fake = server(60, MICROSECOND)
    firing = iter(ids(range(60)))

    def leave(_requests: int, page: int) -> None:
        if page == 2:
            resolve(fake, next(firing))

    meanwhile(fake, leave)
    report = frozen(fake)
    gone = [group.id for group in fake.groups.values() if group.resolved_at]
    assert not report.complete
    assert {*gone} <= {*selected(report)}
    assert len(fake.calls) <= 30 * 6


EVENTS = st.dictionaries(
    st.integers(1, 12),
    st.lists(st.tuples(st.sampled_from(["leave", "vanish", "begin"]), st.integers(0, 8))),
)


@settings(max_examples=budget(40, hunt=3000), deadline=None)
@given(
    events=EVENTS,
    prefetch=st.sampled_from([0, 2]),
    apart=st.sampled_from([MINUTE, MICROSECOND, timedelta(seconds=0.4), timedelta(0)]),
)
def test_a_complete_selection_has_every_group_that_matched_all_the_time(
    events: dict[int, list[tuple[str, int]]], prefetch: int, apart: timedelta
) -> None:
    """Whatever leaves or begins meanwhile; and none that began later."""
    fake = server(9, apart)
    stay = {*ids(range(9))}

    def happens(requests: int, _page: int) -> None:
        for what, number in events.get(requests, ()):
            if what == "begin":
                fake.add_group(started_at=now() + MINUTE * requests)
                continue
            group = fake.groups.get(f"I{number}")
            stay.discard(f"I{number}")
            if group is not None and what == "leave":
                resolve(fake, group.id)
            elif group is not None:
                del fake.groups[group.id]

    meanwhile(fake, happens)
    report = frozen(fake, prefetch=prefetch)
    assert {*selected(report)} <= {*ids(range(9))}
    assert stay <= {*selected(report)} or not report.complete


def test_a_group_that_leaves_and_comes_back_does_not_hide_another() -> None:
    """It fires when a first page is read, and is resolved when a later one is."""
    fake = server(6)

    def flap(_requests: int, page: int) -> None:
        fake.groups["I0"].resolved_at = None if page == 1 else now()

    meanwhile(fake, flap)
    report = frozen(fake)
    assert {*ids(range(1, 6))} <= {*selected(report)} or not report.complete


def test_a_group_that_begins_and_ends_meanwhile_does_not_hide_another() -> None:
    """It fires only while a second page is being read."""
    fake = server(6)
    fake.add_group(id="N", state="resolved", started_at=now() + MINUTE)

    def flap(_requests: int, page: int) -> None:
        fake.groups["N"].resolved_at = None if page == 2 else now()

    meanwhile(fake, flap)
    report = frozen(fake)
    assert {*ids(range(6))} <= {*selected(report)} or not report.complete


def test_a_selection_of_the_largest_size_is_read() -> None:
    """To its end."""
    assert selected(frozen(server(5), most=5, prefetch=2)) == ids(range(5))


def test_a_selection_that_is_too_large_is_refused_after_one_request() -> None:
    """The first page has the count."""
    fake = server(5)
    with pytest.raises(SelectionTooLarge, match="5 groups or more, and max_items=4") as caught:
        frozen(fake, most=4, prefetch=2)
    assert caught.value.limit == 4
    assert len(fake.calls) == 1


class Forgetful(httpx.AsyncBaseTransport):
    """A proxy that drops a part of the filter."""

    def __init__(self, fake: FakeOnCall, lost: str) -> None:
        self._inner = fake.transport()
        self._lost = lost

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward the request without that part."""
        request.url = request.url.copy_remove_param(self._lost)
        return await self._inner.handle_async_request(request)


@pytest.mark.parametrize(
    ("lost", "filters", "unmet"),
    [
        pytest.param("state", {}, "state=new", id="state"),
        pytest.param("label", {"labels": "team:SRE"}, "label=team:SRE", id="label"),
        pytest.param("id", {"id": "I1"}, "id=I1", id="id"),
    ],
)
def test_an_ignored_filter_is_detected(lost: str, filters: dict[str, Any], unmet: str) -> None:
    """Before anything is written, by the first excluded group, even on a later page."""
    fake = server(3)
    state: Any = "resolved" if lost == "state" else "firing"
    fake.add_group(id="OTHER", state=state, started_at=now() - timedelta(hours=1))
    with pytest.raises(FilterIgnored, match=unmet) as caught:
        frozen(fake, transport=Forgetful(fake, lost), **filters)
    expected = "I0" if lost == "id" else "OTHER"
    assert (caught.value.group_id, caught.value.unmet) == (expected, unmet)
    assert {call.method for call in fake.calls} == {"GET"}
