"""Alert groups: list, read, act on, label, delete."""

from datetime import datetime, timedelta
from typing import Literal

from . import labels as label_rules
from ._arguments import (
    State,
    delete_mode,
    identifier,
    positive,
    silence_delay,
    state_filter,
    time_range,
)
from ._call import Exchange
from ._generated import operations
from ._generated.alert_groups import AlertGroup, AlertGroupDelete, AlertGroupSilence, DeleteMode
from ._generated.labels import Label
from ._pager import DEFAULT_PREFETCH, Pager
from ._request import Answer
from ._session import Session
from ._values import UNSET
from .labels import LabelsLike


class AlertGroups:
    """The alert groups of the organization that the token belongs to.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for a refusal, `TransportError` without an answer, `DecodeError`
    for an answer that is not what the API promises, and `ClientStateError` when the client is
    closed. Writes raise `OutcomeUnknown` where their effect cannot be established.

    API page: https://grafana.com/docs/oncall/latest/oncall-api-reference/alertgroups/
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        id: str | None = None,
        route_id: str | None = None,
        integration_id: str | None = None,
        team_id: str | None = None,
        labels: LabelsLike | None = None,
        started_at: tuple[datetime, datetime] | None = None,
        state: State | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[AlertGroup]:
        """The alert groups that match all the filters, newest first.

        Without `started_at`, Grafana Cloud looks back 30 days only. Attached child groups and
        groups of deleted integrations are listed as well.

        Args:
            id: Id of the alert group.
            route_id: Id of the route.
            integration_id: Id of the integration.
            team_id: Id of the team, or `NO_TEAM`.
            labels: Labels that must all be there, such as `{"team": "SRE"}` or `["team:SRE"]`;
                case-sensitive, and held only to what the server can match.
            started_at: First and last moment, both aware and both included; widened to seconds.
            state: `firing` (also spelled `new`), `acknowledged`, `resolved` or `silenced`.
            perpage: Groups on a page. Undocumented: real servers have 50 without it, and any
                number with it; a server that does not know it ignores it.
            prefetch: Pages to fetch ahead, once the second one is asked for; 0 fetches none.

        Raises:
            LabelError: Labels that cannot be matched, which the server would silently ignore.
            TimeRangeError: A time that is naive, or a range that ends before it starts.
            InvalidArgument: Any other filter that the server would refuse or ignore.
        """
        request = operations.list_alert_groups(
            id=identifier("id", id),
            route_id=identifier("route_id", route_id),
            integration_id=identifier("integration_id", integration_id),
            team_id=identifier("team_id", team_id),
            label=UNSET if labels is None else label_rules.to_query(labels),
            started_at=time_range(started_at),
            state=state_filter(state),
            perpage=positive("perpage", perpage),
        )
        return Pager(self._session, request, prefetch=prefetch)

    async def get(self, alert_group_id: str) -> AlertGroup:
        """One alert group; raises NotFound when there is none of this id."""
        return await self._session.send(operations.get_alert_group(alert_group_id))

    async def acknowledge(self, alert_group_id: str) -> None:
        """Marks that somebody works on it; ends a silence, and acknowledges attached groups too.

        Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is acknowledged already.
            Conflict: It is resolved, attached to another group, or a maintenance.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.acknowledge_alert_group(alert_group_id))

    async def unacknowledge(self, alert_group_id: str) -> None:
        """Takes an acknowledgement back: the group fires again. Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is not acknowledged.
            Conflict: It is resolved, attached to another group, or a maintenance.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.unacknowledge_alert_group(alert_group_id))

    async def resolve(self, alert_group_id: str) -> None:
        """Ends the alert group, or a maintenance. Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is resolved already.
            Conflict: It is attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.resolve_alert_group(alert_group_id))

    async def unresolve(self, alert_group_id: str) -> None:
        """Lets a resolved group fire again, unacknowledged. Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is not resolved.
            Conflict: It is attached to another group, or a maintenance.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.unresolve_alert_group(alert_group_id))

    async def silence(self, alert_group_id: str, delay: timedelta | int) -> None:
        """Silences the group for a while, or for ever. Needs a user's OnCall API key.

        Not idempotent: silencing a silenced group restarts its timer. So it is not repeated when
        no answer comes; that ends in `OutcomeUnknown`.

        Args:
            alert_group_id: Id of the group.
            delay: How long, as a timedelta (rounded up to seconds) or in seconds; or `FOREVER`.

        Raises:
            Conflict: It is resolved, acknowledged, or attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        body = AlertGroupSilence(delay=silence_delay(delay))
        await self._session.send(operations.silence_alert_group(alert_group_id, body))

    async def unsilence(self, alert_group_id: str) -> None:
        """Ends the silence of the group. Needs a user's OnCall API key.

        Raises:
            AlreadyInState: It is not silenced.
            Conflict: It is resolved, acknowledged, or attached to another group.
            UserTokenRequired: The token is a service account's.
        """
        await self._session.send(operations.unsilence_alert_group(alert_group_id))

    async def delete(
        self, alert_group_id: str, *, mode: DeleteMode | Literal["wipe", "delete"] = "wipe"
    ) -> None:
        """Asks the server to wipe or to delete the group, which it does later.

        Args:
            alert_group_id: Id of the group.
            mode: `wipe` empties title and payload, resolves the group, and keeps it; `delete`
                removes it with its messages in Slack and elsewhere: `get` then says NotFound.
        """
        body = AlertGroupDelete(mode=delete_mode(mode))
        await self._session.send(operations.delete_alert_group(alert_group_id, body))

    async def add_label(self, alert_group_id: str, key: str, value: str) -> Label:
        """Attaches a label, whose key and value must exist on the server. Grafana Cloud only.

        Raises:
            LabelError: Key or value break the documented rules; nothing was sent.
            AlreadyInState: The group has this label.
            BadRequest: Key or value are unknown to the server, or the group has 50 labels.
            EndpointUnavailable: The open-source engine has no labels of alert groups.
        """
        body = label_rules.to_input(key, value)
        request = operations.add_alert_group_label(alert_group_id, body)

        async def attached(exchange: Exchange) -> Answer[Label] | None:
            answer = await exchange(operations.get_alert_group(alert_group_id))
            for label in answer.value.labels:
                if (label.key.name, label.value.name) == (key, value):
                    return Answer(value=label, response=answer.response)
            return None

        return await self._session.send(request, look=attached)

    async def remove_label(self, alert_group_id: str, key: str, value: str) -> None:
        """Takes a label off, which may be older than the rules for new ones. Grafana Cloud only.

        Raises:
            LabelError: Key or value cannot be a label's; nothing was sent.
            NotFound: There is no such group, or it has no such label.
            EndpointUnavailable: The open-source engine has no labels of alert groups.
        """
        body = label_rules.to_attached(key, value)
        await self._session.send(operations.remove_alert_group_label(alert_group_id, body))
