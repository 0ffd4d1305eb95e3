"""Requests: path segments, query parameters, the number of the requested page."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import UNSET, Page, Request, UnsetType, operations
from grafana_oncall._core.request import id_advice, query, segment
from grafana_oncall._generated.constraints import ID
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.models import AlertGroup, AlertGroupSilence

BAD_IDS = [
    pytest.param("", id="empty"),
    pytest.param("a/b", id="slash"),
    pytest.param("a%2Fb", id="encoded slash"),
    pytest.param(".", id="dot"),
    pytest.param("..", id="dots"),
    pytest.param("a\r\nHost: x", id="crlf"),
    pytest.param("a\n", id="newline at the end"),
    pytest.param("a\0", id="nul"),
    pytest.param("a b", id="space"),
    pytest.param("a?b", id="question mark"),
    pytest.param("a#b", id="hash"),
    pytest.param("a;b", id="semicolon"),
    pytest.param("\xe4", id="not ascii"),
    pytest.param("\u0661", id="a digit of another script"),
    pytest.param("a" * 129, id="too long"),
    pytest.param(None, id="none"),
    pytest.param(5, id="number"),
    pytest.param(b"A", id="bytes"),
    pytest.param(["A"], id="list"),
]

WITH_ID: list[Callable[[Any], Request[Any]]] = [
    operations.get_alert_group,
    operations.delete_alert_group,
    operations.acknowledge_alert_group,
    operations.unacknowledge_alert_group,
    operations.resolve_alert_group,
    operations.unresolve_alert_group,
    lambda value: operations.silence_alert_group(value, AlertGroupSilence(delay=1)),
    operations.unsilence_alert_group,
    operations.get_integration,
    operations.delete_integration,
]


@pytest.mark.parametrize(
    "value", ["A", "I68T24C13IFW1", "a-b_c", "0", "-", pytest.param("a" * 128, id="the longest")]
)
def test_an_id_is_the_segment_as_it_is(value: str) -> None:
    """No character in it needs encoding."""
    assert segment("id", value, ID) == value


@pytest.mark.parametrize("value", BAD_IDS)
def test_a_bad_id_is_refused_by_name_and_rule(value: object) -> None:
    """An encoded slash would result in the server's HTML 404."""
    with pytest.raises(InvalidArgument, match=r"^alert_group_id=.* is not an id\. ") as info:
        segment("alert_group_id", value, ID)
    assert info.value.argument == "alert_group_id"
    assert str(info.value).isprintable()


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        pytest.param("a/b", ID.text, id="other characters"),
        pytest.param(
            "I1\n",
            "There is white space around the id, as in lines of a file: strip() it.",
            id="a line",
        ),
        pytest.param(SimpleNamespace(id="U1"), "Pass its .id.", id="an object that has an id"),
        pytest.param(SimpleNamespace(id=None), ID.text, id="an object without one"),
    ],
)
def test_the_error_about_a_bad_id_says_what_to_pass(value: object, advice: str) -> None:
    """The rule itself, unless the mistake is known."""
    assert id_advice(value, ID) == advice


@given(st.one_of(st.text(), st.text("aB9-_./%\r\n\0?#:@ "), st.from_regex(ID.pattern)))
def test_no_id_can_leave_its_segment(value: str) -> None:
    """Whatever the id, the path has the segments of its operation."""
    for build in WITH_ID:
        try:
            request = build(value)
        except InvalidArgument:
            continue
        assert ID.fullmatch(value)
        assert not set(request.path) & set("%.\r\n\0?#:@ \\")
        assert request.path.count("/") == request.operation.path.count("/")
        assert request.path.split("/")[1] == value


@pytest.mark.parametrize(
    ("pairs", "wire"),
    [
        pytest.param([], (), id="none"),
        pytest.param([("page", 2)], (("page", "2"),), id="number"),
        pytest.param([("name", "x"), ("page", UNSET)], (("name", "x"),), id="absent"),
        pytest.param(
            [("label", ["a:b", "c:d"])], (("label", "a:b"), ("label", "c:d")), id="repeated"
        ),
        pytest.param([("label", ())], (), id="empty list"),
        pytest.param([("b", "2"), ("a", "1")], (("b", "2"), ("a", "1")), id="order is kept"),
        pytest.param([("name", "")], (("name", ""),), id="empty string"),
    ],
)
def test_query_parameters_become_pairs(
    pairs: list[tuple[str, str | int | Sequence[str] | UnsetType]],
    wire: tuple[tuple[str, str], ...],
) -> None:
    """Absent ones are left out."""
    assert query(*pairs) == wire


@pytest.mark.parametrize(
    ("request_", "number"),
    [
        pytest.param(operations.list_alert_groups(), 1, id="not asked"),
        pytest.param(operations.list_alert_groups(page=7), 7, id="asked"),
        pytest.param(operations.list_alert_groups(perpage=7), 1, id="only the size"),
    ],
)
def test_a_request_knows_its_page(request_: Request[Page[AlertGroup]], number: int) -> None:
    """From 1, as the server counts."""
    assert request_.page_number == number


@pytest.mark.parametrize(
    "page",
    ["abc", "", "0", "-1", "1.5", "\u0663", pytest.param("9" * 5000, id="long"), "\x1b", "1\n"],
)
def test_a_page_that_is_no_number_is_refused(page: str) -> None:
    """Only a caller who varies a request can set it; the server would return page 1."""
    request = attrs.evolve(operations.list_alert_groups(), query=(("page", page),))
    with pytest.raises(InvalidArgument, match=r"^page=.*: a whole number, 1 or more") as info:
        _ = request.page_number
    assert info.value.argument == "page"
    assert str(info.value).isprintable()


def test_requests_are_values() -> None:
    """Equal, frozen, varied by evolve, with the slash that the server expects."""
    request = operations.list_alert_groups(state="new", label=["team:SRE"])
    assert request == operations.list_alert_groups(state="new", label=["team:SRE"])
    assert hash(request) == hash(attrs.evolve(request))
    assert attrs.evolve(request, query=()) == operations.list_alert_groups()
    assert request.body is UNSET
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.path = "elsewhere"  # type: ignore[misc]


def test_the_raw_bytes_stay_out_of_the_repr_of_a_page() -> None:
    """They may be large."""
    page = Page[AlertGroup](
        results=(), count=0, number=1, total_pages=None, next=None, raw=b"x" * 9999
    )
    assert "xxx" not in repr(page)
