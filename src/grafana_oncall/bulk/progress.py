"""Progress of a bulk run: what listeners receive, and a bar for terminals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from grafana_oncall._core.aio import cancel_all
from grafana_oncall._core.extras import install
from grafana_oncall._core.serializable import Serializable

from .outcomes import Status

if TYPE_CHECKING:
    from rich.console import Console


Phase: TypeAlias = Literal["selecting", "acting"]

_logger: Final = logging.getLogger("grafana_oncall")
_INTERVAL: Final = 1.0
"""Seconds between two reports while nothing else is reported."""


@attrs.frozen(kw_only=True)
class Progress(Serializable):
    """How far a bulk run is. Times in seconds."""

    action: str
    """Such as `resolve`."""
    phase: Phase
    """`selecting` until the selection is read to its end, then `acting`."""
    total: int | None
    """Groups in the selection; None while an async iterable is read."""
    done: int
    """Groups found so far, or groups that have their outcome."""
    done_before: int
    """How many of them were done when the phase began, as in a resumed run."""
    counts: Mapping[Status, int]
    """Groups by status."""
    elapsed: float
    """Time since this phase began, pauses included."""
    pause: float
    """Time for which a rate limit or an outage still holds requests back."""

    @property
    def rate(self) -> float:
        """Groups per second; the rest of a pause counts as elapsed time."""
        seconds = self.elapsed + self.pause
        return (self.done - self.done_before) / seconds if seconds else 0.0

    @property
    def eta(self) -> float | None:
        """Estimated time left, pauses included; None while it cannot be estimated."""
        if self.total is None or not self.rate:
            return None
        return self.pause + (self.total - self.done) / self.rate

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON, with `rate` and `eta`."""
        return {**super().to_dict(), "rate": self.rate, "eta": self.eta}

    def _repr_html_(self) -> str:
        """Return a bar and the counts, for notebooks."""
        from html import escape  # noqa: PLC0415  # only notebooks need it

        end = "" if self.total is None else f' value="{self.done}" max="{max(self.total, 1)}"'
        of = "" if self.total is None else f" of {self.total:,}"
        counts = ", ".join(
            f"{number:,} {status.replace('_', ' ')}"
            for status, number in self.counts.items()
            if number
        )
        words = f"{self.action}: {self.phase}, {self.done:,}{of} alert groups, {details(self)}"
        return f"<div><progress{end}></progress> {escape(words)}<br>{escape(counts)}</div>"


OnProgress: TypeAlias = Callable[[Progress], object]
"""Is told how far a run is; a `progress_bar` is one."""


class ProgressReporter:
    """Measures the phases of a run, and reports its progress to a listener."""

    def __init__(
        self,
        action: str,
        counts: Mapping[Status, int],
        *,
        listener: OnProgress | None,
        pause_left: Callable[[], float],
    ) -> None:
        self.seconds: dict[Phase, float] = {"selecting": 0.0, "acting": 0.0}
        """Duration of each phase so far."""
        self._action = action
        self._counts = counts
        self._listener = listener
        self._pause_left = pause_left
        self._phase: Phase = "selecting"
        self._began: float | None = None
        """When the present phase began; None between phases."""
        self._elapsed = 0.0
        """Duration of the phase before."""
        self._before = self._done = 0
        self._total: int | None = None

    @asynccontextmanager
    async def phase(
        self, phase: Phase, *, done: int = 0, total: int | None = None
    ) -> AsyncGenerator[None]:
        """Measure what happens inside, and report the progress once a second."""
        self._phase, self._began = phase, (began := _now())
        self._before = self._done = done
        self._total = total
        reporting = None if self._listener is None else asyncio.create_task(self._repeat())
        try:
            yield
        finally:
            self._began, self._elapsed = None, _now() - began
            self.seconds[phase] += self._elapsed
            if reporting is not None:
                await cancel_all([reporting])

    def reached(self, done: int, total: int | None) -> None:
        """Report that `done` of `total` groups are done."""
        self._done, self._total = done, total
        self._report()

    def step(self) -> None:
        """Report that one more group is done."""
        self.reached(self._done + 1, self._total)

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            self._report()

    def now(self) -> Progress:
        """Return the present progress; after the last phase, that of its end."""
        return Progress(
            action=self._action,
            phase=self._phase,
            total=self._total,
            done=self._done,
            done_before=self._before,
            counts=dict(self._counts),
            elapsed=self._elapsed if self._began is None else _now() - self._began,
            pause=self._pause_left(),
        )

    def _report(self) -> None:
        if self._listener is None:
            return
        progress = self.now()
        try:
            self._listener(progress)
        except Exception:
            _logger.exception("on_progress failed at %s", progress)


def _now() -> float:
    return asyncio.get_running_loop().time()


_MISSING: Final = f"A progress bar needs rich: {install('rich')}"


@contextmanager
def progress_bar(console: Console | None = None) -> Generator[OnProgress]:
    """Show a live bar on the terminal; pass the value as `on_progress`.

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
        rich.TextColumn("{task.fields[details]}"),
    )
    with rich.Progress(*columns, console=console) as bar:
        task = bar.add_task("…", total=None, details="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=f"{progress.action}: {progress.phase}",
                completed=progress.done,
                total=progress.total,
                details=details(progress),
            )

        yield show


def details(progress: Progress) -> str:
    """Return the rate, the time left and the pause as text."""
    words = [f"{progress.rate:.1f}/s"]
    if progress.eta is not None:
        words.append(f"{timedelta(seconds=round(progress.eta))} left")
    if progress.pause:
        words.append(f"paused for {progress.pause:.0f} s")
    return ", ".join(words)
