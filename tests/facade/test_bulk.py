"""Bulk runs against the fake: what is selected, what becomes of each group, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

import attrs
import httpx
import pytest
from rich.console import Console

from grafana_oncall import FOREVER, OnCallClient
from grafana_oncall.bulk import Bulk, BulkReport, BulkRun, Outcome, Status
from grafana_oncall.errors import (
    BadRequest,
    Conflict,
    FilterIgnored,
    InvalidArgument,
    LabelError,
    NotFound,
    OutcomeUnknown,
    SelectionTooLarge,
    TransportError,
)
from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeOnCall,
    FakeRequest,
    Fault,
    VirtualClock,
    refuse,
    reset,
    status,
    throttle,
)
from tests.facade.samples import BASE
from tests.virtual_time import START, loop

Groups = list[FakeAlertGroup]


def add(fake: FakeOnCall, number: int, **fields: Any) -> Groups:
    """So many groups, the newest first, as a list has them."""
    began = fake.now()
    return [
        fake.add_group(started_at=began - timedelta(seconds=one), **fields) for one in range(number)
    ]


def ids(groups: Sequence[Any]) -> list[str]:
    """Their ids."""
    return [group.id for group in groups]


def sent(fake: FakeOnCall) -> dict[str | None, int]:
    """How often each operation was asked for."""
    return dict(Counter(call.operation for call in fake.calls))


def written(fake: FakeOnCall) -> list[str]:
    """The paths of all requests that are not reads, in their order."""
    return [call.path for call in fake.calls if call.method != "GET"]


def counted(report: BulkReport) -> dict[str, int]:
    """The counts that are not zero; all of them must be what the outcomes say."""
    assert set(report.counts) == set(Status)
    assert report.counts == dict.fromkeys(Status, 0) | Counter(
        outcome.status for outcome in report.outcomes
    )
    return {status.value: number for status, number in report.counts.items() if number}


def meanwhile(
    fake: FakeOnCall, operation: str, act: Callable[[FakeRequest], None], *, times: int = 1
) -> None:
    """Another actor, who acts just before these requests are served."""
    left = [None] * times

    def choose(request: FakeRequest, name: str | None) -> Fault | None:
        if name == operation and left:
            left.pop()
            act(request)
        return None

    fake.faults.choose(choose)


# Actions


@attrs.frozen
class Deed:
    """An action: the state before it, how to begin it, and how to see that it is done."""

    before: Any
    run: Callable[[Bulk, Any], BulkRun]
    done: Callable[[FakeAlertGroup], bool]
    repeats: bool = False
    """Whether it is sent for groups that are so already."""


def reaches(state: str) -> Callable[[FakeAlertGroup], bool]:
    """Whether a group is in this state."""
    return lambda group: group.state == state


ACTIONS: dict[str, Deed] = {
    "acknowledge": Deed("firing", lambda b, s: b.acknowledge(s), reaches("acknowledged")),
    "unacknowledge": Deed("acknowledged", lambda b, s: b.unacknowledge(s), reaches("firing")),
    "resolve": Deed("firing", lambda b, s: b.resolve(s), reaches("resolved")),
    "unresolve": Deed("resolved", lambda b, s: b.unresolve(s), reaches("firing")),
    "silence": Deed(
        "firing",
        lambda b, s: b.silence(s, timedelta(hours=1)),
        lambda group: (
            group.silenced_at is not None
            and group.silenced_until == group.silenced_at + timedelta(hours=1)
        ),
        repeats=True,
    ),
    "silence for ever": Deed(
        "silenced",
        lambda b, s: b.silence(s, FOREVER),
        lambda group: group.silenced_at is not None and group.silenced_until is None,
        repeats=True,
    ),
    "unsilence": Deed("silenced", lambda b, s: b.unsilence(s), reaches("firing")),
    "add_labels": Deed(
        "firing",
        lambda b, s: b.add_labels(s, {"team": "SRE", "tier": "a"}),
        lambda group: set(group.labels) >= {("team", "SRE"), ("tier", "a")},
    ),
    "remove_labels": Deed(
        "firing",
        lambda b, s: b.remove_labels(s, {"environment": "prod"}),
        lambda group: ("environment", "prod") not in group.labels,
    ),
}
every_action = pytest.mark.parametrize(
    "deed", [pytest.param(deed, id=name) for name, deed in ACTIONS.items()]
)


def prepared(fake: FakeOnCall, deed: Deed) -> tuple[Groups, Groups]:
    """Groups to act on, and others to leave alone."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    labels = {"environment": "prod"}
    return (
        add(fake, 3, state=deed.before, labels=labels),
        add(fake, 3, state=deed.before, labels=labels),
    )


