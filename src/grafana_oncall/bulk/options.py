"""The options of every bulk run, and their checks."""

from pathlib import Path
from typing import Any, Final, TypedDict

import attrs
from attrs import converters, validators

from grafana_oncall._validation.arguments import function, of_type, path_of, whole
from grafana_oncall.errors import InvalidArgument, JournalError

from .progress import OnProgress

MAX_AT_ONCE: Final = 8


class ResumeOptions(TypedDict, total=False):
    """What a resumed run takes; the rest is in its journal.

    Keys:
        max_at_once: Groups under way at the same time, 8 by default; the client's
            `max_connections` and the server's quota limit them further.
        stop_after_failures: So many groups rejected, failed or unknown, and no further one is
            begun. By default one failure never keeps another group from being acted on.
        on_progress: Called with a `Progress` after each page and each group, and once a second
            meanwhile.
        fsync: Whether each line of the journal is on the disk before the run goes on, which
            outlives a crash of the machine; without, it outlives that of the process. False by
            default.
    """

    max_at_once: int
    stop_after_failures: int | None
    on_progress: OnProgress | None
    fsync: bool


class BulkOptions(ResumeOptions, total=False):
    """What every bulk action takes.

    Keys:
        everything: Allows a query without any filter, which is refused otherwise.
        max_items: A larger selection raises `SelectionTooLarge` before anything is written.
        dry_run: Reads and checks the selection, and reports what would be sent, without sending
            it.
        converge: Walks the query again when all is done, and acts on what matches by then and is
            new, until there is nothing more; ten times at most.
        journal: A file into which each outcome is written as it happens. It must not exist yet,
            unless `resume=True`; `Bulk.resume` finishes its run.
        resume: Finishes the run of the journal if that was cut short: it must be of the same
            server, action and selection. Otherwise, when there is no journal, when its run sent
            nothing, or when that is finished, a new run takes the file. False by default.
        max_at_once, stop_after_failures, on_progress, fsync: As `ResumeOptions` has them.
    """

    everything: bool
    max_items: int | None
    dry_run: bool
    converge: bool
    journal: str | Path | None
    resume: bool


def _flag(_: object, field: "attrs.Attribute[bool]", value: object) -> None:
    of_type(field.name, value, bool)


def _whole(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    whole(field.name, value)


def _function(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    function(field.name, value)


def path_of_journal(value: object) -> Path:
    """The path, if it is one."""
    return path_of("journal", value)


@attrs.frozen(kw_only=True)
class Settings:
    """The options of a run, checked."""

    max_at_once: int = attrs.field(default=MAX_AT_ONCE, validator=_whole)
    stop_after_failures: int | None = attrs.field(
        default=None, validator=validators.optional(_whole)
    )
    on_progress: OnProgress | None = attrs.field(
        default=None, validator=validators.optional(_function)
    )
    fsync: bool = attrs.field(default=False, validator=_flag)
    everything: bool = attrs.field(default=False, validator=_flag)
    max_items: int | None = attrs.field(default=None, validator=validators.optional(_whole))
    dry_run: bool = attrs.field(default=False, validator=_flag)
    converge: bool = attrs.field(default=False, validator=_flag)
    journal: Path | None = attrs.field(default=None, converter=converters.optional(path_of_journal))
    resume: bool = attrs.field(default=False, validator=_flag)

    def __attrs_post_init__(self) -> None:
        if self.journal is None:
            if self.resume:
                message = "resume=True: say which journal the run is in, with journal=."
                raise InvalidArgument(message, argument="resume")
            return
        if self.dry_run:
            message = (
                "journal: a dry run does nothing that could be resumed. Leave out one of them."
            )
            raise InvalidArgument(message, argument="journal")
        if self.journal.exists() and not self.resume:
            raise already_exists(self.journal)


def already_exists(path: Path) -> JournalError:
    """The error of a new run whose journal is there already."""
    message = (
        f"{path} exists. Finish its run with bulk.resume(), give resume=True, or name a new file."
    )
    return JournalError(message, path=str(path), reason="exists")
