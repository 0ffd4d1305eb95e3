# Written by `make codegen` from options.py. Do not edit.
"""The methods of bulk runs: one for each action, with every option by its name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from grafana_oncall import labels as label_rules
from grafana_oncall._generated.models.alert_groups import DeleteMode
from grafana_oncall._validation.arguments import Forever, duration, silence_delay
from grafana_oncall._validation.enums import delete_mode
from grafana_oncall.labels import LabelsLike
from grafana_oncall.stores import JournalStore

from .actions import Silence, Transition
from .api import BulkBase, Selection, explained, label_change
from .deletions import Delete
from .options import MAX_AT_ONCE, BulkOptions, ResumeOptions
from .progress import OnProgress
from .run import BulkRun
from .shards import Shard


class Bulk(BulkBase):
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

    Each method returns a `BulkRun` at once; awaiting it returns its `BulkReport`. All take the same
    options; `BulkOptions` is their type, for those who pass them on.

    Raises:
        InvalidArgument: An option or a selection is invalid, or goes too far, such as a query
            without any filter unless `everything=True`.
        JournalError: The `journal` exists, and `resume` is not True.
    """

    @explained
    def acknowledge(
        self,
        selection: Selection,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Acknowledge each group; see `alert_groups.acknowledge`.

        A group that the server calls acknowledged already is read, and is `rejected` if it has
        been resolved since.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(Transition(name="acknowledge"), selection, options)

    @explained
    def unacknowledge(
        self,
        selection: Selection,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Take each acknowledgement back; see `alert_groups.unacknowledge`.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(Transition(name="unacknowledge"), selection, options)

    @explained
    def resolve(
        self,
        selection: Selection,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Resolve each group; see `alert_groups.resolve`.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(Transition(name="resolve"), selection, options)

    @explained
    def unresolve(
        self,
        selection: Selection,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Let each group fire again; see `alert_groups.unresolve`.

        A wiped group stays resolved, and is `rejected`. Groups that were not read by a query,
        and those that look wiped, are read afterwards, which costs one more request for each.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(Transition(name="unresolve"), selection, options)

    @explained
    def unsilence(
        self,
        selection: Selection,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """End the silence of each group; see `alert_groups.unsilence`.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(Transition(name="unsilence"), selection, options)

    @explained
    def silence(
        self,
        selection: Selection,
        delay: timedelta | int | Forever,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Silence each group, also where it is silenced already; see `alert_groups.silence`.

        When a run was killed with a request in flight, is resumed, and finds the group silenced,
        the group is `unknown`, because no response says who silenced it.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            delay: How long, as a timedelta or in whole seconds; or `FOREVER`.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(Silence(delay=silence_delay(delay)), selection, options)

    @explained
    def delete(
        self,
        selection: Selection,
        *,
        mode: DeleteMode | Literal["wipe", "delete"] = "wipe",
        wait: timedelta | float | None = None,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Wipe or delete each group; see `alert_groups.delete`.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            mode: `wipe` or `delete`.
            wait: How long to wait until the server has carried it out, in seconds or as a
                timedelta; groups for which it has not by then are `unknown`. Without `wait`, the
                run does not check, and each group is `accepted`.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        action = Delete(
            mode="delete" if delete_mode(mode) is DeleteMode.DELETE else "wipe",
            wait=None if wait is None else duration("wait", wait).total_seconds(),
        )
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(action, selection, options)

    @explained
    def add_labels(
        self,
        selection: Selection,
        labels: LabelsLike,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Add to each group the labels that it lacks; see `alert_groups.add_label`.

        A group that would have more than 50 is `rejected` before anything is sent to it. Groups
        that were not read by a query are read first, which costs one more request for each.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            labels: The labels, such as `{"team": "SRE"}`, which must exist on the server.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        action = label_change("add_labels", label_rules.validate(labels))
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(action, selection, options)

    @explained
    def remove_labels(
        self,
        selection: Selection,
        labels: LabelsLike,
        *,
        everything: bool = False,
        max_items: int | None = None,
        dry_run: bool = False,
        converge: bool = False,
        journal: str | Path | JournalStore | None = None,
        name: str | None = None,
        resume: bool = False,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Remove these labels from each group that has them; see `alert_groups.remove_label`.

        Args:
            selection: The groups: a query, or an iterable or async iterable of ids or groups.
            labels: The labels, such as `{"team": "SRE"}`; they may be older than the rules for new
                ones.
            everything: Allow a query without any filter, which raises InvalidArgument
                otherwise.
            max_items: Raise `SelectionTooLarge` for a larger selection, before anything is
                written.
            dry_run: Read and check the selection, and report what would be sent, without
                sending it.
            converge: Repeat the query when all groups were acted on, and act on those that
                match by then and are new, until there are none; ten times at most.
            journal: Path of a file, or a store (`grafana_oncall.stores`), to which each outcome
                is written as it happens. The journal must not exist, unless `resume=True`;
                `bulk.resume` finishes its run.
            name: The name of the run: of its journal in a store, which needs one, and of its
                shards.
            resume: Finish the run of the journal if that was cut short; it must be of the same
                server, organization, action and selection. If there is no journal, or its run sent
                nothing or is finished, start a new run in it.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.
        """
        pairs = label_rules.parse(labels)
        for key, value in pairs:
            label_rules.to_attached(key, value)
        options = BulkOptions(
            everything=everything,
            max_items=max_items,
            dry_run=dry_run,
            converge=converge,
            journal=journal,
            name=name,
            resume=resume,
            max_at_once=max_at_once,
            stop_after_failures=stop_after_failures,
            on_progress=on_progress,
            fsync=fsync,
            lock=lock,
        )
        return self._run(label_change("remove_labels", pairs), selection, options)

    @explained
    def run(
        self,
        shard: Shard,
        *,
        journal: JournalStore | None = None,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Do what a shard says, or finish it if that was begun; in any process, on any machine.

        With a journal, a shard may be delivered again, or to several workers at once: each takes
        over from the one before, which then ends with JournalError (`taken_over`) at its next
        group, and what succeeded or was rejected is left alone. Without one, a shard that is
        delivered again is done again, which is harmless for all actions but `silence`, whose delay
        starts again.

        Args:
            shard: From `await run.shards()`, perhaps by way of JSON.
            journal: A store for the journal of the shard, whose name is the shard's id.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.

        Raises:
            InvalidArgument: The shard is of another server or stack.
        """
        return self._run_shard(
            shard,
            journal,
            ResumeOptions(
                max_at_once=max_at_once,
                stop_after_failures=stop_after_failures,
                on_progress=on_progress,
                fsync=fsync,
                lock=lock,
            ),
        )

    @explained
    def resume(
        self,
        journal: str | Path | JournalStore,
        *,
        name: str | None = None,
        max_at_once: int = MAX_AT_ONCE,
        stop_after_failures: int | None = None,
        on_progress: OnProgress | None = None,
        fsync: bool = False,
        lock: bool = True,
    ) -> BulkRun:
        """Finish the run of a journal, at whatever point it was killed.

        Groups that succeeded or were rejected are left alone. Groups whose request was in flight,
        or whose outcome is unknown, are read back first. The others, and those that failed, are
        acted on, also when the run is finished. The run continues in the same journal.

        A journal in a store is taken over, also from a run that is still at work, which then ends
        with JournalError (`taken_over`) at its next group. It is read when the run is awaited. Of a
        file, only the first 32 KiB are read here, so that no other task is kept waiting; until the
        run is awaited, its `.report` covers no more than that. Awaiting it reads all of the
        journal, and raises JournalError for a line that is invalid.

        Args:
            journal: Path of the file, or the store. The journal has the other options of the run.
            name: The name of the run in the store.
            max_at_once: Groups that are acted on at the same time; the client's
                `max_connections` and rate limits bound them further.
            stop_after_failures: Begin no further group after this many were rejected, failed or
                unknown. By default, failures never keep other groups from being acted on.
            on_progress: Called with a `Progress` after each page and each group, and once a
                second in between.
            fsync: Whether the run waits until each line of the journal is on the disk, so that
                it survives a crash of the machine; otherwise it survives a crash of the process.
            lock: Whether the journal is locked, so that no other run uses it meanwhile; False
                is for file systems without locks, such as some network file systems.

        Raises:
            JournalError: Another run is using the file; or it cannot be read; or its selection was
                not complete, so that nothing was sent; or it is of another server or stack.
                `.reason` says which. Awaiting it raises JournalError as well if none of its groups
                exists for this token: they are another organization's.
        """
        return self._resume(
            journal,
            name,
            ResumeOptions(
                max_at_once=max_at_once,
                stop_after_failures=stop_after_failures,
                on_progress=on_progress,
                fsync=fsync,
                lock=lock,
            ),
        )