@every_action
async def test_each_action_has_its_effect_on_the_selection_alone(
    fake: FakeOnCall, oncall: OnCallClient, deed: Deed
) -> None:
    """The report says so, in the order of the selection."""
    groups, others = prepared(fake, deed)
    before = [attrs.asdict(one, recurse=False) | {"labels": [*one.labels]} for one in others]
    report = await deed.run(oncall.alert_groups.bulk, ids(groups))
    report.raise_for_failures()
    assert counted(report) == {"changed": 3}
    assert ids(report.outcomes) == ids(groups)
    assert all(map(deed.done, groups))
    assert [attrs.asdict(one, recurse=False) for one in others] == before


@every_action
async def test_what_a_query_shows_to_be_done_is_not_sent_again(
    fake: FakeOnCall, oncall: OnCallClient, deed: Deed
) -> None:
    """A silence is, because it restarts; of ids, the server's refusal says that it is so."""
    prepared(fake, deed)
    bulk, every = oncall.alert_groups.bulk, [*fake.groups]
    await deed.run(bulk, every)
    fake.calls.clear()
    source = next(iter(fake.integrations))
    report = await deed.run(bulk, oncall.alert_groups.list(integration_id=source))
    assert counted(report) == {"changed" if deed.repeats else "already": 6}
    assert len(written(fake)) == (6 if deed.repeats else 0)
    report = await deed.run(bulk, every)
    assert counted(report) == {"changed" if deed.repeats else "already": 6}


@pytest.mark.parametrize("mode", ["wipe", "delete"])
@pytest.mark.parametrize("wait", [None, 10, timedelta(seconds=10)])
async def test_deletions_are_taken_on_or_waited_for(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, mode: Any, wait: Any
) -> None:
    """Both modes; without `wait` nobody looks."""
    groups = add(fake, 3)
    report = await oncall.alert_groups.bulk.delete(ids(groups), mode=mode, wait=wait)
    assert counted(report) == {"changed": 3}
    assert ("get_alert_group" in sent(fake)) is (wait is not None)

    def gone() -> list[bool]:
        now = fake.groups
        return [one.id not in now if mode == "delete" else one.title is None for one in groups]

    assert gone() == [wait is not None] * 3
    clock.advance(timedelta(seconds=1))
    assert gone() == [True] * 3


@pytest.mark.parametrize("mode", ["wipe", "delete"])
async def test_a_deletion_that_does_not_happen_is_unknown(
    fake: FakeOnCall, oncall: OnCallClient, mode: Any
) -> None:
    """When the time is over, and not before; it may happen later."""
    fake.delete_delay = fake.wipe_delay = None
    (group,) = add(fake, 1)
    report = await oncall.alert_groups.bulk.delete([group.id], mode=mode, wait=20)
    assert counted(report) == {"unknown": 1}
    assert isinstance(report.failures[0].error, OutcomeUnknown)
    assert loop().time() - START == pytest.approx(20)
    assert len(written(fake)) == 1
    fake.delete_delay = fake.wipe_delay = timedelta(0)
    report = await oncall.alert_groups.bulk.delete([group.id], mode=mode, wait=20)
    assert report.failures == ()


