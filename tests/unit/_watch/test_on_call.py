"""Polling who is on call: a list that hides a schedule for a moment has not lost it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from grafana_oncall._watch.on_call import OnCallPoller
from grafana_oncall.changes import OnCallChanged
from grafana_oncall.models import Schedule

SCHEDULE = Schedule(id="S1", name="Primary", on_call_now=("U1",))


class Server:
    """Schedules by id, of which the list may hide some."""

    def __init__(self) -> None:
        self.schedules = {"S1": SCHEDULE}
        self.hidden: set[str] = set()

    async def __call__(self, ids: Collection[str] | None, *, strict: bool) -> Sequence[Schedule]:
        """Read the list, or these schedules."""
        del strict
        if ids is None:
            return [one for one in self.schedules.values() if one.id not in self.hidden]
        return [self.schedules[each] for each in ids if each in self.schedules]


async def test_a_schedule_that_its_list_hides_is_read_by_id() -> None:
    """Only where it is not found there either, it is gone."""
    server = Server()
    poller = OnCallPoller(server, ())
    await poller.prime(None)
    server.hidden = {"S1"}
    assert await poller.poll((), ()) == []
    server.schedules.clear()
    [changes] = await poller.poll((), ())
    [change] = changes.changes
    assert isinstance(change, OnCallChanged)
    assert (change.id, change.after, change.left) == ("S1", None, ("U1",))


async def test_the_order_of_those_on_call_is_no_change() -> None:
    """Servers keep none."""
    server = Server()
    poller = OnCallPoller(server, ())
    for ids in (("U1", "U2"), ("U2", "U1")):
        server.schedules["S1"] = Schedule(id="S1", name="Primary", on_call_now=ids)
        await poller.prime(None)
        assert await poller.poll((), ()) == []


async def test_a_change_is_found_until_it_is_marked_delivered() -> None:
    """And a busy schedule is left out."""
    server = Server()
    poller = OnCallPoller(server, ())
    assert len(await poller.poll((), ())) == 1
    [changes] = await poller.poll((), ())
    assert await poller.poll({"S1"}, ()) == []
    delivery = poller.tracker.delivery(changes)
    poller.tracker.mark_in_flight(delivery)
    assert len(await poller.poll((), ())) == 1
    poller.tracker.mark_delivered(delivery)
    assert await poller.poll((), ()) == []
    assert poller.tracker.reported.keys() == {"S1"}
