"""The resources of a client, each a cached property.

The models of a resource are built when it is first used, since few programs use all of them.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from grafana_oncall._session.session import Session

if TYPE_CHECKING:
    from grafana_oncall._generated.resources.alerts import Alerts
    from grafana_oncall._generated.resources.escalation_chains import EscalationChains
    from grafana_oncall._generated.resources.info import Info
    from grafana_oncall._generated.resources.integrations import Integrations
    from grafana_oncall._generated.resources.organizations import Organizations
    from grafana_oncall._generated.resources.slack_channels import SlackChannels
    from grafana_oncall._generated.resources.teams import Teams
    from grafana_oncall._generated.resources.user_groups import UserGroups
    from grafana_oncall._generated.resources.users import Users
    from grafana_oncall.resources.alert_groups import AlertGroups
    from grafana_oncall.resources.directory import Directory
    from grafana_oncall.resources.escalation_policies import EscalationPolicies
    from grafana_oncall.resources.schedules import Schedules


class Resources:
    """Base of the client: one attribute for each resource."""

    _session: Session

    @cached_property
    def integrations(self) -> "Integrations":
        """Integrations: the sources of alerts."""
        from grafana_oncall._generated.resources.integrations import (  # noqa: PLC0415  # see above
            Integrations,
        )

        return Integrations(self._session)

    @cached_property
    def alert_groups(self) -> "AlertGroups":
        """Groups of alerts: list them, act on them, watch them."""
        from grafana_oncall.resources.alert_groups import AlertGroups  # noqa: PLC0415  # see above

        return AlertGroups(self._session)

    @cached_property
    def users(self) -> "Users":
        """The people of the organization."""
        from grafana_oncall._generated.resources.users import Users  # noqa: PLC0415  # see above

        return Users(self._session)

    @cached_property
    def teams(self) -> "Teams":
        """The teams of the organization."""
        from grafana_oncall._generated.resources.teams import Teams  # noqa: PLC0415  # see above

        return Teams(self._session)

    @cached_property
    def escalation_chains(self) -> "EscalationChains":
        """Escalation chains: the steps that a group goes through until somebody acts."""
        from grafana_oncall._generated.resources.escalation_chains import (  # noqa: PLC0415  # see above
            EscalationChains,
        )

        return EscalationChains(self._session)

    @cached_property
    def schedules(self) -> "Schedules":
        """Schedules: who is on call when."""
        from grafana_oncall.resources.schedules import Schedules  # noqa: PLC0415  # see above

        return Schedules(self._session, self.directory)

    @cached_property
    def directory(self) -> "Directory":
        """The users, teams and integrations that ids stand for, kept for ten minutes."""
        from grafana_oncall.resources.directory import Directory  # noqa: PLC0415  # see above

        return Directory(self._session)

    @cached_property
    def escalation_policies(self) -> "EscalationPolicies":
        """Escalation policies: the steps of escalation chains."""
        from grafana_oncall.resources.escalation_policies import (  # noqa: PLC0415  # see above
            EscalationPolicies,
        )

        return EscalationPolicies(self._session)

    @cached_property
    def alerts(self) -> "Alerts":
        """The alerts that groups are made of."""
        from grafana_oncall._generated.resources.alerts import Alerts  # noqa: PLC0415  # see above

        return Alerts(self._session)

    @cached_property
    def user_groups(self) -> "UserGroups":
        """User groups of Slack, which escalation steps can notify."""
        from grafana_oncall._generated.resources.user_groups import UserGroups  # noqa: PLC0415  # see above

        return UserGroups(self._session)

    @cached_property
    def slack_channels(self) -> "SlackChannels":
        """Slack channels."""
        from grafana_oncall._generated.resources.slack_channels import SlackChannels  # noqa: PLC0415  # see above

        return SlackChannels(self._session)

    @cached_property
    def organizations(self) -> "Organizations":
        """The organization that the token belongs to."""
        from grafana_oncall._generated.resources.organizations import Organizations  # noqa: PLC0415  # see above

        return Organizations(self._session)

    @cached_property
    def info(self) -> "Info":
        """The Grafana stack that the API belongs to."""
        from grafana_oncall._generated.resources.info import Info  # noqa: PLC0415  # see above

        return Info(self._session)
