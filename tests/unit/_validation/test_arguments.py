"""Arguments of callers: checked at once, and converted to what is sent."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import FOREVER, NO_TEAM, UNSET
from grafana_oncall._validation.arguments import (
    duration,
    flag,
    identifier,
    required,
    seconds,
    silence_delay,
    text_filter,
    whole,
)
from grafana_oncall._validation.enums import (
    State,
    StateFilter,
    delete_mode,
    state_filter,
    wanted_state,
)
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.models import AlertGroupState, DeleteMode

WIRE = "%Y-%m-%dT%H:%M:%S"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(lambda: identifier("team_id", None), id="id"),
        pytest.param(lambda: text_filter("name", None), id="name"),
        pytest.param(lambda: state_filter(None), id="state"),
        pytest.param(lambda: flag("important", None), id="flag"),
    ],
)
def test_none_means_not_to_filter(check: Callable[[], Any]) -> None:
    """The parameter is omitted from the query."""
    assert check() is UNSET


@pytest.mark.parametrize("value", ["CFRPV98RPR1U8", NO_TEAM, "a-b_C9"])
def test_an_id_filter_is_sent_unchanged(value: str) -> None:
    """`null` is the server's word for no team."""
    assert identifier("team_id", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "a b",
        "a/b",
        "a&b",
        pytest.param("x" * 129, id="too long"),
        5,
        b"A",
        pytest.param(["A"], id="a list"),
        True,
    ],
)
def test_a_bad_id_filter_is_refused(value: object) -> None:
    """The server would ignore an empty one, and select everything."""
    with pytest.raises(InvalidArgument, match=r"^route_id=.* is not an id\. Ids are") as info:
        identifier("route_id", value)
    assert info.value.argument == "route_id"


@pytest.mark.parametrize("value", ["ci", "Grafana :blush:", "a&b=c", " "])
def test_a_name_filter_is_sent_unchanged(value: str) -> None:
    """Names are free text."""
    assert text_filter("name", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        5,
        b"ci",
        pytest.param(["ci"], id="a list"),
        False,
        pytest.param("\ud800", id="no character"),
    ],
)
def test_a_bad_name_filter_is_refused(value: object) -> None:
    """An empty one matches nothing, which is never intended."""
    with pytest.raises(InvalidArgument, match=r"^name=.* a non-empty text is needed") as info:
        text_filter("name", value)
    assert info.value.argument == "name"


@pytest.mark.parametrize("value", [1, 50, 10**12])
def test_a_whole_number_is_returned_unchanged(value: int) -> None:
    """From 1, unless another minimum is given."""
    assert whole("page", value) == value
    assert whole("prefetch", value - 1, least=0) == value - 1


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1", float("nan"), [1], b"1", None])
def test_a_number_that_is_not_whole_or_too_small_is_refused(value: object) -> None:
    """The server would return page 1, and the SDK's own limits would not apply."""
    with pytest.raises(InvalidArgument, match=r"^page=.*: a whole number, 1 or more") as info:
        whole("page", value)
    assert info.value.argument == "page"


@pytest.mark.parametrize(
    ("state", "wire"),
    [
        pytest.param("firing", "new", id="what responses say"),
        pytest.param("new", "new", id="what the filter says"),
        pytest.param(AlertGroupState.FIRING, "new", id="the member"),
        pytest.param("acknowledged", "acknowledged", id="acknowledged"),
        pytest.param("resolved", "resolved", id="resolved"),
        pytest.param(AlertGroupState.RESOLVED, "resolved", id="another member"),
        pytest.param("silenced", "silenced", id="silenced"),
    ],
)
def test_a_state_is_spelled_as_the_filter_accepts_it(state: str, wire: str) -> None:
    """`state=firing` would be a 400."""
    assert state_filter(state) == wire


@pytest.mark.parametrize(
    "state",
    [
        "",
        "New",
        "snoozed",
        pytest.param(AlertGroupState("snoozed"), id="a member"),
        1,
        pytest.param(["new"], id="a list"),
        b"new",
        "new\n",
        "\x1b",
    ],
)
def test_an_unknown_state_is_refused_with_the_known_ones(state: object) -> None:
    """Before anything is sent."""
    names = r"firing \(or new\), acknowledged, resolved, silenced"
    with pytest.raises(InvalidArgument, match=rf"^state=.* is not a state; known: {names}\.$"):
        state_filter(state)


def test_every_state_is_known_to_the_filter_and_to_type_checkers() -> None:
    """A new state in the specification must be added to both."""
    assert {state_filter(state) for state in AlertGroupState} == set(get_args(StateFilter))
    spellings = {*AlertGroupState, *AlertGroupState.__spellings__}
    assert set(get_args(get_args(State)[1])) == spellings


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_sent_unchanged(value: bool) -> None:  # noqa: FBT001  # it is parametrized
    """False filters, too."""
    assert flag("important", value) is value


@pytest.mark.parametrize("value", ["true", 1, 0, b"", pytest.param([], id="a list")])
def test_a_flag_is_not_guessed(value: object) -> None:
    """What is true in some sense may be meant otherwise."""
    with pytest.raises(InvalidArgument, match=r"^important=.*: True or False is needed\.$") as info:
        flag("important", value)
    assert info.value.argument == "important"


def test_what_is_required_must_be_there() -> None:
    """None, which elsewhere means not to filter, is refused."""
    assert required("start", text_filter("start", "x")) == "x"
    with pytest.raises(InvalidArgument, match=r"^start=None: it is needed here\.$") as info:
        required("start", text_filter("start", None))
    assert info.value.argument == "start"


