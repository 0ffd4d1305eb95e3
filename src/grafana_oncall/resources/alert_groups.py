"""Alert groups: what the generated methods lack, such as bulk actions, watching and waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState, DeleteMode
from grafana_oncall._generated.models.labels import Label
from grafana_oncall._generated.resources import alert_groups as generated
from grafana_oncall._session import actions
from grafana_oncall._validation.arguments import duration, function, of_type, several_ids, whole
from grafana_oncall._validation.enums import State, wanted_state
from grafana_oncall._watch.waiter import Waiter
from grafana_oncall.labels import LabelsLike

if TYPE_CHECKING:
    from grafana_oncall._watch.checkpoint import Checkpoint
    from grafana_oncall._watch.watcher import Watcher
    from grafana_oncall.bulk import Bulk
    from grafana_oncall.stores import StoredCheckpoint


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AlertGroups(generated.AlertGroups):
    """The alert groups of the organization that the token belongs to.

    One by one, many at once (`bulk`), or as they change (`watch`).

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/
    """

    @cached_property
    def bulk(self) -> Bulk:
        """Actions on many groups at once: those of a query, or of ids or groups."""
        from grafana_oncall.bulk import Bulk  # noqa: PLC0415  # takes as long as all else of alert groups

        return Bulk(self._session)

    async def delete(
        self,
        alert_group_id: str | AlertGroup,
        *,
        mode: DeleteMode | Literal["wipe", "delete"] = "wipe",
    ) -> None:
        """Ask the server to wipe or to delete the group, which it does later.

        Args:
            alert_group_id: Id of the group, or the group.
            mode: `wipe` empties title and payload, resolves the group, and keeps it; `delete`
                removes it with its messages in Slack and elsewhere: `get` then raises NotFound.

        Raises:
            NotFound: There is no such group, or it is deleted.
        """
        await self._session.send(actions.delete(alert_group_id, mode))

    async def add_label(self, alert_group_id: str | AlertGroup, key: str, value: str) -> Label:
        """Attach a label, whose key and value must exist on the server. Grafana Cloud only.

        Raises:
            LabelError: Key or value break the documented rules. Nothing was sent.
            AlreadyInState: The group has this label.
            BadRequest: Key or value are unknown to the server, or the group has 50 labels.
            EndpointUnavailable: The open-source engine has no labels of alert groups.
        """
        request, read_back = actions.add_label(alert_group_id, key, value)
        return await self._session.send(request, read_back=read_back)

    async def remove_label(self, alert_group_id: str | AlertGroup, key: str, value: str) -> None:
        """Remove a label, which may be older than the rules for new ones. Grafana Cloud only.

        Raises:
            LabelError: Key or value cannot be those of a label. Nothing was sent.
            NotFound: There is no such group, or it has no such label.
            EndpointUnavailable: The open-source engine has no labels of alert groups.
        """
        await self._session.send(actions.remove_label(alert_group_id, key, value))

    def watch(
        self,
        *,
        labels: LabelsLike | None = None,
        integration_id: str | None = None,
        route_id: str | None = None,
        team_id: str | None = None,
        every: timedelta | float = timedelta(seconds=15),
        existing: bool = False,
        checkpoint: Checkpoint | StoredCheckpoint | str | Path | None = None,
        lock: bool = True,
        horizon: timedelta = timedelta(days=30),
        overlap: timedelta = timedelta(minutes=5),
        max_pages: int = 8,
        clock: Callable[[], datetime] = _utc_now,
    ) -> Watcher:
        """Watch the groups that match for changes (`grafana_oncall.changes`), by polling.

        The API has no list of changes. Each poll reads the groups that were created lately, the
        open ones (firing, acknowledged, silenced) while they fill `max_pages` pages or fewer, and
        one page of all groups, further back each time. So new groups, and changes of open ones, are
        noticed at the next poll; label changes of resolved groups when their page comes round. Of
        more open groups, each poll reads `max_pages` pages in rotation. Deletions are noticed at
        the next poll, whatever the state: if the server counts fewer groups than there should be,
        the poll looks for those that are missing. A poll without changes costs one request where
        all groups fit on a page (50), and at most `max_pages` + 6 elsewhere; one that misses groups
        reads up to `max_pages` + 16 pages more, and up to 60 groups by id, and the rest at the next
        polls.

        Args:
            labels: As for `list`.
            integration_id: As for `list`.
            route_id: As for `list`.
            team_id: As for `list`.
            every: Time between polls, as a timedelta or in seconds; at most seven days.
            existing: Whether groups that exist at the start are reported as `Created`. Otherwise
                they are read once, and only their later changes are reported. If an outage delays
                the start, the start is before the outage, by `clock`.
            checkpoint: Where an earlier watcher of the same filter ended: its `.checkpoint`, a
                file, or a place in a store (`store.checkpoint("noise", ttl=5)`). The watcher
                continues from the file if it exists, and keeps it up to date with a line for each
                poll and two for each change. One watcher at a time may use a file. Only its owner
                can read it. In a store it is the same, but that further watchers of the same name
                stand by until it is their turn, and that polls without changes write a line every
                `ttl` at most.
            lock: Whether a file is locked, by a lock file beside it, so that a second watcher of it
                raises CheckpointError. False is for file systems without locks.
            horizon: Groups created longer ago than this are not watched; at most 3650 days.
            overlap: How much later than newer groups a group may appear in the list.
            max_pages: Limit of the pages read in a poll, as described above.
            clock: Returns the current time, timezone-aware. It may be behind, and jump while the
                watcher runs. If it is ahead at the start, groups are forgotten that are older than
                `horizon` by it.

        Raises:
            LabelError: Labels that cannot be matched.
            InvalidArgument: Any other argument is invalid.
            CheckpointError: What is at the path can be no file; or the value that was passed is of
                another server, stack or filter. Iterating raises it for a file that cannot be read,
                or is of another; and the first poll if none of its groups exists for this token:
                they are another organization's.
        """
        from grafana_oncall._watch.follower import WatchSettings  # noqa: PLC0415  # as for `bulk`
        from grafana_oncall._watch.poller import Poller, Scope  # noqa: PLC0415
        from grafana_oncall._watch.watcher import Watcher  # noqa: PLC0415

        listed = self.list(
            labels=labels, integration_id=integration_id, route_id=route_id, team_id=team_id
        )
        scope = Scope(
            request=listed.request,
            overlap=duration("overlap", overlap),
            max_pages=whole("max_pages", max_pages),
        )
        settings = WatchSettings(
            every=duration("every", every, longest=timedelta(days=7)),
            horizon=duration("horizon", horizon, longest=timedelta(days=3650)),
            existing=of_type("existing", existing, bool),
            lock=of_type("lock", lock, bool),
            clock=function("clock", clock),
        )
        return Watcher(self._session, Poller(self._session, scope), settings, checkpoint)

    @overload
    async def wait_until(  # type: ignore[overload-overlap]  # a str is one id, not an iterable of ids
        self,
        alert_group_ids: str | AlertGroup,
        state: State,
        *,
        timeout: timedelta | float,
        every: timedelta | float = ...,
    ) -> AlertGroup: ...
    @overload
    async def wait_until(
        self,
        alert_group_ids: Iterable[str | AlertGroup],
        state: State,
        *,
        timeout: timedelta | float,
        every: timedelta | float = ...,
    ) -> Sequence[AlertGroup]: ...
    async def wait_until(
        self,
        alert_group_ids: str | AlertGroup | Iterable[str | AlertGroup],
        state: State,
        *,
        timeout: timedelta | float,
        every: timedelta | float = timedelta(seconds=5),
    ) -> AlertGroup | Sequence[AlertGroup]:
        """Wait until one group, or each of several, was seen in a state.

        A few groups are read by id, more on pages of the list. Outages are waited out.

        Args:
            alert_group_ids: One id or group, or several.
            state: The state; `firing` is also spelled `new`.
            timeout: Time to wait at most, as a timedelta or in seconds.
            every: Time between reads, as a timedelta or in seconds.

        Returns:
            The group, or the groups in the order of the ids, each as it was seen in the state.

        Raises:
            WaitTimeout: Not all were seen in the state in time; `.last` has the last state of each.
            NotFound: There is no such group, or it was deleted.
        """
        found = await self._wait(alert_group_ids, wanted_state(state), timeout, every)
        groups = [group for group in found if group is not None]
        return groups[0] if isinstance(alert_group_ids, str | AlertGroup) else groups

    async def wait_until_deleted(
        self,
        alert_group_ids: str | AlertGroup | Iterable[str | AlertGroup],
        *,
        timeout: timedelta | float,
        every: timedelta | float = timedelta(seconds=5),
    ) -> None:
        """Wait until one group, or each of several, is deleted. A wiped group is not deleted.

        Args:
            alert_group_ids: One id or group, or several.
            timeout: Time to wait at most, as a timedelta or in seconds.
            every: Time between reads, as a timedelta or in seconds.

        Raises:
            WaitTimeout: Not all were deleted in time; `.last` has the last state of each.
        """
        await self._wait(alert_group_ids, None, timeout, every)

    async def _wait(
        self,
        ids: str | AlertGroup | Iterable[str | AlertGroup],
        wanted: AlertGroupState | None,
        timeout: timedelta | float,
        every: timedelta | float,
    ) -> Sequence[AlertGroup | None]:
        waiter = Waiter(self._session, several_ids("alert_group_ids", ids, AlertGroup), wanted)
        return await waiter.wait(duration("timeout", timeout), duration("every", every))
