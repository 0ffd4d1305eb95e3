"""Bulk runs among other actors and faults: whatever happens, the report is what the server saw."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from grafana_oncall import OnCallClient
from grafana_oncall._retry import RetryPolicy
from grafana_oncall.bulk import Bulk, BulkReport, BulkRun, Outcome, Status
from grafana_oncall.errors import FilterIgnored, OnCallError
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, status
from tests.e2e.bulk_actors import (
    LABELS,
    LIST,
    PROD,
    READS,
    SRE,
    STEP,
    LoopClock,
    Others,
    Snap,
    Storm,
    Tap,
    Tape,
    Visit,
    Watched,
    stream,
)
from tests.virtual_time import now, run

Test: TypeAlias = Callable[[Snap | None], bool]
FINAL: Final = {Status.CHANGED, Status.ALREADY, Status.REJECTED}


@attrs.frozen(kw_only=True)
class Kind:
    """An action: how a run of it is begun, what it sends, and what holds when it is done."""

    name: str
    operation: str
    begin: Callable[..., BulkRun]
    goals: tuple[Test, ...]
    labels: tuple[tuple[str, str], ...] = ()
    waits: bool = False

    def steps(self) -> list[str]:
        """What is told of one with several labels."""
        return [f"{self.name.partition('_')[0]} {key}:{value}" for key, value in self.labels]

    def told(self, outcome: Outcome) -> set[int]:
        """The numbers of the steps that an outcome says were done."""
        if len(self.goals) == 1:
            return {0} if outcome.status is Status.CHANGED else set()
        words = outcome.detail.split("; ")
        return {number for number, step in enumerate(self.steps()) if step in words}


def _transition(name: str, goal: Callable[[Snap], bool]) -> Kind:
    return Kind(
        name=name,
        operation=f"{name}_alert_group",
        begin=getattr(Bulk, name),
        goals=(lambda snap: snap is not None and goal(snap),),
    )


def _deletion(mode: Literal["wipe", "delete"], wait: float | None) -> Kind:
    def begin(bulk: Bulk, selection: Any, **options: Any) -> BulkRun:
        return bulk.delete(selection, mode=mode, wait=wait, **options)

    def done(snap: Snap | None) -> bool:
        return snap is None if mode == "delete" else snap is not None and snap.wiped

    return Kind(
        name="delete",
        operation="delete_alert_group",
        begin=begin,
        goals=(done,),
        waits=wait is not None,
    )


def _labelling(name: Literal["add_labels", "remove_labels"], *labels: tuple[str, str]) -> Kind:
    def begin(bulk: Bulk, selection: Any, **options: Any) -> BulkRun:
        label = bulk.add_labels if name == "add_labels" else bulk.remove_labels
        return label(selection, [":".join(one) for one in labels], **options)

    def goal(label: tuple[str, str]) -> Test:
        return lambda snap: snap is not None and (label in snap.labels) == (name == "add_labels")

    return Kind(
        name=name,
        operation=f"{name.partition('_')[0]}_alert_group_label",
        begin=begin,
        goals=tuple(map(goal, labels)),
        labels=labels,
    )


def _silence(bulk: Bulk, selection: Any, **options: Any) -> BulkRun:
    return bulk.silence(selection, 3600, **options)


KINDS: Final = [
    _transition("resolve", lambda it: it.resolved),
    _transition("acknowledge", lambda it: it.acknowledged),
    _transition("unacknowledge", lambda it: not it.acknowledged),
    _transition("unresolve", lambda it: not it.resolved),
    _transition("unsilence", lambda it: it.silence[0] is None),
    attrs.evolve(_transition("silence", lambda it: it.state == "silenced"), begin=_silence),
    *(_deletion("wipe", None), _deletion("wipe", 2), _deletion("delete", None)),
    *(_deletion("delete", 2), _labelling("add_labels", SRE), _labelling("add_labels", *LABELS)),
    *(_labelling("remove_labels", SRE), _labelling("remove_labels", *LABELS)),
]


@attrs.frozen
class Query:
    """What is selected by a filter."""

    filter: Mapping[str, Any]
    test: Callable[[Snap], bool]

    def matches(self, snap: Snap | None) -> bool:
        """Whether a group that is so is selected."""
        return snap is not None and self.test(snap)


def _in_state(state: str) -> Query:
    return Query({"state": state}, lambda it: it.state == state)


QUERIES: Final = [
    Query({"state": "new"}, lambda it: it.state == "firing"),
    Query({"labels": [":".join(SRE)]}, lambda it: SRE in it.labels),
    Query(
        {"state": "new", "labels": [":".join(SRE), ":".join(PROD)]},
        lambda it: it.state == "firing" and {SRE, PROD} <= it.labels,
    ),
    *map(_in_state, ("acknowledged", "resolved", "silenced")),
    Query({}, lambda _: True),
]


@attrs.define(kw_only=True)
class Session:
    """One process that worked on a selection, as the server and the wire saw it."""

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
    settled: bool = True
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
        """Whether it is selected; with given ids nothing is walked, so that does not matter."""
        return self.query is not None and self.query.matches(snap)


class Oracle:
    """Knows the history of the server, and holds what the last session says against it."""

    def __init__(self, story: Story) -> None:
        self.story, self.kind = story, story.kind
        self.history = story.server.history
        self.now = story.sessions[-1]
        self.ids = [outcome.id for outcome in self.now.outcomes]

    def check(self) -> None:
        """All of it."""
        assert len(set(self.ids)) == len(self.ids)
        self._check_writes()
        self._check_selection()
        self._check_resumption()
        self._check_end()
        for outcome in self.now.outcomes:
            self._check(outcome)

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
        """What matched from the first request of the last walks to their last."""
        walks = [
            list(visits)
            for is_list, visits in groupby(
                self.now.visits, lambda visit: visit.call.operation == LIST
            )
            if is_list
        ]
        broken = (self.now.cut or self.now.error) and (self.story.converge or not self.ids)
        if broken or not walks or not self.now.settled:
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
            requests = [method for method, group_id in self.now.sent if group_id == one]
            if known.status in FINAL:
                assert not requests, f"{one} was {known.status} before"
                assert self._outcome(one).status == known.status, (known, self._outcome(one))
            elif known.status is Status.UNKNOWN and requests:
                assert requests[0] == "GET", f"{one} was not looked at first"
                looks = [visit for visit in self.now.of(one) if not visit.call.fault][:1]
                if looks and looks[0].call.operation in READS and self._shown(looks[0]):
                    assert set(requests) == {"GET"}, f"{one} was done already"

    def _held(self, visit: Visit) -> bool:
        before = self.history.at(visit.group_id, visit.moment - 1)
        return all(goal(before) for goal in self.kind.goals)

    def _shown(self, visit: Visit) -> bool:
        """Whether the group shows that it is done; one that is resolved does not show the rest."""
        before = self.history.at(visit.group_id, visit.moment - 1)
        hidden = before is not None and before.resolved and "acknowledge" in self.kind.name
        return self._held(visit) and not hidden

    def _outcome(self, group_id: str) -> Outcome:
        return self.now.outcomes[self.ids.index(group_id)]

    def _check_end(self) -> None:
        """It went on to its end, unless something was to stop it."""
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
        requests = [method for method, group_id in self.now.sent if group_id == outcome.id]
        if known is not None and not requests and known.status == outcome.status:
            return  # as the last session left it
        caused = {
            number
            for number in range(len(self.kind.goals))
            if any(self._caused(visit, number) for visit in self.now.of(outcome.id))
        }
        story = f"{outcome}, caused {caused}, {self._told(outcome.id)}"
        match outcome.status:
            case Status.CHANGED:
                assert self._is_changed(outcome, caused), story
            case Status.ALREADY:
                assert self._is_already(outcome), story
                assert not caused, story
            case Status.UNKNOWN:
                assert self._is_unknown(outcome, known, requests), story
            case Status.REJECTED:
                assert caused <= self.kind.told(outcome), story
                assert any(visit.call.status in {400, 404} for visit in self.now.of(outcome.id)), (
                    story
                )
            case Status.FAILED:
                assert caused <= self.kind.told(outcome), story
                assert any(visit.call.fault for visit in self.now.of(outcome.id)), story
            case Status.NOT_ATTEMPTED:
                assert not caused, story
                assert known is None or known.status is not Status.UNKNOWN or "GET" in requests, (
                    story
                )
        self._check_earlier(outcome, story)

    def _check_earlier(self, outcome: Outcome, story: str) -> None:
        """What an earlier session brought about is told, or it was not there any more."""
        if outcome.status in {Status.REJECTED, Status.FAILED, Status.NOT_ATTEMPTED}:
            earlier = [
                visit for session in self.story.sessions[:-1] for visit in session.of(outcome.id)
            ]
            if any(visit.effect for visit in earlier):
                assert any(
                    not visit.lost and visit.call.operation in READS and not self._held(visit)
                    for visit in self.now.of(outcome.id)
                ), story

    def _caused(self, visit: Visit, step: int) -> bool:
        if not self.kind.labels or not visit.effect:
            return visit.effect
        before = self.history.at(visit.group_id, visit.moment - 1)
        after = self.history.at(visit.group_id, visit.moment)
        goal = self.kind.goals[step]
        return goal(after) and not goal(before)

    def _is_changed(self, outcome: Outcome, caused: set[int]) -> bool:
        told = self.kind.told(outcome)
        seemed = {step for step in told if self._seemed(outcome.id, step)}
        done = True
        if self.kind.waits:
            past = self.history.between(outcome.id, self.now.first, self.now.last)
            done = any(map(self.kind.goals[0], past))
        return bool(told) and caused <= told <= caused | seemed and done

    def _seemed(self, group_id: str, step: int) -> bool:
        """Whether an answer was lost, and the effect was there when it was looked for.

        Then nobody can tell whether this run brought it about, or another actor did meanwhile.
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
            return True  # its journal says that something was begun
        visits = [one for one in self.now.of(outcome.id) if one.call.operation not in READS]
        lost = any(visit.lost or (self.kind.waits and visit.effect) for visit in visits)
        return not {*requests} <= {"GET"} and (lost or self.now.cut)

    def _told(self, group_id: str) -> str:
        return " | ".join(
            f"{visit.call.operation} {visit.call.status} "
            f"{visit.call.fault and (visit.call.fault.kind, visit.call.fault.applied)} "
            f"effect={visit.effect} at {visit.moment}"
            for visit in self.now.of(group_id)
        )


