# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of schedules: a method for each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.schedules import (
    CalendarScheduleCreate,
    IcalScheduleCreate,
    Schedule,
    ScheduleCreate,
    ScheduleUpdate,
    SlackSettingsInput,
    SlackSettingsLike,
    WebScheduleCreate,
)
from ..operations import schedules as operations


class Schedules(Resource):
    """Who is on call when: from shifts, from an iCalendar file, or as edited on the web.

    Writes need the Editor role. Lists are slow, because the server works out `on_call_now` of each.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/
    """

    def list(
        self,
        *,
        name: str | None = None,
        team_id: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[Schedule]:
        """List schedules.

        The open-source engine fails with 500 if `team_id` is given.

        Args:
            name: Exact name of the schedule; several schedules may have it.
            team_id: Id of the team, or `NO_TEAM` for none; None does not filter.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_schedules(
            name=arguments.text_filter("name", name),
            team_id=arguments.identifier("team_id", team_id),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def by_name(self, name: str) -> Schedule:
        """Get the schedule with this name, by one request.

        Args:
            name: Exact name of the schedule; several schedules may have it.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        name = arguments.required("name", arguments.text_filter("name", name))
        request = operations.list_schedules(name=name)
        return await self._one(request, operations.list_schedules(), "name", name)

    async def create(self, schedule: ScheduleCreate | Mapping[str, Any]) -> Schedule:
        """Create a schedule.

        Its type cannot be changed later. Not idempotent: names need not be unique, so a repeat
        creates another one.

        Args:
            schedule: One of `IcalScheduleCreate`, `CalendarScheduleCreate`,
                `WebScheduleCreate`; or a mapping of that shape.

        Raises:
            OutcomeUnknown: There was no response, so the schedule may exist now.
            BadRequest: The time zone is unknown, a calendar cannot be downloaded by the
                server, a shift is an override, or Slack is not connected.
            IdsDropped: The server does not know some of the ids in `shifts`. It stored all
                the rest.
        """
        kinds: tuple[type[ScheduleCreate], ...] = (
            IcalScheduleCreate,
            CalendarScheduleCreate,
            WebScheduleCreate,
        )
        body = bodies.one_of("schedule", schedule, kinds)
        return bodies.kept(
            await self._session.send(operations.create_schedule(body)), body, ["shifts"]
        )

    async def get(self, schedule_id: str | Schedule) -> Schedule:
        """Get one schedule.

        The server works out anew at each read who is on call now.

        Args:
            schedule_id: Id of the schedule, or the object.

        Raises:
            NotFound: There is no such schedule.
        """
        return await self._session.send(operations.get_schedule(schedule_id))

    async def update(
        self,
        schedule_id: str | Schedule,
        *,
        name: str | UnsetType = UNSET,
        team_id: str | None | UnsetType = UNSET,
        slack: SlackSettingsLike | UnsetType = UNSET,
        time_zone: str | UnsetType = UNSET,
        shifts: Sequence[str] | UnsetType = UNSET,
        ical_url_primary: str | UnsetType = UNSET,
        ical_url_overrides: str | None | UnsetType = UNSET,
        enable_web_overrides: bool | UnsetType = UNSET,
    ) -> Schedule:
        """Change the members that are given, and keep the others.

        `shifts` replaces all shifts. Members that the type of the schedule does not have are
        ignored. The open-source engine cannot change schedules of type `web`; it can delete
        them.

        Args:
            schedule_id: Id of the schedule, or the object.
            name: Up to 200 characters; not unique.
            team_id: Id of the new team; None for no team.
            slack: Where the schedule posts in Slack.
            time_zone: IANA name; of types calendar and web.
            shifts: Ids of all its on-call shifts, in no order; of type calendar.
            ical_url_primary: URL that the server downloads at once; of type ical.
            ical_url_overrides: URL, or None for none; of types ical and calendar.
            enable_web_overrides: Of type calendar.

        Raises:
            NotFound: There is no such schedule.
            BadRequest: The schedule is of type `web`, on the open-source engine; or as for
                `create`.
            IdsDropped: The server does not know some of the ids in `shifts`. It stored all
                the rest.
        """
        body = bodies.body(
            ScheduleUpdate,
            name=(name if name is UNSET else arguments.filled("name", name)),
            team_id=team_id,
            slack=(slack if slack is UNSET else bodies.nested("slack", slack, SlackSettingsInput)),
            time_zone=(
                time_zone if time_zone is UNSET else arguments.filled("time_zone", time_zone)
            ),
            shifts=shifts,
            ical_url_primary=(
                ical_url_primary
                if ical_url_primary is UNSET
                else arguments.filled("ical_url_primary", ical_url_primary)
            ),
            ical_url_overrides=ical_url_overrides,
            enable_web_overrides=enable_web_overrides,
        )
        request = operations.update_schedule(schedule_id, body)
        return bodies.kept(
            await self._change(request, operations.get_schedule(schedule_id)), body, ["shifts"]
        )

    async def delete(self, schedule_id: str | Schedule) -> None:
        """Delete a schedule.

        Escalation steps that notify who is on call in it stay, and notify nobody.

        Args:
            schedule_id: Id of the schedule, or the object.

        Raises:
            NotFound: There is no such schedule.
        """
        return await self._session.send(operations.delete_schedule(schedule_id))

    async def export(self, schedule_id: str | Schedule, *, token: str) -> str:
        """Get a schedule as iCalendar.

        The calendar has its own token, which Grafana shows when the export is created; the
        client's token does not count. It is part of the URL, and whoever has it may read the
        calendar: httpx writes URLs to its log at level INFO.

        Args:
            schedule_id: Id of the schedule, or the object.
            token: Token of the export.

        Raises:
            Unauthorized: The token is not that of the calendar; the export may be revoked.
        """
        return await self._session.send(
            operations.export_schedule(
                schedule_id,
                token=arguments.required("token", arguments.text_filter("token", token)),
            )
        )
