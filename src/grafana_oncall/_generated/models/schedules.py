# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, AwareDatetime, UnsetType


@attrs.frozen(kw_only=True, weakref_slot=False)
class SlackSettings(Serializable):
    """What Slack is told about a schedule.

    Attributes:
        channel_id: Slack's id of a channel.
        user_group_id: Slack's id of a user group.
    """

    channel_id: str | None = None
    """Slack's id of a channel."""
    user_group_id: str | None = None
    """Slack's id of a user group."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class SlackSettingsInput(Serializable):
    """What to tell Slack about a schedule.

    Attributes:
        channel_id: Slack's id of a channel; null for none.
        user_group_id: Slack's id of a user group; null for none.
    """

    channel_id: str | None | UnsetType = UNSET
    """Slack's id of a channel; null for none."""
    user_group_id: str | None | UnsetType = UNSET
    """Slack's id of a user group; null for none."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class Schedule(Serializable):
    """A schedule; it has the members of its type, and the others are null or empty.

    Attributes:
        id: Id of the schedule.
        name: Not unique.
        on_call_now: Ids of the users who were on call when it was read.
        type: Where its shifts come from.
        team_id: Id of the team; null for none.
        slack: Where the schedule posts in Slack.
        time_zone: IANA name; of types calendar and web.
        shifts: Ids of on-call shifts, of types calendar and web.
        ical_url_primary: URL of the iCalendar file; of type ical.
        ical_url_overrides: Of types ical and calendar.
        enable_web_overrides: Whether overrides are made on the web; of type calendar.
    """

    id: str
    """Id of the schedule."""
    name: str
    """Not unique."""
    on_call_now: tuple[str, ...]
    """Ids of the users who were on call when it was read."""
    type: ScheduleType | None = None
    """Where its shifts come from."""
    team_id: str | None = None
    """Id of the team; null for none."""
    slack: SlackSettings | None = None
    """Where the schedule posts in Slack."""
    time_zone: str | None = None
    """IANA name; of types calendar and web."""
    shifts: tuple[str, ...] = ()
    """Ids of on-call shifts, of types calendar and web."""
    ical_url_primary: str | None = None
    """URL of the iCalendar file; of type ical."""
    ical_url_overrides: str | None = None
    """Of types ical and calendar."""
    enable_web_overrides: bool | None = None
    """Whether overrides are made on the web; of type calendar."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class FinalShift(Serializable):
    """One user who is on call from a start to an end.

    Attributes:
        user_pk: Id of the user.
        shift_start: When the shift begins.
        shift_end: When the shift ends.
        user_email: Email address of the user.
        user_username: Login name of the user in Grafana.
    """

    user_pk: str
    """Id of the user."""
    shift_start: AwareDatetime
    """When the shift begins."""
    shift_end: AwareDatetime
    """When the shift ends."""
    user_email: str | None = None
    """Email address of the user."""
    user_username: str | None = None
    """Login name of the user in Grafana."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class IcalScheduleCreate(Serializable):
    """A schedule that the server reads from iCalendar files.

    Attributes:
        type: Always `ical`.
        name: Up to 200 characters; not unique.
        ical_url_primary: URL of an iCalendar file, which the server downloads at once.
        team_id: Id of the team.
        slack: Where the schedule posts in Slack.
        ical_url_overrides: URL of an iCalendar file whose events replace others.
    """

    type: Literal["ical"] = "ical"
    """Always `ical`."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """Up to 200 characters; not unique."""
    ical_url_primary: Annotated[str, msgspec.Meta(min_length=1)]
    """URL of an iCalendar file, which the server downloads at once."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    slack: SlackSettingsInput | UnsetType = UNSET
    """Where the schedule posts in Slack."""
    ical_url_overrides: str | None | UnsetType = UNSET
    """URL of an iCalendar file whose events replace others."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class CalendarScheduleCreate(Serializable):
    """A schedule of shifts that the API manages.

    Attributes:
        type: Always `calendar`.
        name: Up to 200 characters; not unique.
        time_zone: IANA name, such as Europe/Berlin.
        team_id: Id of the team.
        slack: Where the schedule posts in Slack.
        shifts: Ids of its on-call shifts, in no order.
        ical_url_overrides: URL of an iCalendar file whose events replace others.
        enable_web_overrides: Whether overrides are made on the web, and not in that file.
    """

    type: Literal["calendar"] = "calendar"
    """Always `calendar`."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """Up to 200 characters; not unique."""
    time_zone: Annotated[str, msgspec.Meta(min_length=1)]
    """IANA name, such as Europe/Berlin."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    slack: SlackSettingsInput | UnsetType = UNSET
    """Where the schedule posts in Slack."""
    shifts: Sequence[str] | UnsetType = UNSET
    """Ids of its on-call shifts, in no order."""
    ical_url_overrides: str | None | UnsetType = UNSET
    """URL of an iCalendar file whose events replace others."""
    enable_web_overrides: bool | UnsetType = UNSET
    """Whether overrides are made on the web, and not in that file."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class WebScheduleCreate(Serializable):
    """A schedule that is edited on the web; the open-source engine takes no later change by the API.

    Attributes:
        type: Always `web`.
        name: Up to 200 characters; not unique.
        time_zone: IANA name, such as Europe/Berlin.
        team_id: Id of the team.
        slack: Where the schedule posts in Slack.
        shifts: Ids of its on-call shifts, in no order.
    """

    type: Literal["web"] = "web"
    """Always `web`."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """Up to 200 characters; not unique."""
    time_zone: Annotated[str, msgspec.Meta(min_length=1)]
    """IANA name, such as Europe/Berlin."""
    team_id: str | None | UnsetType = UNSET
    """Id of the team."""
    slack: SlackSettingsInput | UnsetType = UNSET
    """Where the schedule posts in Slack."""
    shifts: Sequence[str] | UnsetType = UNSET
    """Ids of its on-call shifts, in no order."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ScheduleUpdate(Serializable):
    """Changes to a schedule; absent members are unchanged.

    Attributes:
        name: Up to 200 characters; not unique.
        team_id: Id of the new team; null for no team.
        slack: Where the schedule posts in Slack.
        time_zone: IANA name; of types calendar and web.
        shifts: Ids of all its on-call shifts, in no order; of type calendar.
        ical_url_primary: URL that the server downloads at once; of type ical.
        ical_url_overrides: URL, or null for none; of types ical and calendar.
        enable_web_overrides: Of type calendar.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    """Up to 200 characters; not unique."""
    team_id: str | None | UnsetType = UNSET
    """Id of the new team; null for no team."""
    slack: SlackSettingsInput | UnsetType = UNSET
    """Where the schedule posts in Slack."""
    time_zone: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """IANA name; of types calendar and web."""
    shifts: Sequence[str] | UnsetType = UNSET
    """Ids of all its on-call shifts, in no order; of type calendar."""
    ical_url_primary: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """URL that the server downloads at once; of type ical."""
    ical_url_overrides: str | None | UnsetType = UNSET
    """URL, or null for none; of types ical and calendar."""
    enable_web_overrides: bool | UnsetType = UNSET
    """Of type calendar."""


if TYPE_CHECKING:
    ScheduleType: TypeAlias = Literal["ical", "calendar", "web"] | str
else:
    ScheduleType = str
"""What a schedule is made from.

Known values, to which servers may add: 'ical', 'calendar', 'web'.
"""


ScheduleCreate: TypeAlias = IcalScheduleCreate | CalendarScheduleCreate | WebScheduleCreate
"""A schedule to create.
"""


SlackSettingsLike: TypeAlias = SlackSettingsInput | SlackSettings | Mapping[str, Any] | None
"""A `SlackSettingsInput`, a mapping of its shape, or what was read: a `SlackSettings`, or None for the defaults.
"""
