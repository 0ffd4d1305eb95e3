"""Labels: every way to write them, the rules, the filter, and the request models."""

import doctest
import string
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import labels as module
from grafana_oncall._generated.models.labels import (
    AttachedLabelInput,
    AttachedNameInput,
    DynamicLabelInput,
    DynamicValueInput,
    Label,
    LabelInput,
    LabelKey,
    LabelKeyInput,
    LabelValue,
    LabelValueInput,
)
from grafana_oncall.errors import LabelError, Problem
from grafana_oncall.labels import (
    matches,
    parse,
    to_attached,
    to_dynamic_inputs,
    to_input,
    to_inputs,
    to_query,
    validate,
    validate_dynamic,
)

TEAM, ENV = ("team", "SRE"), ("env", "prod")
JSON: Mapping[str, Mapping[str, Any]] = {
    "key": {"id": "K1", "name": "team", "prescribed": False},
    "value": {"id": None, "name": "SRE"},
}
MODEL = Label(key=LabelKey(name="team", id="K1"), value=LabelValue(name="SRE", id="V1"))
INPUT = LabelInput(key=LabelKeyInput(name="team"), value=LabelValueInput(name="SRE"))
ATTACHED = AttachedLabelInput(
    key=AttachedNameInput(name="team"), value=AttachedNameInput(name="SRE")
)
DYNAMIC = DynamicLabelInput(key=LabelKeyInput(name="team"), value=DynamicValueInput(name="SRE"))


class Team(StrEnum):
    """A label as a modern enum of strings."""

    SRE = "SRE"


class OldTeam(str, Enum):  # noqa: UP042  # its str() is "OldTeam.SRE", which is the point
    """A label as an enum of the old kind."""

    SRE = "SRE"


def problems(check: Callable[[Any], object], labels: object) -> tuple[Problem, ...]:
    """Return the problems that the check finds."""
    try:
        check(labels)
    except LabelError as error:
        return error.problems
    return ()


@pytest.mark.parametrize(
    ("labels", "pairs"),
    [
        pytest.param({"team": "SRE", "env": "prod"}, (TEAM, ENV), id="mapping"),
        pytest.param(MappingProxyType({"team": "SRE"}), (TEAM,), id="another mapping"),
        pytest.param(OrderedDict(env="prod", team="SRE"), (ENV, TEAM), id="order kept"),
        pytest.param({"key": "a", "value": "b"}, (("key", "a"), ("value", "b")), id="named key"),
        pytest.param("team:SRE", (TEAM,), id="one string"),
        pytest.param(":", (("", ""),), id="shape only"),
        pytest.param(["team:SRE", "env:prod"], (TEAM, ENV), id="strings"),
        pytest.param(("team:SRE", "env:prod"), (TEAM, ENV), id="two strings are no pair"),
        pytest.param([TEAM, ENV], (TEAM, ENV), id="pairs"),
        pytest.param([["team", "SRE"]], (TEAM,), id="pairs as lists"),
        pytest.param(dict([TEAM, ENV]).items(), (TEAM, ENV), id="items"),
        pytest.param((pair for pair in (TEAM, ENV)), (TEAM, ENV), id="generator"),
        pytest.param({TEAM}, (TEAM,), id="set"),
        pytest.param(MODEL, (TEAM,), id="one model"),
        pytest.param((MODEL, INPUT, ATTACHED, DYNAMIC), (TEAM,) * 4, id="models"),
        pytest.param(JSON, (TEAM,), id="one JSON object"),
        pytest.param([JSON, JSON], (TEAM, TEAM), id="JSON objects"),
        pytest.param(["env:prod", TEAM, MODEL, JSON], (ENV, TEAM, TEAM, TEAM), id="a mixture"),
        pytest.param([("a:b", "c:d")], (("a:b", "c:d"),), id="colons in a pair"),
        pytest.param({"team": Team.SRE}, (TEAM,), id="string enum"),
        pytest.param([], (), id="empty list"),
        pytest.param({}, (), id="empty mapping"),
    ],
)
def test_labels_are_accepted_in_every_form(labels: Any, pairs: tuple[tuple[str, str], ...]) -> None:
    """They become pairs, in the given order."""
    assert parse(labels) == pairs


