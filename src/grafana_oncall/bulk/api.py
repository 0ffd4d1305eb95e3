"""The door to bulk runs: one method for each action."""

from collections.abc import AsyncIterable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias, Unpack, cast

import attrs

from grafana_oncall import labels as label_rules
from grafana_oncall._core.text import shown
from grafana_oncall._generated.models.alert_groups import AlertGroup, DeleteMode
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._listing.filters import is_filtered
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import Forever, duration, silence_delay
from grafana_oncall._validation.enums import delete_mode
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.labels import LabelsLike

from .actions import Action, Silence, Transition
from .deletions import Delete
from .journal import EITHER, NEW, OLD, Journal
from .journal_reader import Header, RunState
from .label_changes import LabelChange
from .options import BulkOptions, ResumeOptions, Settings, path_of_journal
from .run import BulkRun, Work
from .selection import ReadSelection, group_id, read_ids, read_query, read_stream

Selection: TypeAlias = (
    Pager[AlertGroup] | Iterable[str | AlertGroup] | AsyncIterable[str | AlertGroup]
)
"""A query (`alert_groups.list(…)`), or ids or groups in any iterable or async iterable."""


class Bulk:
    """The actions on alert groups, for many of them at once: the API has no such endpoint.

        report = await client.alert_groups.bulk.resolve(
            client.alert_groups.list(state="new", labels={"team": "SRE"})
        )
        report.raise_for_failures()

    The selection is read to its end first. Each group of a query is checked against its filter, and
    only then is anything written, to these very groups, whatever moves meanwhile. One failure does
    not keep the others from being acted on. All requests let other calls of the client pass, and
    wait as long as a 429 says.

    A run may be long. It takes less than 300 bytes of memory for each group, besides what a query
    showed of the group, until that is acted on, and the text and error of a failure.

    Each method returns a `BulkRun` at once, which is awaited for its `BulkReport`. All take the
    options of `BulkOptions`, and raise `InvalidArgument` for options and selections that make no
    sense or go too far, such as a query without any filter, unless `everything=True`, and
    `JournalError` for a `journal` that exists, unless `resume=True`.
    """

    def __init__(self, session: Session) -> None:
        self._session = Session(session.shared, attrs.evolve(session.options, background=True))

    def acknowledge(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Acknowledges each group; see `AlertGroups.acknowledge`.

        A group of which the server says that it is acknowledged already is read: where it has been
        resolved since, it is rejected.
        """
        return self._run(Transition(name="acknowledge"), selection, options)

    def unacknowledge(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Takes each acknowledgement back; see `AlertGroups.unacknowledge`."""
        return self._run(Transition(name="unacknowledge"), selection, options)

    def resolve(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Resolves each group; see `AlertGroups.resolve`."""
        return self._run(Transition(name="resolve"), selection, options)

    def unresolve(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Lets each group fire again; see `AlertGroups.unresolve`.

        A wiped group stays resolved, and is rejected. Groups that were not read by a query, and
        those that look wiped, are read afterwards, which takes one more request for each.
        """
        return self._run(Transition(name="unresolve"), selection, options)

    def silence(
        self, selection: Selection, delay: timedelta | int | Forever, **options: Unpack[BulkOptions]
    ) -> BulkRun:
        """Silences each group, a silenced one anew; see `AlertGroups.silence`.

        A request that was in progress when a run was killed is `unknown` when that is resumed and
        the group is found silenced: no response says by whom.
        """
        return self._run(Silence(delay=silence_delay(delay)), selection, options)

    def unsilence(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Ends the silence of each group; see `AlertGroups.unsilence`."""
        return self._run(Transition(name="unsilence"), selection, options)

    def delete(
        self,
        selection: Selection,
        *,
        mode: DeleteMode | Literal["wipe", "delete"] = "wipe",
        wait: timedelta | float | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkRun:
        """Wipes or deletes each group; see `AlertGroups.delete`.

        Args:
            selection: The groups.
            mode: `wipe` or `delete`.
            wait: How long to look, in seconds or as a timedelta, whether the server has done what
                accepted. What it has not done by then is `unknown`. Without it, nobody looks, and
                each group is `accepted`.
            options: See `BulkOptions`.
        """
        action = Delete(
            mode="delete" if delete_mode(mode) is DeleteMode.DELETE else "wipe",
            wait=None if wait is None else duration("wait", wait).total_seconds(),
        )
        return self._run(action, selection, options)

    def add_labels(
        self, selection: Selection, labels: LabelsLike, **options: Unpack[BulkOptions]
    ) -> BulkRun:
        """Attaches to each group the labels that it lacks; see `AlertGroups.add_label`.

        A group that would have more than 50 is rejected before anything is sent. Groups that come
        from a query are not read again; others are, which takes one more request for each.
        """
        pairs = label_rules.validate(labels)
        return self._run(_labels("add_labels", pairs), selection, options)

    def remove_labels(
        self, selection: Selection, labels: LabelsLike, **options: Unpack[BulkOptions]
    ) -> BulkRun:
        """Takes these labels off each group that has them; see `AlertGroups.remove_label`."""
        pairs = label_rules.parse(labels)
        for key, value in pairs:
            label_rules.to_attached(key, value)
        return self._run(_labels("remove_labels", pairs), selection, options)

    def resume(self, journal: str | Path, **options: Unpack[ResumeOptions]) -> BulkRun:
        """Finishes the run of a journal, which may have been killed at any point.

        What succeeded or was rejected stays as it is. What was under way, or is unknown, is looked
        at first. The rest, and what failed, is acted on, also of a run that is finished. The
        journal goes on in the same file.

        Of a long journal the first 32 KiB are read here, so that no other task is kept waiting.
        All of it is read when the run is awaited, which raises JournalError for what is wrong
        there; until then the run's `.report` tells of the beginning only.

        Raises:
            JournalError: Another run is using it now; or it cannot be read; or its selection was
                not complete, so that nothing was sent; or it is of another server. Its `.reason`
                tells these apart.
        """
        settings = Settings(**options)
        file = Journal(path_of_journal(journal), OLD, fsync=settings.fsync)
        with file:
            state = file.peek()
        header, server = state.header, self._session.shared.wire.server
        if header.server != server:
            raise file.other_run(f"it is the journal of {header.server}, and this is {server}.")
        read_again = None
        if header.converge and header.query is not None:
            request = attrs.evolve(operations.list_alert_groups(), query=header.query)
            read_again = self._read_query(Pager(self._session, request, prefetch=DEFAULT_PREFETCH))
        work = Work(header=header, read=None, read_again=read_again)
        settings = attrs.evolve(settings, max_items=header.max_items)
        return BulkRun(self._session, work, settings, file, state)

    def _run(self, action: Action, selection: object, options: BulkOptions) -> BulkRun:
        settings = Settings(**options)
        query = self._query(selection, settings)
        header = Header(
            server=self._session.shared.wire.server,
            action=action,
            query=None if query is None else query.request.query,
            converge=settings.converge,
            max_items=settings.max_items,
        )
        read = _reader(selection) if query is None else self._read_query(query)
        read_again = self._read_query(query) if query is not None and settings.converge else None
        work = Work(header=header, read=read, read_again=read_again)
        mode = EITHER if settings.resume else NEW
        journal = Journal(settings.journal, mode, fsync=settings.fsync)
        return BulkRun(self._session, work, settings, journal, RunState(header=header))

    def _query(self, selection: object, settings: Settings) -> Pager[AlertGroup] | None:
        """The selection as a query of alert groups, if it is a query."""
        if not isinstance(selection, Pager):
            if settings.converge:
                message = "converge=True walks a query again: give one, from alert_groups.list()."
                raise InvalidArgument(message, argument="converge")
            return None
        pager = cast("Pager[AlertGroup]", selection)
        if pager.request.operation is not operations.LIST_ALERT_GROUPS:
            message = f"selection: {pager.request.operation.id} lists no alert groups."
            raise InvalidArgument(message, argument="selection")
        if not (settings.everything or is_filtered(pager.request.query)):
            message = (
                "selection: this query has no filter, and selects everything. Give it one, "
                "or say everything=True."
            )
            raise InvalidArgument(message, argument="everything")
        pager.check_same_client(self._session)
        return pager

    def _read_query(self, query: Pager[AlertGroup]) -> ReadSelection:
        return partial(read_query, self._session, query.request, prefetch=query.prefetch)


def _reader(selection: object) -> ReadSelection:
    """Of ids and groups, checked as far as that is possible without waiting for them."""
    match selection:
        case AsyncIterable():
            return partial(read_stream, cast("AsyncIterable[str | AlertGroup]", selection))
        case Iterable() if not isinstance(selection, str | bytes | Mapping):
            items = cast("Iterable[object]", selection)
            return partial(read_ids, [group_id(item, at) for at, item in enumerate(items)])
        case _:
            message = f"selection={shown(selection)}: a query, or ids or groups, are needed."
            raise InvalidArgument(message, argument="selection")


def _labels(name: str, pairs: tuple[tuple[str, str], ...]) -> LabelChange:
    if not pairs:
        raise InvalidArgument("labels: at least one is needed.", argument="labels")
    return LabelChange(name=name, labels=tuple(dict.fromkeys(pairs)))