def test_a_state_to_wait_for_must_be_given() -> None:
    """None, which elsewhere means not to filter, is refused and shown as given."""
    with pytest.raises(InvalidArgument, match=r"^state=None is not a state"):
        wanted_state(None)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        pytest.param(timedelta(hours=3), 10800, id="timedelta"),
        pytest.param(timedelta(microseconds=1), 1, id="rounded up"),
        pytest.param(timedelta(seconds=1.5), 2, id="a second and a half"),
        pytest.param(1, 1, id="a second"),
        pytest.param(2**31 - 1, 2**31 - 1, id="the longest"),
        pytest.param(FOREVER, -1, id="for ever"),
    ],
)
def test_a_delay_is_whole_seconds(delay: object, seconds: int) -> None:
    """Rounded up, so that a silence is never shorter than requested."""
    assert silence_delay(delay) == seconds


@pytest.mark.parametrize(
    "delay",
    [
        pytest.param(0, id="zero, which never ends"),
        pytest.param(timedelta(0), id="no time"),
        pytest.param(-1, id="the number that stands for FOREVER on the wire"),
        pytest.param(timedelta(seconds=-1), id="a negative time is not FOREVER"),
        pytest.param(timedelta(seconds=-0.5), id="rounded to zero"),
        pytest.param(-2, id="negative"),
        pytest.param(2**31, id="too long"),
        pytest.param(10**400, id="much too long"),
        pytest.param(timedelta.max, id="the longest timedelta"),
        pytest.param(True, id="bool"),
        pytest.param(1.0, id="float"),
        pytest.param(-1.0, id="a float that equals that"),
        pytest.param(float("nan"), id="nan"),
        pytest.param("60", id="string"),
        pytest.param(None, id="none"),
        pytest.param([60], id="list"),
    ],
)
def test_a_bad_delay_is_refused(delay: object) -> None:
    """The server accepts zero, and fails on huge numbers."""
    with pytest.raises(InvalidArgument, match=r"^delay=.*or FOREVER, is needed\.$") as info:
        silence_delay(delay)
    assert info.value.argument == "delay"


@given(st.timedeltas(timedelta(microseconds=1), timedelta(seconds=2**31 - 1)))
def test_no_silence_is_shorter_than_requested(delay: timedelta) -> None:
    """Nor longer by a second or more."""
    assert timedelta(0) <= timedelta(seconds=silence_delay(delay)) - delay < timedelta(seconds=1)


@pytest.mark.parametrize("mode", ["wipe", "delete", DeleteMode.WIPE, DeleteMode.DELETE])
def test_a_known_mode_is_accepted(mode: str) -> None:
    """As a string or as a member of the enum."""
    assert delete_mode(mode) is DeleteMode(mode)


@pytest.mark.parametrize(
    "mode",
    [
        "",
        "Wipe",
        "erase",
        pytest.param(DeleteMode("erase"), id="a member"),
        None,
        1,
        b"wipe",
        pytest.param([], id="a list"),
    ],
)
def test_an_unknown_mode_is_refused(mode: object) -> None:
    """The server wipes by default, which cannot be undone."""
    with pytest.raises(InvalidArgument, match=r"^mode=.*: 'wipe' or 'delete' is needed\.$"):
        delete_mode(mode)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param(30, 30.0, id="int"),
        pytest.param(0.5, 0.5, id="float"),
        pytest.param(1e-6, 1e-6, id="the shortest"),
        pytest.param(timedelta(seconds=90), 90.0, id="timedelta"),
        pytest.param(86400, 86400.0, id="the longest"),
    ],
)
def test_a_duration_is_given_in_seconds_or_as_a_timedelta(value: object, number: float) -> None:
    """It can be converted to either."""
    assert seconds("timeout", value, longest=DAY) == number
    assert type(seconds("timeout", value, longest=DAY)) is float
    assert duration("timeout", value, longest=DAY) == timedelta(seconds=number)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="none, which would be endless"),
        pytest.param(0, id="zero"),
        pytest.param(1e-7, id="zero as a timedelta"),
        pytest.param(-1, id="negative"),
        pytest.param(86400.1, id="more than a day"),
        pytest.param(float("inf"), id="endless"),
        pytest.param(float("nan"), id="nan"),
        pytest.param(timedelta(0), id="no time"),
        pytest.param(timedelta.max, id="the longest timedelta"),
        pytest.param("30", id="string"),
        pytest.param(True, id="bool"),
        pytest.param([30], id="list"),
        pytest.param(10**400, id="a number beyond floats"),
    ],
)
@pytest.mark.parametrize("check", [seconds, duration])
def test_a_bad_duration_is_refused(check: Callable[..., object], value: object) -> None:
    """The message names the argument, its value and the limits."""
    limits = r"seconds or a timedelta, above zero and at most 1 day, are needed\.$"
    with pytest.raises(InvalidArgument, match=rf"^timeout=.*: {limits}") as info:
        check("timeout", value, longest=DAY)
    assert info.value.argument == "timeout"


def test_zero_and_infinity_are_accepted_where_they_are_allowed() -> None:
    """Such as retries without delay or without a deadline."""
    assert seconds("delay", 0, zero=True) == 0.0
    assert seconds("deadline", math.inf, zero=True, longest=None) == math.inf
    for value in (-0.1, math.nan, 10**400):
        with pytest.raises(InvalidArgument, match="a timedelta, zero or more, are needed"):
            seconds("deadline", value, zero=True, longest=None)
