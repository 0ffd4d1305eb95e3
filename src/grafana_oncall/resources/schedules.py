"""Schedules: what the generated methods lack, such as who is on call."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from grafana_oncall._generated.models.schedules import FinalShift, Schedule
from grafana_oncall._generated.operations import schedules as operations
from grafana_oncall._generated.resources import schedules as generated
from grafana_oncall._validation import arguments, times
from grafana_oncall.errors import TimeRangeError

_LONGEST: Final = timedelta(days=365)


class Schedules(generated.Schedules):
    """The schedules of the organization that the token belongs to, and who is on call.

    Writes need the Editor role. Lists are slow, because the server works out `on_call_now` of each.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/reference/oncall-api/schedules/
    """

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
        first, last = _day(start_date), _day(end_date)
        if not first <= last <= first + _LONGEST:
            message = f"end_date={last}: from {first} on, 0 to 365 days later is needed."
            raise TimeRangeError(message, argument="end_date")
        # The envelope says that there are 50 on a page, and has all of them.
        shifts = await self._list(request, 0).collect()
        return tuple(sorted(shifts, key=lambda shift: shift.shift_start))


def _day(value: date) -> date:
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value
