"""Bulk runs on one server, one after the other, with other actors and faults."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from grafana_oncall import OnCallClient
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.bulk import BulkRun
from grafana_oncall.errors import OnCallError
from tests.support.bulk_actors import Others, Storm, Tap, Tape, stream
from tests.support.bulk_kinds import KINDS, QUERIES, Kind, Query
from tests.support.bulk_oracle import Oracle, Session, Story, is_finished, read_journal
from tests.support.bulk_watched import STEP, Watched
from tests.support.virtual_time import ServerClock, run

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
    """How much is disturbed during a run."""

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
        self.clock = ServerClock()
        self.server = Watched(self.clock)
        self.others = Others(self.server)
        self.folder = TemporaryDirectory()
        self.runs = 0
        self.pending: Story | None = None

    def teardown(self) -> None:
        """Remove the journals."""
        self.folder.cleanup()

    @initialize(tape=TAPES, number=st.integers(0, 24))
    def populate(self, tape: bytes, number: int) -> None:
        """Add this many groups."""
        read = Tape(tape)
        for _ in range(number):
            self.others.create(read)

    @rule(tape=TAPES, number=st.integers(1, 5))
    def others_act(self, tape: bytes, number: int) -> None:
        """Let other actors act between runs."""
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
        """Run on a query or on ids."""
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

        given = {**options, "resume": self.runs % 3 == 0}
        self._run_session(story, self._begin(story, given, prefetch=prefetch), options, weather)

    def _begin(
        self, story: Story, options: Mapping[str, Any], *, prefetch: int = 2
    ) -> Callable[[OnCallClient], BulkRun]:
        def begin(client: OnCallClient) -> BulkRun:
            groups, query = client.alert_groups, story.query
            selection: Any = story.ids if self.runs % 2 else stream(story.ids)
            if query is not None:
                selection = groups.list(**query.filter, prefetch=prefetch)
            return story.kind.begin(
                groups.bulk,
                selection,
                converge=story.converge,
                everything=query is not None and not query.filter,
                journal=story.journal,
                **options,
            )

        return begin

    @precondition(lambda self: self.pending is not None)
    @rule(options=OPTIONS, weather=WEATHER, by_path=st.booleans())
    def resume(self, options: dict[str, Any], weather: Weather, *, by_path: bool) -> None:
        """Resume the run that was cut short, by its journal alone or by the call that began it."""
        story = self.pending
        assert story is not None

        def by_journal(client: OnCallClient) -> BulkRun:
            return client.alert_groups.bulk.resume(story.journal, **options)

        begin = by_journal if by_path else self._begin(story, {**options, "resume": True})
        self._run_session(story, begin, options, weather)

    def _chosen(self, tape: Tape) -> list[str]:
        """Ids of groups, some of them twice, and one that does not exist."""
        ids = [group_id for group_id in self.server.groups if group_id != self.others.root.id]
        picked = [group_id for group_id in ids if tape.chance(60)]
        return [*picked, *picked[:1], *(["INOBODY"] if tape.chance(20) else [])]

    def _run_session(
        self,
        story: Story,
        begin: Callable[[OnCallClient], BulkRun],
        options: Mapping[str, Any],
        weather: Weather,
    ) -> None:
        """Run one session to its end or to its cut, then check everything."""
        past = read_journal(story.journal)
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
        resumable = read_journal(story.journal) is not None and not is_finished(story.journal)
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
            retry=RetryPolicy(max_attempts=weather.attempts),
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
        session.outcomes, session.complete = list(report.outcomes), report.complete
        if kept:
            session.killed = True
            story.journal.write_bytes(kept[0])
            session.outcomes, session.complete = read_journal(story.journal) or ([], True)
        return loop.time() - began


def _torn(journal: Path, old: int | None) -> bytes:
    """What a journal holds when the process is killed: perhaps half a line of an outcome."""
    content = journal.read_bytes()
    last = content[:-1].rpartition(b"\n")[2]
    torn = old is not None and len(content) > old and last.startswith(b'{"end"')
    return content[: -len(last) // 2] if torn else content
