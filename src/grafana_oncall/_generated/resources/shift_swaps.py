# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of shift_swaps: a method for each operation."""

from __future__ import annotations

from datetime import datetime

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments, rules, times

from ..models.shift_swaps import ShiftSwap, ShiftSwapCreate, ShiftSwapTake, ShiftSwapUpdate
from ..operations import shift_swaps as operations


class ShiftSwaps(Resource):
    """Requests of users that somebody else takes their shifts of some time.

    Writes need the Editor role, and may concern any user. A swap that is taken changes who is on call.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/shift_swaps/
    """

    def list(
        self,
        *,
        starting_after: datetime | None = None,
        schedule_id: str | None = None,
        beneficiary: str | None = None,
        benefactor: str | None = None,
        open_only: bool | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[ShiftSwap]:
        """List shift swaps, sorted by their start.

        Without `starting_after`, the server leaves out those that have started.

        Args:
            starting_after: First moment of the start, timezone-aware and inclusive; None for
                now.
            schedule_id: Id of the schedule.
            beneficiary: Id of the user whose shifts are to be taken.
            benefactor: Id of the user who takes the shifts; None while nobody does.
            open_only: Whether to leave out those that nobody can take any more.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_shift_swaps(
            starting_after=times.moment("starting_after", starting_after),
            schedule_id=arguments.identifier("schedule_id", schedule_id),
            beneficiary=arguments.identifier("beneficiary", beneficiary),
            benefactor=arguments.identifier("benefactor", benefactor),
            open_only=arguments.flag("open_only", open_only),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def create(
        self,
        *,
        schedule: str,
        swap_start: datetime,
        swap_end: datetime,
        beneficiary: str,
        description: str | None | UnsetType = UNSET,
    ) -> ShiftSwap:
        """Ask that somebody take the shifts of a user.

        Not idempotent: a repeat asks once more.

        Args:
            schedule: Id of the schedule.
            swap_start: First moment, timezone-aware and in the future.
            swap_end: End, timezone-aware and after the start.
            beneficiary: Id of the user whose shifts are to be taken.
            description: Up to 3000 characters, for those who may take them.

        Raises:
            OutcomeUnknown: There was no response, so the swap may exist now.
            BadRequest: The start is past; or the server does not know the schedule or the
                user.
        """
        body = bodies.body(
            ShiftSwapCreate,
            rules.swap_period,
            schedule=arguments.filled("schedule", schedule),
            swap_start=swap_start,
            swap_end=swap_end,
            beneficiary=arguments.filled("beneficiary", beneficiary),
            description=(
                description
                if description is UNSET or description is None
                else arguments.filled("description", description)
            ),
        )
        return await self._session.send(operations.create_shift_swap(body))

    async def get(self, shift_swap_id: str | ShiftSwap) -> ShiftSwap:
        """Get one shift swap, with the shifts that it concerns.

        Args:
            shift_swap_id: Id of the shift swap, or the object.

        Raises:
            NotFound: There is no such swap.
        """
        return await self._session.send(operations.get_shift_swap(shift_swap_id))

    async def update(
        self,
        shift_swap_id: str | ShiftSwap,
        *,
        schedule: str | UnsetType = UNSET,
        swap_start: datetime | UnsetType = UNSET,
        swap_end: datetime | UnsetType = UNSET,
        description: str | None | UnsetType = UNSET,
    ) -> ShiftSwap:
        """Change the members that are given, and keep the others.

        Its beneficiary stays. The server refuses a start that is past, so once a swap has
        started, each change must give it a new start.

        Unless `schedule` and `swap_start` and `swap_end` are given, reads the shift swap first
        and sends what is missing of them as it is, because the server would reset it or refuse
        the change. If another program changes it between the two requests, that change is
        undone.

        Args:
            shift_swap_id: Id of the shift swap, or the object.
            schedule: Id of the new schedule.
            swap_start: New start, timezone-aware and in the future.
            swap_end: New end, timezone-aware and after the start.
            description: Up to 3000 characters; None for none.

        Raises:
            NotFound: There is no such swap.
            BadRequest: The start is past, or the end before it; or the server does not know
                the schedule.
        """
        body = bodies.body(
            ShiftSwapUpdate,
            rules.swap_period,
            schedule=(schedule if schedule is UNSET else arguments.filled("schedule", schedule)),
            swap_start=swap_start,
            swap_end=swap_end,
            description=(
                description
                if description is UNSET or description is None
                else arguments.filled("description", description)
            ),
        )
        body = await self._merged(
            body, operations.get_shift_swap(shift_swap_id), ["schedule", "swap_start", "swap_end"]
        )
        request = operations.update_shift_swap(shift_swap_id, body)
        return await self._change(request, operations.get_shift_swap(shift_swap_id))

    async def delete(self, shift_swap_id: str | ShiftSwap) -> None:
        """Delete a shift swap.

        Of one that is taken, the shifts are the beneficiary's again.

        Args:
            shift_swap_id: Id of the shift swap, or the object.

        Raises:
            NotFound: There is no such swap.
        """
        return await self._session.send(operations.delete_shift_swap(shift_swap_id))

    async def take(self, shift_swap_id: str | ShiftSwap, *, benefactor: str) -> ShiftSwap:
        """Let a user take the shifts of a swap.

        There is no way back but to delete the swap.

        Args:
            shift_swap_id: Id of the shift swap, or the object.
            benefactor: Id of the user who takes the shifts; not the beneficiary.

        Raises:
            Conflict: It is taken already, or it has started.
            NotFound: There is no such swap.
            BadRequest: The user is its beneficiary, or unknown.
        """
        body = bodies.body(ShiftSwapTake, benefactor=arguments.filled("benefactor", benefactor))
        request = operations.take_shift_swap(shift_swap_id, body)
        return await self._change(request, operations.get_shift_swap(shift_swap_id))
