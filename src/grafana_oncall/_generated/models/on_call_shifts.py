# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, LocalDatetime, UnsetType, optional_seconds, seconds


@attrs.frozen(kw_only=True, weakref_slot=False)
class OnCallShift(Serializable):
    """A shift as the server has it; it has the members of its type, and the others are null.

    Attributes:
        id: Id of the shift.
        start: When it starts, without a zone.
        duration: In seconds.
        type: Kind of the shift.
        schedule: Id of the first schedule that has it.
        name: Name of the shift.
        team_id: Id of the team; null for none.
        time_zone: IANA name; null for that of the schedule.
        level: Priority: of overlapping shifts, those with the highest level win.
        rotation_start: When the shift takes effect.
        until: When it ends; null for never.
        users: Ids of those on call, in no order; of rotations, see `rolling_users`.
        frequency: How often it repeats.
        interval: Number of hours, days, weeks or months from one repetition to the next.
        week_start: First day of the week, of a weekly shift.
        by_day: Days of the week on which it takes place.
        by_month: Months in which it takes place.
        by_monthday: Days of the month on which it takes place.
        rolling_users: Ids of those on call together, in the order of their turns.
        start_rotation_from_user_index: Whose turn is first, counted from 0.
    """

    id: str
    """Id of the shift."""
    start: LocalDatetime
    """When it starts, without a zone."""
    duration: int
    """In seconds."""
    type: ShiftType | None = None
    """Kind of the shift."""
    schedule: str | None = None
    """Id of the first schedule that has it."""
    name: str | None = None
    """Name of the shift."""
    team_id: str | None = None
    """Id of the team; null for none."""
    time_zone: str | None = None
    """IANA name; null for that of the schedule."""
    level: int | None = None
    """Priority: of overlapping shifts, those with the highest level win."""
    rotation_start: LocalDatetime | None = None
    """When the shift takes effect."""
    until: LocalDatetime | None = None
    """When it ends; null for never."""
    users: tuple[str, ...] | None = None
    """Ids of those on call, in no order; of rotations, see `rolling_users`."""
    frequency: Frequency | None = None
    """How often it repeats."""
    interval: int | None = None
    """Number of hours, days, weeks or months from one repetition to the next."""
    week_start: Weekday | None = None
    """First day of the week, of a weekly shift."""
    by_day: tuple[Weekday, ...] | None = None
    """Days of the week on which it takes place."""
    by_month: tuple[int, ...] | None = None
    """Months in which it takes place."""
    by_monthday: tuple[int, ...] | None = None
    """Days of the month on which it takes place."""
    rolling_users: tuple[tuple[str, ...], ...] | None = None
    """Ids of those on call together, in the order of their turns."""
    start_rotation_from_user_index: int | None = None
    """Whose turn is first, counted from 0."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class SingleShiftCreate(Serializable):
    """A shift that comes once.

    Attributes:
        type: Always `single_event`.
        start: When it starts, without a zone.
        duration: How long, in seconds or as a timedelta.
        name: Up to 200 characters; not unique.
        team_id: Id of the team.
        time_zone: IANA name, such as Europe/Berlin; null for that of the schedule.
        rotation_start: When the shift takes effect; by default, its start.
        level: Priority: of overlapping shifts, those with the highest level win.
        users: Ids of those on call, in no order.
    """

    type: Literal["single_event"] = "single_event"
    """Always `single_event`."""
    start: LocalDatetime
    """When it starts, without a zone."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] = attrs.field(converter=seconds)
    """How long, in seconds or as a timedelta."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    """Up to 200 characters; not unique."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    time_zone: str | None | UnsetType = UNSET
    """IANA name, such as Europe/Berlin; null for that of the schedule."""
    rotation_start: LocalDatetime | UnsetType = UNSET
    """When the shift takes effect; by default, its start."""
    level: Annotated[int, msgspec.Meta(ge=-2147483648, le=2147483647)] | UnsetType = UNSET
    """Priority: of overlapping shifts, those with the highest level win."""
    users: Sequence[str] | UnsetType = UNSET
    """Ids of those on call, in no order."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class RecurrentShiftCreate(Serializable):
    """A shift of the same people that comes again.

    Attributes:
        type: Always `recurrent_event`.
        start: When it starts, without a zone.
        duration: How long, in seconds or as a timedelta.
        frequency: How often a shift repeats.
        name: Up to 200 characters; not unique.
        team_id: Id of the team.
        time_zone: IANA name, such as Europe/Berlin; null for that of the schedule.
        rotation_start: When the shift takes effect; by default, its start.
        level: Priority: of overlapping shifts, those with the highest level win.
        users: Ids of those on call, in no order.
        interval: Number of hours, days, weeks or months from one repetition to the next; 1
            by default.
        week_start: First day of the week; required for a weekly shift.
        until: When it ends, without a zone; null for never.
        by_day: The shift takes place on these days only.
        by_month: The shift takes place in these months only.
        by_monthday: Only on these days of the month; -1 is the last.
    """

    type: Literal["recurrent_event"] = "recurrent_event"
    """Always `recurrent_event`."""
    start: LocalDatetime
    """When it starts, without a zone."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] = attrs.field(converter=seconds)
    """How long, in seconds or as a timedelta."""
    frequency: Annotated[Frequency, msgspec.Meta(pattern="^(?:hourly|daily|weekly|monthly)$")]
    """How often a shift repeats."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    """Up to 200 characters; not unique."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    time_zone: str | None | UnsetType = UNSET
    """IANA name, such as Europe/Berlin; null for that of the schedule."""
    rotation_start: LocalDatetime | UnsetType = UNSET
    """When the shift takes effect; by default, its start."""
    level: Annotated[int, msgspec.Meta(ge=-2147483648, le=2147483647)] | UnsetType = UNSET
    """Priority: of overlapping shifts, those with the highest level win."""
    users: Sequence[str] | UnsetType = UNSET
    """Ids of those on call, in no order."""
    interval: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] | UnsetType = UNSET
    """Number of hours, days, weeks or months from one repetition to the next; 1 by default."""
    week_start: (
        Annotated[Weekday, msgspec.Meta(pattern="^(?:MO|TU|WE|TH|FR|SA|SU)$")] | UnsetType
    ) = UNSET
    """First day of the week; required for a weekly shift."""
    until: LocalDatetime | None | UnsetType = UNSET
    """When it ends, without a zone; null for never."""
    by_day: (
        Sequence[Annotated[Weekday, msgspec.Meta(pattern="^(?:MO|TU|WE|TH|FR|SA|SU)$")]]
        | None
        | UnsetType
    ) = UNSET
    """The shift takes place on these days only."""
    by_month: Sequence[Annotated[int, msgspec.Meta(ge=1, le=12)]] | None | UnsetType = UNSET
    """The shift takes place in these months only."""
    by_monthday: Sequence[Annotated[int, msgspec.Meta(ge=-31, le=31)]] | None | UnsetType = UNSET
    """Only on these days of the month; -1 is the last."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class RollingShiftCreate(Serializable):
    """A shift whose people take turns.

    Attributes:
        type: Always `rolling_users`.
        start: When it starts, without a zone.
        duration: How long, in seconds or as a timedelta.
        frequency: How often a shift repeats.
        start_rotation_from_user_index: Whose turn is first, counted from 0.
        name: Up to 200 characters; not unique.
        team_id: Id of the team.
        time_zone: IANA name, such as Europe/Berlin; null for that of the schedule.
        rotation_start: When the shift takes effect; by default, its start.
        level: Priority: of overlapping shifts, those with the highest level win.
        interval: Number of hours, days, weeks or months from one repetition to the next; 1
            by default.
        week_start: First day of the week; required for a weekly shift.
        until: When it ends, without a zone; null for never.
        by_day: The shift takes place on these days only.
        by_month: The shift takes place in these months only.
        by_monthday: Only on these days of the month; -1 is the last.
        rolling_users: Ids of those on call together, in the order of their turns.
    """

    type: Literal["rolling_users"] = "rolling_users"
    """Always `rolling_users`."""
    start: LocalDatetime
    """When it starts, without a zone."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] = attrs.field(converter=seconds)
    """How long, in seconds or as a timedelta."""
    frequency: Annotated[Frequency, msgspec.Meta(pattern="^(?:hourly|daily|weekly|monthly)$")]
    """How often a shift repeats."""
    start_rotation_from_user_index: Annotated[int, msgspec.Meta(ge=0, le=2147483647)]
    """Whose turn is first, counted from 0."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    """Up to 200 characters; not unique."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    time_zone: str | None | UnsetType = UNSET
    """IANA name, such as Europe/Berlin; null for that of the schedule."""
    rotation_start: LocalDatetime | UnsetType = UNSET
    """When the shift takes effect; by default, its start."""
    level: Annotated[int, msgspec.Meta(ge=-2147483648, le=2147483647)] | UnsetType = UNSET
    """Priority: of overlapping shifts, those with the highest level win."""
    interval: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] | UnsetType = UNSET
    """Number of hours, days, weeks or months from one repetition to the next; 1 by default."""
    week_start: (
        Annotated[Weekday, msgspec.Meta(pattern="^(?:MO|TU|WE|TH|FR|SA|SU)$")] | UnsetType
    ) = UNSET
    """First day of the week; required for a weekly shift."""
    until: LocalDatetime | None | UnsetType = UNSET
    """When it ends, without a zone; null for never."""
    by_day: (
        Sequence[Annotated[Weekday, msgspec.Meta(pattern="^(?:MO|TU|WE|TH|FR|SA|SU)$")]]
        | None
        | UnsetType
    ) = UNSET
    """The shift takes place on these days only."""
    by_month: Sequence[Annotated[int, msgspec.Meta(ge=1, le=12)]] | None | UnsetType = UNSET
    """The shift takes place in these months only."""
    by_monthday: Sequence[Annotated[int, msgspec.Meta(ge=-31, le=31)]] | None | UnsetType = UNSET
    """Only on these days of the month; -1 is the last."""
    rolling_users: Sequence[Sequence[str]] | UnsetType = UNSET
    """Ids of those on call together, in the order of their turns."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class OverrideShiftCreate(Serializable):
    """A shift that replaces all others at its time; calendar schedules refuse it.

    Attributes:
        type: Always `override`.
        start: When it starts, without a zone.
        duration: How long, in seconds or as a timedelta.
        name: Up to 200 characters; not unique.
        team_id: Id of the team.
        time_zone: IANA name, such as Europe/Berlin; null for that of the schedule.
        rotation_start: When the shift takes effect; by default, its start.
        users: Ids of those on call, in no order.
    """

    type: Literal["override"] = "override"
    """Always `override`."""
    start: LocalDatetime
    """When it starts, without a zone."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] = attrs.field(converter=seconds)
    """How long, in seconds or as a timedelta."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    """Up to 200 characters; not unique."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    time_zone: str | None | UnsetType = UNSET
    """IANA name, such as Europe/Berlin; null for that of the schedule."""
    rotation_start: LocalDatetime | UnsetType = UNSET
    """When the shift takes effect; by default, its start."""
    users: Sequence[str] | UnsetType = UNSET
    """Ids of those on call, in no order."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class OnCallShiftUpdate(Serializable):
    """Changes to a shift; absent members are unchanged.

    Attributes:
        type: What kind of shift it is.
        name: Up to 200 characters; not unique.
        team_id: Id of the team.
        time_zone: IANA name, such as Europe/Berlin; null for that of the schedule.
        start: When it starts, without a zone.
        duration: How long, in seconds or as a timedelta.
        rotation_start: When the shift takes effect; by default, its start.
        level: Priority: of overlapping shifts, those with the highest level win.
        users: Ids of those on call, in no order.
        frequency: How often a shift repeats.
        interval: Number of hours, days, weeks or months from one repetition to the next; 1
            by default.
        week_start: First day of the week; required for a weekly shift.
        until: When it ends, without a zone; null for never.
        by_day: The shift takes place on these days only.
        by_month: The shift takes place in these months only.
        by_monthday: Only on these days of the month; -1 is the last.
        rolling_users: Ids of those on call together, in the order of their turns.
        start_rotation_from_user_index: Whose turn is first, counted from 0.
    """

    type: ShiftType | UnsetType = UNSET
    """What kind of shift it is."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    """Up to 200 characters; not unique."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    time_zone: str | None | UnsetType = UNSET
    """IANA name, such as Europe/Berlin; null for that of the schedule."""
    start: LocalDatetime | UnsetType = UNSET
    """When it starts, without a zone."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] | UnsetType = attrs.field(
        default=UNSET, converter=optional_seconds
    )
    """How long, in seconds or as a timedelta."""
    rotation_start: LocalDatetime | UnsetType = UNSET
    """When the shift takes effect; by default, its start."""
    level: Annotated[int, msgspec.Meta(ge=-2147483648, le=2147483647)] | UnsetType = UNSET
    """Priority: of overlapping shifts, those with the highest level win."""
    users: Sequence[str] | UnsetType = UNSET
    """Ids of those on call, in no order."""
    frequency: (
        Annotated[Frequency, msgspec.Meta(pattern="^(?:hourly|daily|weekly|monthly)$")] | UnsetType
    ) = UNSET
    """How often a shift repeats."""
    interval: Annotated[int, msgspec.Meta(ge=1, le=2147483647)] | UnsetType = UNSET
    """Number of hours, days, weeks or months from one repetition to the next; 1 by default."""
    week_start: (
        Annotated[Weekday, msgspec.Meta(pattern="^(?:MO|TU|WE|TH|FR|SA|SU)$")] | UnsetType
    ) = UNSET
    """First day of the week; required for a weekly shift."""
    until: LocalDatetime | None | UnsetType = UNSET
    """When it ends, without a zone; null for never."""
    by_day: (
        Sequence[Annotated[Weekday, msgspec.Meta(pattern="^(?:MO|TU|WE|TH|FR|SA|SU)$")]]
        | None
        | UnsetType
    ) = UNSET
    """The shift takes place on these days only."""
    by_month: Sequence[Annotated[int, msgspec.Meta(ge=1, le=12)]] | None | UnsetType = UNSET
    """The shift takes place in these months only."""
    by_monthday: Sequence[Annotated[int, msgspec.Meta(ge=-31, le=31)]] | None | UnsetType = UNSET
    """Only on these days of the month; -1 is the last."""
    rolling_users: Sequence[Sequence[str]] | UnsetType = UNSET
    """Ids of those on call together, in the order of their turns."""
    start_rotation_from_user_index: (
        Annotated[int, msgspec.Meta(ge=0, le=2147483647)] | UnsetType
    ) = UNSET
    """Whose turn is first, counted from 0."""


if TYPE_CHECKING:
    ShiftType: TypeAlias = (
        Literal["single_event", "recurrent_event", "rolling_users", "override"] | str
    )
else:
    ShiftType = str
"""What kind of shift it is.

Known values, to which servers may add: 'single_event', 'recurrent_event', 'rolling_users', 'override'.
"""


if TYPE_CHECKING:
    Frequency: TypeAlias = Literal["hourly", "daily", "weekly", "monthly"] | str
else:
    Frequency = str
"""How often a shift repeats.

Known values, to which servers may add: 'hourly', 'daily', 'weekly', 'monthly'.
"""


if TYPE_CHECKING:
    Weekday: TypeAlias = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"] | str
else:
    Weekday = str
"""A day of the week, such as `MO`.

Known values, to which servers may add: 'MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'.
"""


OnCallShiftCreate: TypeAlias = (
    SingleShiftCreate | RecurrentShiftCreate | RollingShiftCreate | OverrideShiftCreate
)
"""An on-call shift to create.
"""
