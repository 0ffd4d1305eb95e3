"""What the methods of bulk runs share: checks of the selection, and how a run is made."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeAlias, TypeVar, cast

import attrs

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._listing.filters import is_filtered
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._session.organization import Stack
from grafana_oncall._session.session import Session
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.stores import JournalStore

from .actions import Action, Transition
from .journal import EITHER, NEW, OLD, Journal
from .journal_file import FileJournal
from .journal_reader import Header, RunState
from .journal_store import StoreJournal
from .label_changes import LabelChange
from .options import BulkOptions, ResumeOptions, Settings
from .resume import Work
from .run import BulkRun
from .selection import ReadSelection, ids_of, read_ids, read_query, read_stream
from .shards import Shard

_P = ParamSpec("_P")
_R = TypeVar("_R")

Selection: TypeAlias = (
    Pager[AlertGroup] | Iterable[str | AlertGroup] | AsyncIterable[str | AlertGroup]
)
"""A query (`alert_groups.list(…)`), or an iterable or async iterable of ids or alert groups."""


def explained(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate a method so that its error for an unknown option is in its name."""
    return explain_keywords(function, f"bulk.{function.__name__}")


class BulkBase(ShortTracebacks):
    """What the methods of bulk runs have in common."""

    def __init__(self, session: Session) -> None:
        self._session = Session(session.shared, attrs.evolve(session.options, background=True))

    def _run_shard(
        self, shard: Shard, journal: JournalStore | None, options: ResumeOptions
    ) -> BulkRun:
        settings = Settings(**options)
        header, stack = shard.header, Stack.of(self._session)
        if not header.stack.may_be(stack):
            message = f"shard: it is for {header.stack}, but this client is for {stack}."
            raise InvalidArgument(message, argument="shard")
        kept = Journal() if journal is None else StoreJournal(journal, shard.id, EITHER)
        work = Work(header=header, read=partial(read_ids, shard.ids), is_shard=True)
        return BulkRun(self._session, work, settings, kept, RunState(header=header))

    def _resume(
        self, journal: str | Path | JournalStore, name: str | None, options: ResumeOptions
    ) -> BulkRun:
        settings = Settings(**options)
        settings = attrs.evolve(settings, journal=journal, name=name, resume=True)
        kept = _journal(settings, OLD)
        find_work = partial(self._work_of, kept)
        if isinstance(kept, FileJournal):
            with kept:
                state = kept.peek()
            work = find_work(state.header)
        else:
            unread = Transition(name="resume")
            header = Header(
                stack=Stack.of(self._session),
                action=unread,
                query=None,
                converge=False,
                max_items=None,
            )
            state = RunState(header=header)
            work = Work(header=header, read=None, find=find_work)
        settings = attrs.evolve(settings, max_items=work.header.max_items)
        return BulkRun(self._session, work, settings, kept, state)

    def _work_of(self, journal: Journal, header: Header) -> Work:
        """Return what the run of a journal is to do; raise JournalError unless it is for here."""
        stack = Stack.of(self._session)
        if not header.stack.may_be(stack):
            raise journal.other_run(
                f"it is the journal of a run on {header.stack}, but this client is for {stack}. "
                "Resume it with a client for the former."
            )
        read_again = None
        if header.converge and header.query is not None:
            request = attrs.evolve(operations.list_alert_groups(), query=header.query)
            read_again = self._read_query(Pager(self._session, request, prefetch=DEFAULT_PREFETCH))
        return Work(header=header, read=None, read_again=read_again)

    def _run(self, action: Action, selection: object, options: BulkOptions) -> BulkRun:
        settings = Settings(**options)
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
        journal = _journal(settings, mode)
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


def _journal(settings: Settings, mode: str) -> Journal:
    if settings.journal is None:
        return Journal()
    if isinstance(settings.journal, Path):
        return FileJournal(settings.journal, mode, fsync=settings.fsync, locked=settings.lock)
    return StoreJournal(settings.journal, settings.name or "", mode)


def _reader(selection: object) -> ReadSelection:
    """Return the reader of ids or groups; those that are there are checked at once."""
    match selection:
        case AsyncIterable():
            return partial(read_stream, cast("AsyncIterable[str | AlertGroup]", selection))
        case Iterable() if not isinstance(selection, str | bytes | Mapping):
            items = cast("Iterable[object]", selection)
            return partial(read_ids, ids_of(items))
        case _:
            message = f"selection={shown(selection)}: pass a query, or ids or alert groups."
            raise InvalidArgument(message, argument="selection")


def label_change(name: str, pairs: tuple[tuple[str, str], ...]) -> LabelChange:
    """Return the action for these labels; raise InvalidArgument if there are none."""
    if not pairs:
        raise InvalidArgument("labels: pass at least one.", argument="labels")
    return LabelChange(name=name, labels=tuple(dict.fromkeys(pairs)))
