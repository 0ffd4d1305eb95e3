"""Whether a group matches the filter that it was requested by."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import Page, Request, operations
from grafana_oncall._generated.models.alert_groups import Alert, AlertGroup, AlertGroupState
from grafana_oncall._generated.models.labels import Label, LabelKey, LabelValue
from grafana_oncall._generated.models.teams import Team
from grafana_oncall._generated.models.users import User, UserRole
from grafana_oncall._listing.filters import is_filtered, is_known, matching, unmet
from grafana_oncall._validation.arguments import NO_TEAM
from grafana_oncall._validation.times import time_range
from grafana_oncall.errors import FilterIgnored


def label(key: str, value: str) -> Label:
    """A label as the server returns it."""
    return Label(key=LabelKey(name=key), value=LabelValue(name=value))


GROUP = AlertGroup(
    id="I1",
    integration_id="C1",
    alerts_count=1,
    state=AlertGroupState.FIRING,
    created_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    team_id="T1",
    route_id="R1",
    labels=(label("env", "prod"), label("team", "SRE"), label("zone", "a")),
)
TEAMLESS = attrs.evolve(GROUP, team_id=None)
BARE = attrs.evolve(GROUP, route_id=None, labels=())


def in_state(state: str) -> AlertGroup:
    """The group in this state, known or not."""
    return attrs.evolve(GROUP, state=AlertGroupState(state))


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        pytest.param(GROUP, "id", "I1", id="id"),
        pytest.param(GROUP, "route_id", "R1", id="route"),
        pytest.param(GROUP, "integration_id", "C1", id="integration"),
        pytest.param(GROUP, "team_id", "T1", id="team"),
        pytest.param(TEAMLESS, "team_id", NO_TEAM, id="no team"),
        pytest.param(GROUP, "label", "env:prod", id="the first label"),
        pytest.param(GROUP, "label", "team:SRE", id="a label among several"),
        pytest.param(GROUP, "label", "zone:a", id="the last label"),
        pytest.param(GROUP, "state", "new", id="firing is new"),
        pytest.param(GROUP, "state", "firing", id="firing"),
        pytest.param(in_state("acknowledged"), "state", "acknowledged", id="acknowledged"),
        pytest.param(in_state("resolved"), "state", "resolved", id="resolved"),
        pytest.param(in_state("silenced"), "state", "silenced", id="silenced"),
        pytest.param(in_state("paused"), "state", "paused", id="a state of a newer server"),
        pytest.param(GROUP, "page", "7", id="page is no filter"),
        pytest.param(GROUP, "perpage", "7", id="perpage is no filter"),
    ],
)
def test_a_group_matches_each_parameter_of_its_filter(
    group: AlertGroup, name: str, value: str
) -> None:
    """Parameters of pages are not part of the filter."""
    assert unmet([(name, value)], group) is None


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        pytest.param(GROUP, "id", "I2", id="id"),
        pytest.param(GROUP, "id", "i1", id="id in another case"),
        pytest.param(GROUP, "route_id", "R2", id="route"),
        pytest.param(BARE, "route_id", "R1", id="no route"),
        pytest.param(GROUP, "integration_id", "C2", id="integration"),
        pytest.param(GROUP, "team_id", "T2", id="team"),
        pytest.param(GROUP, "team_id", NO_TEAM, id="a team where none was asked for"),
        pytest.param(TEAMLESS, "team_id", "T1", id="no team where one was asked for"),
        pytest.param(GROUP, "label", "team:Platform", id="another value"),
        pytest.param(GROUP, "label", "team:sre", id="value in another case"),
        pytest.param(GROUP, "label", "Team:SRE", id="key in another case"),
        pytest.param(GROUP, "label", "env:SRE", id="value of another key"),
        pytest.param(GROUP, "label", "team:SR", id="part of the value"),
        pytest.param(GROUP, "label", "team", id="an entry that the server drops"),
        pytest.param(BARE, "label", "team:SRE", id="no labels"),
        pytest.param(GROUP, "state", "resolved", id="state"),
        pytest.param(in_state("silenced"), "state", "new", id="silenced is not new"),
        pytest.param(in_state("paused"), "state", "new", id="a state of a newer server"),
    ],
)
def test_the_parameter_that_a_group_does_not_match_is_named(
    group: AlertGroup, name: str, value: str
) -> None:
    """As name=value."""
    assert unmet([(name, value)], group) == f"{name}={value}"


def test_all_labels_must_match_and_the_first_that_does_not_is_named() -> None:
    """Whatever else matches."""
    there, first, second = ("label", "env:prod"), ("label", "a:b"), ("label", "c:d")
    assert unmet([there, ("label", "team:SRE")], GROUP) is None
    assert unmet([("state", "new"), there, first, second], GROUP) == "label=a:b"
    assert unmet([second, first], GROUP) == "label=c:d"


@pytest.mark.parametrize(
    ("seconds", "met"),
    [
        pytest.param(-0.000001, False, id="just before"),
        pytest.param(0, True, id="the first moment"),
        pytest.param(30, True, id="between"),
        pytest.param(60, True, id="the last moment"),
        pytest.param(60.000001, False, id="just after"),
    ],
)
def test_both_ends_of_a_time_range_belong_to_it(seconds: float, met: bool) -> None:  # noqa: FBT001
    """As on the server."""
    value = "2026-03-02T09:30:00_2026-03-02T09:31:00"
    group = attrs.evolve(GROUP, created_at=GROUP.created_at + timedelta(seconds=seconds))
    assert unmet([("started_at", value)], group) == (None if met else f"started_at={value}")


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    """The range is in UTC."""
    there = GROUP.created_at.astimezone(timezone(timedelta(hours=-7)))
    query = [("started_at", "2026-03-02T09:30:00_2026-03-02T09:30:00")]
    assert unmet(query, attrs.evolve(GROUP, created_at=there)) is None


@given(
    moment=st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001  # hypothesis puts the zone on it
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    before=st.timedeltas(timedelta(0), timedelta(days=2)),
    after=st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_a_time_within_the_requested_range_always_matches(
    moment: datetime, before: timedelta, after: timedelta
) -> None:
    """The range is widened to seconds on the wire, and never narrowed."""
    value = time_range((moment - before, moment + after))
    assert unmet([("started_at", str(value))], attrs.evolve(GROUP, created_at=moment)) is None


@pytest.mark.parametrize(
    "query",
    [
        pytest.param([("label", "a:b")], id="label"),
        pytest.param([("page", "2"), ("state", "new")], id="state beside a page"),
        pytest.param([("team_id", NO_TEAM)], id="no team"),
    ],
)
def test_a_query_with_a_filter_is_filtered(query: list[tuple[str, str]]) -> None:
    """Wherever the filter is in the query."""
    assert is_filtered(query)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param([], id="nothing"),
        pytest.param([("page", "2")], id="page"),
        pytest.param([("perpage", "50"), ("page", "2")], id="page and its length"),
    ],
)
def test_a_query_for_pages_only_selects_everything(query: list[tuple[str, str]]) -> None:
    """So it is not filtered."""
    assert not is_filtered(query)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        pytest.param("label", True, id="a filter"),
        pytest.param("page", True, id="a page"),
        pytest.param("perpage", True, id="its length"),
        pytest.param("colour", False, id="a filter of another release"),
    ],
)
def test_the_filters_that_can_be_checked_are_known(name: str, *, known: bool) -> None:
    """A journal of a newer release may name one that this release cannot check."""
    assert is_known(name) is known


def a_page(*items: Any) -> Page[Any]:
    """A page with these items."""
    return Page(results=items, count=len(items), number=1, total_pages=1, next=None, raw=b"{}")


ANA = User(id="U1", username="Ana ", email=None, role=UserRole.EDITOR, slack=None)
SRE = Team(id="T1", name="SRE", email=None, avatar_url=None)


@pytest.mark.parametrize(
    ("request_", "item", "unmet"),
    [
        pytest.param(operations.list_alert_groups(), GROUP, None, id="no filter"),
        pytest.param(operations.list_alert_groups(page=2), GROUP, None, id="a page only"),
        pytest.param(operations.list_alert_groups(state="new"), GROUP, None, id="state"),
        pytest.param(
            operations.list_alert_groups(state="resolved"), GROUP, "state=resolved", id="no state"
        ),
        pytest.param(operations.list_teams(name=" sre"), SRE, None, id="in any case, trimmed"),
        pytest.param(operations.list_teams(name="xx"), SRE, "name=xx", id="another name"),
        pytest.param(operations.list_users(username="ana"), ANA, None, id="trimmed on both sides"),
        pytest.param(operations.list_users(email="xxxx"), ANA, "email=xxxx", id="no address"),
        pytest.param(operations.list_users(roles=["0", "1"]), ANA, None, id="one of several roles"),
        pytest.param(
            operations.list_users(roles=["0", "2"]), ANA, "roles=0", id="none of the roles"
        ),
    ],
)
def test_each_item_of_a_page_is_checked_against_the_filter(
    request_: Request[Page[Any]], item: Any, unmet: str | None
) -> None:
    """The error names the item, and the parameter that it does not match."""
    verify = matching(request_)
    if unmet is None:
        assert verify is None or verify(a_page(item, item)) is None
        return
    assert verify is not None
    verify(a_page())
    with pytest.raises(FilterIgnored) as caught:
        verify(a_page(item))
    assert (caught.value.group_id, caught.value.unmet) == (item.id, unmet)
    assert str(caught.value) == (
        f"{request_.operation.id}: asked for '{unmet}', the server returned {item.id}, which "
        "does not match. Nothing was written to what it returned, because its filter cannot be "
        "trusted. If the item changed at this very moment, a retry succeeds."
    )


@attrs.frozen(kw_only=True)
class Thing:
    """An item of a list that has no checks of its own."""

    name: str | None = None
    team_id: str | None = None
    size: int = 5
    open: bool = True


@pytest.mark.parametrize(
    ("name", "value", "met"),
    [
        pytest.param("size", "5", True, id="a number"),
        pytest.param("size", "6", False, id="another number"),
        pytest.param("open", "true", True, id="a flag"),
        pytest.param("open", "false", False, id="the other flag"),
        pytest.param("name", " SRE", True, id="a name in any case, trimmed"),
        pytest.param("name", "None", False, id="another name"),
        pytest.param("team_id", "T1", True, id="a team"),
        pytest.param("team_id", "t1", False, id="an id in another case"),
        pytest.param("team_id", NO_TEAM, False, id="a team where none was asked for"),
    ],
)
def test_by_default_the_member_of_the_same_name_must_equal_the_value(
    name: str,
    value: str,
    met: bool,  # noqa: FBT001  # it is parametrized
) -> None:
    """As the query spells it; names in any case."""
    listed = attrs.evolve(
        operations.list_teams(), operation=attrs.evolve(operations.list_teams().operation, id="x")
    )
    verify = matching(attrs.evolve(listed, query=((name, value),)))
    assert verify is not None
    page = a_page(Thing(name="sre", team_id="T1"))
    if met:
        verify(page)
        return
    with pytest.raises(FilterIgnored, match="the server returned an object, which") as caught:
        verify(page)
    assert (caught.value.group_id, caught.value.unmet) == (None, f"{name}={value}")


@attrs.frozen(kw_only=True)
class Absent:
    """An item of which the server shows nothing."""

    name: str | None = None
    size: int | None = None


@pytest.mark.parametrize("name", ["name", "size"])
def test_an_absent_member_matches_no_value(name: str) -> None:
    """Not even the text None."""
    listed = attrs.evolve(operations.list_teams(), query=((name, "None"),))
    verify = matching(listed)
    assert verify is not None
    with pytest.raises(FilterIgnored):
        verify(a_page(Absent()))


ALERT = Alert(
    id="A1",
    alert_group_id="I1",
    created_at=GROUP.created_at,
    payload={"title": "Größe: 5 °C", "tags": ["a b"]},
)


def excluded(request: Request[Page[Any]], item: Any) -> str | None:
    """Return the part of the filter that excludes the item."""
    verify = matching(request)
    assert verify is not None
    try:
        verify(a_page(item))
    except FilterIgnored as error:
        return error.unmet
    return None


@pytest.mark.parametrize(
    "text",
    ["größe: 5 °C", r"gr\u00f6\u00dfe", '"tags":["a b"]', '"tags": ["A B"]', "5 °c"],
)
def test_a_payload_may_be_written_in_other_ways_than_the_server_s(text: str) -> None:
    """Spaces and escapes of its JSON are unknown, so they are no proof of an ignored filter."""
    assert excluded(operations.list_alerts(search=text), ALERT) is None


@pytest.mark.parametrize("text", ["Kälte", "5 °F", "null", "tagsb", "Größe Gr"])
def test_a_payload_without_the_letters_of_a_text_does_not_match(text: str) -> None:
    """However the server writes it."""
    assert excluded(operations.list_alerts(search=text), ALERT) == f"search={text}"


NUMBERED = attrs.evolve(GROUP, title="Disk-Füllstand high", alert_group_number=7)
UNTITLED = attrs.evolve(GROUP, title=None)


@pytest.mark.parametrize(
    ("group", "text", "met"),
    [
        pytest.param(NUMBERED, "DISK", True, id="a word in any case"),
        pytest.param(NUMBERED, "diskfüll", True, id="letters only"),
        pytest.param(NUMBERED, "memory high", True, id="one of several words"),
        pytest.param(NUMBERED, "memory low", False, id="none of the words"),
        pytest.param(NUMBERED, " 7 ", True, id="its number"),
        pytest.param(NUMBERED, "17", False, id="another number"),
        pytest.param(UNTITLED, "xxxx", False, id="no title"),
    ],
)
def test_a_group_may_be_found_by_a_word_of_its_title_or_by_its_number(
    group: AlertGroup,
    text: str,
    met: bool,  # noqa: FBT001  # it is parametrized
) -> None:
    """The search of Grafana Cloud is not known better than that."""
    expected = None if met else f"search={text}"
    assert excluded(operations.list_alert_groups(search=text), group) == expected


def test_what_belongs_to_no_team_matches_that() -> None:
    """In every list."""
    verify = matching(attrs.evolve(operations.list_teams(), query=(("team_id", NO_TEAM),)))
    assert verify is not None
    verify(a_page(Thing()))


def test_only_a_list_with_a_filter_is_checked() -> None:
    """Other lists are not checked at all."""
    assert matching(operations.list_alert_groups(page=2)) is None
    assert matching(operations.list_alert_groups(state="new")) is not None


def test_a_later_item_that_does_not_match_is_found() -> None:
    """All items of a page are checked."""
    verify = matching(operations.list_alert_groups(state="new"))
    assert verify is not None
    with pytest.raises(FilterIgnored, match="I2"):
        verify(a_page(GROUP, attrs.evolve(in_state("resolved"), id="I2")))
