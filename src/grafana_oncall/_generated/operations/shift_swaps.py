# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.shift_swaps import ShiftSwap, ShiftSwapCreate, ShiftSwapTake, ShiftSwapUpdate

LIST_SHIFT_SWAPS: Final = Operation(
    id="list_shift_swaps",
    method="GET",
    path="shift_swaps/",
    permission="grafana-irm-app.schedules:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/shift_swaps/",
)


def list_shift_swaps(
    *,
    starting_after: str | UnsetType = UNSET,
    schedule_id: str | UnsetType = UNSET,
    beneficiary: str | UnsetType = UNSET,
    benefactor: str | UnsetType = UNSET,
    open_only: bool | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[ShiftSwap]]:
    """List shift swaps, sorted by their start.

    `GET /api/v1/shift_swaps/`

    Without `starting_after`, the server leaves out those that have started.
    """
    return Request(
        operation=LIST_SHIFT_SWAPS,
        path="shift_swaps/",
        returns=Page[ShiftSwap],
        query=query(
            ("starting_after", starting_after),
            ("schedule_id", schedule_id),
            ("beneficiary", beneficiary),
            ("benefactor", benefactor),
            ("open_only", open_only),
            ("page", page),
            ("perpage", perpage),
        ),
    )


CREATE_SHIFT_SWAP: Final = Operation(
    id="create_shift_swap",
    method="POST",
    path="shift_swaps/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the shift swaps of the schedule.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/shift_swaps/",
)


def create_shift_swap(body: ShiftSwapCreate) -> Request[ShiftSwap]:
    """Ask that somebody take the shifts of a user.

    `POST /api/v1/shift_swaps/`

    Not idempotent: a repeat asks once more.
    """
    return Request(operation=CREATE_SHIFT_SWAP, path="shift_swaps/", returns=ShiftSwap, body=body)


GET_SHIFT_SWAP: Final = Operation(
    id="get_shift_swap",
    method="GET",
    path="shift_swaps/{shift_swap_id}/",
    permission="grafana-irm-app.schedules:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/shift_swaps/",
)


def get_shift_swap(shift_swap_id: str | ShiftSwap) -> Request[ShiftSwap]:
    """Get one shift swap, with the shifts that it concerns.

    `GET /api/v1/shift_swaps/{shift_swap_id}/`
    """
    return Request(
        operation=GET_SHIFT_SWAP,
        path=f"shift_swaps/{segment('shift_swap_id', shift_swap_id, ID, ShiftSwap)}/",
        returns=ShiftSwap,
        query=query(("starting_after", "1970-01-01T00:00:00Z")),
    )


UPDATE_SHIFT_SWAP: Final = Operation(
    id="update_shift_swap",
    method="PUT",
    path="shift_swaps/{shift_swap_id}/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the swap and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/shift_swaps/",
)


def update_shift_swap(shift_swap_id: str | ShiftSwap, body: ShiftSwapUpdate) -> Request[ShiftSwap]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/shift_swaps/{shift_swap_id}/`

    Its beneficiary stays. The server refuses a start that is past, so once a swap has started,
    each change must give it a new start.
    """
    return Request(
        operation=UPDATE_SHIFT_SWAP,
        path=f"shift_swaps/{segment('shift_swap_id', shift_swap_id, ID, ShiftSwap)}/",
        returns=ShiftSwap,
        query=query(("starting_after", "1970-01-01T00:00:00Z")),
        body=body,
    )


DELETE_SHIFT_SWAP: Final = Operation(
    id="delete_shift_swap",
    method="DELETE",
    path="shift_swaps/{shift_swap_id}/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the swap; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/shift_swaps/",
)


def delete_shift_swap(shift_swap_id: str | ShiftSwap) -> Request[None]:
    """Delete a shift swap.

    `DELETE /api/v1/shift_swaps/{shift_swap_id}/`

    Of one that is taken, the shifts are the beneficiary's again.
    """
    return Request(
        operation=DELETE_SHIFT_SWAP,
        path=f"shift_swaps/{segment('shift_swap_id', shift_swap_id, ID, ShiftSwap)}/",
        returns=type(None),
        query=query(("starting_after", "1970-01-01T00:00:00Z")),
    )


TAKE_SHIFT_SWAP: Final = Operation(
    id="take_shift_swap",
    method="POST",
    path="shift_swaps/{shift_swap_id}/take/",
    permission="grafana-irm-app.schedules:write",
    needs_user=False,
    success=200,
    retry="already",
    check="read the swap; its benefactor is who has taken it.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/shift_swaps/",
)


def take_shift_swap(shift_swap_id: str | ShiftSwap, body: ShiftSwapTake) -> Request[ShiftSwap]:
    """Let a user take the shifts of a swap.

    `POST /api/v1/shift_swaps/{shift_swap_id}/take/`

    There is no way back but to delete the swap.
    """
    return Request(
        operation=TAKE_SHIFT_SWAP,
        path=f"shift_swaps/{segment('shift_swap_id', shift_swap_id, ID, ShiftSwap)}/take/",
        returns=ShiftSwap,
        query=query(("starting_after", "1970-01-01T00:00:00Z")),
        body=body,
    )
