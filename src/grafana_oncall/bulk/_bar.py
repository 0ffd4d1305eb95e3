"""A progress bar of a bulk run; needs `grafana-oncall-sdk[rich]`."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ._progress import OnProgress, Progress

if TYPE_CHECKING:
    from rich.console import Console


_MISSING: Final = "A progress bar needs rich: pip install 'grafana-oncall-sdk[rich]'"


@contextmanager
def progress_bar(console: "Console | None" = None) -> Generator[OnProgress]:
    """A live bar on the terminal, to be given as `on_progress`.

    Raises:
        ImportError: The extra `[rich]` is not installed.
    """
    try:
        from rich import progress as rich  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError(_MISSING) from error

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("{task.fields[told]}"),
    )
    with rich.Progress(*columns, console=console) as bar:
        task = bar.add_task("…", total=None, told="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=f"{progress.action}: {progress.phase}",
                completed=progress.done,
                total=progress.total,
                told=told(progress),
            )

        yield show


def told(progress: Progress) -> str:
    """Rate, time left and pause, in words."""
    words = [f"{progress.rate:.1f}/s"]
    if progress.eta is not None:
        words.append(f"{timedelta(seconds=round(progress.eta))} left")
    if progress.pause:
        words.append(f"paused for {progress.pause:.0f} s")
    return ", ".join(words)
