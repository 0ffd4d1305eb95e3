"""Reports in notebooks."""

from __future__ import annotations

from grafana_oncall.bulk import BulkReport, Outcome, Status

HOSTILE = "<script>alert('x')</script>&<img src=x onerror=y>"


def report(detail: str, action: str = "resolve") -> BulkReport:
    """A report with one failure."""
    failed = Outcome(id="I1", status=Status.REJECTED, detail=detail)
    return BulkReport(
        action=action,
        outcomes=[failed],
        counts=dict.fromkeys(Status, 0) | {Status.REJECTED: 1},
        seconds_selecting=0.0,
        seconds_acting=1.0,
    )


def test_a_report_is_a_table_of_counts_above_its_failures() -> None:
    """As for terminals."""
    shown = report("It is resolved.")._repr_html_()
    assert shown == (
        "<table><caption>resolve: 1 alert group: 1 rejected, in 1.0 s</caption>"
        "<tr><th>status</th><th>alert groups</th></tr>"
        "<tr><td>rejected</td><td>1</td></tr></table>"
        "<p>I1 rejected: It is resolved.</p>"
    )


def test_markup_in_what_a_server_says_is_shown_as_text() -> None:
    """Titles and messages come from outside."""
    shown = report(HOSTILE, action=HOSTILE)._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert shown.count("&lt;script&gt;") == 2