@pytest.mark.parametrize(
    ("labels", "where"),
    [
        pytest.param(None, "None", id="None"),
        pytest.param(7, "7", id="number"),
        pytest.param(b"team:SRE", "b'team:SRE'", id="bytes"),
        pytest.param("", "''", id="empty string"),
        pytest.param("team", "'team'", id="no colon"),
        pytest.param("a:b:c", "'a:b:c'", id="two colons"),
        pytest.param({"team": 7}, "('team', 7)", id="number as value"),
        pytest.param({"team": None}, "('team', None)", id="None as value"),
        pytest.param({"team": True}, "('team', True)", id="bool as value"),
        pytest.param({"team": b"SRE"}, "('team', b'SRE')", id="bytes as value"),
        pytest.param({7: "SRE"}, "(7, 'SRE')", id="number as key"),
        pytest.param([("team",)], "('team',)", id="half a pair"),
        pytest.param([("a", "b", "c")], "('a', 'b', 'c')", id="three halves"),
        pytest.param([(MODEL, MODEL)], None, id="pair of models"),
        pytest.param([{"team": "SRE"}], "{'team': 'SRE'}", id="mapping in a list"),
        pytest.param([{"key": "a", "value": "b"}], None, id="JSON without names"),
        pytest.param([{"key": OldTeam.SRE, "value": OldTeam.SRE}], None, id="names of enums"),
        pytest.param({"key": {"name": "team"}}, None, id="JSON without value"),
        pytest.param({"value": {"name": "x"}}, "{'value': {'name': 'x'}}", id="JSON without key"),
        pytest.param({"key": {"name": "a"}, "value": {"name": 7}}, None, id="JSON with a number"),
        pytest.param({"key": {"name": "a"}, "value": {"id": "V"}}, None, id="JSON with an id only"),
        pytest.param([MODEL.key], None, id="half a model"),
        pytest.param("\x1b[31m", r"'\x1b[31m'", id="what a terminal would obey"),
    ],
)
def test_what_is_not_a_label_is_refused_and_never_converted(labels: Any, where: str | None) -> None:
    """`str()` is not applied; the problem shows what was given."""
    for check, argument in (
        *((check, "labels") for check in (parse, validate, to_query)),
        *([(validate_dynamic, "dynamic_labels")] if labels != "a:b:c" else []),
    ):
        with pytest.raises(LabelError) as caught:
            check(labels)
        assert caught.value.argument == argument
        (problem,) = caught.value.problems
        assert "A label is" in problem.rule
        assert where in {problem.where, None}


def test_text_of_an_old_enum_is_its_value() -> None:
    """Formatting such an enum would write its name."""
    assert to_query({OldTeam.SRE: OldTeam.SRE}) == ("SRE:SRE",)
    assert type(parse([(OldTeam.SRE, "x")])[0][0]) is str


def test_every_problem_of_shape_and_rule_is_reported_at_once() -> None:
    """In the given order, problems of the whole set last."""
    given_labels: list[Any] = ["1:9", None, "a:b:c", "ab:x", "ab:y", *(["cd:z"] * 46)]
    found = problems(validate, given_labels)
    heads = [(problem.where, problem.rule.split(" ")[0:2]) for problem in found[:6]]
    assert heads == [
        ("'1:9'", ["A", "key"]),
        ("'1:9'", ["A", "value"]),
        ("None", ["A", "label"]),
        ("'a:b:c'", ["A", "label"]),
        ("'ab:y'", ["Its", "key"]),
        ("'cd:z'", ["Its", "key"]),
    ]
    assert found[-1] == Problem(where="labels", rule="51 are given; at most 50 are allowed.")


# Rules for writing, stated independently from the documentation.

LETTERS = frozenset(string.ascii_letters)
DIGITS = frozenset(string.digits)


def documented_key(key: str) -> bool:
    """1-63 alphanumerics and underscores; neither starts nor ends with a digit or underscore."""
    ends = {key[:1], key[-1:]}
    return 1 <= len(key) <= 63 and {*key} <= LETTERS | DIGITS | {"_"} and ends <= LETTERS


