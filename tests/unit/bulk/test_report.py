"""The report of a bulk run: values, text, JSON, and a table."""

import json
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

import attrs
import pytest
from rich.console import Console

from grafana_oncall._core.text import shown
from grafana_oncall.bulk import BulkReport, Outcome, Status
from grafana_oncall.errors import (
    Conflict,
    InvalidArgument,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    StatusError,
)


def refusal(kind: type[StatusError], detail: str) -> StatusError:
    """A refusal to resolve."""
    return kind(
        status=400, detail=detail, fields={}, operation="resolve", method="POST", path="/x/"
    )


CONFLICT = refusal(Conflict, "attached")
MISSING = refusal(NotFound, "Not found.")
UNKNOWN = OutcomeUnknown("resolve: look.", operation="resolve")
MIXTURE = [
    Outcome(id="I1", status=Status.CHANGED, seconds=0.50049),
    Outcome(id="I2", status=Status.REJECTED, detail="attached", error=CONFLICT),
    Outcome(id="I3", status=Status.ALREADY),
    Outcome(id="I4", status=Status.UNKNOWN, detail="resolve: look.", error=UNKNOWN),
    Outcome(id="I5", status=Status.FAILED, detail="no response"),
    Outcome(id="I6", status=Status.NOT_ATTEMPTED),
    Outcome(id="I7", status=Status.REJECTED, detail="Not found.", error=MISSING),
]
GOOD = [
    Outcome(id="I1", status=status) for status in (Status.CHANGED, Status.ACCEPTED, Status.ALREADY)
]


def failed(count: int) -> list[Outcome]:
    """So many failures: I0, I1, …."""
    return [
        Outcome(id=f"I{number}", status=Status.FAILED, detail=f"no {number}.")
        for number in range(count)
    ]


def report(
    outcomes: Iterable[Outcome],
    *,
    complete: bool = True,
    selection_complete: bool = True,
    dry_run: bool = False,
) -> BulkReport:
    """The report of a resolving run."""
    outcomes = [*outcomes]
    counts = {status: sum(outcome.status is status for outcome in outcomes) for status in Status}
    return BulkReport(
        action="resolve",
        outcomes=outcomes,
        counts=counts,
        seconds_selecting=1.5,
        seconds_acting=2.5,
        complete=complete,
        selection_complete=selection_complete,
        dry_run=dry_run,
    )


def test_failures_are_rejected_failed_and_unknown_in_order() -> None:
    """What was not attempted does not count."""
    assert [outcome.id for outcome in report(MIXTURE).failures] == ["I2", "I4", "I5", "I7"]


def test_without_failures_there_are_none() -> None:
    """Nothing is raised."""
    whole = report([MIXTURE[0], MIXTURE[2], MIXTURE[5]])
    assert [*whole.failures] == []
    whole.raise_for_failures()


def test_failures_are_raised_as_a_group_with_each_error() -> None:
    """The text from a journal becomes an OnCallError."""
    with pytest.raises(ExceptionGroup) as caught:
        report(MIXTURE).raise_for_failures()
    group = caught.value
    assert group.message == "resolve: 4 of 7 alert groups"
    conflict, unknown, words, missing = group.exceptions
    assert (conflict, unknown, missing) == (CONFLICT, UNKNOWN, MISSING)
    assert (type(words), str(words)) == (OnCallError, "I5: no response")


def words(errors: Sequence[BaseException]) -> list[str]:
    """Return the messages of the errors."""
    return [str(error) for error in errors]


def test_failures_can_be_separated_by_class() -> None:
    """With `except*`."""
    seen: list[tuple[str, list[str]]] = []
    try:
        report(MIXTURE).raise_for_failures()
    except* Conflict as group:
        seen.append(("conflict", words(group.exceptions)))
    except* StatusError as group:
        seen.append(("status", words(group.exceptions)))
    except* OutcomeUnknown as group:
        seen.append(("unknown", words(group.exceptions)))
    except* OnCallError as group:
        seen.append(("other", words(group.exceptions)))
    assert seen == [
        ("conflict", [str(CONFLICT)]),
        ("status", [str(MISSING)]),
        ("unknown", [str(UNKNOWN)]),
        ("other", ["I5: no response"]),
    ]


