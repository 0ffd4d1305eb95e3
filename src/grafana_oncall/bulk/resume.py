"""What a run is to do, and whether an earlier one with the same journal has begun it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from grafana_oncall._session.organization import may_own
from grafana_oncall._session.session import Session

from .journal import Journal
from .journal_reader import Header, RunState, difference
from .outcomes import WITHOUT_EFFECT, Status
from .selection import ReadSelection, has_ids


@attrs.frozen(kw_only=True)
class Work:
    """What a run is to do."""

    header: Header
    read: ReadSelection | None
    """Reads the selection; None when it is in the journal."""
    is_shard: bool = False
    """Whether a journal that is finished is this run's, and no earlier one's."""
    find: Callable[[Header], Work] | None = None
    """Returns what to do by the header of the journal, where that is read only now."""
    read_again: ReadSelection | None = None
    """Reads it once more after each round, for groups that match by then; None for one round."""


async def find_earlier(
    session: Session, journal: Journal, work: Work
) -> tuple[Work, RunState] | None:
    """Return what is to be finished, and how far it is; None if there is nothing to finish.

    Raises:
        JournalError: The run of the journal is another one.
    """
    earlier = await journal.read()
    if work.read is None:
        if earlier is None:
            raise journal.nothing_sent()
        if work.find is not None:
            work = work.find(earlier.header)
        elif earlier.header != work.header:
            raise journal.other_run("another run has replaced it. Resume it again.")
    else:
        if earlier is None or (earlier.finished and not work.is_shard):
            return None
        await _check_same(journal, earlier, work.header, work.read)
    await _check_organization(session, journal, earlier, work)
    return work, earlier


async def _check_organization(
    session: Session, journal: Journal, earlier: RunState, work: Work
) -> None:
    """Raise JournalError when the groups of a run that is to go on are another organization's.

    All of them would be rejected, and `converge` would act on that organization's.
    """
    if work.read_again is None and not earlier.outcomes.to_do():
        return
    removes = work.header.action.removes
    still_there = WITHOUT_EFFECT if removes else {*Status}
    ids = [outcome.id for outcome in earlier.outcomes if outcome.status in still_there]
    if not await may_own(session, ids):
        raise journal.other_run(
            "none of its groups exists for this token, so they are another organization's: use "
            "the token that the run was started with. If all of them were deleted, there is "
            "nothing left to finish: delete the journal."
        )


async def _check_same(
    journal: Journal, earlier: RunState, header: Header, read: ReadSelection
) -> None:
    """Raise JournalError when the unfinished run is not the one that was asked for."""
    what = difference(earlier.header, header)
    if what is None and header.query is None and not await has_ids(earlier.outcomes, read):
        what = "selection: the journal lists different ids"
    if what is not None:
        raise journal.other_run(
            f"its run is not finished, and differs from this one ({what}). Finish it with "
            "bulk.resume(), or name another file."
        )
