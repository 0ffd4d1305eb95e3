# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, AwareDatetime, UnsetType


@attrs.frozen(kw_only=True, weakref_slot=False)
class SwapUser(Serializable):
    """A user of a shift.

    Attributes:
        pk: Id of the user.
        display_name: Name that Grafana shows.
        email: Email address.
        avatar_full: URL of a picture.
    """

    pk: str
    """Id of the user."""
    display_name: str | None = None
    """Name that Grafana shows."""
    email: str | None = None
    """Email address."""
    avatar_full: str | None = None
    """URL of a picture."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class SwapRequest(Serializable):
    """The swap that a user of a shift takes part in.

    Attributes:
        pk: Id of the swap.
        user: The beneficiary; there once the swap is taken.
    """

    pk: str
    """Id of the swap."""
    user: SwapUser | None = None
    """The beneficiary; there once the swap is taken."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ShiftUser(Serializable):
    """Who is on call in a shift, and by which swap.

    Attributes:
        pk: Id of the user: the benefactor, once the swap is taken.
        display_name: Name that Grafana shows.
        email: Email address.
        avatar_full: URL of a picture.
        swap_request: The swap that puts the user there; null for none.
    """

    pk: str
    """Id of the user: the benefactor, once the swap is taken."""
    display_name: str | None = None
    """Name that Grafana shows."""
    email: str | None = None
    """Email address."""
    avatar_full: str | None = None
    """URL of a picture."""
    swap_request: SwapRequest | None = None
    """The swap that puts the user there; null for none."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ShiftReference(Serializable):
    """The on-call shift that something comes from.

    Attributes:
        pk: Id of the on-call shift.
    """

    pk: str | None = None
    """Id of the on-call shift."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class SwappedShift(Serializable):
    """The part of a shift that a swap concerns.

    Attributes:
        start: When the shift begins.
        end: When the shift ends.
        users: Who is on call.
        all_day: Whether the shift lasts whole days.
        missing_users: Names of users that the server does not know.
        priority_level: Priority: of overlapping shifts, those with the highest level win.
        source: What made the on-call shift, such as `web`, `api` or `terraform`.
        calendar_type: 0 of the schedule itself, 1 of its overrides.
        is_empty: Whether nobody is on call.
        is_gap: Whether this is a gap: a time without a shift.
        is_override: Whether it is an override.
        shift: The shift that it comes from.
    """

    start: AwareDatetime
    """When the shift begins."""
    end: AwareDatetime
    """When the shift ends."""
    users: tuple[ShiftUser, ...]
    """Who is on call."""
    all_day: bool | None = None
    """Whether the shift lasts whole days."""
    missing_users: tuple[str, ...] = ()
    """Names of users that the server does not know."""
    priority_level: int | None = None
    """Priority: of overlapping shifts, those with the highest level win."""
    source: str | None = None
    """What made the on-call shift, such as `web`, `api` or `terraform`."""
    calendar_type: int | None = None
    """0 of the schedule itself, 1 of its overrides."""
    is_empty: bool | None = None
    """Whether nobody is on call."""
    is_gap: bool | None = None
    """Whether this is a gap: a time without a shift."""
    is_override: bool | None = None
    """Whether it is an override."""
    shift: ShiftReference | None = None
    """The shift that it comes from."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ShiftSwap(Serializable):
    """A request that somebody take the shifts of a user, and who has taken them.

    Attributes:
        id: Id of the swap.
        created_at: When the swap was requested.
        schedule: Id of the schedule.
        swap_start: Start of the time that the beneficiary wants covered.
        swap_end: End of the time that the beneficiary wants covered.
        beneficiary: Id of the user whose shifts are to be taken.
        updated_at: When it was last changed.
        status: Status at the time of reading; an open swap that has started is `past_due`.
        description: Reason for the swap.
        benefactor: Id of the user who takes the shifts; null while nobody does.
        shifts: The shifts to be swapped; left out in lists.
    """

    id: str
    """Id of the swap."""
    created_at: AwareDatetime
    """When the swap was requested."""
    schedule: str
    """Id of the schedule."""
    swap_start: AwareDatetime
    """Start of the time that the beneficiary wants covered."""
    swap_end: AwareDatetime
    """End of the time that the beneficiary wants covered."""
    beneficiary: str
    """Id of the user whose shifts are to be taken."""
    updated_at: AwareDatetime | None = None
    """When it was last changed."""
    status: ShiftSwapStatus | None = None
    """Status at the time of reading; an open swap that has started is `past_due`."""
    description: str | None = None
    """Reason for the swap."""
    benefactor: str | None = None
    """Id of the user who takes the shifts; null while nobody does."""
    shifts: tuple[SwappedShift, ...] = ()
    """The shifts to be swapped; left out in lists."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class ShiftSwapCreate(Serializable):
    """A shift swap to ask for.

    Attributes:
        schedule: Id of the schedule.
        swap_start: First moment, timezone-aware and in the future.
        swap_end: End, timezone-aware and after the start.
        beneficiary: Id of the user whose shifts are to be taken.
        description: Up to 3000 characters, for those who may take them.
    """

    schedule: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the schedule."""
    swap_start: AwareDatetime
    """First moment, timezone-aware and in the future."""
    swap_end: AwareDatetime
    """End, timezone-aware and after the start."""
    beneficiary: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user whose shifts are to be taken."""
    description: Annotated[str, msgspec.Meta(min_length=1, max_length=3000)] | None | UnsetType = (
        UNSET
    )
    """Up to 3000 characters, for those who may take them."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ShiftSwapUpdate(Serializable):
    """Changes to a shift swap; absent members are unchanged.

    Attributes:
        schedule: Id of the new schedule.
        swap_start: New start, timezone-aware and in the future.
        swap_end: New end, timezone-aware and after the start.
        description: Up to 3000 characters; null for none.
    """

    schedule: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Id of the new schedule."""
    swap_start: AwareDatetime | UnsetType = UNSET
    """New start, timezone-aware and in the future."""
    swap_end: AwareDatetime | UnsetType = UNSET
    """New end, timezone-aware and after the start."""
    description: Annotated[str, msgspec.Meta(min_length=1, max_length=3000)] | None | UnsetType = (
        UNSET
    )
    """Up to 3000 characters; null for none."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ShiftSwapTake(Serializable):
    """Who takes the shifts.

    Attributes:
        benefactor: Id of the user who takes the shifts; not the beneficiary.
    """

    benefactor: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user who takes the shifts; not the beneficiary."""


if TYPE_CHECKING:
    ShiftSwapStatus: TypeAlias = Literal["open", "taken", "past_due", "deleted"] | str
else:
    ShiftSwapStatus = str
"""What has become of a shift swap.

Known values, to which servers may add: 'open', 'taken', 'past_due', 'deleted'.
"""
