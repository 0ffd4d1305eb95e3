"""Reports and progress in notebooks."""

from __future__ import annotations

from grafana_oncall.bulk import BulkReport, Outcome, Progress, Status

HOSTILE = "<script>alert('x')</script>&<img src=x onerror=y>"


def report(*details: str, action: str = "resolve") -> BulkReport:
    """A report of one change and these failures."""
    changed = Outcome(id="I0", status=Status.CHANGED)
    failed = [
        Outcome(id=f"I{number}", status=Status.REJECTED, detail=detail)
        for number, detail in enumerate(details, 1)
    ]
    return BulkReport(
        action=action,
        outcomes=[changed, *failed],
        counts=dict.fromkeys(Status, 0) | {Status.CHANGED: 1, Status.REJECTED: len(failed)},
        seconds_selecting=0.0,
        seconds_acting=1.0,
    )


def test_a_report_is_a_table_of_counts_above_its_failures() -> None:
    """As for terminals."""
    shown = report("It is resolved.", "It is attached.")._repr_html_()
    assert shown == (
        "<table><caption>resolve: 3 alert groups: 1 changed, 2 rejected, in 1.0 s</caption>"
        "<tr><th>status</th><th>alert groups</th></tr>"
        "<tr><td>changed</td><td>1</td></tr><tr><td>rejected</td><td>2</td></tr></table>"
        "<p>I1 rejected: It is resolved.</p><p>I2 rejected: It is attached.</p>"
    )


def test_markup_in_what_a_server_says_is_shown_as_text() -> None:
    """Titles and messages come from outside."""
    shown = report(HOSTILE, action=HOSTILE)._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert shown.count("&lt;script&gt;") == 2


def progress(action: str = "resolve", total: int | None = 2000) -> Progress:
    """Progress in the middle of a run."""
    return Progress(
        action=action,
        phase="acting",
        total=total,
        done=1500,
        done_before=0,
        counts=dict.fromkeys(Status, 0) | {Status.CHANGED: 1499, Status.NOT_ATTEMPTED: 501},
        elapsed=100.0,
        pause=50.0,
    )


def test_progress_is_a_bar_beside_its_counts() -> None:
    """With the words of the bar on a terminal."""
    assert progress()._repr_html_() == (
        '<div><progress value="1500" max="2000"></progress> '
        "resolve: acting, 1,500 of 2,000 alert groups, 10.0/s, 0:01:40 left, paused for 50 s"
        "<br>1,499 changed, 501 not attempted</div>"
    )


def test_the_bar_has_no_end_while_the_selection_is_read() -> None:
    """A browser then shows that something happens."""
    shown = progress(total=None)._repr_html_()
    assert shown.startswith("<div><progress></progress> resolve: acting, 1,500 alert groups, ")


def test_markup_in_the_name_of_an_action_is_shown_as_text() -> None:
    """A journal may come from elsewhere."""
    shown = progress(HOSTILE)._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
