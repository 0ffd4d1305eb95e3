# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of alert_groups: a method for each operation."""

from __future__ import annotations

from datetime import datetime, timedelta

from grafana_oncall import labels as label_rules
from grafana_oncall._core.types import UNSET
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments, enums, times
from grafana_oncall.labels import LabelsLike

from ..models.alert_groups import AlertGroup, AlertGroupSilence
from ..operations import alert_groups as operations


class AlertGroups(Resource):
    """Groups of alerts, and the actions on them.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/
    """

    def list(
        self,
        *,
        id: str | None = None,
        route_id: str | None = None,
        integration_id: str | None = None,
        team_id: str | None = None,
        labels: LabelsLike | None = None,
        started_at: tuple[datetime, datetime] | None = None,
        search: str | None = None,
        state: enums.State | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[AlertGroup]:
        """List alert groups, newest first.

        Groups must match all filters. Without `started_at`, Grafana Cloud looks back only 30
        days. Attached groups, maintenance groups and groups of deleted integrations are listed
        as well.

        Args:
            id: Id of the alert group; an unknown one matches nothing.
            route_id: Id of the route; an unknown one matches nothing.
            integration_id: Id of the integration; an unknown one matches nothing.
            team_id: Id of the team, or `NO_TEAM` for none; None does not filter.
            labels: Labels that must all be there, such as `{"team": "SRE"}` or
                `["team:SRE"]`; case-sensitive. Any label that the server can match is allowed.
            started_at: First and last moment of the start, timezone-aware and inclusive;
                widened to whole seconds.
            search: Text to look for in the title, in any case; or the number of the group.
                Grafana Cloud only: the open-source engine ignores it, which raises FilterIgnored
                if a group has none of its words.
            state: `firing` (also spelled `new`), `acknowledged`, `resolved` or `silenced`.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.

        Raises:
            LabelError: A label cannot be matched, so the server would silently ignore it.
            TimeRangeError: A time is naive, or the range ends before it starts.
        """
        request = operations.list_alert_groups(
            id=arguments.identifier("id", id),
            route_id=arguments.identifier("route_id", route_id),
            integration_id=arguments.identifier("integration_id", integration_id),
            team_id=arguments.identifier("team_id", team_id),
            label=UNSET if labels is None else label_rules.to_query(labels),
            started_at=times.time_range(started_at),
            search=arguments.text_filter("search", search),
            state=enums.state_filter(state),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def get(self, alert_group_id: str | AlertGroup) -> AlertGroup:
        """Get one alert group.

        Args:
            alert_group_id: Id of the alert group, or the object.

        Raises:
            NotFound: There is no such group.
        """
        return await self._session.send(operations.get_alert_group(alert_group_id))

    async def acknowledge(self, alert_group_id: str | AlertGroup) -> None:
        """Acknowledge an alert group.

        Stops the escalation, and ends a silence. Attached groups are acknowledged as well.

        Needs a user's OnCall API key.

        Args:
            alert_group_id: Id of the alert group, or the object.

        Raises:
            AlreadyInState: It is acknowledged already; it may be resolved by now, since the
                server checks the acknowledgement first.
            Conflict: It is resolved, attached to another group, or a maintenance group.
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(operations.acknowledge_alert_group(alert_group_id))

    async def unacknowledge(self, alert_group_id: str | AlertGroup) -> None:
        """Unacknowledge an alert group.

        Ten seconds later, its escalation begins again with the first step.

        Needs a user's OnCall API key.

        Args:
            alert_group_id: Id of the alert group, or the object.

        Raises:
            AlreadyInState: It is not acknowledged.
            Conflict: It is resolved, attached to another group, or a maintenance group.
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(operations.unacknowledge_alert_group(alert_group_id))

    async def resolve(self, alert_group_id: str | AlertGroup) -> None:
        """Resolve an alert group.

        Stops the escalation, and ends a silence. Resolving a maintenance group ends the
        maintenance.

        Needs a user's OnCall API key.

        Args:
            alert_group_id: Id of the alert group, or the object.

        Raises:
            AlreadyInState: It is resolved already.
            Conflict: It is attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(operations.resolve_alert_group(alert_group_id))

    async def unresolve(self, alert_group_id: str | AlertGroup) -> None:
        """Unresolve an alert group, so that it is firing again.

        Ten seconds later, its escalation begins again with the first step. No new alert joins
        it: a new group is made instead. A wiped group stays resolved, although the server
        reports success.

        Needs a user's OnCall API key.

        Args:
            alert_group_id: Id of the alert group, or the object.

        Raises:
            AlreadyInState: It is not resolved.
            Conflict: It is attached to another group, or a maintenance group.
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(operations.unresolve_alert_group(alert_group_id))

    async def silence(
        self, alert_group_id: str | AlertGroup, delay: timedelta | int | arguments.Forever
    ) -> None:
        """Silence an alert group for some time, or forever.

        Stops the escalation until the silence ends. Not idempotent: silencing a silenced group
        restarts its timer, so when no response comes, it is not retried but raises
        `OutcomeUnknown`.

        Needs a user's OnCall API key.

        Args:
            alert_group_id: Id of the alert group, or the object.
            delay: How long, as a timedelta (rounded up to seconds) or in whole seconds, from
                1 second to 68 years; or `FOREVER`.

        Raises:
            Conflict: It is resolved, acknowledged, or attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        body = bodies.body(AlertGroupSilence, delay=arguments.silence_delay(delay))
        return await self._session.send(operations.silence_alert_group(alert_group_id, body))

    async def unsilence(self, alert_group_id: str | AlertGroup) -> None:
        """End the silence of an alert group.

        Ten seconds later, its escalation begins again with the first step.

        Needs a user's OnCall API key.

        Args:
            alert_group_id: Id of the alert group, or the object.

        Raises:
            AlreadyInState: It is not silenced.
            Conflict: It is resolved, acknowledged, or attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        return await self._session.send(operations.unsilence_alert_group(alert_group_id))