def documented_value(value: str) -> bool:
    """1-63 alphanumerics, hyphens, underscores, periods; neither starts nor ends with a digit."""
    ends = {value[:1], value[-1:]}
    return 1 <= len(value) <= 63 and {*value} <= LETTERS | DIGITS | {*"-_."} and not ends & DIGITS


texts = st.one_of(
    st.text("aZ09_-.: \n", max_size=4),
    st.sampled_from(["", "a" * 63, "a" * 64, "a" * 62 + "9", "é", "a\n", "٣", "a٣a", "\x00"]),
    st.text(max_size=3),
)
some_good = st.one_of(st.sampled_from(["a", "B", "a_9z", "zZ"]), texts)
sets = st.lists(st.tuples(some_good, some_good), max_size=4)
good_sets = st.integers(48, 53).map(lambda n: [(f"k{i}k", f"v{i}v") for i in range(n)])


@given(labels=st.one_of(sets, good_sets))
def test_exactly_the_documented_labels_may_be_written(labels: list[tuple[str, str]]) -> None:
    """The generated rules agree with the ones written by hand."""
    allowed = (
        all(documented_key(key) and documented_value(value) for key, value in labels)
        and len({key for key, _ in labels}) == len(labels) <= 50
    )
    assert (problems(validate, labels) == ()) is allowed
    if allowed:
        assert validate(labels) == tuple(labels)


@pytest.mark.parametrize(
    ("pair", "allowed"),
    [
        *(pytest.param((key, "x"), True, id=f"key {key:.9}") for key in ("a", "A9_b", "k" * 63)),
        *(pytest.param((key, "x"), False, id=f"key {key:.9}") for key in ("_a", "a_", "a9", "a-b")),
        *(
            pytest.param(("x", value), True, id=f"value {value:.9}")
            for value in ("-", "_9.", "v" * 63)
        ),
        *(
            pytest.param(("x", value), False, id=f"value {value:.9}")
            for value in ("9a", "a9", "a b")
        ),
        pytest.param(("k" * 64, "x"), False, id="long key"),
        pytest.param(("x", "v" * 64), False, id="long value"),
    ],
)
def test_a_rule_ends_exactly_where_it_says(pair: tuple[str, str], *, allowed: bool) -> None:
    """On both sides of every limit, with a valid other half."""
    assert (len(problems(validate, [pair])) == 0) is allowed


# Dynamic labels.


def test_a_dynamic_label_as_a_string_is_split_at_its_first_colon() -> None:
    """Templates have colons of their own."""
    assert validate_dynamic("cut:{{ a[1:2] }}:{{ b }}") == (("cut", "{{ a[1:2] }}:{{ b }}"),)


@pytest.mark.parametrize(
    ("labels", "where", "rule", "line"),
    [
        pytest.param([("cut", "a\n{{ b c }}")], "template of 'cut'", "got 'c'", 2, id="template"),
        pytest.param({"cut": ""}, "'cut:'", "template is empty", None, id="empty"),
        pytest.param({"1": "x"}, "'1:x'", "A key has only", None, id="key"),
        pytest.param(["a:x", "a:{{ y }}"], "'a:{{ y }}'", "given twice", None, id="repeat"),
        pytest.param(
            [(f"k{i}k", "x") for i in range(51)],
            "dynamic_labels",
            "51 are given",
            None,
            id="too many",
        ),
    ],
)
def test_a_broken_rule_of_dynamic_labels_is_reported(
    labels: Any, where: str, rule: str, line: int | None
) -> None:
    """The problem of a template has its line."""
    (problem,) = problems(validate_dynamic, labels)
    assert (problem.where, problem.line) == (where, line)
    assert rule in problem.rule


def test_a_dynamic_value_need_not_follow_the_rule_of_values() -> None:
    """It is a template, whose result only the server can check."""
    assert validate_dynamic({"team": "1 {{ a }} ü"}) == (("team", "1 {{ a }} ü"),)


# The filter.