def test_a_report_is_a_json_object() -> None:
    """With everything except the errors, whose messages are in the details."""
    shown = json.loads(report(MIXTURE, complete=False, dry_run=True).to_json())
    outcomes = shown.pop("outcomes")
    assert shown == {
        "action": "resolve",
        "ok": False,
        "dry_run": True,
        "selection_complete": True,
        "complete": False,
        "finished": True,
        "seconds_selecting": 1.5,
        "seconds_acting": 2.5,
        "counts": {
            **dict.fromkeys(map(str, Status), 0),
            "changed": 1,
            "already": 1,
            "rejected": 2,
            "failed": 1,
            "unknown": 1,
            "not_attempted": 1,
        },
    }
    assert [outcome["id"] for outcome in outcomes] == [outcome.id for outcome in MIXTURE]
    assert outcomes[:2] == [
        {"id": "I1", "status": "changed", "detail": "", "seconds": 0.5},
        {"id": "I2", "status": "rejected", "detail": "attached", "seconds": 0.0},
    ]


FLAGS = ("complete", "selection_complete", "finished", "dry_run")


def turned(summary: BulkReport, flag: str) -> BulkReport:
    """The report with the other value of a flag."""
    members: dict[str, Any] = {flag: not getattr(summary, flag)}
    return attrs.evolve(summary, **members)


@pytest.mark.parametrize("flag", FLAGS)
def test_a_report_that_is_read_is_the_one_that_was_written(flag: str) -> None:
    """But for the errors, of which the texts are left, and for microseconds."""
    written = turned(report(MIXTURE), flag)
    outcomes = [attrs.evolve(each, error=None, seconds=round(each.seconds, 3)) for each in MIXTURE]
    expected = attrs.evolve(written, outcomes=outcomes)
    text = written.to_json()
    assert [BulkReport.from_json(text), BulkReport.from_json(text.encode())] == [expected] * 2
    with pytest.raises(ExceptionGroup) as caught:
        BulkReport.from_json(text).raise_for_failures()
    assert words(caught.value.exceptions)[0] == "I2: attached"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(b"\xff", id="no text"),
        pytest.param("null", id="no object"),
        pytest.param("[]", id="a list"),
        pytest.param("{}", id="no outcomes"),
        pytest.param('{"outcomes": [], "counts": {}}', id="nothing else"),
        pytest.param("[" * 100_000, id="depth"),
    ],
)
def test_what_is_no_report_is_refused(text: str | bytes) -> None:
    """With how it begins, and the cause."""
    with pytest.raises(InvalidArgument, match=r" is no report of a bulk run: ") as caught:
        BulkReport.from_json(text)
    assert caught.value.argument == "text"
    cause = caught.value.__cause__
    assert str(caught.value) == f"text: {shown(text)} is no report of a bulk run: {cause}."


def test_a_merged_report_has_what_its_parts_have() -> None:
    """The outcomes in order, and the sums of counts and times."""
    parts = [report(GOOD), attrs.evolve(report(MIXTURE), seconds_selecting=3.0, seconds_acting=5.0)]
    merged = BulkReport.merge(iter(parts))
    whole = report([*GOOD, *MIXTURE])
    assert merged == attrs.evolve(whole, seconds_selecting=4.5, seconds_acting=7.5)


@pytest.mark.parametrize("flag", FLAGS)
def test_what_one_part_lacks_a_merged_report_lacks(flag: str) -> None:
    """It is complete and finished if all parts are; a plan among them may hide what is left."""
    usual = report(GOOD)
    other = turned(usual, flag)
    assert getattr(BulkReport.merge([usual]), flag) is getattr(usual, flag)
    for parts in ([usual, other], [other, usual]):
        assert getattr(BulkReport.merge(parts), flag) is getattr(other, flag)


