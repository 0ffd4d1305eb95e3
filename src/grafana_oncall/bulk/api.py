"""The public API of bulk runs: one method for each action."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Literal, TypeAlias, Unpack, cast

import attrs

from grafana_oncall import labels as label_rules
from grafana_oncall._core.keywords import unknown_keyword
from grafana_oncall._core.text import shown
from grafana_oncall._generated.models.alert_groups import AlertGroup, DeleteMode
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._listing.filters import is_filtered
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._session.organization import Stack
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
"""A query (`alert_groups.list(…)`), or an iterable or async iterable of ids or alert groups."""


class Bulk:
    """Actions on many alert groups at once, for which the API has no endpoint.

        report = await client.alert_groups.bulk.resolve(
            client.alert_groups.list(state="new", labels={"team": "SRE"})
        )
        report.raise_for_failures()

    The selection is read to its end first, and each group of a query is checked against its filter.
    Only then is anything written, to these groups alone, whatever the list does meanwhile. The
    failure of one group does not keep the others from being acted on. Bulk requests yield to other
    calls of the client, and pause for as long as a 429 says.

    A run may be long. It takes less than 300 bytes of memory for each group, besides what a query
    showed of a group, until that is acted on, and the text and error of a failure.

    Each method returns a `BulkRun` at once; awaiting it returns its `BulkReport`. All accept the
    options of `BulkOptions`.

    Raises:
        InvalidArgument: An option or a selection is invalid, or goes too far, such as a query
            without any filter unless `everything=True`.
        JournalError: The `journal` exists, and `resume` is not True.
    """

    def __init__(self, session: Session) -> None:
        self._session = Session(session.shared, attrs.evolve(session.options, background=True))

    def acknowledge(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Acknowledge each group; see `AlertGroups.acknowledge`.

        A group that the server calls acknowledged already is read, and is `rejected` if it has been
        resolved since.
        """
        return self._run(Transition(name="acknowledge"), selection, options)

    def unacknowledge(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Take each acknowledgement back; see `AlertGroups.unacknowledge`."""
        return self._run(Transition(name="unacknowledge"), selection, options)

    def resolve(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Resolve each group; see `AlertGroups.resolve`."""
        return self._run(Transition(name="resolve"), selection, options)

    def unresolve(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """Let each group fire again; see `AlertGroups.unresolve`.

        A wiped group stays resolved, and is `rejected`. Groups that were not read by a query, and
        those that look wiped, are read afterwards, which costs one more request for each.
        """
        return self._run(Transition(name="unresolve"), selection, options)

    def silence(
        self, selection: Selection, delay: timedelta | int | Forever, **options: Unpack[BulkOptions]
    ) -> BulkRun:
        """Silence each group, also where it is silenced already; see `AlertGroups.silence`.

        When a run was killed with a request in flight, is resumed, and finds the group silenced,
        the group is `unknown`, because no response says who silenced it.
        """
        return self._run(Silence(delay=silence_delay(delay)), selection, options)

    def unsilence(self, selection: Selection, **options: Unpack[BulkOptions]) -> BulkRun:
        """End the silence of each group; see `AlertGroups.unsilence`."""
        return self._run(Transition(name="unsilence"), selection, options)

    def delete(
        self,
        selection: Selection,
        *,
        mode: DeleteMode | Literal["wipe", "delete"] = "wipe",
        wait: timedelta | float | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkRun:
        """Wipe or delete each group; see `AlertGroups.delete`.

        Args:
            selection: The groups.
            mode: `wipe` or `delete`.
            wait: How long to wait until the server has carried it out, in seconds or as a
                timedelta; groups for which it has not by then are `unknown`. Without `wait`, the
                run does not check, and each group is `accepted`.
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
        """Add to each group the labels that it lacks; see `AlertGroups.add_label`.

        A group that would have more than 50 is `rejected` before anything is sent to it. Groups
        that were not read by a query are read first, which costs one more request for each.
        """
        pairs = label_rules.validate(labels)
        return self._run(_labels("add_labels", pairs), selection, options)

    def remove_labels(
        self, selection: Selection, labels: LabelsLike, **options: Unpack[BulkOptions]
    ) -> BulkRun:
        """Remove these labels from each group that has them; see `AlertGroups.remove_label`."""
        pairs = label_rules.parse(labels)
        for key, value in pairs:
            label_rules.to_attached(key, value)
        return self._run(_labels("remove_labels", pairs), selection, options)

    def resume(self, journal: str | Path, **options: Unpack[ResumeOptions]) -> BulkRun:
        """Finish the run of a journal, at whatever point it was killed.

        Groups that succeeded or were rejected are left alone. Groups whose request was in flight,
        or whose outcome is unknown, are read back first. The others, and those that failed, are
        acted on, also when the run is finished. The run continues in the same file.

        Only the first 32 KiB of the journal are read here, so that no other task is kept waiting;
        until the run is awaited, its `.report` covers no more than that. Awaiting it reads all of
        the journal, and raises JournalError for a line that is invalid.

        Raises:
            JournalError: Another run is using the journal; or it cannot be read; or its selection
                was not complete, so that nothing was sent; or it is of another server or stack.
                `.reason` says which. Awaiting it raises JournalError as well if none of its groups
                exists for this token: they are another organization's.
        """
        settings = _settings("resume", options, ResumeOptions.__optional_keys__)
        path = path_of_journal(journal)
        file = Journal(path, OLD, fsync=settings.fsync, locked=settings.lock)
        with file:
            state = file.peek()
        header, stack = state.header, Stack.of(self._session)
        if not header.stack.may_be(stack):
            raise file.other_run(
                f"it is the journal of a run on {header.stack}, but this client is for {stack}. "
                "Resume it with a client for the former."
            )
        read_again = None
        if header.converge and header.query is not None:
            request = attrs.evolve(operations.list_alert_groups(), query=header.query)
            read_again = self._read_query(Pager(self._session, request, prefetch=DEFAULT_PREFETCH))
        work = Work(header=header, read=None, read_again=read_again)
        settings = attrs.evolve(settings, max_items=header.max_items)
        return BulkRun(self._session, work, settings, file, state)

    def _run(self, action: Action, selection: object, options: BulkOptions) -> BulkRun:
        settings = _settings(action.name, options, BulkOptions.__optional_keys__)
        query = self._query(selection, settings)
        header = Header(
            stack=Stack.of(self._session),
            action=action,
            query=None if query is None else query.request.query,
            converge=settings.converge,
            max_items=settings.max_items,
        )
        read = _reader(selection) if query is None else self._read_query(query)
        read_again = self._read_query(query) if query is not None and settings.converge else None
        work = Work(header=header, read=read, read_again=read_again)
        mode = EITHER if settings.resume else NEW
        journal = Journal(settings.journal, mode, fsync=settings.fsync, locked=settings.lock)
        return BulkRun(self._session, work, settings, journal, RunState(header=header))

    def _query(self, selection: object, settings: Settings) -> Pager[AlertGroup] | None:
        """Return the selection if it is a query; raise InvalidArgument unless of alert groups."""
        if not isinstance(selection, Pager):
            if settings.converge:
                message = "converge=True repeats a query: pass one, from alert_groups.list()."
                raise InvalidArgument(message, argument="converge")
            return None
        pager = cast("Pager[AlertGroup]", selection)
        if pager.request.operation is not operations.LIST_ALERT_GROUPS:
            message = (
                f"selection: {pager.request.operation.id} lists no alert groups. Pass "
                "alert_groups.list(…), ids or alert groups."
            )
            raise InvalidArgument(message, argument="selection")
        if not (settings.everything or is_filtered(pager.request.query)):
            message = (
                "selection: this query has no filter, and selects everything. Add one, "
                "or pass everything=True."
            )
            raise InvalidArgument(message, argument="everything")
        pager.check_same_client(self._session)
        return pager

    def _read_query(self, query: Pager[AlertGroup]) -> ReadSelection:
        return partial(read_query, self._session, query.request, prefetch=query.prefetch)


def _settings(name: str, options: ResumeOptions, known: frozenset[str]) -> Settings:
    """Return the settings of a method; raise TypeError, in its name, for an unknown option."""
    for option in options.keys() - known:
        others = signature(getattr(Bulk, name)).parameters.keys() - {"self", "options"}
        raise unknown_keyword(f"bulk.{name}", option, known | others)
    return Settings(**options)


def _reader(selection: object) -> ReadSelection:
    """Return the reader of ids or groups; those that are there are checked at once."""
    match selection:
        case AsyncIterable():
            return partial(read_stream, cast("AsyncIterable[str | AlertGroup]", selection))
        case Iterable() if not isinstance(selection, str | bytes | Mapping):
            items = cast("Iterable[object]", selection)
            return partial(
                read_ids, [group_id(item, position) for position, item in enumerate(items)]
            )
        case _:
            message = f"selection={shown(selection)}: pass a query, or ids or alert groups."
            raise InvalidArgument(message, argument="selection")


def _labels(name: str, pairs: tuple[tuple[str, str], ...]) -> LabelChange:
    if not pairs:
        raise InvalidArgument("labels: pass at least one.", argument="labels")
    return LabelChange(name=name, labels=tuple(dict.fromkeys(pairs)))