@given(labels=st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
def test_a_filter_never_has_an_entry_that_the_server_ignores(labels: list[tuple[str, str]]) -> None:
    """One colon in each, none twice, and the same labels when parsed."""
    refused = problems(to_query, labels)
    if not refused:
        entries = to_query(labels)
        assert all(entry.count(":") == 1 and all(entry.split(":")) for entry in entries)
        assert parse(entries) == tuple(dict.fromkeys(labels))
        assert to_query(entries) == entries
    else:
        assert any(
            not key or not value or ":" in key + value or not (key + value).isprintable()
            for key, value in labels
        ) or len({key for key, _ in labels}) < len({*labels})


def test_a_filter_takes_labels_that_are_older_than_the_rules() -> None:
    """They need only be something that the server can match."""
    assert to_query({"2nd": "on call", "ü": "9" * 99}) == ("2nd:on call", "ü:" + "9" * 99)


def test_an_exact_duplicate_is_sent_once() -> None:
    """The server's result would be the same."""
    assert to_query(["a:b", "c:d", ("a", "b")]) == ("a:b", "c:d")


@pytest.mark.parametrize(
    ("labels", "rules"),
    [
        pytest.param({}, ["would select everything"], id="empty mapping"),
        pytest.param((), ["would select everything"], id="empty tuple"),
        pytest.param(iter(()), ["would select everything"], id="empty iterator"),
        pytest.param({"a": "b:c"}, ["exactly one colon"], id="colon in a value"),
        pytest.param({"a:b": "c"}, ["exactly one colon"], id="colon in a key"),
        pytest.param({"": "b"}, ["exactly one colon"], id="empty key"),
        pytest.param(["a:"], ["exactly one colon"], id="empty value"),
        pytest.param({"": "a:b"}, ["exactly one colon"], id="colon of the value for the key's"),
        pytest.param({"a\n": "b"}, ["control characters"], id="control character in a key"),
        pytest.param({"a": "\x7f"}, ["control characters"], id="control character in a value"),
        pytest.param({"a": "\x9b"}, ["control characters"], id="C1 control character"),
        pytest.param({"a": "\ud800"}, ["surrogates"], id="lone surrogate"),
        pytest.param(["a:b", "a:c"], ["'b' is given for the same key"], id="impossible"),
        pytest.param(
            ["a:b", "a:c", "a:b"], ["'b' is given"], id="reported of the second value only"
        ),
        pytest.param(
            ["a:b", "a:c", None, {"x": "y"}, ("a", "b:\n")],
            ["same key", "A label is", "A label is", "one colon", "same key", "control"],
            id="everything at once",
        ),
    ],
)
def test_a_filter_that_would_not_filter_is_refused(labels: Any, rules: list[str]) -> None:
    """With every problem at once."""
    found = [problem.rule for problem in problems(to_query, labels)]
    assert len(found) == len(rules)
    assert all(rule in text for rule, text in zip(rules, found, strict=True))


# Matching.


@pytest.mark.parametrize(
    ("labels", "wanted", "expected"),
    [
        pytest.param([MODEL], "team:SRE", True, id="labels of a group"),
        pytest.param({"team": "SRE", "env": "prod"}, [ENV, TEAM], True, id="of a webhook"),
        pytest.param([MODEL], {"team": "SRE", "env": "prod"}, False, id="one missing"),
        pytest.param([MODEL], "team:sre", False, id="another case"),
        pytest.param([MODEL], "Team:SRE", False, id="another case of the key"),
        pytest.param([], "team:SRE", False, id="group without labels"),
        pytest.param({"a": "b:c"}, {"a": "b:c"}, True, id="what no filter could ask for"),
    ],
)
def test_a_group_matches_when_it_has_all_that_is_wanted(
    labels: Any, wanted: Any, *, expected: bool
) -> None:
    """Whatever else it has."""
    assert matches(labels, wanted) is expected


def test_matching_no_labels_is_refused() -> None:
    """It would match every group."""
    with pytest.raises(LabelError, match="would select everything"):
        matches([MODEL], {})


def test_invalid_labels_of_a_group_are_refused() -> None:
    """Like anything else that is not a label."""
    with pytest.raises(LabelError, match="A label is"):
        matches([None], "a:b")  # type: ignore[list-item]  # the point


# Request models.


def attached(label: tuple[Any, Any]) -> object:
    """Convert a label that is to be removed."""
    return to_attached(*label)


def test_labels_become_request_models() -> None:
    """With only the names."""
    assert to_inputs([MODEL]) == (INPUT,)
    assert to_dynamic_inputs({"team": "SRE"}) == (DYNAMIC,)
    assert to_input("team", "SRE") == INPUT
    assert to_attached("team", "SRE") == ATTACHED


@pytest.mark.parametrize("convert", [to_inputs, to_dynamic_inputs])
def test_request_models_are_validated(convert: Callable[[Any], object]) -> None:
    """No model is made from what the server would refuse."""
    assert [problem.where for problem in problems(convert, {"1": "x"})] == ["'1:x'"]


def test_one_label_is_refused_with_all_its_problems() -> None:
    """Of key and value."""
    with pytest.raises(LabelError) as caught:
        to_input("1", "9")
    assert len(caught.value.problems) == 2


def test_an_existing_label_may_be_older_than_the_rules() -> None:
    """It must be possible to remove it."""
    label = to_attached("2nd", "a:b ü")
    assert (label.key.name, label.value.name) == ("2nd", "a:b ü")


@pytest.mark.parametrize(
    ("key", "value", "rules"),
    [
        pytest.param("", "x", ["must not be empty"], id="empty key"),
        pytest.param("x", "", ["must not be empty"], id="empty value"),
        pytest.param("x", "\n", ["control"], id="control character"),
        pytest.param("", "\n", ["must not be empty", "control"], id="both"),
        pytest.param(None, "x", ["A label is"], id="no key"),
        pytest.param("x", 7, ["A label is"], id="number"),
    ],
)
def test_a_label_that_cannot_exist_is_refused(key: Any, value: Any, rules: list[str]) -> None:
    """Before the request to remove it is sent."""
    found = problems(lambda _: to_attached(key, value), None)
    assert len(found) == len(rules)
    assert all(rule in problem.rule for rule, problem in zip(rules, found, strict=True))


@pytest.mark.parametrize(
    ("convert", "labels", "rule"),
    [
        pytest.param(
            to_query,
            {},
            "No labels would select everything; if that is meant, leave them out.",
            id="no labels",
        ),
        pytest.param(validate_dynamic, {"a": ""}, "Its template is empty.", id="no template"),
        pytest.param(attached, ("", "x"), "Key and value must not be empty.", id="no key"),
        pytest.param(
            attached,
            ("x", "\n"),
            "It must not contain control characters or lone surrogates.",
            id="control character",
        ),
    ],
)
def test_a_broken_rule_is_reported_in_one_sentence(
    convert: Callable[[Any], object], labels: Any, rule: str
) -> None:
    """The message has nothing else."""
    assert [problem.rule for problem in problems(convert, labels)] == [rule]


def test_a_rule_for_all_labels_names_the_argument() -> None:
    """There is no label that it could name."""
    too_many = {f"k{number}k": "v" for number in range(51)}
    assert [problem.where for problem in problems(to_query, {})] == ["labels"]
    assert [problem.where for problem in problems(validate, too_many)] == ["labels"]
    assert [problem.where for problem in problems(validate_dynamic, too_many)] == ["dynamic_labels"]


# The module.


def test_the_examples_of_the_docstrings_are_true() -> None:
    """Every public function has one."""
    outcome = doctest.testmod(module)
    assert outcome.failed == 0
    functions = [name for name in module.__all__ if name != "LabelsLike"]
    assert all(">>>" in (getattr(module, name).__doc__ or "") for name in functions)


def test_every_kind_of_iterable_is_one_argument() -> None:
    """A generator is read only once."""

    def labels() -> Iterable[tuple[str, str]]:
        yield TEAM
        yield ENV

    assert to_query(labels()) == ("team:SRE", "env:prod")
    assert validate(labels()) == (TEAM, ENV)
