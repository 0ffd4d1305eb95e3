"""Who is on call when: the arithmetic, checked against a count of minutes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.text import shown
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.oncall import OnCallSpan, Stretch, Timeline

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=15)

# Around them clocks are set forward or back, a month, a leap February or a year ends.
NOON = [
    datetime(2026, 3, 28, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 12, tzinfo=UTC),
    datetime(2028, 2, 28, 12, tzinfo=UTC),
    datetime(2026, 4, 29, 12, tzinfo=UTC),
    datetime(2026, 12, 30, 12, tzinfo=UTC),
]
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")])
STEPS = st.integers(-100, 300)
"""Quarters of an hour before or after such a noon: three days of them are the window."""


@st.composite
def windows(draw: st.DrawFn) -> tuple[datetime, datetime, list[OnCallSpan]]:
    """A window of up to three days, and spans in and around it, in whatever zones."""
    noon = draw(st.sampled_from(NOON))

    def moment(step: int) -> datetime:
        return (noon + step * MINUTE).astimezone(draw(ZONES))

    def span() -> OnCallSpan:
        start = draw(STEPS)
        end = moment(start + draw(st.integers(0, 200)))
        return OnCallSpan(draw(st.sampled_from("abc")), moment(start), end)

    spans = [span() for _ in range(draw(st.integers(0, 8)))]
    return moment(0), moment(draw(st.integers(0, 200))), spans


def timelines() -> st.SearchStrategy[Timeline]:
    """Such windows as timelines."""
    return windows().map(lambda window: Timeline(*window))


def quarters(start: datetime, end: datetime) -> set[datetime]:
    """The starts of all quarters of an hour between them."""
    return {start + step * MINUTE for step in range((end - start) // MINUTE)}


@given(timelines())
def test_spans_and_gaps_cover_the_window_and_do_not_overlap(timeline: Timeline) -> None:
    """Each quarter of an hour is in some span, or in exactly one gap."""
    covered = set[datetime]().union(*(quarters(span.start, span.end) for span in timeline.spans))
    gaps = [quarters(gap.start, gap.end) for gap in timeline.gaps()]
    assert covered | set[datetime]().union(*gaps) == quarters(timeline.start, timeline.end)
    assert sum(map(len, gaps)) + len(covered) == len(quarters(timeline.start, timeline.end))


@given(timelines())
def test_stretches_follow_each_other_with_different_people(timeline: Timeline) -> None:
    """From the start of the window to its end."""
    stretches = timeline.stretches()
    bounds = [timeline.start, *(stretch.end for stretch in stretches)]
    assert [stretch.start for stretch in stretches] == bounds[:-1]
    assert bounds[-1] == timeline.end
    users = [stretch.users for stretch in stretches]
    assert all(one != other for one, other in pairwise(users))


@given(timelines())
def test_who_is_on_call_at_a_moment_are_those_whose_spans_have_it(timeline: Timeline) -> None:
    """Their starts belong to them, their ends do not."""
    for moment in quarters(timeline.start, timeline.end):
        expected = {span.user for span in timeline.spans if span.start <= moment < span.end}
        assert timeline.at(moment.astimezone(BERLIN)) == tuple(sorted(expected))


@given(windows())
def test_a_timeline_says_what_its_spans_said(
    window: tuple[datetime, datetime, list[OnCallSpan]],
) -> None:
    """Merging and cutting them changes nobody's time on call."""
    timeline = Timeline(*window)
    for moment in quarters(timeline.start, timeline.end):
        given_by = {span.user for span in window[2] if span.start <= moment < span.end}
        assert timeline.at(moment) == tuple(sorted(given_by))


@given(timelines())
def test_overlaps_are_where_several_are_on_call(timeline: Timeline) -> None:
    """Wherever `at` has more than one name."""
    found = [quarters(overlap.start, overlap.end) for overlap in timeline.overlaps()]
    moments = quarters(timeline.start, timeline.end)
    assert set[datetime]().union(*found) == {
        moment for moment in moments if len(timeline.at(moment)) > 1
    }