def _journal(path: Path) -> tuple[list[Outcome], bool] | None:
    """What a journal says, read by other means than the SDK's; None if nothing was selected."""
    if not path.exists():
        return None
    entries = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    ids = [one for entry in entries for one in entry.get("select", ())]
    outcomes = [Outcome(id=one, status=Status.NOT_ATTEMPTED) for one in ids]
    for entry in entries:
        if "begin" in entry:
            outcomes[entry["begin"]] = Outcome(id=entry["id"], status=Status.UNKNOWN)
        elif "end" in entry:
            outcomes[entry["end"]] = Outcome(
                id=entry["id"], status=Status(entry["status"]), detail=entry["detail"]
            )
    selections = [entry["settled"] for entry in entries if "selected" in entry]
    return (outcomes, all(selections)) if selections else None


TAPES: Final = st.one_of(
    st.just(b""), st.binary(min_size=300, max_size=300).map(lambda drawn: drawn.rstrip(b"\0"))
)
OPTIONS: Final = st.fixed_dictionaries(
    {
        "max_at_once": st.integers(1, 4),
        "stop_after_failures": st.sampled_from([None, None, 1, 2]),
    }
)


@attrs.frozen(kw_only=True)
class Weather:
    """How much happens during a run."""

    tape: bytes
    acting: int
    failing: int
    attempts: int
    cut_at: int
    kill: bool
    torn: bool