async def test_deleting_what_is_gone_is_done_already(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """But there is nothing to wipe, and that is told."""
    bulk = oncall.alert_groups.bulk
    assert counted(await bulk.delete(["GONE"], mode="delete", wait=1)) == {"already": 1}
    report = await bulk.delete(["GONE"], mode="wipe")
    assert counted(report) == {"rejected": 1}
    assert isinstance(report.failures[0].error, NotFound)
    assert len(fake.calls) == 2


# Labels


@pytest.mark.parametrize("source", ["query", "ids"])
async def test_only_labels_that_are_missing_are_added(
    fake: FakeOnCall, oncall: OnCallClient, source: str
) -> None:
    """A query is not read again; ids are, one request for each."""
    both = fake.add_group(labels={"team": "SRE", "tier": "a"})
    one = fake.add_group(labels={"team": "SRE"})
    none = fake.add_group()
    query = oncall.alert_groups.list(state="new")
    selection = query if source == "query" else ids([both, one, none])
    report = await oncall.alert_groups.bulk.add_labels(selection, ["team:SRE", "tier:a"])
    told = {outcome.id: (outcome.status.value, outcome.detail) for outcome in report.outcomes}
    assert told == {
        both.id: ("already", ""),
        one.id: ("changed", "add tier:a"),
        none.id: ("changed", "add team:SRE; add tier:a"),
    }
    assert [set(group.labels) for group in (both, one, none)] == [set(both.labels)] * 3
    assert sent(fake).pop("add_alert_group_label") == 3
    assert sent(fake).get("get_alert_group", 0) == (0 if source == "query" else 3)


async def test_only_labels_that_are_there_are_removed(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """With key and value; another value of the same key stays."""
    sre, other = fake.add_group(labels={"team": "SRE"}), fake.add_group(labels={"team": "Web"})
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.remove_labels(query, {"team": "SRE", "2nd": "x"})
    assert counted(report) == {"changed": 1, "already": 1}
    assert (sre.labels, other.labels) == ([], [("team", "Web")])
    assert sent(fake)["remove_alert_group_label"] == 1


@pytest.mark.parametrize("source", ["query", "ids"])
async def test_a_plan_beyond_fifty_labels_is_rejected_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, source: str
) -> None:
    """Not one of them is added; fifty are allowed."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    full = fake.add_group(labels={f"k{'x' * one}": "v" for one in range(49)})
    room = fake.add_group(labels={f"k{'x' * one}": "v" for one in range(48)})
    query = oncall.alert_groups.list(state="new")
    selection = query if source == "query" else ids([full, room])
    report = await oncall.alert_groups.bulk.add_labels(selection, {"team": "SRE", "tier": "a"})
    assert counted(report) == {"changed": 1, "rejected": 1}
    assert isinstance(report.failures[0].error, LabelError)
    assert "51" in report.failures[0].detail
    assert (len(full.labels), len(room.labels)) == (49, 50)
    assert {full.id in path for path in written(fake)} == {False}


@pytest.mark.parametrize("name", ["add_labels", "remove_labels"])
async def test_another_actor_who_is_faster_is_no_failure(
    fake: FakeOnCall, oncall: OnCallClient, name: str
) -> None:
    """Between the plan and its request: what is so then was already so."""
    fake.add_label("team", "SRE")
    group = fake.add_group(labels={} if name == "add_labels" else {"team": "SRE"})
    labels = group.labels[:]

    def act(_: FakeRequest) -> None:
        group.labels[:] = [] if labels else [("team", "SRE")]

    meanwhile(fake, f"{name[:-1].replace('_', '_alert_group_')}", act)
    report = await getattr(oncall.alert_groups.bulk, name)([group.id], ["team:SRE"])
    assert counted(report) == {"already": 1}
    assert group.labels == ([] if labels else [("team", "SRE")])


@pytest.mark.parametrize("name", ["add_labels", "remove_labels"])
async def test_another_actor_who_does_a_part_leaves_the_rest_to_be_done(
    fake: FakeOnCall, oncall: OnCallClient, name: str
) -> None:
    """The detail tells the part of this run."""
    labels = {"team": "SRE", "tier": "a"}
    other = fake.add_group(labels=labels)
    group = fake.add_group(labels={} if name == "add_labels" else labels)

    def act(_: FakeRequest) -> None:
        group.labels[:] = [("tier", "a")] if group.labels else [("team", "SRE")]

    meanwhile(fake, f"{name[:-1].replace('_', '_alert_group_')}", act)
    report = await getattr(oncall.alert_groups.bulk, name)([group.id], labels)
    assert counted(report) == {"changed": 1}
    assert report.outcomes[0].detail == f"{name.partition('_')[0]} tier:a"
    assert group.labels == (other.labels if name == "add_labels" else [])


async def test_a_plan_that_is_refused_half_way_tells_what_it_did(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The server's reason, after what it took on; the rest is not sent."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    group = fake.add_group()
    labels = {"team": "SRE", "unheard": "of", "tier": "a"}
    report = await oncall.alert_groups.bulk.add_labels([group.id], labels)
    assert counted(report) == {"rejected": 1}
    (failure,) = report.failures
    assert failure.detail.startswith("add team:SRE; ")
    assert "'unheard' does not exist" in failure.detail
    assert isinstance(failure.error, BadRequest)
    assert group.labels == [("team", "SRE")]


# Selections


def generator(oncall: OnCallClient, these: Groups) -> object:
    """A generator of ids."""
    del oncall
    return (one.id for one in these)


async def groups_one_by_one(oncall: OnCallClient, these: Groups) -> AsyncGenerator[object]:
    """Groups and ids, each twice."""
    for one in these:
        yield await oncall.alert_groups.get(one.id)
        yield one.id


SELECTIONS: dict[str, Callable[[OnCallClient, Groups], Any]] = {
    "a query": lambda client, _: client.alert_groups.list(labels={"team": "SRE"}),
    "ids": lambda _, these: ids(these),
    "a tuple with duplicates": lambda _, these: (*ids(these), *ids(these)),
    "keys": lambda _, these: {one.id: one for one in these}.keys(),
    "a generator": generator,
    "an async generator": groups_one_by_one,
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in SELECTIONS.items()])
async def test_a_selection_is_a_query_or_ids_or_groups_in_any_iterable(
    fake: FakeOnCall, oncall: OnCallClient, make: Callable[[OnCallClient, Groups], Any]
) -> None:
    """Each group is acted on once, in the order of its first mention."""
    these = add(fake, 7, labels={"team": "SRE"})
    others = add(fake, 7)
    report = await oncall.alert_groups.bulk.resolve(make(oncall, these))
    assert (counted(report), ids(report.outcomes)) == ({"changed": 7}, ids(these))
    assert len(written(fake)) == 7
    assert {one.state for one in others} == {"firing"}


async def test_collected_groups_are_a_selection(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """As `collect` gives them; and no group at all is one, too."""
    add(fake, 3)
    found = await oncall.alert_groups.list(state="new").collect()
    assert counted(await oncall.alert_groups.bulk.resolve(found)) == {"changed": 3}
    assert counted(await oncall.alert_groups.bulk.resolve([])) == {}
    nothing = oncall.alert_groups.list(state="new")
    assert counted(await oncall.alert_groups.bulk.resolve(nothing)) == {}


def one_group(_: OnCallClient, fake: FakeOnCall) -> object:
    """A group itself, not in a list."""
    return fake.add_group()


REFUSED: dict[str, Callable[[OnCallClient, FakeOnCall], Any]] = {
    "a str": lambda _, fake: fake.add_group().id,
    "bytes": lambda *_: b"I1",
    "a single group": one_group,
    "a number": lambda *_: 7,
    "None": lambda *_: None,
    "numbers": lambda *_: [1, 2],
    "an empty id": lambda *_: ["I1", ""],
    "a path as an id": lambda *_: ["I1/resolve"],
    "lists in a list": lambda *_: [["I1"]],
    "a mapping": lambda *_: {"I1": "resolve"},
    "a generator of numbers": lambda *_: (one for one in (1, 2)),
    "a list of integrations": lambda client, _: client.integrations.list(name="x"),
    "a query of another client": lambda _, fake: OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport()
    ).alert_groups.list(state="new"),
    "a query without a filter": lambda client, _: client.alert_groups.list(),
    "pages are no filter": lambda client, _: client.alert_groups.list(perpage=7, prefetch=0),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in REFUSED.items()])
def test_what_cannot_be_meant_is_refused_at_the_call(
    fake: FakeOnCall, make: Callable[[OnCallClient, FakeOnCall], Any]
) -> None:
    """Where no loop runs yet: nothing is awaited, and nothing sent."""
    client = OnCallClient(url=BASE, token=fake.token, transport=fake.transport())
    with pytest.raises(InvalidArgument) as caught:
        client.alert_groups.bulk.resolve(make(client, fake))
    assert caught.value.argument in {"selection", "everything"}
    assert fake.calls == []


async def test_an_async_iterable_is_checked_before_anything_is_written(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """And what it raises of itself comes through."""

    async def source(last: Any) -> AsyncGenerator[Any]:
        for one in add(fake, 3):
            yield one.id
        yield 7 if last == 7 else last / 0

    with pytest.raises(InvalidArgument, match="7 is neither an id"):
        await oncall.alert_groups.bulk.resolve(source(7))
    with pytest.raises(ZeroDivisionError):
        await oncall.alert_groups.bulk.resolve(source(1))
    assert fake.calls == []


async def test_everything_must_be_asked_for(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """By name; then a query needs no filter."""
    add(fake, 70)
    run = oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(), everything=True)
    assert counted(await run) == {"changed": 70}


async def endless(group_id: str) -> AsyncGenerator[str]:
    """Ids without an end."""
    number = 0
    while True:
        yield f"{group_id}{number}"
        number += 1


@pytest.mark.parametrize("source", ["query", "ids", "async"])
async def test_a_selection_beyond_max_items_is_not_touched(
    fake: FakeOnCall, oncall: OnCallClient, source: str
) -> None:
    """Not one group; an endless source is not read to its end."""
    groups = add(fake, 120)
    selections: dict[str, Any] = {
        "query": oncall.alert_groups.list(state="new"),
        "ids": ids(groups),
        "async": endless("I"),
    }
    run = oncall.alert_groups.bulk.resolve(selections[source], max_items=119)
    with pytest.raises(SelectionTooLarge) as caught:
        await run
    assert caught.value.limit == 119
    assert (written(fake), counted(run.report)) == ([], {})


async def test_a_selection_of_max_items_is_allowed(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Duplicates do not count."""
    groups = add(fake, 60)
    bulk = oncall.alert_groups.bulk
    query = oncall.alert_groups.list(state="new")
    assert counted(await bulk.acknowledge(query, max_items=60)) == {"changed": 60}
    assert counted(await bulk.resolve(ids(groups) * 2, max_items=60)) == {"changed": 60}


# Freeze and verify


async def test_nothing_is_skipped_although_acting_takes_groups_out_of_the_filter(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """All pages are read before the first write."""
    groups = add(fake, 300)
    report = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    assert (counted(report), report.settled) == ({"changed": 300}, True)
    assert {group.state for group in groups} == {"resolved"}
    methods = [call.method for call in fake.calls]
    assert "GET" not in methods[methods.index("POST") :]


class Deaf(httpx.AsyncBaseTransport):
    """A server that does not know some parameters of the query, perhaps on later pages alone."""

    def __init__(self, fake: FakeOnCall, *names: str, page: str | None = None) -> None:
        self._inner = fake.transport()
        self._names = names
        self._page = page

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Passes on what it knows."""
        if self._page in {None, request.url.params.get("page")}:
            for name in self._names:
                request.url = request.url.copy_remove_param(name)
        return await self._inner.handle_async_request(request)


def hearing_badly(fake: FakeOnCall, *names: str, page: str | None = None) -> OnCallClient:
    """A client of such a server."""
    return OnCallClient(url=BASE, token=fake.token, transport=Deaf(fake, *names, page=page))


FILTERS: dict[str, Callable[[FakeOnCall], dict[str, Any]]] = {
    "state": lambda _: {"state": "resolved"},
    "label": lambda _: {"labels": {"team": "SRE"}},
    "team_id": lambda fake: {"team_id": fake.add_team("SRE")},
    "integration_id": lambda fake: {"integration_id": fake.add_integration().id},
    "route_id": lambda _: {"route_id": "ROTHER"},
    "id": lambda _: {"id": "IOTHER"},
    "started_at": lambda fake: {
        "started_at": (fake.now() - timedelta(days=9), fake.now() - timedelta(days=8))
    },
}


@pytest.mark.parametrize("name", list(FILTERS))
async def test_a_filter_that_the_server_ignores_is_noticed(fake: FakeOnCall, name: str) -> None:
    """Before anything is written; the error tells the filter and the group."""
    group = fake.add_group(labels={"team": "Web"})
    async with hearing_badly(fake, name) as client:
        run = client.alert_groups.bulk.resolve(client.alert_groups.list(**FILTERS[name](fake)))
        with pytest.raises(FilterIgnored) as caught:
            await run
    assert caught.value.group_id == group.id
    assert caught.value.unmet.startswith(f"{name}=")
    assert (written(fake), counted(run.report)) == ([], {})


async def test_a_filter_that_is_ignored_on_a_later_page_is_noticed(fake: FakeOnCall) -> None:
    """All of the groups are held against it, before any of them is written to."""
    add(fake, 100)
    other = fake.add_group(state="acknowledged", started_at=fake.now() - timedelta(hours=1))
    async with hearing_badly(fake, "state", page="3") as client:
        fake.add_group(started_at=fake.now() - timedelta(hours=2))
        with pytest.raises(FilterIgnored) as caught:
            await client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
    assert (caught.value.group_id, caught.value.unmet) == (other.id, "state=new")
    assert written(fake) == []


async def test_one_label_of_two_that_is_missing_is_noticed(fake: FakeOnCall) -> None:
    """A group must have all labels that were asked for, with case."""
    fake.add_group(labels={"team": "SRE", "tier": "A"})
    async with hearing_badly(fake, "label") as client:
        query = client.alert_groups.list(labels={"team": "SRE", "tier": "a"})
        with pytest.raises(FilterIgnored) as caught:
            await client.alert_groups.bulk.resolve(query)
    assert caught.value.unmet == "label=tier:a"


async def test_groups_that_move_up_while_the_list_is_read_are_found(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """One leaves a page that was read, and the first of the next page moves onto it."""
    groups = add(fake, 120)
    turns = iter(groups[:2])

    def act(_: FakeRequest) -> None:
        if len(fake.calls) in {1, 2}:
            next(turns).resolved_at = fake.now()

    meanwhile(fake, "list_alert_groups", act, times=99)
    report = await oncall.alert_groups.bulk.resolve(
        oncall.alert_groups.list(state="new", prefetch=0)
    )
    assert {group.state for group in groups} == {"resolved"}
    assert (counted(report), report.settled) == ({"changed": 118, "already": 2}, True)


async def test_a_list_that_never_stands_still_is_told(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """After some walks; the report is not settled, and says so."""
    groups = add(fake, 200)
    turns = iter(groups)

    def act(request: FakeRequest) -> None:
        if "page=2" in request.query:
            next(turns).resolved_at = fake.now()

    meanwhile(fake, "list_alert_groups", act, times=99)
    report = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    assert not report.settled
    assert "may have been left out" in str(report)
    assert sum(report.counts.values()) == len(report.outcomes)


async def test_groups_that_begin_while_the_list_is_read_are_left_out(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The selection has an upper bound in time: that of the first page."""
    add(fake, 120)
    late = Counter[str]()

    def act(_: FakeRequest) -> None:
        if fake.calls:
            late[fake.add_group(started_at=fake.now() + timedelta(seconds=1)).id] += 1

    meanwhile(fake, "list_alert_groups", act, times=99)
    report = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    assert counted(report) == {"changed": 120}
    assert {fake.groups[one].state for one in late} == {"firing"}


# Converge


@pytest.mark.parametrize("state", ["resolved", "firing"])
async def test_converging_catches_what_appears_meanwhile(
    fake: FakeOnCall, oncall: OnCallClient, state: str
) -> None:
    """Until a walk finds nothing new; each is acted on once. Without it, they are left alone."""
    add(fake, 60)
    late: Groups = []

    def act(_: FakeRequest) -> None:
        late.append(fake.add_group(started_at=fake.now() + timedelta(seconds=1)))

    meanwhile(fake, "resolve_alert_group", act, times=3)
    converge = state == "resolved"
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.resolve(query, converge=converge)
    assert [group.state for group in late] == [state] * 3
    assert counted(report) == {"changed": 63 if converge else 60}
    assert len(written(fake)) == len(report.outcomes)


async def test_converging_is_bounded(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Even when there is always one more: ten walks after the first."""
    fake.add_group()
    meanwhile(fake, "resolve_alert_group", lambda _: void(fake.add_group()), times=999)
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.resolve(query, converge=True)
    assert counted(report) == {"changed": 11}


def void(_: object) -> None:
    """Nothing."""


async def test_converging_holds_to_max_items(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Of all walks together; what was done until then is in the report."""
    add(fake, 3)
    meanwhile(fake, "resolve_alert_group", lambda _: void(fake.add_group()), times=2)
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.resolve(query, converge=True, max_items=4)
    with pytest.raises(SelectionTooLarge):
        await run
    assert (counted(run.report), len(written(fake))) == ({"changed": 3}, 3)


# Dry runs


async def test_a_dry_run_tells_the_plan_and_writes_nothing(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """What would be sent, what is so already, and what could not be."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    began = fake.now()
    some = fake.add_group(labels={"team": "SRE"}, started_at=began)
    every = fake.add_group(
        labels={"team": "SRE", "tier": "a"}, started_at=began - timedelta(seconds=1)
    )
    full = fake.add_group(
        labels={f"k{'x' * one}": "v" for one in range(50)}, started_at=began - timedelta(seconds=2)
    )
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.add_labels(query, {"team": "SRE", "tier": "a"}, dry_run=True)
    report = await run
    assert [(one.id, one.status.value) for one in report.outcomes] == [
        (some.id, "not_attempted"),
        (every.id, "already"),
        (full.id, "rejected"),
    ]
    assert report.outcomes[0].detail == "add tier:a"
    assert (report.dry_run, written(fake)) == (True, [])
    assert "dry run" in str(report)


@every_action
async def test_a_dry_run_of_any_action_writes_nothing(
    fake: FakeOnCall, oncall: OnCallClient, deed: Deed
) -> None:
    """Of a query and of ids."""
    groups, _ = prepared(fake, deed)
    before = [group.state for group in groups]
    runs: dict[str, Callable[..., Any]] = {
        "silence": lambda bulk, these: bulk.silence(these, 60, dry_run=True),
        "add_labels": lambda bulk, these: bulk.add_labels(these, ["team:SRE"], dry_run=True),
        "remove_labels": lambda bulk, these: bulk.remove_labels(
            these, ["environment:prod"], dry_run=True
        ),
    }
    bulk = oncall.alert_groups.bulk
    name = deed.run(bulk, ["I1"]).report.action
    run: Callable[[Bulk, Any], BulkRun] = runs.get(
        name, lambda bulk, these: getattr(bulk, name)(these, dry_run=True)
    )
    for selection in (ids(groups), oncall.alert_groups.list(id=groups[0].id)):
        report = await run(bulk, selection)
        assert counted(report) == {"not_attempted": len(report.outcomes)}
        assert {bool(outcome.detail) for outcome in report.outcomes} == {True}
    assert (written(fake), [group.state for group in groups]) == ([], before)


# Outcomes


async def six(fake: FakeOnCall, oncall: OnCallClient) -> tuple[BulkReport, list[str]]:
    """A run in which each status comes about, and the ids in their order."""
    changed, already, failed, unknown, skipped = (fake.add_group().id for _ in range(5))
    rejected = fake.add_group(root=fake.add_group()).id
    fake.groups[already].resolved_at = fake.now()

    def choose(request: FakeRequest, _: str | None) -> Fault | None:
        faults = {failed: refuse(), unknown: reset(applied=False)}
        return next((fault for one, fault in faults.items() if one in request.path), None)

    fake.faults.choose(choose)
    these = [changed, already, rejected, failed, unknown, skipped]
    run = oncall.alert_groups.bulk.resolve(these, max_at_once=1, stop_after_failures=3)
    return await run, these


async def test_each_group_has_exactly_one_of_six_statuses(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """In the order of the selection, and the counts sum up to it."""
    report, these = await six(fake, oncall)
    assert ids(report.outcomes) == these
    assert [outcome.status for outcome in report.outcomes] == list(Status)
    assert counted(report) == {status.value: 1 for status in Status}
    assert sum(report.counts.values()) == 6
    kinds = [type(outcome.error) for outcome in report.outcomes]
    nothing = type(None)
    assert kinds == [nothing, nothing, Conflict, TransportError, OutcomeUnknown, nothing]
    assert "attached" in report.outcomes[2].detail
    assert report.outcomes[4].seconds > 0


async def test_failures_are_raised_together_on_request(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As an ExceptionGroup of the errors themselves."""
    report, these = await six(fake, oncall)
    assert ids(report.failures) == these[2:5]
    with pytest.raises(ExceptionGroup, match="resolve: 3 of 6") as caught:
        report.raise_for_failures()
    assert caught.value.exceptions == tuple(outcome.error for outcome in report.failures)
    assert caught.value.subgroup(Conflict) is not None


async def test_a_report_can_be_read_and_kept(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """As text, as JSON, and as a table."""
    report, these = await six(fake, oncall)
    text = str(report)
    assert "resolve: 6 alert groups: 1 changed, 1 already, 1 rejected" in text
    assert [one in text for one in these] == [False, False, True, True, True, False]
    kept = json.loads(report.to_json())
    assert kept["counts"] == {status.value: 1 for status in Status}
    assert [(one["id"], one["status"]) for one in kept["outcomes"]] == [
        (one.id, one.status.value) for one in report.outcomes
    ]
    page = StringIO()
    Console(file=page, width=200).print(report)
    assert "not attempted" in page.getvalue()
    assert these[2] in page.getvalue()


async def test_outcomes_are_a_sequence(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Indexes of both signs, slices and iteration agree."""
    report, _ = await six(fake, oncall)
    outcomes: Sequence[Outcome] = report.outcomes
    assert (outcomes[-1], outcomes[1:3]) == (outcomes[5], [outcomes[1], outcomes[2]])
    assert [*outcomes] == outcomes[:]
    with pytest.raises(IndexError):
        outcomes[6]


async def test_timings_are_told(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Of reading and of acting, and of each group; `max_at_once` bounds how many go together."""
    add(fake, 20)
    fake.latency = timedelta(seconds=1)
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.resolve(query, max_at_once=4)
    assert [report.selecting, report.acting] == pytest.approx([1, 5])
    assert [outcome.seconds for outcome in report.outcomes] == [pytest.approx(1)] * 20


async def test_one_failure_keeps_no_other_group_from_being_acted_on(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """However many there are, and of whatever kind."""
    groups = add(fake, 30)
    these = [one for group in groups for one in (group.id, f"NONE{group.id}")]
    fake.faults.add(refuse(), times=9)
    report = await oncall.alert_groups.bulk.resolve(these)
    assert counted(report) == {"changed": 30, "rejected": 30}
    with pytest.raises(ExceptionGroup) as caught:
        report.raise_for_failures()
    assert {type(error) for error in caught.value.exceptions} == {NotFound}
    assert len(report.failures) == 30
    assert "and 10 more" in str(report)


@pytest.mark.parametrize("fault", [status(503), throttle(3600)], ids=["down", "shut out"])
async def test_what_had_no_effect_for_a_passing_reason_has_failed(
    fake: FakeOnCall, oncall: OnCallClient, fault: Fault
) -> None:
    """It is not rejected: another try may succeed. Here, when the plan is made."""
    fake.add_label("team", "SRE")
    groups = add(fake, 2)
    fake.faults.add(fault, times=99)
    report = await oncall.alert_groups.bulk.add_labels(ids(groups), ["team:SRE"])
    assert (counted(report), written(fake)) == ({"failed": 2}, [])


async def test_a_run_stops_after_so_many_failures_on_request(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """What is under way then is brought to its end."""
    groups = add(fake, 10)
    these = ["NONE1", *ids(groups[:2]), "NONE2", *ids(groups[2:])]
    run = oncall.alert_groups.bulk.resolve(these, max_at_once=1, stop_after_failures=2)
    assert counted(await run) == {"changed": 2, "rejected": 2, "not_attempted": 8}
    assert [group.state for group in groups] == ["resolved"] * 2 + ["firing"] * 8
    fake.latency = timedelta(seconds=1)
    run = oncall.alert_groups.bulk.acknowledge(these, max_at_once=4, stop_after_failures=1)
    report = await run
    assert report.counts[Status.NOT_ATTEMPTED] == 8
    assert report.counts[Status.UNKNOWN] == 0


# Options


def wrong(**options: Any) -> Callable[[OnCallClient], object]:
    """A resolution of one id with these options."""
    return lambda client: client.alert_groups.bulk.resolve(["I1"], **options)


BAD: dict[str, tuple[str, Callable[[OnCallClient], object]]] = {
    "no group at once": ("max_at_once", wrong(max_at_once=0)),
    "half a group at once": ("max_at_once", wrong(max_at_once=0.5)),
    "True at once": ("max_at_once", wrong(max_at_once=True)),
    "no failures": ("stop_after_failures", wrong(stop_after_failures=0)),
    "no items": ("max_items", wrong(max_items=0)),
    "a bar that cannot be called": ("on_progress", wrong(on_progress=3)),
    "a dry run by word": ("dry_run", wrong(dry_run="yes")),
    "everything by number": ("everything", wrong(everything=1)),
    "a journal of bytes": ("journal", wrong(journal=b"x")),
    "fsync by word": ("fsync", wrong(fsync="no")),
    "ids that converge": ("converge", wrong(converge=True)),
    "a dry run with a journal": ("journal", wrong(dry_run=True, journal="x.jsonl")),
    "no labels": ("labels", lambda c: c.alert_groups.bulk.add_labels(["I1"], {})),
    "no labels to remove": ("labels", lambda c: c.alert_groups.bulk.remove_labels(["I1"], [])),
    "a bad label": ("labels", lambda c: c.alert_groups.bulk.add_labels(["I1"], "a:b:c")),
    "an empty label": ("labels", lambda c: c.alert_groups.bulk.remove_labels(["I1"], [":"])),
    "no delay": ("delay", lambda c: c.alert_groups.bulk.silence(["I1"], 0)),
    "an unknown mode": (
        "mode",
        lambda c: c.alert_groups.bulk.delete(["I1"], mode="purge"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ),
    "no time to wait": ("timeout", lambda c: c.alert_groups.bulk.delete(["I1"], wait=-1)),
}


@pytest.mark.parametrize(
    ("argument", "call"), [pytest.param(*case, id=name) for name, case in BAD.items()]
)
def test_options_are_checked_at_the_call(
    fake: FakeOnCall, argument: str, call: Callable[[OnCallClient], object]
) -> None:
    """With the name of the one that cannot be meant."""
    client = OnCallClient(url=BASE, token=fake.token, transport=fake.transport())
    with pytest.raises(InvalidArgument) as caught:
        call(client)
    assert caught.value.argument == argument


def test_unknown_options_are_refused(fake: FakeOnCall) -> None:
    """As Python does it."""
    client = OnCallClient(url=BASE, token=fake.token, transport=fake.transport())
    with pytest.raises(TypeError, match="maximum"):
        wrong(maximum=3)(client)