@given(timelines())
def test_hours_are_the_elapsed_ones_of_each_user(timeline: Timeline) -> None:
    """Their sum is the window, without the gaps, and with each overlap once for each person."""
    hours = timeline.hours_per_user()
    for user, number in hours.items():
        spans = [quarters(span.start, span.end) for span in timeline.spans if span.user == user]
        assert number == len(set[datetime]().union(*spans)) * MINUTE / timedelta(hours=1)
    weights = sum((len(each.users) * each.duration for each in timeline.stretches()), timedelta(0))
    assert sum(hours.values()) == weights / timedelta(hours=1)
    assert [*hours] == sorted(hours)


@given(timelines())
def test_spans_of_one_user_neither_touch_nor_overlap(timeline: Timeline) -> None:
    """They are merged, within the window, sorted, and none has no length."""
    assert [*timeline.spans] == sorted(timeline.spans, key=lambda span: (span.start, span.user))
    last: dict[str, datetime] = {}
    for span in timeline.spans:
        assert timeline.start <= span.start < span.end <= timeline.end
        assert span.user not in last or last[span.user] < span.start
        last[span.user] = span.end


@given(timelines(), STEPS)
def test_a_timeline_of_the_spans_of_a_timeline_is_the_same(timeline: Timeline, step: int) -> None:
    """And cut to a part of the window, it is that part."""
    assert Timeline(timeline.start, timeline.end, timeline.spans) == timeline
    cut = min(max(timeline.start, timeline.start + step * MINUTE), timeline.end)
    parts = [
        Timeline(timeline.start, cut, timeline.spans),
        Timeline(cut, timeline.end, timeline.spans),
    ]
    spans = [span for part in parts for span in part.spans]
    assert Timeline(timeline.start, timeline.end, spans) == timeline


@given(timelines())
def test_who_is_next_starts_first_of_all_who_start_later(timeline: Timeline) -> None:
    """Several may start at once."""
    for moment in sorted(quarters(timeline.start, timeline.end))[::7]:
        later = sorted({span.start for span in timeline.spans if span.start > moment})
        expected = [span for span in timeline.spans if later and span.start == later[0]]
        assert [*timeline.next_after(moment)] == expected


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(29, 23.0, id="set forward"),
        pytest.param(30, 24.0, id="not set"),
    ],
)
def test_a_day_on_which_clocks_are_set_forward_has_23_hours(day: int, hours: float) -> None:
    """Although its clocks show 24 in the end."""
    start, end = (datetime(2026, 3, each, tzinfo=BERLIN) for each in (day, day + 1))
    assert Timeline(start, end, [OnCallSpan("a", start, end)]).hours_per_user() == {"a": hours}


