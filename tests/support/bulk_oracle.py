"""What a bulk run may report, given what the server and the network saw of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby, takewhile
from pathlib import Path
from typing import Final

import attrs

from grafana_oncall.bulk import Outcome, Status
from grafana_oncall.errors import FilterIgnored, JournalError, OnCallError
from tests.support.bulk_kinds import Kind, Query
from tests.support.bulk_watched import LIST, READS, Snap, Visit, Watched

FINAL: Final = {Status.CHANGED, Status.ACCEPTED, Status.ALREADY, Status.REJECTED}


@attrs.define(kw_only=True)
class Session:
    """One process that worked on a selection, as the server and the network saw it."""

    first: int
    known: Mapping[str, Outcome]
    """What the journal said when it began."""
    last: int = 0
    visits: Sequence[Visit] = ()
    sent: Sequence[tuple[str, str]] = ()
    cut: bool = False
    killed: bool = False
    error: OnCallError | None = None
    outcomes: Sequence[Outcome] = ()
    complete: bool = True
    stop: int | None = None
    at_once: int = 8

    def of(self, group_id: str) -> list[Visit]:
        """The requests for one group."""
        return [visit for visit in self.visits if visit.group_id == group_id]


@attrs.define(kw_only=True)
class Story:
    """A selection and all sessions that worked on it."""

    kind: Kind
    server: Watched
    root: str
    query: Query | None
    ids: Sequence[str]
    converge: bool
    journal: Path
    sessions: list[Session] = attrs.field(factory=list[Session])

    def matches(self, snap: Snap | None) -> bool:
        """Whether a group is selected; given ids are not walked, so it does not matter."""
        return self.query is not None and self.query.matches(snap)


class Oracle:
    """Knows the history of the server, and checks the report of the last session against it."""

    def __init__(self, story: Story) -> None:
        self.story, self.kind = story, story.kind
        self.history = story.server.history
        self.now = story.sessions[-1]
        self.ids = [outcome.id for outcome in self.now.outcomes]
        reads = takewhile(lambda request: request[0] == "GET", self.now.sent)
        self.looked_up = {group_id for _, group_id in reads}
        """Groups that were read first, perhaps only to see whose they are."""

    def check(self) -> None:
        """Check everything."""
        if isinstance(self.now.error, JournalError):
            self._check_refusal()
            return
        assert len(set(self.ids)) == len(self.ids)
        self._check_writes()
        self._check_selection()
        self._check_resumption()
        self._check_end()
        for outcome in self.now.outcomes:
            self._check(outcome)

    def _check_refusal(self) -> None:
        """Other actors have deleted the groups, and they seem to be another organization's."""
        assert "another organization's" in str(self.now.error)
        assert {method for method, _ in self.now.sent} == {"GET"}
        gone = {visit.group_id for visit in self.now.visits if visit.call.status == 404}
        assert gone == self.looked_up
        assert len(gone) >= 3

    def _requests(self, group_id: str) -> list[str]:
        """The requests for a group, without the read-back of one that was done."""
        requests = [method for method, sent_for in self.now.sent if sent_for == group_id]
        known = self.now.known.get(group_id)
        was_done = known is not None and known.status in FINAL
        only_seen = group_id in self.looked_up and {*requests} == {"GET"}
        return [] if was_done and only_seen else requests

    def _check_writes(self) -> None:
        for visit in self.now.visits:
            assert visit.touched <= {visit.group_id}
            if visit.call.operation not in READS:
                assert visit.call.operation == self.kind.operation
                assert visit.group_id in self.ids, "something else was written to"
        silences = Counter(visit.group_id for visit in self.now.visits if visit.effect)
        assert self.kind.name != "silence" or max(silences.values(), default=0) <= 1

    def _check_selection(self) -> None:
        if self.story.query is None:
            expected = list(dict.fromkeys(self.story.ids))
            assert self.ids in (expected, []) if self.now.cut else self.ids == expected
            return
        began = self.story.sessions[0].first
        for one in self.ids:
            past = self.history.between(one, began, self.now.last)
            assert any(map(self.story.matches, past)), f"{one} never matched"
        for one in self._matched_all_along():
            assert one in self.ids, f"{one} was left out"

    def _matched_all_along(self) -> list[str]:
        """Groups that matched from the first request of the last walks to their last."""
        walks = [
            list(visits)
            for is_list, visits in groupby(
                self.now.visits, lambda visit: visit.call.operation == LIST
            )
            if is_list
        ]
        broken = (self.now.cut or self.now.error) and (self.story.converge or not self.ids)
        if broken or not walks or not self.now.complete:
            return []
        if any(visit.unfiltered for visit in walks[-1]):
            return []  # another list, all of which happened to match
        first, last = walks[-1][0].moment - 1, walks[-1][-1].moment
        return [
            one
            for one in self.history.ids()
            if one != self.story.root
            and all(map(self.story.matches, self.history.between(one, first, last)))
        ]

    def _check_resumption(self) -> None:
        for one, known in self.now.known.items():
            requests = self._requests(one)
            if known.status in FINAL:
                assert not requests, f"{one} was {known.status} before"
                assert self._outcome(one).status == known.status, (known, self._outcome(one))
            elif known.status is Status.UNKNOWN and requests:
                assert requests[0] == "GET", f"{one} was not looked at first"
                reached = [visit for visit in self.now.of(one) if not visit.call.fault]
                reads = [*takewhile(lambda visit: visit.call.operation in READS, reached)]
                if reads and self._shown(reads[-1]):
                    assert set(requests) == {"GET"}, f"{one} was done already"

    def _held(self, visit: Visit) -> bool:
        before = self.history.at(visit.group_id, visit.moment - 1)
        return all(goal(before) for goal in self.kind.goals)

    def _shown(self, visit: Visit) -> bool:
        """Whether the group shows that it is done; a resolved group does not show other actions."""
        before = self.history.at(visit.group_id, visit.moment - 1)
        hidden = before is not None and before.resolved and "acknowledge" in self.kind.name
        return self._held(visit) and not hidden and not self._is_older(visit.group_id, before)

    def _is_older(self, group_id: str, now: Snap | None) -> bool:
        """Whether its silence was there before this run sent one."""
        asked = [
            visit.moment
            for session in self.story.sessions[:-1]
            for visit in session.of(group_id)
            if visit.call.operation == self.kind.operation
        ]
        before = self.history.at(group_id, asked[-1] - 1) if asked else None
        silences = {one.silence for one in (before, now) if one is not None}
        return self.kind.name == "silence" and before is not None and len(silences) == 1

    def _outcome(self, group_id: str) -> Outcome:
        return self.now.outcomes[self.ids.index(group_id)]

    def _check_end(self) -> None:
        """The run went on to its end, unless something was to stop it."""
        now = self.now
        written = {group_id for method, group_id in now.sent if method != "GET"}
        failures = sum(one.status.is_failure and one.id in written for one in now.outcomes)
        if now.stop is not None:
            assert failures < now.stop + now.at_once
        open_ones = sum(one.status is Status.NOT_ATTEMPTED for one in now.outcomes)
        assert not open_ones or now.cut or now.error or now.stop
        if now.error is not None:
            unfiltered = any(visit.unfiltered for visit in now.visits)
            assert unfiltered or not isinstance(now.error, FilterIgnored)
            assert unfiltered or any(visit.call.fault for visit in now.visits)

    def _check(self, outcome: Outcome) -> None:
        known = self.now.known.get(outcome.id)
        requests = self._requests(outcome.id)
        if known is not None and not requests and known.status == outcome.status:
            return  # unchanged since the last session
        caused = {
            number
            for number in range(len(self.kind.goals))
            if any(self._caused(visit, number) for visit in self.now.of(outcome.id))
        }
        story = f"{outcome}, caused {caused}, {self._requests_of(outcome.id)}"
        match outcome.status:
            case Status.CHANGED | Status.ACCEPTED:
                later = self.kind.name == "delete" and not self.kind.waits
                assert (outcome.status is Status.ACCEPTED) is later, story
                assert self._is_changed(outcome, caused), story
            case Status.ALREADY:
                assert self.kind.name != "silence", story  # another actor may have sent it
                assert self._is_already(outcome), story
                assert not caused, story
            case Status.UNKNOWN:
                assert self._is_unknown(outcome, known, requests) or (
                    self._is_partial(outcome, caused)
                ), story
            case Status.REJECTED:
                assert caused <= self.kind.reported(outcome), story
                assert any(
                    visit.call.status in {400, 404} for visit in self.now.of(outcome.id)
                ) or (self._is_wiped(outcome)), story
            case Status.FAILED:
                assert caused <= self.kind.reported(outcome), story
                assert any(visit.call.fault for visit in self.now.of(outcome.id)), story
            case Status.NOT_ATTEMPTED:
                assert not caused, story
                assert known is None or known.status is not Status.UNKNOWN or "GET" in requests, (
                    story
                )
        self._check_earlier(outcome, story)

    def _check_earlier(self, outcome: Outcome, story: str) -> None:
        """What an earlier session did is reported, or was undone before this session."""
        if outcome.status in {Status.REJECTED, Status.FAILED, Status.NOT_ATTEMPTED}:
            visits = [visit for session in self.story.sessions for visit in session.of(outcome.id)]
            now = self.now.of(outcome.id)
            earlier = [visit.moment for visit in visits if visit.effect and visit not in now]
            if earlier:
                assert any(
                    not visit.lost and visit.call.operation in READS and not self._held(visit)
                    for visit in visits
                    if visit.moment > earlier[-1]
                ), story

    def _caused(self, visit: Visit, step: int) -> bool:
        if not self.kind.labels or not visit.effect:
            return visit.effect
        before = self.history.at(visit.group_id, visit.moment - 1)
        after = self.history.at(visit.group_id, visit.moment)
        goal = self.kind.goals[step]
        return goal(after) and not goal(before)

    def _is_changed(self, outcome: Outcome, caused: set[int]) -> bool:
        done = True
        if self.kind.waits:
            past = self.history.between(outcome.id, self.now.first, self.now.last)
            done = any(map(self.kind.goals[0], past))
        return self._names_steps(outcome, caused) and done

    def _is_wiped(self, outcome: Outcome) -> bool:
        """The server says success, and leaves a wiped group resolved."""
        past = self.history.between(outcome.id, self.now.first, self.now.last)
        return self.kind.name == "unresolve" and any(one is not None and one.wiped for one in past)

    def _is_partial(self, outcome: Outcome, caused: set[int]) -> bool:
        """Some of several steps were done, and the next one was refused."""
        refused = any(
            visit.call.fault or visit.call.status in {400, 404} for visit in self.now.of(outcome.id)
        )
        all_of_them = len(self.kind.reported(outcome)) == len(self.kind.goals)
        return self._names_steps(outcome, caused) and refused and not all_of_them

    def _names_steps(self, outcome: Outcome, caused: set[int]) -> bool:
        """Whether the outcome names the steps that were done, and no others."""
        reported = self.kind.reported(outcome)
        seemed = {step for step in reported if self._seemed(outcome.id, step)}
        return bool(reported) and caused <= reported <= caused | seemed

    def _seemed(self, group_id: str, step: int) -> bool:
        """Whether a response was lost, and the effect was there when it was read back.

        Then it is unknowable whether this run did it, or another actor did meanwhile.
        """
        visits = self.now.of(group_id)
        lost = [visit.moment for visit in visits if visit.lost]
        return any(
            lost
            and visit.moment > lost[0]
            and self.kind.goals[step](self.history.at(group_id, visit.moment - 1))
            for visit in visits
        )

    def _is_already(self, outcome: Outcome) -> bool:
        past = self.history.between(outcome.id, self.now.first, self.now.last)
        return all(any(map(goal, past)) for goal in self.kind.goals)

    def _is_unknown(self, outcome: Outcome, known: Outcome | None, requests: Sequence[str]) -> bool:
        if known is not None and known.status is Status.UNKNOWN:
            return True
        if self.now.killed:
            return True  # its journal has a request that was begun
        visits = [one for one in self.now.of(outcome.id) if one.call.operation not in READS]
        checks = self.kind.waits or self.kind.name == "unresolve"  # and may find nothing
        lost = any(visit.lost or (checks and visit.call.status in {200, 204}) for visit in visits)
        return not {*requests} <= {"GET"} and (lost or self.now.cut)

    def _requests_of(self, group_id: str) -> str:
        return " | ".join(
            f"{visit.call.operation} {visit.call.status} "
            f"{visit.call.fault and (visit.call.fault.kind, visit.call.fault.applied)} "
            f"effect={visit.effect} at {visit.moment}"
            for visit in self.now.of(group_id)
        )


def read_journal(path: Path) -> tuple[list[Outcome], bool] | None:
    """What a journal holds, parsed without the SDK; None if nothing was selected."""
    if not path.exists():
        return None
    entries = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    ids = [one for entry in entries for one in entry.get("select", ())]
    outcomes = {group_id: Outcome(id=group_id, status=Status.NOT_ATTEMPTED) for group_id in ids}
    for entry in entries:
        if "begin" in entry:
            outcomes[entry["begin"]] = Outcome(id=entry["begin"], status=Status.UNKNOWN)
        elif "end" in entry:
            outcomes[entry["end"]] = Outcome(
                id=entry["end"], status=Status(entry["status"]), detail=entry["detail"]
            )
    selections = [entry["complete"] for entry in entries if "selected" in entry]
    return ([*outcomes.values()], all(selections)) if selections else None


def is_finished(path: Path) -> bool:
    """Whether the run of a journal came to its end, by its last line."""
    return b'{"finished": true' in path.read_bytes().splitlines()[-1]
