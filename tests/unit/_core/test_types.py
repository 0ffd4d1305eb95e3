"""Absent values, open enums, rules of strings, and how error messages show a value."""

import copy
import pickle
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import UNSET, UnsetType
from grafana_oncall._core.text import printable, shown
from grafana_oncall._core.types import OpenStrEnum, StringRule
from grafana_oncall.models import AlertGroupState, DeleteMode


def test_unset_is_not_none_and_is_false() -> None:
    """One object, even after a copy and a pickle."""
    assert UNSET is not None
    assert not UNSET
    assert isinstance(UNSET, UnsetType)
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET  # noqa: S301  # the test's own bytes
    assert copy.deepcopy(UNSET) is UNSET


def test_new_and_firing_are_one_member() -> None:
    """The spelling of the filter is an alias of that of the response."""
    assert AlertGroupState("new") is AlertGroupState.FIRING
    assert AlertGroupState("firing") is AlertGroupState.FIRING
    assert AlertGroupState("firing") == "firing"
    assert [*AlertGroupState] == ["firing", "acknowledged", "resolved", "silenced"]


@pytest.mark.parametrize("value", ["", "new-in-2031", "New", "FIRING", "\u2603", "_missing_"])
def test_an_unknown_value_stays_a_usable_string(value: str) -> None:
    """Equal to its string, hashed alike, printed alike, and unknown to iteration."""
    state = AlertGroupState(value)
    assert isinstance(state, AlertGroupState)
    assert state == value
    assert (state.value, state.name, str(state), f"{state}") == (value,) * 4
    assert {state: 1}[AlertGroupState(value)] == 1
    assert {value: 1}[state] == 1
    assert state not in [*AlertGroupState]
    assert len(AlertGroupState) == 4


@given(st.text())
def test_any_value_survives_pickle_and_copy(value: str) -> None:
    """Known members stay the same objects, unknown ones stay equal."""
    state = AlertGroupState(value)
    for again in (
        pickle.loads(pickle.dumps(state)),  # noqa: S301  # the test's own bytes
        copy.copy(state),
        copy.deepcopy(state),
    ):
        assert again == state
        assert type(again) is AlertGroupState


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        b"firing",
        pytest.param(["firing"], id="a list"),
        pytest.param(object(), id="an object"),
    ],
)
def test_what_is_no_string_is_no_member(value: Any) -> None:
    """Open to new strings, not to anything."""
    with pytest.raises(ValueError, match="is not a valid AlertGroupState"):
        AlertGroupState(value)


def test_an_enum_without_other_spellings_knows_only_its_own() -> None:
    """`new` means firing to states and nothing to delete modes."""
    assert DeleteMode("wipe") is DeleteMode.WIPE
    assert DeleteMode("new") not in [*DeleteMode]
    assert issubclass(OpenStrEnum, StrEnum)


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        pytest.param("ab", True, id="within"),
        pytest.param("abc", True, id="longest"),
        pytest.param("a", False, id="too short"),
        pytest.param("abcd", False, id="too long"),
        pytest.param("ab1", False, id="not the pattern"),
        pytest.param("ab\n", False, id="a trailing newline, which $ alone would let pass"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_rule_holds_pattern_and_both_lengths(value: str, *, allowed: bool) -> None:
    """The whole string must match."""
    rule = StringRule(text="two or three letters", pattern="^[a-z]+$", min_length=2, max_length=3)
    assert bool(rule.fullmatch(value)) is allowed


def test_a_rule_without_a_longest_length_takes_any() -> None:
    """The default sets no limit."""
    rule = StringRule(text="letters", pattern="^[a-z]*$")
    assert rule.fullmatch("")
    assert rule.fullmatch("a" * 10_000)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("team", "'team'", id="string"),
        pytest.param("\x1b[31m\n\u202e\ud800", r"'\x1b[31m\n\u202e\ud800'", id="escapes"),
        pytest.param(3, "3", id="number"),
        pytest.param(None, "None", id="none"),
        pytest.param("x" * 100, "'" + "x" * 78 + "…", id="long string"),
        pytest.param(list(range(100)), repr(list(range(100)))[:79] + "…", id="long list"),
    ],
)
def test_a_value_is_shown_short(value: object, text: str) -> None:
    """As in error messages."""
    assert shown(value) == text


@given(st.one_of(st.text(), st.lists(st.text()), st.binary(), st.floats()))
def test_nothing_that_is_shown_moves_a_terminal(value: object) -> None:
    """One printable line of at most 80 characters."""
    assert shown(value).isprintable()
    assert len(shown(value)) <= 80


class Garish:
    """Its repr colours the terminal."""

    def __repr__(self) -> str:
        return "\x1b[31m\n"


class Mute:
    """It has no repr."""

    def __repr__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a \xe4\u2603", "a \xe4\u2603", id="as it is"),
        pytest.param("\x1b\n\u202e\ud800\xa0", r"\x1b\n\u202e\ud800\xa0", id="escapes"),
        pytest.param("x" * 500, "x" * 500, id="as long as may be"),
        pytest.param("x" * 501, "x" * 499 + "…", id="longer"),
        pytest.param("\n" * 500, r"\n" * 249 + "\\…", id="longer by its escapes"),
        pytest.param("", "", id="empty"),
    ],
)
def test_text_from_outside_is_a_printable_line(text: str, line: str) -> None:
    """Unlike `shown`, without quotes and with letters of all scripts."""
    assert printable(text) == line


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(
            Garish(),
            id="escapes",
        ),
        pytest.param(Mute(), id="no repr"),
    ],
)
def test_a_value_with_a_strange_repr_is_shown_too(value: object) -> None:
    """The error about it must not raise another error."""
    assert shown(value).isprintable()