def test_reports_of_different_actions_are_not_merged() -> None:
    """Nor is nothing."""
    for parts in ([], [report(GOOD), attrs.evolve(report(GOOD), action="silence")]):
        with pytest.raises(InvalidArgument) as caught:
            BulkReport.merge(parts)
        assert caught.value.argument == "reports"
        assert str(caught.value) == (
            "reports: one or more of the same action are needed, not of "
            f"{shown({part.action for part in parts})}."
        )


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        pytest.param(report([]), "resolve: 0 alert groups, in 4.0 s", id="nothing"),
        pytest.param(
            report([MIXTURE[0]] * 1200),
            "resolve: 1,200 alert groups: 1,200 changed, in 4.0 s",
            id="thousands",
        ),
        pytest.param(
            report(MIXTURE),
            "resolve: 7 alert groups: 1 changed, 1 already, 2 rejected, 1 failed, 1 unknown, "
            "1 not attempted, in 4.0 s\n"
            "  I2 rejected: attached\n"
            "  I4 unknown: resolve: look.\n"
            "  I5 failed: no response\n"
            "  I7 rejected: Not found.",
            id="some failures",
        ),
        pytest.param(
            report([MIXTURE[2], *[MIXTURE[5]] * 1499], dry_run=True),
            "resolve (dry run): 1,500 alert groups: 1 already, would change 1,499, in 4.0 s",
            id="dry run",
        ),
        pytest.param(
            report([Outcome(id="I1", status=Status.ACCEPTED)]),
            "resolve: 1 alert group: 1 accepted, in 4.0 s; the server carries out later "
            "what it accepted",
            id="accepted",
        ),
        pytest.param(
            report([MIXTURE[0]], complete=False),
            "resolve: 1 alert group: 1 changed, in 4.0 s; the list kept changing: some groups "
            "may have been missed",
            id="not complete",
        ),
        pytest.param(
            report([Outcome(id="I1", status=Status.ACCEPTED)], complete=False),
            "resolve: 1 alert group: 1 accepted, in 4.0 s; the list kept changing: some groups "
            "may have been missed; the server carries out later what it accepted",
            id="not complete, and accepted",
        ),
        pytest.param(
            report([], selection_complete=False),
            "resolve: the selection was not complete, so nothing was sent, in 4.0 s",
            id="no selection",
        ),
    ],
)
def test_a_report_is_readable(summary: BulkReport, text: str) -> None:
    """It has the counts above zero, the time, the failures, and what is unknown."""
    assert str(summary) == text


@pytest.mark.parametrize(
    ("summary", "ok"),
    [
        pytest.param(report([]), True, id="nothing to do"),
        pytest.param(report(GOOD), True, id="done"),
        pytest.param(report(GOOD, complete=False), False, id="some may have been missed"),
        *[
            pytest.param(report([*GOOD, Outcome(id="I2", status=status)]), False, id=status)
            for status in (Status.REJECTED, Status.FAILED, Status.UNKNOWN, Status.NOT_ATTEMPTED)
        ],
        pytest.param(report([*GOOD, MIXTURE[5]], dry_run=True), True, id="a plan"),
        pytest.param(report([*GOOD, MIXTURE[1]], dry_run=True), False, id="a plan that would fail"),
        pytest.param(
            attrs.evolve(report([]), selection_complete=False), False, id="ended while selecting"
        ),
    ],
)
def test_a_report_is_ok_if_nothing_is_left_to_do(summary: BulkReport, *, ok: bool) -> None:
    """The exit code of a program should depend on this."""
    assert summary.ok is ok


def test_failures_that_differ_only_in_the_group_share_a_line() -> None:
    """With their number and first ids."""
    summary = report(
        [
            *[
                Outcome(id=f"I{n}", status=Status.UNKNOWN, detail=f"Look at /{f'I{n}'}/.")
                for n in range(1200)
            ],
            Outcome(id="J1", status=Status.REJECTED, detail="attached"),
            Outcome(id="J2", status=Status.FAILED, detail="attached"),
            Outcome(id="J3", status=Status.REJECTED, detail="attached"),
        ]
    )
    assert str(summary).splitlines()[1:] == [
        "  1,200 groups (I0, I1, I2, …) unknown: Look at /…/.",
        "  2 groups (J1, J3) rejected: attached",
        "  J2 failed: attached",
    ]


