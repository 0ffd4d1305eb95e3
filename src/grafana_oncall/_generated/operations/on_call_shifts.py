# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.on_call_shifts import OnCallShift, OnCallShiftCreate, OnCallShiftUpdate

LIST_ON_CALL_SHIFTS: Final = Operation(
    id="list_on_call_shifts",
    method="GET",
    path="on_call_shifts/",
    permission="grafana-irm-app.schedules:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/on_call_shifts/",
)


def list_on_call_shifts(
    *,
    name: str | UnsetType = UNSET,
    schedule_id: str | UnsetType = UNSET,
    team_id: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[OnCallShift]]:
    """List on-call shifts.

    `GET /api/v1/on_call_shifts/`

    The server lists a shift once for each of its schedules, and in no stable order; each comes
    once here. `count` therefore reads the whole list. The open-source engine fails with 500 if
    `team_id` is given.
    """
    return Request(
        operation=LIST_ON_CALL_SHIFTS,
        path="on_call_shifts/",
        returns=Page[OnCallShift],
        query=query(
            ("name", name),
            ("schedule_id", schedule_id),
            ("team_id", team_id),
            ("page", page),
            ("perpage", perpage),
        ),
    )


CREATE_ON_CALL_SHIFT: Final = Operation(
    id="create_on_call_shift",
    method="POST",
    path="on_call_shifts/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the shifts with this name.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/on_call_shifts/",
)


def create_on_call_shift(body: OnCallShiftCreate) -> Request[OnCallShift]:
    """Create an on-call shift, which belongs to no schedule yet.

    `POST /api/v1/on_call_shifts/`

    Give its id to `schedules.update(schedule, shifts=[…])`. Not idempotent: names need not be
    unique, so a repeat creates another one.
    """
    return Request(
        operation=CREATE_ON_CALL_SHIFT, path="on_call_shifts/", returns=OnCallShift, body=body
    )


GET_ON_CALL_SHIFT: Final = Operation(
    id="get_on_call_shift",
    method="GET",
    path="on_call_shifts/{on_call_shift_id}/",
    permission="grafana-irm-app.schedules:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/on_call_shifts/",
)


def get_on_call_shift(on_call_shift_id: str | OnCallShift) -> Request[OnCallShift]:
    """Get one on-call shift.

    `GET /api/v1/on_call_shifts/{on_call_shift_id}/`
    """
    return Request(
        operation=GET_ON_CALL_SHIFT,
        path=f"on_call_shifts/{segment('on_call_shift_id', on_call_shift_id, ID, OnCallShift)}/",
        returns=OnCallShift,
    )


UPDATE_ON_CALL_SHIFT: Final = Operation(
    id="update_on_call_shift",
    method="PUT",
    path="on_call_shifts/{on_call_shift_id}/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the shift and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/on_call_shifts/",
)


def update_on_call_shift(
    on_call_shift_id: str | OnCallShift, body: OnCallShiftUpdate
) -> Request[OnCallShift]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/on_call_shifts/{on_call_shift_id}/`

    Members that the type of the shift does not have are ignored. The type may change; members
    of the old type are then cleared. A new weekly `frequency` needs `week_start` as well.
    """
    return Request(
        operation=UPDATE_ON_CALL_SHIFT,
        path=f"on_call_shifts/{segment('on_call_shift_id', on_call_shift_id, ID, OnCallShift)}/",
        returns=OnCallShift,
        body=body,
    )


DELETE_ON_CALL_SHIFT: Final = Operation(
    id="delete_on_call_shift",
    method="DELETE",
    path="on_call_shifts/{on_call_shift_id}/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the shift; NotFound, or an `until` that is over, means that it is done.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/on_call_shifts/",
)


def delete_on_call_shift(on_call_shift_id: str | OnCallShift) -> Request[None]:
    """Delete an on-call shift.

    `DELETE /api/v1/on_call_shifts/{on_call_shift_id}/`

    A shift of a web schedule that has started is only ended: it stays, with the present time as
    its `until`, so that what happened is not lost.
    """
    return Request(
        operation=DELETE_ON_CALL_SHIFT,
        path=f"on_call_shifts/{segment('on_call_shift_id', on_call_shift_id, ID, OnCallShift)}/",
        returns=type(None),
    )
