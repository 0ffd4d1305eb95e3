"""What can be selected for a bulk run, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument, SelectionTooLarge
from grafana_oncall.testing import FakeOnCall
from tests.support.bulk_stories import Groups, add, counted, ids, written
from tests.support.samples import BASE


def generator(oncall: OnCallClient, these: Groups) -> object:
    """A generator of ids."""
    del oncall
    return (group.id for group in these)


async def groups_one_by_one(oncall: OnCallClient, these: Groups) -> AsyncGenerator[object]:
    """Groups and ids, each twice."""
    for group in these:
        yield await oncall.alert_groups.get(group.id)
        yield group.id


SELECTIONS: dict[str, Callable[[OnCallClient, Groups], Any]] = {
    "a query": lambda client, _: client.alert_groups.list(labels={"team": "SRE"}),
    "ids": lambda _, these: ids(these),
    "a tuple with duplicates": lambda _, these: (*ids(these), *ids(these)),
    "keys": lambda _, these: {group.id: group for group in these}.keys(),
    "a generator": generator,
    "an async generator": groups_one_by_one,
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in SELECTIONS.items()])
async def test_a_selection_is_a_query_or_ids_or_groups_in_any_iterable(
    fake: FakeOnCall, oncall: OnCallClient, make: Callable[[OnCallClient, Groups], Any]
) -> None:
    """Each group is acted on once, in the order of first occurrence."""
    these = add(fake, 7, labels={"team": "SRE"})
    others = add(fake, 7)
    report = await oncall.alert_groups.bulk.resolve(make(oncall, these))
    assert (counted(report), ids(report.outcomes)) == ({"changed": 7}, ids(these))
    assert len(written(fake)) == 7
    assert {group.state for group in others} == {"firing"}


async def test_collected_groups_are_a_selection(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """As `collect` returns them; an empty list is one too."""
    add(fake, 3)
    found = await oncall.alert_groups.list(state="new").collect()
    assert counted(await oncall.alert_groups.bulk.resolve(found)) == {"changed": 3}
    assert counted(await oncall.alert_groups.bulk.resolve([])) == {}
    nothing = oncall.alert_groups.list(state="new")
    assert counted(await oncall.alert_groups.bulk.resolve(nothing)) == {}


def one_group(_: OnCallClient, fake: FakeOnCall) -> object:
    """A single group, not in a list."""
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
    "a generator of numbers": lambda *_: (number for number in (1, 2)),
    "a list of integrations": lambda client, _: client.integrations.list(name="x"),
    "a query of another client": lambda _, fake: OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport()
    ).alert_groups.list(state="new"),
    "a query without a filter": lambda client, _: client.alert_groups.list(),
    "pages are no filter": lambda client, _: client.alert_groups.list(perpage=7, prefetch=0),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in REFUSED.items()])
def test_an_invalid_selection_is_refused_at_the_call(
    fake: FakeOnCall, make: Callable[[OnCallClient, FakeOnCall], Any]
) -> None:
    """Where no loop runs yet; nothing is awaited or sent."""
    client = OnCallClient(url=BASE, token=fake.token, transport=fake.transport())
    with pytest.raises(InvalidArgument) as caught:
        client.alert_groups.bulk.resolve(make(client, fake))
    assert caught.value.argument in {"selection", "everything"}
    assert fake.calls == []


async def test_lines_of_a_file_are_not_ids_until_they_are_stripped(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The error says which line, and what to do."""
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"{group.id}\n" for group in add(fake, 3)))
    with path.open() as file, pytest.raises(InvalidArgument, match=r"selection\[0\].*strip\(\)"):
        oncall.alert_groups.bulk.resolve(file)
    with path.open() as file:
        report = await oncall.alert_groups.bulk.resolve(line.strip() for line in file)
    assert counted(report) == {"changed": 3}


async def test_an_async_iterable_is_checked_before_anything_is_written(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """What it raises itself propagates."""

    async def source(last: Any) -> AsyncGenerator[Any]:
        for group in add(fake, 3):
            yield group.id
        yield 7 if last == 7 else last / 0

    with pytest.raises(InvalidArgument, match="7 is neither an id"):
        await oncall.alert_groups.bulk.resolve(source(7))
    with pytest.raises(ZeroDivisionError):
        await oncall.alert_groups.bulk.resolve(source(1))
    assert fake.calls == []


async def test_everything_must_be_requested_explicitly(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """By keyword; then a query needs no filter."""
    add(fake, 70)
    run = oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(), everything=True)
    assert counted(await run) == {"changed": 70}


async def endless(group_id: str) -> AsyncGenerator[str]:
    """An endless stream of ids."""
    number = 0
    while True:
        yield f"{group_id}{number}"
        number += 1


@pytest.mark.parametrize("source", ["query", "ids", "async"])
async def test_a_selection_beyond_max_items_is_not_acted_on(
    fake: FakeOnCall, oncall: OnCallClient, source: str
) -> None:
    """Not even in part; an endless source is not read for ever."""
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
