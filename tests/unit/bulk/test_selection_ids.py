"""What is acted on without a query: ids and groups, from a collection or a stream."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import attrs
import pytest

from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState
from grafana_oncall.bulk.selection import FrozenSelection, group_id, read_ids, read_stream
from grafana_oncall.errors import InvalidArgument, SelectionTooLarge
from tests.support.virtual_time import now, run

GROUP = AlertGroup(
    id="I1", integration_id="C1", alerts_count=1, state=AlertGroupState.FIRING, created_at=now()
)


def ids(*numbers: int) -> list[str]:
    """Return the ids of these groups."""
    return [f"I{number}" for number in numbers]


BAD = [
    pytest.param(None, id="None"),
    pytest.param(7, id="number"),
    pytest.param(b"I1", id="bytes"),
    pytest.param("", id="empty"),
    pytest.param("I 1", id="space"),
    pytest.param("I1\n", id="end of line"),
    pytest.param("../I1", id="path"),
    pytest.param("İ1", id="not ASCII"),
    pytest.param("x" * 129, id="too long"),
    pytest.param({"id": "I1"}, id="JSON"),
    pytest.param(attrs.evolve(GROUP, id="I/1"), id="group with such an id"),
]


@pytest.mark.parametrize("one", BAD)
def test_what_is_neither_an_id_nor_a_group_is_refused(one: object) -> None:
    """Before it becomes part of a URL."""
    with pytest.raises(InvalidArgument, match="neither an id nor an alert group") as caught:
        group_id(one, 3)
    assert caught.value.argument == "selection"


def test_what_is_refused_is_reported_with_its_position() -> None:
    """Counted from 0, as in a list."""
    with pytest.raises(InvalidArgument, match=r"^selection\[3\]: 7 is neither"):
        group_id(7, 3)


@pytest.mark.parametrize("id_", ["I1\n", "I1\r\n", " I1", "\tI1 "])
def test_white_space_around_an_id_is_named(id_: str) -> None:
    """As in lines of a file."""
    with pytest.raises(InvalidArgument, match=r"white space around the id.* strip\(\)"):
        group_id(id_, 0)


@pytest.mark.parametrize(
    "one",
    [
        "I1",
        pytest.param(GROUP, id="a group"),
        pytest.param(attrs.evolve(GROUP, id="x" * 128), id="a group of a long id"),
    ],
)
def test_an_id_is_taken_from_an_id_or_a_group(one: str | AlertGroup) -> None:
    """Both forms select the same."""
    assert group_id(one, 0) == (one if isinstance(one, str) else one.id)


async def stream(items: Sequence[Any]) -> AsyncGenerator[Any, None]:
    """Generate the items one by one."""
    for item in items:
        yield item


Reported = list[tuple[int, int | None]]


def read(
    reader: Callable[..., Awaitable[FrozenSelection]], source: object, most: int | None = None
) -> tuple[list[str], Reported]:
    """Read the ids, and collect what the listener gets."""
    reported: Reported = []

    async def main() -> FrozenSelection:
        return await reader(source, max_items=most, on_found=lambda *found: reported.append(found))

    selection = run(main())
    assert (selection.seen, selection.complete) == ({}, True)
    return [*selection.ids], reported


def test_ids_and_groups_of_a_stream_are_taken_once_and_in_order() -> None:
    """Only the ids are kept; the total is unknown."""
    result, reported = read(read_stream, stream(["I2", GROUP, "I2", "I3", "I1"]))
    assert result == ["I2", "I1", "I3"]
    assert reported == [(1, None), (2, None), (2, None), (3, None), (3, None)]


def test_a_stream_with_something_else_is_refused() -> None:
    """When that item comes."""
    with pytest.raises(InvalidArgument, match=r"selection\[2\]: 7 is neither"):
        read(read_stream, stream(["I1", "I1", 7]))


async def endless() -> AsyncGenerator[str, None]:
    """Generate ids without end."""
    number = 0
    while True:
        yield f"I{number % 6}"
        number += 1


def test_a_stream_is_left_at_the_first_group_too_many() -> None:
    """Duplicates do not count."""
    assert len(read(read_stream, stream(ids(0, 1, 2, 0, 1)), most=3)[0]) == 3
    with pytest.raises(SelectionTooLarge, match="max_items=5"):
        read(read_stream, endless(), most=5)


def test_given_ids_are_taken_once_and_in_order() -> None:
    """Their number is known."""
    result, reported = read(read_ids, ["I2", "I1", "I3", "I2"])
    assert result == ["I2", "I1", "I3"]
    assert reported == [(3, 3)]


def test_too_many_given_ids_are_refused() -> None:
    """Duplicates do not count."""
    assert len(read(read_ids, ["I1", "I2", "I1"], most=2)[0]) == 2
    with pytest.raises(SelectionTooLarge, match="3 groups or more, and max_items=2"):
        read(read_ids, ids(1, 2, 3), most=2)
