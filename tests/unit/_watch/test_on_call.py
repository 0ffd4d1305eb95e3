"""Polling who is on call: a list that hides a schedule for a moment has not lost it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from grafana_oncall import UNSET
from grafana_oncall._watch.on_call import OnCallChanges, OnCallPoller
from grafana_oncall._watch.tracker import Changes
from grafana_oncall.changes import OnCall, OnCallChanged
from grafana_oncall.errors import ClientStateError, TransportError
from grafana_oncall.models import Schedule

SCHEDULE = Schedule(id="S1", name="Primary", on_call_now=("U1",))


class Server:
    """Schedules by id, of which the list may hide some."""

    def __init__(self) -> None:
        self.schedules = {"S1": SCHEDULE}
        self.hidden: set[str] = set()
        self.reads: list[tuple[Collection[str] | None, bool]] = []
        self.error: Exception | None = None

    async def __call__(self, ids: Collection[str] | None, *, strict: bool) -> Sequence[Schedule]:
        """Read the list, or these schedules."""
        self.reads.append((ids, strict))
        if self.error is not None:
            raise self.error
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
    assert server.reads[1:] == [(None, False), ({"S1"}, False)]
    server.schedules.clear()
    [changes] = await poller.poll((), ())
    [change] = changes.changes
    assert isinstance(change, OnCallChanged)
    assert (change.id, change.after, change.left) == ("S1", None, ("U1",))


async def test_only_the_first_read_refuses_schedules_that_are_not_there() -> None:
    """A name with a mistake is an error at once; a schedule that is deleted later is a change."""
    primed, polled = Server(), Server()
    await OnCallPoller(primed, ()).prime(None)
    poller = OnCallPoller(polled, [("id", "S1")])
    for _ in range(2):
        await poller.poll((), ())
    assert poller.query == [("id", "S1")], "which its checkpoint is of"
    assert primed.reads == [(None, True)]
    assert polled.reads == [(None, True), (None, False)]


async def test_a_schedule_is_compared_with_what_is_in_flight_too() -> None:
    """So who has just been reported is reported no second time, and whoever comes next is."""
    server = Server()
    poller = OnCallPoller(server, ())
    [first] = await poller.poll((), ())
    poller.tracker.mark_in_flight(poller.tracker.delivery(first))
    server.schedules["S1"] = Schedule(id="S1", name="Primary", on_call_now=("U2",))
    [second] = await poller.poll((), ())
    [change] = second.changes
    before, after = (OnCall(id="S1", name="Primary", users=(user,)) for user in ("U1", "U2"))
    assert change == OnCallChanged(id="S1", before=before, after=after)


async def test_a_schedule_that_is_back_is_compared_with_the_deletion_in_flight() -> None:
    """Whoever hears of the deletion has to hear of the return, too."""
    server = Server()
    poller = OnCallPoller(server, ())
    await poller.prime(None)
    schedules, server.schedules = server.schedules, {}
    [gone] = await poller.poll((), ())
    poller.tracker.mark_in_flight(poller.tracker.delivery(gone))
    server.schedules = schedules
    [back] = await poller.poll((), ())
    [change] = back.changes
    assert isinstance(change, OnCallChanged)
    assert (change.before, change.came) == (None, ("U1",))
    assert poller.tracker.seen == {"S1"}


async def test_a_deletion_is_delivered_as_such() -> None:
    """Whatever is delivered of a group says nothing about who is on call."""
    tracker = OnCallPoller(Server(), ()).tracker
    gone = OnCallChanges(id="S1", now=None, changes=())
    assert tracker.delivery(gone).on_call is UNSET
    assert tracker.delivery(Changes(id="S1", changes=())).on_call is UNSET


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


async def test_hinted_schedules_are_read_alone_if_they_are_tracked() -> None:
    """One that is not there any more has changed; of the others, nothing is read."""
    server = Server()
    server.schedules["S2"] = Schedule(id="S2", name="Secondary", on_call_now=("U1",))
    server.schedules["S3"] = Schedule(id="S3", name="Third", on_call_now=("U1",))
    poller = OnCallPoller(server, ())
    await poller.prime(None)
    server.schedules = {"S1": Schedule(id="S1", name="Primary", on_call_now=("U2",))}
    changed, failures = await poller.read(["S1", "S9", "S2"])
    assert server.reads[1:] == [(["S1", "S2"], False)]
    assert [change.after for each in changed for change in each.changes] == [
        OnCall(id="S1", name="Primary", users=("U2",)),
        None,
    ]
    assert (len(changed), failures) == (2, ())


async def test_a_hinted_schedule_that_cannot_be_read_is_no_change() -> None:
    """The error is returned; but a client that is closed ends the watch."""
    server = Server()
    poller = OnCallPoller(server, ())
    await poller.prime(None)
    server.error = TransportError("no response", operation="get_schedule", sent=True)
    assert await poller.read(["S1"]) == ((), [server.error])
    server.error = ClientStateError("It is closed.")
    with pytest.raises(ClientStateError):
        await poller.read(["S1"])