def test_the_hour_that_comes_twice_counts_twice() -> None:
    """It is told apart by `fold`, also in comparisons."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)
    span = OnCallSpan("a", first, second)
    assert span.duration == timedelta(hours=1)
    assert Timeline(first, second, [span]).hours_per_user() == {"a": 1.0}


def test_a_handover_is_of_the_one_who_comes() -> None:
    """At that moment the other one is not on call any more."""
    start = NOON[0]
    middle, end = start + MINUTE, start + 2 * MINUTE
    timeline = Timeline(start, end, [OnCallSpan("a", start, middle), OnCallSpan("b", middle, end)])
    assert (timeline.at(start), timeline.at(middle)) == (("a",), ("b",))
    assert timeline.gaps() == timeline.overlaps() == ()
    assert timeline.next_after(start) == (OnCallSpan("b", middle, end),)
    assert timeline.next_after(middle) == ()


def test_an_empty_window_has_no_stretches() -> None:
    """Nor gaps, nor hours."""
    timeline = Timeline(NOON[0], NOON[0], [OnCallSpan("a", NOON[0], NOON[0] + MINUTE)])
    assert timeline.stretches() == timeline.gaps() == ()
    assert timeline.spans == ()
    assert timeline.hours_per_user() == {}


def test_two_accounts_of_one_name_are_not_merged_and_share_their_hours() -> None:
    """Because who is paged differs."""
    start, end = NOON[0], NOON[0] + 4 * MINUTE
    spans = [OnCallSpan("a", start, end, user_id=user_id) for user_id in ("U1", "U2")]
    timeline = Timeline(start, end, spans)
    assert timeline.spans == (*spans,)
    assert timeline.overlaps() == ()
    assert timeline.hours_per_user() == {"a": 1.0}


@pytest.mark.parametrize(("first_ends", "second_starts"), [(2, 2), (2, 0), (3, 1), (4, 1)])
def test_a_handover_to_an_account_of_the_same_name_changes_nobody(
    first_ends: int, second_starts: int
) -> None:
    """Nor does an account that leaves while another one stays."""
    start, end = NOON[0], NOON[0] + 4 * MINUTE
    first = OnCallSpan("a", start, start + first_ends * MINUTE, user_id="U1")
    second = OnCallSpan("a", start + second_starts * MINUTE, end, user_id="U2")
    timeline = Timeline(start, end + MINUTE, [first, second])
    assert timeline.stretches() == (Stretch(("a",), start, end), Stretch((), end, end + MINUTE))


@pytest.mark.parametrize(
    "time",
    [
        pytest.param(datetime(2026, 3, 1), id="naive"),  # noqa: DTZ001  # that is the case
        pytest.param("2026-03-01T00:00:00Z", id="text"),
        pytest.param(None, id="none"),
        pytest.param(
            datetime.min.replace(tzinfo=ZoneInfo("Asia/Tokyo")), id="outside the calendar"
        ),
    ],
)
def test_a_time_that_says_no_moment_is_refused(time: datetime) -> None:
    """In spans, in windows and in questions."""
    timeline = Timeline(NOON[0], NOON[0] + MINUTE, [])
    for use in (
        lambda: OnCallSpan("a", time, NOON[0]),
        lambda: OnCallSpan("a", NOON[0], time),
        lambda: Timeline(time, NOON[0], []),
        lambda: timeline.at(time),
        lambda: timeline.next_after(time),
    ):
        with pytest.raises(InvalidArgument, match=r"aware datetime|calendar") as caught:
            use()
        assert caught.value.argument == "time"
        assert shown(time) in str(caught.value)


def test_what_ends_before_it_starts_is_refused() -> None:
    """Nothing guesses which of both times was meant."""
    for kind in (lambda: OnCallSpan("a", NOON[1], NOON[0]), lambda: Timeline(NOON[1], NOON[0], [])):
        with pytest.raises(InvalidArgument, match="before start") as caught:
            kind()
        assert caught.value.argument == "end"


def test_a_timeline_does_not_say_who_is_on_call_outside_its_window() -> None:
    """Nobody might be wrong; the end is outside."""
    timeline = Timeline(NOON[0], NOON[0] + MINUTE, [])
    assert timeline.at(NOON[0]) == ()
    for moment in (NOON[0] - timedelta.resolution, NOON[0] + MINUTE):
        for ask in (timeline.at, timeline.next_after):
            with pytest.raises(InvalidArgument, match="not within") as caught:
                ask(moment)
            assert caught.value.argument == "moment"
            assert shown(moment) in str(caught.value)


def test_values_are_written_as_json() -> None:
    """With times in UTC."""
    start = datetime(2026, 3, 29, 14, tzinfo=BERLIN)
    timeline = Timeline(start, start + 2 * MINUTE, [OnCallSpan("a", start, start + MINUTE)])
    assert timeline.to_dict() == {
        "start": "2026-03-29T12:00:00Z",
        "end": "2026-03-29T12:30:00Z",
        "spans": [
            {
                "user": "a",
                "start": "2026-03-29T12:00:00Z",
                "end": "2026-03-29T12:15:00Z",
                "user_id": None,
            }
        ],
    }
    gap = timeline.gaps()[0]
    assert gap == Stretch((), start + MINUTE, start + 2 * MINUTE)
    assert (
        gap.to_json() == '{"users":[],"start":"2026-03-29T12:15:00Z","end":"2026-03-29T12:30:00Z"}'
    )
