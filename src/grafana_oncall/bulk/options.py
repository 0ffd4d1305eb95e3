"""The options of bulk runs, and their validation."""

import os
from pathlib import Path
from typing import Any, Final, TypedDict, cast

import attrs
from attrs import converters, validators

from grafana_oncall._validation.arguments import function, of_type, path_of, stored_name, whole
from grafana_oncall.errors import InvalidArgument, JournalError
from grafana_oncall.stores import JournalStore

from .progress import OnProgress

MAX_AT_ONCE: Final = 8


class ResumeOptions(TypedDict, total=False):
    """Options of a resumed run; the others are in its journal."""

    max_at_once: int
    """Groups that are acted on at the same time; the client's `max_connections` and rate limits
    bound them further."""
    stop_after_failures: int | None
    """Begin no further group after this many were rejected, failed or unknown. By default, failures
    never keep other groups from being acted on."""
    on_progress: OnProgress | None
    """Called with a `Progress` after each page and each group, and once a second in between."""
    fsync: bool
    """Whether the run waits until each line of the journal is on the disk, so that it survives a
    crash of the machine; otherwise it survives a crash of the process."""
    lock: bool
    """Whether the journal is locked, so that no other run uses it meanwhile; False is for file
    systems without locks, such as some network file systems."""


class BulkOptions(ResumeOptions, total=False):
    """Options of every bulk action, and those of `ResumeOptions`."""

    everything: bool
    """Allow a query without any filter, which raises InvalidArgument otherwise."""
    max_items: int | None
    """Raise `SelectionTooLarge` for a larger selection, before anything is written."""
    dry_run: bool
    """Read and check the selection, and report what would be sent, without sending it."""
    converge: bool
    """Repeat the query when all groups were acted on, and act on those that match by then and are
    new, until there are none; ten times at most."""
    journal: str | Path | JournalStore | None
    """Path of a file, or a store (`grafana_oncall.stores`), to which each outcome is written as it
    happens. The journal must not exist, unless `resume=True`; `bulk.resume` finishes its run."""
    name: str | None
    """The name of the run: of its journal in a store, which needs one, and of its shards."""
    resume: bool
    """Finish the run of the journal if that was cut short; it must be of the same server,
    organization, action and selection. If there is no journal, or its run sent nothing or is
    finished, start a new run in it."""


def _flag(_: object, field: "attrs.Attribute[bool]", value: object) -> None:
    of_type(field.name, value, bool)


def _name(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    stored_name(field.name, value)


def _whole(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    whole(field.name, value)


def _function(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    function(field.name, value)


def path_of_journal(value: object) -> Path:
    """Return the path of a journal; raise InvalidArgument for other values."""
    return path_of("journal", value)


def path_or_store(value: object) -> Path | JournalStore:
    """Return where a journal is; raise InvalidArgument for other values."""
    if callable(getattr(value, "append", None)):
        return cast("JournalStore", value)
    return path_of_journal(value)


@attrs.frozen(kw_only=True)
class Settings:
    """The validated options of a run."""

    max_at_once: int = attrs.field(default=MAX_AT_ONCE, validator=_whole)
    stop_after_failures: int | None = attrs.field(
        default=None, validator=validators.optional(_whole)
    )
    on_progress: OnProgress | None = attrs.field(
        default=None, validator=validators.optional(_function)
    )
    fsync: bool = attrs.field(default=False, validator=_flag)
    lock: bool = attrs.field(default=True, validator=_flag)
    everything: bool = attrs.field(default=False, validator=_flag)
    max_items: int | None = attrs.field(default=None, validator=validators.optional(_whole))
    dry_run: bool = attrs.field(default=False, validator=_flag)
    converge: bool = attrs.field(default=False, validator=_flag)
    journal: Path | JournalStore | None = attrs.field(
        default=None, converter=converters.optional(path_or_store)
    )
    name: str | None = attrs.field(default=None, validator=validators.optional(_name))
    resume: bool = attrs.field(default=False, validator=_flag)

    def __attrs_post_init__(self) -> None:
        if self.journal is None:
            if self.resume:
                message = "resume=True: pass the journal of the run, as journal=."
                raise InvalidArgument(message, argument="resume")
            return
        if self.dry_run:
            message = (
                "journal: a dry run sends nothing that could be resumed. Omit journal= or dry_run=."
            )
            raise InvalidArgument(message, argument="journal")
        if not isinstance(self.journal, Path):
            self._check_store()
            return
        if self.name is not None:
            message = "name: a journal in a file has no other name than its path."
            raise InvalidArgument(message, argument="name")
        # Path.exists raises OSError for some paths; the journal will say what is wrong with it.
        if not self.resume and os.path.exists(self.journal):  # noqa: PTH110  # see above
            raise already_exists(self.journal)

    def _check_store(self) -> None:
        if self.name is None:
            message = "name: a journal in a store needs a name, such as name='nightly'."
            raise InvalidArgument(message, argument="name")
        if self.fsync or not self.lock:
            message = "fsync, lock: they are for journals in files; a store has ways of its own."
            raise InvalidArgument(message, argument="fsync")


def already_exists(path: Path) -> JournalError:
    """Return the error of a new run whose journal exists."""
    message = (
        f"{path} exists. Finish its run with bulk.resume(), pass resume=True, or name a new file."
    )
    return JournalError(message, path=str(path), reason="exists")
