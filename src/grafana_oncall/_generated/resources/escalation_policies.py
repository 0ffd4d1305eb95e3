# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of escalation_policies: a method for each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.escalation_policies import (
    DeclareIncidentPolicy,
    EscalationPolicy,
    EscalationPolicyCreate,
    EscalationPolicyUpdate,
    NotifyIfNumAlertsInWindowPolicy,
    NotifyIfTimeFromToPolicy,
    NotifyNextOnCallFromSchedulePolicy,
    NotifyOnCallFromSchedulePolicy,
    NotifyPersonNextEachTimePolicy,
    NotifyPersonsPolicy,
    NotifyTeamMembersPolicy,
    NotifyUserGroupPolicy,
    NotifyWholeChannelPolicy,
    PolicyType,
    RepeatEscalationPolicy,
    ResolvePolicy,
    TriggerWebhookPolicy,
    WaitPolicy,
)
from ..operations import escalation_policies as operations


class EscalationPolicies(Resource):
    """The steps of escalation chains.

    Writes need the Admin role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_policies/
    """

    def list(
        self,
        *,
        escalation_chain_id: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[EscalationPolicy]:
        """List escalation policies, by chain and then by position.

        Args:
            escalation_chain_id: Exact id of the escalation chain.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_escalation_policies(
            escalation_chain_id=arguments.identifier("escalation_chain_id", escalation_chain_id),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def create(self, policy: EscalationPolicyCreate | Mapping[str, Any]) -> EscalationPolicy:
        """Add a step to an escalation chain.

        Without a `position` it becomes the last one; with one, those from there on move by one.

        Not idempotent: a repeat adds the step once more.

        Args:
            policy: One of `WaitPolicy`, `NotifyPersonsPolicy`,
                `NotifyPersonNextEachTimePolicy`, `NotifyOnCallFromSchedulePolicy`,
                `NotifyNextOnCallFromSchedulePolicy`, `NotifyTeamMembersPolicy`,
                `NotifyUserGroupPolicy`, `TriggerWebhookPolicy`, `NotifyWholeChannelPolicy`,
                `NotifyIfTimeFromToPolicy`, `NotifyIfNumAlertsInWindowPolicy`,
                `RepeatEscalationPolicy`, `ResolvePolicy`, `DeclareIncidentPolicy`; or a mapping
                of that shape.

        Raises:
            BadRequest: The chain or what the step names does not exist, or the server does
                not offer this type: `notify_whole_channel` needs Slack.
            OutcomeUnknown: There was no response, so the step may exist now.
            IdsDropped: The server does not know some of the ids in `persons_to_notify` or
                `persons_to_notify_next_each_time`. It stored all the rest.
        """
        kinds: tuple[type[EscalationPolicyCreate], ...] = (
            WaitPolicy,
            NotifyPersonsPolicy,
            NotifyPersonNextEachTimePolicy,
            NotifyOnCallFromSchedulePolicy,
            NotifyNextOnCallFromSchedulePolicy,
            NotifyTeamMembersPolicy,
            NotifyUserGroupPolicy,
            TriggerWebhookPolicy,
            NotifyWholeChannelPolicy,
            NotifyIfTimeFromToPolicy,
            NotifyIfNumAlertsInWindowPolicy,
            RepeatEscalationPolicy,
            ResolvePolicy,
            DeclareIncidentPolicy,
        )
        body = bodies.one_of("policy", policy, kinds)
        return bodies.kept(
            await self._session.send(operations.create_escalation_policy(body)),
            body,
            ["persons_to_notify", "persons_to_notify_next_each_time"],
        )

    async def get(self, escalation_policy_id: str | EscalationPolicy) -> EscalationPolicy:
        """Get one escalation policy.

        Args:
            escalation_policy_id: Id of the escalation policy, or the object.

        Raises:
            NotFound: There is no such policy.
        """
        return await self._session.send(operations.get_escalation_policy(escalation_policy_id))

    async def update(
        self,
        escalation_policy_id: str | EscalationPolicy,
        *,
        type: PolicyType | UnsetType = UNSET,
        duration: timedelta | int | UnsetType = UNSET,
        important: bool | UnsetType = UNSET,
        persons_to_notify: Sequence[str] | UnsetType = UNSET,
        persons_to_notify_next_each_time: Sequence[str] | UnsetType = UNSET,
        notify_on_call_from_schedule: str | UnsetType = UNSET,
        team_to_notify: str | UnsetType = UNSET,
        group_to_notify: str | UnsetType = UNSET,
        action_to_trigger: str | UnsetType = UNSET,
        notify_if_time_from: time | UnsetType = UNSET,
        notify_if_time_to: time | UnsetType = UNSET,
        num_alerts_in_window: int | UnsetType = UNSET,
        num_minutes_in_window: int | UnsetType = UNSET,
        severity: str | UnsetType = UNSET,
        position: int | UnsetType = UNSET,
    ) -> EscalationPolicy:
        """Change the members that are given, and keep the others.

        The server ignores members that the type of the step does not have. A `type` clears the
        members that it does not have; without `important`, it makes the step unimportant.

        A `position` moves the step there, and those between by one. The server can also swap
        two steps (`manual_order`); that is not offered, because a repeat would swap them back.

        The open-source engine hides a `notify_person_next_each_time` that is important: it
        stays in the chain, and the API can neither show nor delete it. So the SDK reads the
        policy, and the users to see what server it is, before it makes such a step important.

        Args:
            escalation_policy_id: Id of the escalation policy, or the object.
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

        Raises:
            InvalidArgument: An `important` that would hide the step; nothing was changed.
            NotFound: There is no such policy.
            BadRequest: What the step names does not exist, or the server does not offer this
                type.
            IdsDropped: The server does not know some of the ids in `persons_to_notify` or
                `persons_to_notify_next_each_time`. It stored all the rest.
        """
        body = bodies.body(
            EscalationPolicyUpdate,
            type=(type if type is UNSET else arguments.filled("type", type)),
            duration=(
                duration if duration is UNSET else arguments.whole_seconds("duration", duration)
            ),
            important=important,
            persons_to_notify=persons_to_notify,
            persons_to_notify_next_each_time=persons_to_notify_next_each_time,
            notify_on_call_from_schedule=(
                notify_on_call_from_schedule
                if notify_on_call_from_schedule is UNSET
                else arguments.filled("notify_on_call_from_schedule", notify_on_call_from_schedule)
            ),
            team_to_notify=(
                team_to_notify
                if team_to_notify is UNSET
                else arguments.filled("team_to_notify", team_to_notify)
            ),
            group_to_notify=(
                group_to_notify
                if group_to_notify is UNSET
                else arguments.filled("group_to_notify", group_to_notify)
            ),
            action_to_trigger=(
                action_to_trigger
                if action_to_trigger is UNSET
                else arguments.filled("action_to_trigger", action_to_trigger)
            ),
            notify_if_time_from=notify_if_time_from,
            notify_if_time_to=notify_if_time_to,
            num_alerts_in_window=num_alerts_in_window,
            num_minutes_in_window=num_minutes_in_window,
            severity=severity,
            position=position,
        )
        request = operations.update_escalation_policy(escalation_policy_id, body)
        return bodies.kept(
            await self._change(request, operations.get_escalation_policy(escalation_policy_id)),
            body,
            ["persons_to_notify", "persons_to_notify_next_each_time"],
        )

    async def delete(self, escalation_policy_id: str | EscalationPolicy) -> None:
        """Remove a step from its escalation chain.

        The others keep their positions.

        Args:
            escalation_policy_id: Id of the escalation policy, or the object.

        Raises:
            NotFound: There is no such policy.
        """
        return await self._session.send(operations.delete_escalation_policy(escalation_policy_id))
