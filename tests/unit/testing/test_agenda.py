"""What is planned falls due in order, however it is put, replaced and dropped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall.testing._server.agenda import Agenda, Name
from tests.support.budget import budget

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NAMES: list[Name] = [("step", "I1"), ("step", "I2"), ("rule", "I1", "U1")]


def at(seconds: int) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def emptied(agenda: Agenda[Name]) -> list[tuple[datetime, Name]]:
    """All entries, each popped when it is the next."""
    found: list[tuple[datetime, Name]] = []
    while agenda.next_at is not None:
        found.append(agenda.pop())
    return found


def test_entries_of_one_time_come_in_the_order_in_which_they_were_put() -> None:
    """As the server's queue would have it."""
    agenda = Agenda[Name]()
    for name in reversed(NAMES):
        agenda.put(name, START)
    assert [name for _, name in emptied(agenda)] == [*reversed(NAMES)]


def test_an_empty_agenda_says_so() -> None:
    """It has no next time, and nothing to pop."""
    agenda = Agenda[Name]()
    agenda.put(NAMES[0], START)
    agenda.drop(NAMES[0])
    assert agenda.next_at is None
    assert NAMES[0] not in agenda
    with pytest.raises(IndexError, match="the agenda is empty"):
        agenda.pop()


@settings(max_examples=budget(50, hunt=2000), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.none() | st.integers(0, 5))))
def test_it_is_a_dictionary_in_the_order_of_times(changes: list[tuple[Name, int | None]]) -> None:
    """A name has the last time that it was put at, or none if it was dropped since."""
    agenda, model = Agenda[Name](), dict[Name, tuple[int, int]]()
    for number, (name, seconds) in enumerate(changes):
        if seconds is None:
            agenda.drop(name)
            model.pop(name, None)
        else:
            agenda.put(name, at(seconds))
            model[name] = seconds, number
    expected = [(at(model[name][0]), name) for name in sorted(model, key=model.__getitem__)]
    copied = Agenda[Name]()
    copied.restore(agenda.planned())
    assert emptied(copied) == emptied(agenda) == expected
