# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, UnsetType, UtcTime, optional_seconds, seconds


@attrs.frozen(kw_only=True, weakref_slot=False)
class EscalationPolicy(Serializable):
    """A step of an escalation chain.

    Only members of its type have a value.

    Attributes:
        id: Id of the step.
        escalation_chain_id: Id of the chain that it is a step of.
        position: Place in the chain, from 0; there may be gaps.
        type: What it does; null for a step that does nothing.
        duration: Seconds to wait.
        important: Whether rules for important notifications apply.
        persons_to_notify: Ids of users.
        persons_to_notify_next_each_time: Ids of users.
        notify_on_call_from_schedule: Id of the schedule.
        team_to_notify: Id of the team.
        group_to_notify: Id of the user group in OnCall, which is not that of Slack.
        action_to_trigger: Id of the webhook.
        notify_if_time_from: Start of the daily window in which the escalation continues.
        notify_if_time_to: End of the daily window in which the escalation continues.
        num_alerts_in_window: The escalation continues if more alerts than this arrive in
            the window.
        num_minutes_in_window: Length of the window, in minutes.
        severity: Severity of the incident that it declares.
    """

    id: str
    """Id of the step."""
    escalation_chain_id: str
    """Id of the chain that it is a step of."""
    position: int
    """Place in the chain, from 0; there may be gaps."""
    type: PolicyType | None
    """What it does; null for a step that does nothing."""
    duration: int | None = None
    """Seconds to wait."""
    important: bool | None = None
    """Whether rules for important notifications apply."""
    persons_to_notify: tuple[str, ...] | None = None
    """Ids of users."""
    persons_to_notify_next_each_time: tuple[str, ...] | None = None
    """Ids of users."""
    notify_on_call_from_schedule: str | None = None
    """Id of the schedule."""
    team_to_notify: str | None = None
    """Id of the team."""
    group_to_notify: str | None = None
    """Id of the user group in OnCall, which is not that of Slack."""
    action_to_trigger: str | None = None
    """Id of the webhook."""
    notify_if_time_from: UtcTime | None = None
    """Start of the daily window in which the escalation continues."""
    notify_if_time_to: UtcTime | None = None
    """End of the daily window in which the escalation continues."""
    num_alerts_in_window: int | None = None
    """The escalation continues if more alerts than this arrive in the window."""
    num_minutes_in_window: int | None = None
    """Length of the window, in minutes."""
    severity: str | None = None
    """Severity of the incident that it declares."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class WaitPolicy(Serializable):
    """Wait before the next step.

    Attributes:
        type: Always `wait`.
        escalation_chain_id: Id of the chain that the step is added to.
        duration: Time to wait, from a minute to a day.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["wait"] = "wait"
    """Always `wait`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    duration: Annotated[int, msgspec.Meta(ge=60, le=86400)] = attrs.field(converter=seconds)
    """Time to wait, from a minute to a day."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyPersonsPolicy(Serializable):
    """Notify these users, all at once.

    Attributes:
        type: Always `notify_persons`.
        escalation_chain_id: Id of the chain that the step is added to.
        persons_to_notify: Ids of users; the server does not keep their order.
        important: Whether their rules for important notifications apply; false by default.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_persons"] = "notify_persons"
    """Always `notify_persons`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    persons_to_notify: Sequence[str]
    """Ids of users; the server does not keep their order."""
    important: bool | UnsetType = UNSET
    """Whether their rules for important notifications apply; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyPersonNextEachTimePolicy(Serializable):
    """Notify one of these users, another one for each alert group; `update` makes it important, on Grafana Cloud.

    Attributes:
        type: Always `notify_person_next_each_time`.
        escalation_chain_id: Id of the chain that the step is added to.
        persons_to_notify_next_each_time: Ids of users; the server does not keep their
            order.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_person_next_each_time"] = "notify_person_next_each_time"
    """Always `notify_person_next_each_time`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    persons_to_notify_next_each_time: Sequence[str]
    """Ids of users; the server does not keep their order."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyOnCallFromSchedulePolicy(Serializable):
    """Notify the users who are on call.

    Attributes:
        type: Always `notify_on_call_from_schedule`.
        escalation_chain_id: Id of the chain that the step is added to.
        notify_on_call_from_schedule: Id of the schedule.
        important: Whether their rules for important notifications apply; false by default.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_on_call_from_schedule"] = "notify_on_call_from_schedule"
    """Always `notify_on_call_from_schedule`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    notify_on_call_from_schedule: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the schedule."""
    important: bool | UnsetType = UNSET
    """Whether their rules for important notifications apply; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyNextOnCallFromSchedulePolicy(Serializable):
    """Notify the users who are on call next. Grafana Cloud only.

    Attributes:
        type: Always `notify_next_on_call_from_schedule`.
        escalation_chain_id: Id of the chain that the step is added to.
        notify_on_call_from_schedule: Id of the schedule.
        important: Whether their rules for important notifications apply; false by default.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_next_on_call_from_schedule"] = "notify_next_on_call_from_schedule"
    """Always `notify_next_on_call_from_schedule`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    notify_on_call_from_schedule: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the schedule."""
    important: bool | UnsetType = UNSET
    """Whether their rules for important notifications apply; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyTeamMembersPolicy(Serializable):
    """Notify all members of a team.

    Attributes:
        type: Always `notify_team_members`.
        escalation_chain_id: Id of the chain that the step is added to.
        team_to_notify: Id of the team.
        important: Whether their rules for important notifications apply; false by default.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_team_members"] = "notify_team_members"
    """Always `notify_team_members`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    team_to_notify: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the team."""
    important: bool | UnsetType = UNSET
    """Whether their rules for important notifications apply; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyUserGroupPolicy(Serializable):
    """Notify all members of a user group of Slack.

    Attributes:
        type: Always `notify_user_group`.
        escalation_chain_id: Id of the chain that the step is added to.
        group_to_notify: Id of the user group in OnCall, which is not that of Slack.
        important: Whether their rules for important notifications apply; false by default.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_user_group"] = "notify_user_group"
    """Always `notify_user_group`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    group_to_notify: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the user group in OnCall, which is not that of Slack."""
    important: bool | UnsetType = UNSET
    """Whether their rules for important notifications apply; false by default."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class TriggerWebhookPolicy(Serializable):
    """Trigger an outgoing webhook.

    Attributes:
        type: Always `trigger_webhook`.
        escalation_chain_id: Id of the chain that the step is added to.
        action_to_trigger: Id of the webhook.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["trigger_webhook"] = "trigger_webhook"
    """Always `trigger_webhook`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    action_to_trigger: Annotated[str, msgspec.Meta(min_length=1)]
    """Id of the webhook."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyWholeChannelPolicy(Serializable):
    """Notify everyone in the Slack channel of the alert group.

    Attributes:
        type: Always `notify_whole_channel`.
        escalation_chain_id: Id of the chain that the step is added to.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_whole_channel"] = "notify_whole_channel"
    """Always `notify_whole_channel`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyIfTimeFromToPolicy(Serializable):
    """Go on with the next step only at this time of day.

    Attributes:
        type: Always `notify_if_time_from_to`.
        escalation_chain_id: Id of the chain that the step is added to.
        notify_if_time_from: Start of the daily window.
        notify_if_time_to: End of the daily window; on the next day if it is before the
            start.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_if_time_from_to"] = "notify_if_time_from_to"
    """Always `notify_if_time_from_to`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    notify_if_time_from: UtcTime
    """Start of the daily window."""
    notify_if_time_to: UtcTime
    """End of the daily window; on the next day if it is before the start."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class NotifyIfNumAlertsInWindowPolicy(Serializable):
    """Go on with the next step only if there are many alerts.

    Attributes:
        type: Always `notify_if_num_alerts_in_window`.
        escalation_chain_id: Id of the chain that the step is added to.
        num_alerts_in_window: The escalation continues if more alerts than this arrive in
            the window.
        num_minutes_in_window: Length of the window, in minutes.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["notify_if_num_alerts_in_window"] = "notify_if_num_alerts_in_window"
    """Always `notify_if_num_alerts_in_window`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    num_alerts_in_window: Annotated[int, msgspec.Meta(ge=0, le=2147483647)]
    """The escalation continues if more alerts than this arrive in the window."""
    num_minutes_in_window: Annotated[int, msgspec.Meta(ge=0, le=2147483647)]
    """Length of the window, in minutes."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class RepeatEscalationPolicy(Serializable):
    """Begin again with the first step; five times at most.

    Attributes:
        type: Always `repeat_escalation`.
        escalation_chain_id: Id of the chain that the step is added to.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["repeat_escalation"] = "repeat_escalation"
    """Always `repeat_escalation`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class ResolvePolicy(Serializable):
    """Resolve the alert group.

    Attributes:
        type: Always `resolve`.
        escalation_chain_id: Id of the chain that the step is added to.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["resolve"] = "resolve"
    """Always `resolve`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class DeclareIncidentPolicy(Serializable):
    """Declare an incident, where the server can.

    Attributes:
        type: Always `declare_incident`.
        escalation_chain_id: Id of the chain that the step is added to.
        severity: Severity of the incident; `set-from-label` takes that of a label.
        position: Place in the chain, from 0; -1, the default, is the end.
    """

    type: Literal["declare_incident"] = "declare_incident"
    """Always `declare_incident`."""
    escalation_chain_id: str
    """Id of the chain that the step is added to."""
    severity: Annotated[str, msgspec.Meta(max_length=512)] | UnsetType = UNSET
    """Severity of the incident; `set-from-label` takes that of a label."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """Place in the chain, from 0; -1, the default, is the end."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class EscalationPolicyUpdate(Serializable):
    """Changes to a step; absent members are unchanged.

    Attributes:
        type: What a step of an escalation chain does.
        duration: Time to wait, from a minute to a day.
        important: Whether rules for important notifications apply.
        persons_to_notify: Ids of the users of `notify_persons`.
        persons_to_notify_next_each_time: Ids of the users of
            `notify_person_next_each_time`.
        notify_on_call_from_schedule: Id of the schedule.
        team_to_notify: Id of the team.
        group_to_notify: Id of the user group in OnCall, which is not that of Slack.
        action_to_trigger: Id of the webhook.
        notify_if_time_from: Start of the daily window.
        notify_if_time_to: End of the daily window; on the next day if it is before the
            start.
        num_alerts_in_window: The escalation continues if more alerts than this arrive in
            the window.
        num_minutes_in_window: Length of the window, in minutes.
        severity: Severity of the incident; `set-from-label` takes that of a label.
        position: New place in the chain, from 0; -1 is the end.
    """

    type: PolicyType | UnsetType = UNSET
    """What a step of an escalation chain does."""
    duration: Annotated[int, msgspec.Meta(ge=60, le=86400)] | UnsetType = attrs.field(
        default=UNSET, converter=optional_seconds
    )
    """Time to wait, from a minute to a day."""
    important: bool | UnsetType = UNSET
    """Whether rules for important notifications apply."""
    persons_to_notify: Sequence[str] | UnsetType = UNSET
    """Ids of the users of `notify_persons`."""
    persons_to_notify_next_each_time: Sequence[str] | UnsetType = UNSET
    """Ids of the users of `notify_person_next_each_time`."""
    notify_on_call_from_schedule: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Id of the schedule."""
    team_to_notify: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Id of the team."""
    group_to_notify: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Id of the user group in OnCall, which is not that of Slack."""
    action_to_trigger: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType = UNSET
    """Id of the webhook."""
    notify_if_time_from: UtcTime | UnsetType = UNSET
    """Start of the daily window."""
    notify_if_time_to: UtcTime | UnsetType = UNSET
    """End of the daily window; on the next day if it is before the start."""
    num_alerts_in_window: Annotated[int, msgspec.Meta(ge=0, le=2147483647)] | UnsetType = UNSET
    """The escalation continues if more alerts than this arrive in the window."""
    num_minutes_in_window: Annotated[int, msgspec.Meta(ge=0, le=2147483647)] | UnsetType = UNSET
    """Length of the window, in minutes."""
    severity: Annotated[str, msgspec.Meta(max_length=512)] | UnsetType = UNSET
    """Severity of the incident; `set-from-label` takes that of a label."""
    position: Annotated[int, msgspec.Meta(ge=-1, le=2147483647)] | UnsetType = UNSET
    """New place in the chain, from 0; -1 is the end."""


if TYPE_CHECKING:
    PolicyType: TypeAlias = (
        Literal[
            "wait",
            "notify_persons",
            "notify_person_next_each_time",
            "notify_on_call_from_schedule",
            "notify_next_on_call_from_schedule",
            "notify_team_members",
            "notify_user_group",
            "trigger_webhook",
            "notify_whole_channel",
            "notify_if_time_from_to",
            "notify_if_num_alerts_in_window",
            "repeat_escalation",
            "resolve",
            "declare_incident",
        ]
        | str
    )
else:
    PolicyType = str
"""What a step of an escalation chain does.

Known values, to which servers may add: 'wait', 'notify_persons', 'notify_person_next_each_time', 'notify_on_call_from_schedule', 'notify_next_on_call_from_schedule', 'notify_team_members', 'notify_user_group', 'trigger_webhook', 'notify_whole_channel', 'notify_if_time_from_to', 'notify_if_num_alerts_in_window', 'repeat_escalation', 'resolve', 'declare_incident'.
"""


EscalationPolicyCreate: TypeAlias = (
    WaitPolicy
    | NotifyPersonsPolicy
    | NotifyPersonNextEachTimePolicy
    | NotifyOnCallFromSchedulePolicy
    | NotifyNextOnCallFromSchedulePolicy
    | NotifyTeamMembersPolicy
    | NotifyUserGroupPolicy
    | TriggerWebhookPolicy
    | NotifyWholeChannelPolicy
    | NotifyIfTimeFromToPolicy
    | NotifyIfNumAlertsInWindowPolicy
    | RepeatEscalationPolicy
    | ResolvePolicy
    | DeclareIncidentPolicy
)
"""A step to add to an escalation chain.
"""
