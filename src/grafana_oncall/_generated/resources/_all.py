# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: PLC0415
"""The resources of a client, each a cached property.

The models of a resource are built when it is first used, since few programs use all of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from grafana_oncall._session.session import Session

if TYPE_CHECKING:
    from grafana_oncall.resources.alert_groups import AlertGroups
    from grafana_oncall.resources.direct_paging import DirectPaging
    from grafana_oncall.resources.escalation_policies import EscalationPolicies
    from grafana_oncall.resources.integrations import Integrations
    from grafana_oncall.resources.schedules import Schedules

    from .alerts import Alerts
    from .escalation_chains import EscalationChains
    from .info import Info
    from .on_call_shifts import OnCallShifts
    from .organizations import Organizations
    from .personal_notification_rules import PersonalNotificationRules
    from .phone_notifications import PhoneNotifications
    from .resolution_notes import ResolutionNotes
    from .routes import Routes
    from .shift_swaps import ShiftSwaps
    from .slack_channels import SlackChannels
    from .teams import Teams
    from .user_groups import UserGroups
    from .users import Users
    from .webhooks import Webhooks


class Resources:
    """Base of the client: one attribute for each resource."""

    _session: Session

    @cached_property
    def integrations(self) -> Integrations:
        """The sources of alerts of the organization that the token belongs to."""
        from grafana_oncall.resources.integrations import Integrations

        return Integrations(self._session)

    @cached_property
    def alert_groups(self) -> AlertGroups:
        """Groups of alerts, and the actions on them."""
        from grafana_oncall.resources.alert_groups import AlertGroups

        return AlertGroups(self._session)

    @cached_property
    def users(self) -> Users:
        """The users of the organization."""
        from .users import Users

        return Users(self._session)

    @cached_property
    def teams(self) -> Teams:
        """The teams of the organization."""
        from .teams import Teams

        return Teams(self._session)

    @cached_property
    def alerts(self) -> Alerts:
        """The alerts that groups are made of. The API only lists them."""
        from .alerts import Alerts

        return Alerts(self._session)

    @cached_property
    def resolution_notes(self) -> ResolutionNotes:
        """What people found out about alert groups, for those who read them later."""
        from .resolution_notes import ResolutionNotes

        return ResolutionNotes(self._session)

    @cached_property
    def direct_paging(self) -> DirectPaging:
        """Page people directly, without an alert."""
        from grafana_oncall.resources.direct_paging import DirectPaging

        return DirectPaging(self._session)

    @cached_property
    def escalation_chains(self) -> EscalationChains:
        """The chains of steps that an alert group goes through until somebody acts."""
        from .escalation_chains import EscalationChains

        return EscalationChains(self._session)

    @cached_property
    def escalation_policies(self) -> EscalationPolicies:
        """The steps of escalation chains."""
        from grafana_oncall.resources.escalation_policies import EscalationPolicies

        return EscalationPolicies(self._session)

    @cached_property
    def routes(self) -> Routes:
        """Where the alerts of an integration go."""
        from .routes import Routes

        return Routes(self._session)

    @cached_property
    def schedules(self) -> Schedules:
        """Who is on call when: from shifts, from an iCalendar file, or as edited on the web."""
        from grafana_oncall.resources.schedules import Schedules

        return Schedules(self._session)

    @cached_property
    def on_call_shifts(self) -> OnCallShifts:
        """The shifts of schedules: once, in a rotation of people, or as an override."""
        from .on_call_shifts import OnCallShifts

        return OnCallShifts(self._session)

    @cached_property
    def shift_swaps(self) -> ShiftSwaps:
        """Requests of users that somebody else takes their shifts of some time."""
        from .shift_swaps import ShiftSwaps

        return ShiftSwaps(self._session)

    @cached_property
    def user_groups(self) -> UserGroups:
        """The user groups of Slack that OnCall knows; none without Slack. The API only reads them."""
        from .user_groups import UserGroups

        return UserGroups(self._session)

    @cached_property
    def slack_channels(self) -> SlackChannels:
        """The Slack channels that OnCall knows; none without Slack. The API only reads them."""
        from .slack_channels import SlackChannels

        return SlackChannels(self._session)

    @cached_property
    def personal_notification_rules(self) -> PersonalNotificationRules:
        """How users are notified: by which channels, in which order, and after which waits."""
        from .personal_notification_rules import PersonalNotificationRules

        return PersonalNotificationRules(self._session)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Outgoing webhooks: requests that the server sends when something happens to an alert
        group."""
        from .webhooks import Webhooks

        return Webhooks(self._session)

    @cached_property
    def organizations(self) -> Organizations:
        """The organization that the token belongs to."""
        from .organizations import Organizations

        return Organizations(self._session)

    @cached_property
    def info(self) -> Info:
        """The Grafana stack that the API belongs to."""
        from .info import Info

        return Info(self._session)

    @cached_property
    def phone_notifications(self) -> PhoneNotifications:
        """Phone calls and text messages, by the provider of the server. Each of them costs money."""
        from .phone_notifications import PhoneNotifications

        return PhoneNotifications(self._session)