@pytest.mark.parametrize(
    ("count", "line"),
    [
        pytest.param(1, "I0 failed: look at I0.", id="alone, in its own words"),
        pytest.param(2, "2 groups (I0, I1) failed: look at ….", id="two"),
        pytest.param(3, "3 groups (I0, I1, I2) failed: look at ….", id="all ids"),
        pytest.param(4, "4 groups (I0, I1, I2, …) failed: look at ….", id="the first ids"),
    ],
)
def test_equal_failures_show_at_most_three_ids(count: int, line: str) -> None:
    """The dots say that there are more."""
    alike = [
        Outcome(id=f"I{number}", status=Status.FAILED, detail=f"look at I{number}.")
        for number in range(count)
    ]
    assert str(report(alike)).splitlines()[1:] == [f"  {line}"]


@pytest.mark.parametrize(
    ("count", "last"),
    [
        pytest.param(19, "  I18 failed: no 18.", id="fewer than twenty"),
        pytest.param(20, "  I19 failed: no 19.", id="twenty"),
        pytest.param(21, "  … and 1 more (.failures)", id="one more"),
        pytest.param(320, "  … and 300 more (.failures)", id="many more"),
    ],
)
def test_only_the_first_twenty_of_many_failures_are_shown(count: int, last: str) -> None:
    """And how many more there are; `failures` has all of them."""
    summary = report(failed(count))
    lines = str(summary).splitlines()
    assert lines[1:21] == [f"  I{number} failed: no {number}." for number in range(min(count, 20))]
    assert lines[-1] == last
    assert len(lines) == 1 + min(count, 21)
    assert len(summary.failures) == count


def test_a_report_in_a_log_does_not_repeat_all_outcomes() -> None:
    """There may be a hundred thousand."""
    assert "I1" not in repr(report(MIXTURE))


def rendered(summary: BulkReport) -> str:
    """Render as on a terminal of ordinary size."""
    file = StringIO()
    Console(file=file, width=80).print(summary)
    return file.getvalue()


def test_a_rendered_report_has_a_table_of_counts_between_summary_and_failures() -> None:
    """Numbers are aligned, and a status that no group has is left out."""
    mixture = [outcome for outcome in MIXTURE if outcome.status is not Status.NOT_ATTEMPTED]
    assert rendered(report([*mixture, *[MIXTURE[0]] * 1233])) == (
        "resolve: 1,239 alert groups: 1,234 changed, 1 already, 2 rejected, 1 failed, 1 \n"
        "unknown, in 4.0 s\n"
        "┏━━━━━━━━━━┳━━━━━━━━━━━━━━┓\n"
        "┃ status   ┃ alert groups ┃\n"
        "┡━━━━━━━━━━╇━━━━━━━━━━━━━━┩\n"
        "│ changed  │        1,234 │\n"
        "│ already  │            1 │\n"
        "│ rejected │            2 │\n"
        "│ failed   │            1 │\n"
        "│ unknown  │            1 │\n"
        "└──────────┴──────────────┘\n"
        "  I2 rejected: attached\n"
        "  I4 unknown: resolve: look.\n"
        "  I5 failed: no response\n"
        "  I7 rejected: Not found.\n"
    )


def test_a_rendered_plan_names_what_would_change() -> None:
    """As the text does."""
    assert "│ would change │            1 │\n" in rendered(report([MIXTURE[5]], dry_run=True))


def test_a_rendered_report_of_no_groups_is_its_summary() -> None:
    """There is nothing to put in a table."""
    assert rendered(report([])) == "resolve: 0 alert groups, in 4.0 s\n"


@pytest.mark.parametrize("detail", ["[red]", "[/]", "[link=https://x.example]a[/link]", ":smile:"])
def test_markup_in_a_detail_is_shown_literally(detail: str) -> None:
    """It is the server's text, or a label."""
    text = rendered(report([Outcome(id="I1", status=Status.REJECTED, detail=detail)]))
    assert f"  I1 rejected: {detail}\n" in text
