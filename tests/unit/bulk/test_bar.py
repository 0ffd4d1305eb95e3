"""The live progress bar, rendered to a string."""

from io import StringIO

import pytest
from rich.console import Console

from grafana_oncall.bulk import Progress, progress_bar
from grafana_oncall.bulk.progress import Phase, details


def progress(
    done: int, total: int | None, *, phase: Phase = "acting", elapsed: float = 5.0, pause: float = 0
) -> Progress:
    """The progress of a resolving run at one moment."""
    return Progress(
        action="resolve",
        phase=phase,
        total=total,
        done=done,
        done_before=0,
        counts={},
        elapsed=elapsed,
        pause=pause,
    )


@pytest.mark.parametrize(
    ("at", "words"),
    [
        pytest.param(progress(0, None), "0.0/s", id="nothing is known"),
        pytest.param(progress(40, None), "8.0/s", id="no total"),
        pytest.param(progress(40, 100), "8.0/s, 0:00:08 left", id="on the way"),
        pytest.param(
            progress(40, 100, pause=35.0), "1.0/s, 0:01:35 left, paused for 35 s", id="paused"
        ),
        pytest.param(progress(0, 9, pause=35.0), "0.0/s, paused for 35 s", id="paused at once"),
        pytest.param(progress(1, 100_001, elapsed=1.0), "1.0/s, 1 day, 3:46:40 left", id="days"),
    ],
)
def test_rate_time_left_and_pause_are_shown_as_text(at: Progress, words: str) -> None:
    """As far as they are known."""
    assert details(at) == words


def drawn(*steps: Progress, terminal: bool) -> str:
    """Return what is in the file at the end."""
    file = StringIO()
    console = Console(file=file, width=120, force_terminal=terminal, color_system=None)
    with progress_bar(console) as bar:
        for step in steps:
            bar(step)
    return file.getvalue()


@pytest.mark.parametrize(
    "terminal", [pytest.param(True, id="terminal"), pytest.param(False, id="file")]
)
def test_the_bar_shows_the_last_step(*, terminal: bool) -> None:
    """What is done, how much of it, and the time left."""
    text = drawn(progress(7, None, phase="selecting"), progress(40, 100), terminal=terminal)
    last = [line for line in text.replace("\r", "\n").splitlines() if "resolve" in line][-1]
    assert "resolve: acting" in last
    assert " 40/100" in last
    assert "8.0/s, 0:00:08 left" in last


def test_a_selection_whose_length_is_unknown_has_no_end() -> None:
    """While it is being read."""
    text = drawn(progress(40, None, phase="selecting"), terminal=False)
    assert "resolve: selecting" in text
    assert "40/?" in text
    assert "left" not in text


def test_a_pause_is_shown() -> None:
    """With its length."""
    assert "paused for 35 s" in drawn(progress(40, 100, pause=35.0), terminal=False)


def fails(console: Console) -> None:
    """Raise inside the block, as when a run is cancelled."""
    with progress_bar(console) as bar:
        bar(progress(40, 100))
        raise ZeroDivisionError


def test_a_bar_ends_with_its_block_even_if_that_fails() -> None:
    """The cursor is visible afterwards."""
    file = StringIO()
    with pytest.raises(ZeroDivisionError):
        fails(Console(file=file, force_terminal=True, width=120, color_system=None))
    assert "40/100" in file.getvalue()
    assert file.getvalue().rindex("\x1b[?25h") > file.getvalue().rindex("\x1b[?25l")