WEATHER: Final = st.builds(
    Weather,
    tape=TAPES,
    acting=st.sampled_from([0, 20, 60]),
    failing=st.sampled_from([0, 10, 40]),
    attempts=st.integers(1, 3),
    cut_at=st.one_of(st.just(0), st.integers(1, 30)),
    kill=st.booleans(),
    torn=st.booleans(),
)


class BulkRuns(RuleBasedStateMachine):
    """Bulk runs on one server, one after the other, and their resumption."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = LoopClock()
        self.server = Watched(self.clock)
        self.others = Others(self.server)
        self.folder = TemporaryDirectory()
        self.runs = 0
        self.pending: Story | None = None

    def teardown(self) -> None:
        """Leaves nothing on the disk."""
        self.folder.cleanup()

    @initialize(tape=TAPES, number=st.integers(0, 24))
    def _populate(self, tape: bytes, number: int) -> None:
        read = Tape(tape)
        for _ in range(number):
            self.others.create(read)

    @rule(tape=TAPES, number=st.integers(1, 5))
    def others_act(self, tape: bytes, number: int) -> None:
        """Between runs."""
        read = Tape(tape)
        for _ in range(number):
            self.others.act(read)

    @precondition(lambda self: self.pending is None)
    @rule(
        kind=st.sampled_from(KINDS),
        query=st.one_of(st.none(), st.sampled_from(QUERIES)),
        chosen=TAPES,
        prefetch=st.integers(0, 2),
        converge=st.booleans(),
        options=OPTIONS,
        weather=WEATHER,
    )
    def bulk_run(
        self,
        *,
        kind: Kind,
        query: Query | None,
        chosen: bytes,
        prefetch: int,
        converge: bool,
        options: dict[str, Any],
        weather: Weather,
    ) -> None:
        """A run on a query or on ids."""
        self.runs += 1
        story = Story(
            kind=kind,
            server=self.server,
            root=self.others.root.id,
            query=query,
            ids=self._chosen(Tape(chosen)) if query is None else (),
            converge=converge and query is not None,
            journal=Path(self.folder.name) / f"{self.runs}.jsonl",
        )

        def begin(client: OnCallClient) -> BulkRun:
            groups = client.alert_groups
            selection: Any = story.ids if self.runs % 2 else stream(story.ids)
            everything = query is not None and not query.filter
            if query is not None:
                selection = groups.list(**query.filter, prefetch=prefetch)
            return kind.begin(
                groups.bulk,
                selection,
                converge=story.converge,
                everything=everything,
                journal=story.journal,
                **options,
            )

        self._go_on(story, begin, options, weather)

    @precondition(lambda self: self.pending is not None)
    @rule(options=OPTIONS, weather=WEATHER)
    def resume(self, options: dict[str, Any], weather: Weather) -> None:
        """The run that was cut short goes on."""
        story = self.pending
        assert story is not None
        self._go_on(
            story,
            lambda client: client.alert_groups.bulk.resume(story.journal, **options),
            options,
            weather,
        )

    def _chosen(self, tape: Tape) -> list[str]:
        """Ids of groups, some twice, and one of none."""
        ids = [one for one in self.server.groups if one != self.others.root.id]
        picked = [one for one in ids if tape.chance(60)]
        return [*picked, *picked[:1], *(["INOBODY"] if tape.chance(20) else [])]

    def _go_on(
        self,
        story: Story,
        begin: Callable[[OnCallClient], BulkRun],
        options: Mapping[str, Any],
        weather: Weather,
    ) -> None:
        """One session, to its end or to its cut; then all is checked."""
        past = _journal(story.journal)
        self.server.history.note(self.server.groups)
        session = Session(
            first=self.server.history.moment,
            known={} if past is None else {one.id: one for one in past[0]},
            stop=options["stop_after_failures"],
            at_once=options["max_at_once"],
        )
        story.sessions.append(session)
        self.server.visits = []
        self.clock.advance(timedelta(seconds=run(self._session(story, session, begin, weather))))
        self.server.history.note(self.server.groups)
        session.last = self.server.history.moment
        session.visits = self.server.visits
        Oracle(story).check()
        resumable = _journal(story.journal) is not None
        self.pending = story if resumable and session.cut else None

    async def _session(
        self,
        story: Story,
        session: Session,
        begin: Callable[[OnCallClient], BulkRun],
        weather: Weather,
    ) -> float:
        tape, kept = Tape(weather.tape), list[bytes]()
        size = story.journal.stat().st_size if story.journal.exists() else 0

        def cut() -> None:
            if not task.done():
                session.cut = True
                if weather.kill:
                    kept.append(_torn(story.journal, size if weather.torn else None))
                task.cancel()

        storm = Storm(
            others=self.others,
            tape=tape,
            acting=weather.acting,
            failing=weather.failing,
            matches=story.matches,
            cut_at=weather.cut_at,
            cut=cut,
        )
        self.server.faults.clear()
        self.server.faults.choose(storm.choose)
        self.server.proxy = storm.drops_filter
        tap = Tap(self.server, tape)
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with OnCallClient(
            url="https://oncall.test",
            token=self.server.token,
            transport=tap,
            timeout=20 * STEP,
            retry=RetryPolicy(attempts=weather.attempts),
            random=lambda: 0.5,
        ) as client:
            bulk_run = begin(client)
            task = asyncio.create_task(bulk_run.wait())
            await asyncio.wait([task])
            assert len(asyncio.all_tasks()) == 1
        if not task.cancelled() and (error := task.exception()) is not None:
            if not isinstance(error, OnCallError):
                raise error
            session.error = error
        assert not task.cancelled() or session.cut
        session.sent = tap.sent
        report = bulk_run.report
        assert sum(report.counts.values()) == len(report.outcomes)
        assert Counter(one.status for one in report.outcomes) == +Counter(report.counts)
        session.outcomes, session.settled = list(report.outcomes), report.settled
        if kept:
            session.killed = True
            story.journal.write_bytes(kept[0])
            session.outcomes, session.settled = _journal(story.journal) or ([], True)
        return loop.time() - began


def _torn(journal: Path, old: int | None) -> bytes:
    """What stands in a journal when the process is killed: perhaps half a line of an outcome."""
    content = journal.read_bytes()
    last = content[:-1].rpartition(b"\n")[2]
    torn = old is not None and len(content) > old and last.startswith(b'{"end"')
    return content[: -len(last) // 2] if torn else content


PROFILE: Final = settings(
    derandomize=True,
    print_blob=True,
    deadline=None,
    suppress_health_check=[
        *(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
    ],
)


def test_every_report_of_a_bulk_run_is_true_whatever_others_do_meanwhile() -> None:
    """Nothing skipped, nothing else touched, every outcome so on the server; resumed or not."""
    profile = settings(PROFILE, max_examples=500, stateful_step_count=8)
    run_state_machine_as_test(BulkRuns, settings=profile)


@settings(PROFILE, max_examples=200)
@given(
    population=st.binary(min_size=200, max_size=200),
    number=st.integers(9, 24),
    query=st.sampled_from(QUERIES),
    prefetch=st.integers(0, 2),
    failing=st.sampled_from([0, 20]),
    tape=st.binary(min_size=300, max_size=300),
)
def test_long_walks_among_busy_actors_leave_nothing_out(
    *, population: bytes, number: int, query: Query, prefetch: int, failing: int, tape: bytes
) -> None:
    """Up to eight pages, and at most requests somebody acts: what matched all along is there."""
    runs = BulkRuns()
    runs._populate(population, number)
    weather = Weather(
        tape=tape, acting=60, failing=failing, attempts=3, cut_at=0, kill=False, torn=False
    )
    runs.bulk_run(
        kind=KINDS[0],
        query=query,
        chosen=b"",
        prefetch=prefetch,
        converge=False,
        options={"max_at_once": 2, "stop_after_failures": None},
        weather=weather,
    )
    runs.teardown()


class PagesOutOfOrder:
    """In both walks page 2 is read after page 3, and one group leaves it just before that.

    The group leaves before anybody saw it, so the other walk does not miss it.
    """

    def __init__(self, server: FakeOnCall) -> None:
        self.pages: list[str] = []
        self.groups = server.groups

    def choose(self, request: FakeRequest, operation: str | None) -> Fault | None:
        """Page 2 is asked for again after a 503, when page 3 has been read."""
        if operation != LIST:
            return None
        page = dict(parse_qsl(request.query)).get("page", "1")
        self.pages.append(page)
        walk = self.pages.count("1")
        if page == "1" and walk == 2:
            self.groups["IK"].acknowledged_at = None  # it enters the list for the first time
        if page == "2" and self.pages.count("2") % 2:
            return status(503)
        if page == "2":
            self.groups["ID" if walk == 1 else "IK"].resolved_at = self.groups["IA"].started_at
        return None


def test_pages_that_are_read_out_of_order_hide_no_group() -> None:
    """Prefetched pages overtake each other: what matched all along is selected, or not settled."""

    async def acknowledge() -> BulkReport:
        server = FakeOnCall(clock=now, page_size=3)
        for age, letter in enumerate("ABCKDEFGHIXY"):
            server.add_group(id=f"I{letter}", started_at=now() - timedelta(minutes=age))
        server.groups["IK"].acknowledged_at = now()
        server.faults.choose(PagesOutOfOrder(server).choose)
        async with OnCallClient(
            url="https://oncall.test",
            token=server.token,
            transport=server.transport(),
            random=lambda: 0.5,
        ) as client:
            groups = client.alert_groups.list(state="new", prefetch=1)
            return await client.alert_groups.bulk.acknowledge(groups)

    report = run(acknowledge())
    assert not report.settled or "IX" in {outcome.id for outcome in report.outcomes}
