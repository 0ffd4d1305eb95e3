"""Alert groups: list them, act on one, act on many."""

from datetime import datetime

from . import labels as label_rules
from ._actions import Actions
from ._arguments import State, identifier, positive, state_filter, time_range
from ._generated import operations
from ._generated.alert_groups import AlertGroup
from ._pager import DEFAULT_PREFETCH, Pager
from ._session import Session
from ._values import UNSET
from .bulk import Bulk
from .labels import LabelsLike


class AlertGroups(Actions):
    """The alert groups of the organization that the token belongs to.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for a refusal, `TransportError` without an answer, `DecodeError`
    for an answer that is not what the API promises, and `ClientStateError` when the client is
    closed. Writes raise `OutcomeUnknown` where their effect cannot be established.

    API page: https://grafana.com/docs/oncall/latest/oncall-api-reference/alertgroups/
    """

    bulk: Bulk
    """The same actions on many groups: a query, ids, or groups."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.bulk = Bulk(session)

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
