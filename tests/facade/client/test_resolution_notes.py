"""Resolution notes: add, find, change and delete one; what the engine does to a careless call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    BadRequest,
    FilterIgnored,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
)
from grafana_oncall.testing import FakeOnCall, FakeResolutionNote, reset
from tests.support.clients import made
from tests.support.samples import BASE, STACK, one_page


async def test_a_note_is_added_read_changed_and_deleted(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """By its object or its id."""
    group = fake.add_group()
    note = await oncall.resolution_notes.create(alert_group_id=group.id, text="Rolled back.")
    assert (note.author, note.source, note.created_at) == (fake.user.id, "Web", fake.now())
    changed = await oncall.resolution_notes.update(note, text="Restarted.")
    assert await oncall.resolution_notes.get(note.id) == changed
    assert changed.text == "Restarted."
    await oncall.resolution_notes.delete(note)
    with pytest.raises(NotFound):
        await oncall.resolution_notes.get(note)


async def test_a_note_of_a_service_account_has_no_author(fake: FakeOnCall) -> None:
    """Nobody is named in its place."""
    fake.add_token("glsa_1")
    async with OnCallClient(
        url=BASE, token="glsa_1", grafana_url=STACK, transport=fake.transport()
    ) as client:
        group = fake.add_group().id
        note = await client.resolution_notes.create(alert_group_id=group, text="x")
    assert note.author is None


async def test_notes_are_listed_by_group(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Those of the newest group first; an unknown group has none."""
    old, new = fake.add_group(started_at=fake.now() - timedelta(days=1)), fake.add_group()
    for group, text in ((old, "a"), (new, "b")):
        fake.add_resolution_note(group, text)
    notes = oncall.resolution_notes
    assert [note.text for note in await notes.list().collect()] == ["b", "a"]
    assert [note.text for note in await notes.list(alert_group_id=old.id).collect()] == ["a"]
    assert await notes.list(alert_group_id="INONE").collect() == []


async def test_a_note_of_slack_cannot_be_changed_but_deleted(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As the docstring says."""
    note = fake.add_resolution_note(fake.add_group(), "from Slack", source="Slack")
    with pytest.raises(BadRequest, match="source type"):
        await oncall.resolution_notes.update(note.id, text="x")
    assert "can be deleted, but not changed" in (oncall.resolution_notes.update.__doc__ or "")
    await oncall.resolution_notes.delete(note.id)


@pytest.mark.parametrize(
    "text",
    [pytest.param("", id="empty"), pytest.param(None, id="null"), pytest.param(5, id="a number")],
)
async def test_a_note_without_a_text_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, text: Any
) -> None:
    """Before anything is sent; a change of nothing crashes the server, so it needs one too."""
    group = fake.add_group().id
    with pytest.raises(InvalidArgument, match="text"):
        await oncall.resolution_notes.create(alert_group_id=group, text=text)
    with pytest.raises(InvalidArgument, match="text"):
        await oncall.resolution_notes.update("M1", text=text)
    with pytest.raises(TypeError, match="text"):
        await oncall.resolution_notes.update("M1")  # type: ignore[call-arg]
    assert not fake.calls


async def test_a_note_about_an_unknown_group_is_refused(oncall: OnCallClient) -> None:
    """By the server."""
    with pytest.raises(BadRequest) as bad:
        await oncall.resolution_notes.create(alert_group_id="INONE", text="x")
    assert bad.value.fields == {"alert_group_id": ("Object does not exist",)}


async def test_a_lost_creation_is_not_repeated(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """It would add the note twice; a lost change is repeated, or found done."""
    group = fake.add_group().id
    fake.faults.add(reset(applied=True), operation="create_resolution_note")
    with pytest.raises(OutcomeUnknown, match="list the resolution notes of the group"):
        await oncall.resolution_notes.create(alert_group_id=group, text="x")
    (note,) = fake.objects(FakeResolutionNote).values()
    fake.faults.add(reset(applied=True), operation="update_resolution_note")
    assert (await oncall.resolution_notes.update(note.id, text="y")).text == "y"
    assert [call.operation for call in fake.calls][1:] == [
        "update_resolution_note",
        "get_resolution_note",
    ]


async def test_notes_of_other_groups_are_not_returned() -> None:
    """A server that ignores the filter is detected."""
    note = {"id": "M1", "alert_group_id": "I2", "text": "x"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(note)))
    async with made(transport=transport) as client:
        with pytest.raises(FilterIgnored, match="alert_group_id=I1"):
            await client.resolution_notes.list(alert_group_id="I1").collect()
