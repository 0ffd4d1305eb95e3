# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.schedules import FinalShift, Schedule, ScheduleCreate, ScheduleUpdate

LIST_SCHEDULES: Final = Operation(
    id="list_schedules",
    method="GET",
    path="schedules/",
    permission="grafana-irm-app.schedules:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/",
)


def list_schedules(
    *,
    name: str | UnsetType = UNSET,
    team_id: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[Schedule]]:
    """List schedules.

    `GET /api/v1/schedules/`

    The open-source engine fails with 500 if `team_id` is given.
    """
    return Request(
        operation=LIST_SCHEDULES,
        path="schedules/",
        returns=Page[Schedule],
        query=query(("name", name), ("team_id", team_id), ("page", page), ("perpage", perpage)),
    )


CREATE_SCHEDULE: Final = Operation(
    id="create_schedule",
    method="POST",
    path="schedules/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the schedules with this name.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/",
)


def create_schedule(body: ScheduleCreate) -> Request[Schedule]:
    """Create a schedule.

    `POST /api/v1/schedules/`

    Its type cannot be changed later. Not idempotent: names need not be unique, so a repeat
    creates another one.
    """
    return Request(operation=CREATE_SCHEDULE, path="schedules/", returns=Schedule, body=body)


GET_SCHEDULE: Final = Operation(
    id="get_schedule",
    method="GET",
    path="schedules/{schedule_id}/",
    permission="grafana-irm-app.schedules:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/",
)


def get_schedule(schedule_id: str | Schedule) -> Request[Schedule]:
    """Get one schedule.

    `GET /api/v1/schedules/{schedule_id}/`

    The server works out anew at each read who is on call now.
    """
    return Request(
        operation=GET_SCHEDULE,
        path=f"schedules/{segment('schedule_id', schedule_id, ID, Schedule)}/",
        returns=Schedule,
    )


UPDATE_SCHEDULE: Final = Operation(
    id="update_schedule",
    method="PUT",
    path="schedules/{schedule_id}/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the schedule and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/",
)


def update_schedule(schedule_id: str | Schedule, body: ScheduleUpdate) -> Request[Schedule]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/schedules/{schedule_id}/`

    `shifts` replaces all shifts. Members that the type of the schedule does not have are
    ignored. The open-source engine cannot change schedules of type `web`; it can delete them.
    """
    return Request(
        operation=UPDATE_SCHEDULE,
        path=f"schedules/{segment('schedule_id', schedule_id, ID, Schedule)}/",
        returns=Schedule,
        body=body,
    )


DELETE_SCHEDULE: Final = Operation(
    id="delete_schedule",
    method="DELETE",
    path="schedules/{schedule_id}/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the schedule; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/",
)


def delete_schedule(schedule_id: str | Schedule) -> Request[None]:
    """Delete a schedule.

    `DELETE /api/v1/schedules/{schedule_id}/`

    Escalation steps that notify who is on call in it stay, and notify nobody.
    """
    return Request(
        operation=DELETE_SCHEDULE,
        path=f"schedules/{segment('schedule_id', schedule_id, ID, Schedule)}/",
        returns=type(None),
    )


LIST_FINAL_SHIFTS: Final = Operation(
    id="list_final_shifts",
    method="GET",
    path="schedules/{schedule_id}/final_shifts/",
    permission="grafana-irm-app.schedules:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/",
)


def list_final_shifts(
    schedule_id: str | Schedule, *, start_date: str, end_date: str
) -> Request[Page[FinalShift]]:
    """List who is on call when, with overrides and swaps, in a range of at most 365 days.

    `GET /api/v1/schedules/{schedule_id}/final_shifts/`

    All come on one page, one item for each user and event, cut to the range; gaps are not
    shown. Those of the past are as the rotations stand now: they change when rotations are
    edited.
    """
    return Request(
        operation=LIST_FINAL_SHIFTS,
        path=f"schedules/{segment('schedule_id', schedule_id, ID, Schedule)}/final_shifts/",
        returns=Page[FinalShift],
        query=query(("start_date", start_date), ("end_date", end_date)),
    )


EXPORT_SCHEDULE: Final = Operation(
    id="export_schedule",
    method="GET",
    path="schedules/{schedule_id}/export/",
    permission="",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/schedules/",
)


def export_schedule(schedule_id: str | Schedule, *, token: str) -> Request[str]:
    """Get a schedule as iCalendar.

    `GET /api/v1/schedules/{schedule_id}/export/`

    The calendar has its own token, which Grafana shows when the export is created; the client's
    token does not count. It is part of the URL, and whoever has it may read the calendar: httpx
    writes URLs to its log at level INFO.
    """
    return Request(
        operation=EXPORT_SCHEDULE,
        path=f"schedules/{segment('schedule_id', schedule_id, ID, Schedule)}/export/",
        returns=str,
        query=query(("token", token)),
    )
