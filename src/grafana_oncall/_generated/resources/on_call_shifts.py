# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of on_call_shifts: a method for each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments, rules

from ..models.on_call_shifts import (
    Frequency,
    OnCallShift,
    OnCallShiftCreate,
    OnCallShiftUpdate,
    OverrideShiftCreate,
    RecurrentShiftCreate,
    RollingShiftCreate,
    ShiftType,
    SingleShiftCreate,
    Weekday,
)
from ..operations import on_call_shifts as operations


class OnCallShifts(Resource):
    """The shifts of schedules: once, in a rotation of people, or as an override.

    Writes need the Editor role. Times are those of the clocks in the time zone of the shift, or of its schedule, so they have no
    zone of their own. A shift belongs to the schedules whose `shifts` name it: `schedules.update(schedule, shifts=[…])`.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/on_call_shifts/
    """

    def list(
        self,
        *,
        name: str | None = None,
        schedule_id: str | None = None,
        team_id: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[OnCallShift]:
        """List on-call shifts.

        The server lists a shift once for each of its schedules, and in no stable order; each
        comes once here. `count` therefore reads the whole list. The open-source engine fails
        with 500 if `team_id` is given.

        Args:
            name: Exact name of the shift; several shifts may have it.
            schedule_id: Id of a schedule that has the shift.
            team_id: Id of the team, or `NO_TEAM` for none; None does not filter.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_on_call_shifts(
            name=arguments.text_filter("name", name),
            schedule_id=arguments.identifier("schedule_id", schedule_id),
            team_id=arguments.identifier("team_id", team_id),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch, repeats=True)

    async def by_name(self, name: str) -> OnCallShift:
        """Get the on call shift with this name, by one request.

        Args:
            name: Exact name of the shift; several shifts may have it.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        name = arguments.required("name", arguments.text_filter("name", name))
        request = operations.list_on_call_shifts(name=name)
        return await self._one(request, operations.list_on_call_shifts(), "name", name)

    async def create(self, shift: OnCallShiftCreate | Mapping[str, Any]) -> OnCallShift:
        """Create an on-call shift, which belongs to no schedule yet.

        Give its id to `schedules.update(schedule, shifts=[…])`. Not idempotent: names need not
        be unique, so a repeat creates another one.

        Args:
            shift: One of `SingleShiftCreate`, `RecurrentShiftCreate`, `RollingShiftCreate`,
                `OverrideShiftCreate`; or a mapping of that shape.

        Raises:
            OutcomeUnknown: There was no response, so the shift may exist now.
            BadRequest: A user of `rolling_users`, the team or the time zone is unknown.
            IdsDropped: The server does not know some of the ids in `users`. It stored all the
                rest.
        """
        kinds: tuple[type[OnCallShiftCreate], ...] = (
            SingleShiftCreate,
            RecurrentShiftCreate,
            RollingShiftCreate,
            OverrideShiftCreate,
        )
        body = bodies.one_of("shift", shift, kinds, rules.recurrence)
        return bodies.kept(
            await self._session.send(operations.create_on_call_shift(body)), body, ["users"]
        )

    async def get(self, on_call_shift_id: str | OnCallShift) -> OnCallShift:
        """Get one on-call shift.

        Args:
            on_call_shift_id: Id of the on-call shift, or the object.

        Raises:
            NotFound: There is no such shift.
        """
        return await self._session.send(operations.get_on_call_shift(on_call_shift_id))

    async def update(
        self,
        on_call_shift_id: str | OnCallShift,
        *,
        type: ShiftType | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        team_id: str | None | UnsetType = UNSET,
        time_zone: str | None | UnsetType = UNSET,
        start: datetime | UnsetType = UNSET,
        duration: timedelta | int | UnsetType = UNSET,
        rotation_start: datetime | UnsetType = UNSET,
        level: int | UnsetType = UNSET,
        users: Sequence[str] | UnsetType = UNSET,
        frequency: Frequency | UnsetType = UNSET,
        interval: int | UnsetType = UNSET,
        week_start: Weekday | UnsetType = UNSET,
        until: datetime | None | UnsetType = UNSET,
        by_day: Sequence[Weekday] | None | UnsetType = UNSET,
        by_month: Sequence[int] | None | UnsetType = UNSET,
        by_monthday: Sequence[int] | None | UnsetType = UNSET,
        rolling_users: Sequence[Sequence[str]] | UnsetType = UNSET,
        start_rotation_from_user_index: int | UnsetType = UNSET,
    ) -> OnCallShift:
        """Change the members that are given, and keep the others.

        Members that the type of the shift does not have are ignored. The type may change;
        members of the old type are then cleared. A new weekly `frequency` needs `week_start` as
        well.

        Args:
            on_call_shift_id: Id of the on-call shift, or the object.
            type: What kind of shift it is.
            name: Up to 200 characters; not unique.
            team_id: Id of the team.
            time_zone: IANA name, such as Europe/Berlin; None for that of the schedule.
            start: When it starts, without a zone.
            duration: How long, in seconds or as a timedelta.
            rotation_start: When the shift takes effect; by default, its start.
            level: Priority: of overlapping shifts, those with the highest level win.
            users: Ids of those on call, in no order.
            frequency: How often a shift repeats.
            interval: Number of hours, days, weeks or months from one repetition to the next;
                1 by default.
            week_start: First day of the week; required for a weekly shift.
            until: When it ends, without a zone; None for never.
            by_day: The shift takes place on these days only.
            by_month: The shift takes place in these months only.
            by_monthday: Only on these days of the month; -1 is the last.
            rolling_users: Ids of those on call together, in the order of their turns.
            start_rotation_from_user_index: Whose turn is first, counted from 0.

        Raises:
            NotFound: There is no such shift.
            BadRequest: As for `create`.
            IdsDropped: The server does not know some of the ids in `users`. It stored all the
                rest.
        """
        body = bodies.body(
            OnCallShiftUpdate,
            rules.recurrence,
            type=(type if type is UNSET else arguments.filled("type", type)),
            name=(name if name is UNSET else arguments.filled("name", name)),
            team_id=team_id,
            time_zone=time_zone,
            start=start,
            duration=(
                duration if duration is UNSET else arguments.whole_seconds("duration", duration)
            ),
            rotation_start=rotation_start,
            level=level,
            users=users,
            frequency=(
                frequency if frequency is UNSET else arguments.filled("frequency", frequency)
            ),
            interval=interval,
            week_start=(
                week_start if week_start is UNSET else arguments.filled("week_start", week_start)
            ),
            until=until,
            by_day=by_day,
            by_month=by_month,
            by_monthday=by_monthday,
            rolling_users=rolling_users,
            start_rotation_from_user_index=start_rotation_from_user_index,
        )
        request = operations.update_on_call_shift(on_call_shift_id, body)
        return bodies.kept(
            await self._change(request, operations.get_on_call_shift(on_call_shift_id)),
            body,
            ["users"],
        )

    async def delete(self, on_call_shift_id: str | OnCallShift) -> None:
        """Delete an on-call shift.

        A shift of a web schedule that has started is only ended: it stays, with the present
        time as its `until`, so that what happened is not lost.

        Args:
            on_call_shift_id: Id of the on-call shift, or the object.

        Raises:
            NotFound: There is no such shift.
        """
        return await self._session.send(operations.delete_on_call_shift(on_call_shift_id))
