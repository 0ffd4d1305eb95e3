"""A progress bar of a bulk run; needs `grafana-oncall-sdk[rich]`."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from grafana_oncall._core.aio import cancel_all

from .outcomes import Status

if TYPE_CHECKING:
    from rich.console import Console


Phase: TypeAlias = Literal["selecting", "acting"]

_logger: Final = logging.getLogger("grafana_oncall")
_TICK: Final = 1.0


@attrs.frozen(kw_only=True)
class Progress:
    """How far a bulk run is, at one moment. Times in seconds."""

    action: str
    """Such as `resolve`."""
    phase: Phase
    """The selection is read to its end first; then the groups are acted on."""
    total: int | None
    """Groups in the selection; None while a source without a length is read."""
    done: int
    """Groups that were found, or that have their outcome."""
    done_before: int
    """Groups of these that were done when the phase began, as when a run is resumed."""
    counts: Mapping[Status, int]
    """Groups by status."""
    elapsed: float
    """Time since this phase began, pauses included."""
    pause: float
    """How long the server's quota, the client's own, or an outage still lets nothing through."""

    @property
    def rate(self) -> float:
        """Groups per second; a pause counts as soon as it is known how long it will be."""
        seconds = self.elapsed + self.pause
        return (self.done - self.done_before) / seconds if seconds else 0.0

    @property
    def eta(self) -> float | None:
        """Time that is left, the pause included; None as long as nothing tells."""
        if self.total is None or not self.rate:
            return None
        return self.pause + (self.total - self.done) / self.rate


OnProgress: TypeAlias = Callable[[Progress], object]


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
        """How long each phase took so far."""
        self._action = action
        self._counts = counts
        self._listener = listener
        self._pause_left = pause_left
        self._phase: Phase = "selecting"
        self._began = 0.0
        self._before = self._done = 0
        self._total: int | None = None

    @asynccontextmanager
    async def phase(
        self, phase: Phase, *, done: int = 0, total: int | None = None
    ) -> AsyncGenerator[None]:
        """Measures what happens meanwhile, and tells of it once a second."""
        self._phase, self._began = phase, _now()
        self._before = self._done = done
        self._total = total
        ticking = None if self._listener is None else asyncio.create_task(self._tick())
        try:
            yield
        finally:
            self.seconds[phase] += _now() - self._began
            if ticking is not None:
                await cancel_all([ticking])

    def reached(self, done: int, total: int | None) -> None:
        """So many are done, of so many."""
        self._done, self._total = done, total
        self._tell()

    def step(self) -> None:
        """One more is done."""
        self.reached(self._done + 1, self._total)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self._tell()

    def _tell(self) -> None:
        if self._listener is None:
            return
        progress = Progress(
            action=self._action,
            phase=self._phase,
            total=self._total,
            done=self._done,
            done_before=self._before,
            counts=dict(self._counts),
            elapsed=_now() - self._began,
            pause=self._pause_left(),
        )
        try:
            self._listener(progress)
        except Exception:
            _logger.exception("on_progress failed at %s", progress)


def _now() -> float:
    return asyncio.get_running_loop().time()


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
