"""Schedules: what the generated methods lack, such as who is on call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, overload

from grafana_oncall._generated.models.schedules import FinalShift, Schedule
from grafana_oncall._generated.models.users import User
from grafana_oncall._generated.operations import schedules as operations
from grafana_oncall._generated.resources import schedules as generated
from grafana_oncall._session.session import Session
from grafana_oncall._validation import arguments, times
from grafana_oncall.errors import NotFound, TimeRangeError
from grafana_oncall.oncall import OnCallSpan, Timeline

from .directory import Directory
from .finding import Reader, each_of, find, is_name
from .spans import (
    LONGEST,
    ScheduleLike,
    day_of,
    several,
    span_of,
    unknown_user,
    window_of,
    years,
)

if TYPE_CHECKING:
    from grafana_oncall._watch.checkpoint import Checkpoint
    from grafana_oncall._watch.watcher import Watcher
    from grafana_oncall.stores import StoredCheckpoint

_MONTH: Final = timedelta(days=31)
_WEEK: Final = timedelta(days=7)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Schedules(generated.Schedules):
    """The schedules of the organization that the token belongs to, and who is on call.

    Writes need the Editor role. Lists are slow, as the server works out who is on call in each.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/
    """

    def __init__(self, session: Session, directory: Directory | None = None) -> None:
        super().__init__(session)
        self._directory = directory or Directory(session)

    @overload
    async def on_call(  # type: ignore[overload-overlap]  # a str is one name, not an iterable of names
        self,
        schedules: ScheduleLike,
        *,
        at: datetime | None = None,
        directory: Directory | None = None,
    ) -> tuple[User, ...]: ...
    @overload
    async def on_call(
        self,
        schedules: Iterable[ScheduleLike],
        *,
        at: datetime | None = None,
        directory: Directory | None = None,
    ) -> Mapping[ScheduleLike, tuple[User, ...]]: ...
    async def on_call(
        self,
        schedules: ScheduleLike | Iterable[ScheduleLike],
        *,
        at: datetime | None = None,
        directory: Directory | None = None,
    ) -> Any:
        """Return who is on call, now or at any moment.

        Costs a request for each schedule, and the pages of the list of users, once for as long as
        the directory keeps them. With `at`, a name costs another request, and the past is shown as
        the rotations stand now: it changes when they are edited.

        Args:
            schedules: A schedule, by id, object or exact name; or several, which are read at once.
            at: The moment, aware; by default now, as the server finds at this moment.
            directory: Where to look up users; by default `client.directory`.

        Returns:
            The users; of several schedules, a mapping with those of each, as it was given. A user
            whom the list of users does not have has the role `unknown` and the id for a name.

        Raises:
            NotFound: There is no such schedule; names similar ones.
            MultipleFound: Several schedules have this name.
        """
        people = self._directory if directory is None else directory
        arguments.of_type("directory", people, Directory)
        if at is None:
            return await each_of(schedules, lambda each: self._on_call_now(each, people))
        window = window_of(at, timedelta.resolution)
        return await each_of(schedules, lambda each: self._on_call_at(each, window, people))

    @overload
    async def next_on_call(  # type: ignore[overload-overlap]  # a str is one name, not an iterable of names
        self,
        schedules: ScheduleLike,
        *,
        after: datetime | None = None,
        within: timedelta = _MONTH,
    ) -> tuple[OnCallSpan, ...]: ...
    @overload
    async def next_on_call(
        self,
        schedules: Iterable[ScheduleLike],
        *,
        after: datetime | None = None,
        within: timedelta = _MONTH,
    ) -> Mapping[ScheduleLike, tuple[OnCallSpan, ...]]: ...
    async def next_on_call(
        self,
        schedules: ScheduleLike | Iterable[ScheduleLike],
        *,
        after: datetime | None = None,
        within: timedelta = _MONTH,
    ) -> Any:
        """Return the spans that are the first to start after a moment; none if none does.

        Whoever is on call already, and goes on, is not next.

        Args:
            schedules: As for `on_call`.
            after: The moment, aware; by default now, by the clock of this machine.
            within: How far to look. The end of a span that lasts longer is cut.

        Raises:
            NotFound: There is no such schedule; names similar ones.
            MultipleFound: Several schedules have this name.
        """
        start = _utc_now() if after is None else after
        window = window_of(start, arguments.duration("within", within))

        async def find(item: ScheduleLike) -> tuple[OnCallSpan, ...]:
            return (await self._timeline(item, window)).next_after(window.start)

        return await each_of(schedules, find)

    @overload
    async def timeline(  # type: ignore[overload-overlap]  # a str is one name, not an iterable of names
        self, schedules: ScheduleLike, start: datetime, end: datetime
    ) -> Timeline: ...
    @overload
    async def timeline(
        self, schedules: Iterable[ScheduleLike], start: datetime, end: datetime
    ) -> Mapping[ScheduleLike, Timeline]: ...
    async def timeline(
        self, schedules: ScheduleLike | Iterable[ScheduleLike], start: datetime, end: datetime
    ) -> Any:
        """Return who is on call when, with gaps, overlaps and hours per user.

        Costs a request for each year of each schedule, and another one for a name. What is past is
        shown as the rotations stand now: it changes when they are edited.

        Args:
            schedules: As for `on_call`.
            start: Start of the window, aware.
            end: End of the window, aware; it does not belong to the window any more.

        Raises:
            NotFound: There is no such schedule; names similar ones.
            MultipleFound: Several schedules have this name.
        """
        window = Timeline(start, end, ())
        return await each_of(schedules, lambda each: self._timeline(each, window))

    def watch(
        self,
        schedules: ScheduleLike | Iterable[ScheduleLike] | None = None,
        *,
        every: timedelta | float = timedelta(minutes=1),
        existing: bool = False,
        checkpoint: Checkpoint | StoredCheckpoint | str | Path | None = None,
        lock: bool = True,
        clock: Callable[[], datetime] = _utc_now,
    ) -> Watcher:
        """Watch who is on call: yield `changes.OnCallChanged`, and `changes.Gap`, by polling.

        A poll costs a request for each schedule, or the pages of the list for all of them. Who was
        on call between two polls only is not seen. All that is said of `Watcher` and `Bot` holds,
        with schedules in the place of groups: `hint` takes the id of a schedule.

        Args:
            schedules: A schedule, by id, object or exact name; or several; by default all, and
                those that are made later. One that is renamed is gone to a watcher of its name.
            every: Time between polls, as a timedelta or in seconds; at most seven days.
            existing: Whether those who are on call at the start are reported. Otherwise only later
                changes are.
            checkpoint: As for `alert_groups.watch`, where an earlier watcher of the same schedules
                ended.
            lock: As for `alert_groups.watch`.
            clock: As for `alert_groups.watch`.

        Raises:
            InvalidArgument: An argument is invalid.
            CheckpointError: As for `alert_groups.watch`. Iterating raises NotFound if there is no
                such schedule at the start.
        """
        from grafana_oncall._watch.follower import WatchSettings  # noqa: PLC0415  # few programs watch
        from grafana_oncall._watch.on_call import OnCallPoller  # noqa: PLC0415
        from grafana_oncall._watch.watcher import Watcher  # noqa: PLC0415

        items = None if schedules is None else several(schedules)
        named = [("schedule", each if isinstance(each, str) else each.id) for each in items or ()]
        settings = WatchSettings(
            every=arguments.duration("every", every, longest=timedelta(days=7)),
            horizon=_WEEK,
            existing=arguments.of_type("existing", existing, bool),
            lock=arguments.of_type("lock", lock, bool),
            clock=arguments.function("clock", clock),
        )
        query = [("schedules", "all")] if items is None else named
        poller = OnCallPoller(Reader(self, items), query)
        return Watcher(self._session, poller, settings, checkpoint)

    async def final_shifts(
        self, schedule_id: str | Schedule, *, start_date: date, end_date: date
    ) -> tuple[FinalShift, ...]:
        """Return who is on call when, with overrides and swaps, in at most 365 days.

        Sorted by start; one item for each user and event, cut to the days that are asked for. Gaps
        are not among them. What is past is shown as the rotations stand now: it changes when they
        are edited. `timeline` does without the limit, and knows gaps.

        Args:
            schedule_id: Id of the schedule, or the object.
            start_date: First day, in UTC; of a datetime, the server ignores the time.
            end_date: Last day, in UTC, which is included but for its last second.

        Raises:
            TimeRangeError: It ends before it starts, or is longer than 365 days. Nothing was sent.
            NotFound: There is no such schedule.
        """
        request = operations.list_final_shifts(
            schedule_id,
            start_date=arguments.required("start_date", times.day("start_date", start_date)),
            end_date=arguments.required("end_date", times.day("end_date", end_date)),
        )
        first, last = day_of(start_date), day_of(end_date)
        if not first <= last <= first + LONGEST:
            message = f"end_date={last}: from {first} on, 0 to 365 days later is needed."
            raise TimeRangeError(message, argument="end_date")
        # The envelope says that there are 50 on a page, and has all of them.
        shifts = await self._list(request, 0).collect()
        return tuple(sorted(shifts, key=lambda shift: shift.shift_start))

    async def _on_call_now(self, item: ScheduleLike, people: Directory) -> tuple[User, ...]:
        ids = (await find(self, item)).on_call_now
        users = await people.users(ids)
        return tuple(users.get(each) or unknown_user(each, each) for each in ids)

    async def _on_call_at(
        self, item: ScheduleLike, window: Timeline, people: Directory
    ) -> tuple[User, ...]:
        names = {
            span.user_id: span.user
            for span in (await self._timeline(item, window)).spans
            if span.user_id is not None
        }
        users = await people.users(names)
        return tuple(users.get(each) or unknown_user(each, name) for each, name in names.items())

    async def _timeline(self, item: ScheduleLike, window: Timeline) -> Timeline:
        if isinstance(item, str) and is_name(item):
            item = await self.by_name(item)
        try:
            spans = [span for days in years(window) for span in await self._spans(item, *days)]
        except NotFound:
            if isinstance(item, str):
                return await self._timeline(await self.by_name(item), window)
            raise
        return Timeline(window.start, window.end, spans)

    async def _spans(self, item: ScheduleLike, first: date, last: date) -> list[OnCallSpan]:
        shifts = await self.final_shifts(item, start_date=first, end_date=last)
        return [span_of(shift) for shift in shifts]
