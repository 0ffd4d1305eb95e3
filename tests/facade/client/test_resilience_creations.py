"""Creating an integration while something goes wrong: exactly one, if it is read back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import BadRequest, InvalidArgument, OnCallError, OutcomeUnknown
from grafana_oncall.models import Webhook
from grafana_oncall.testing import FakeOnCall, Fault, reset, throttle
from tests.support.operation_cases import (
    FAULTS,
    UNAMBIGUOUS,
    applied,
    assert_idle,
    connect,
    create,
    every_fault,
)
from tests.support.samples import BASE


@every_fault
async def test_a_creation_that_reads_back_makes_exactly_one(fake: FakeOnCall, fault: str) -> None:
    """Whether the response was lost or the request."""
    what, _ = FAULTS[fault]
    fake.faults.add(what, operation="create_integration")
    async with connect(fake) as client:
        made = await create(client)
    (kept,) = fake.integrations.values()
    assert (made.id, made.name) == (kept.id, "new")
    assert applied(fake, "create_integration") == 1


@every_fault
async def test_a_creation_that_reads_back_and_finally_fails_makes_at_most_one(
    fake: FakeOnCall, fault: str
) -> None:
    """Lost requests make none; what was applied is found."""
    what, kind = FAULTS[fault]
    fake.faults.add(
        throttle(3600) if fault == "throttle" else what, operation="create_integration", times=99
    )
    async with connect(fake) as client:
        if what.applied:
            assert (await create(client)).id in fake.integrations
        else:
            with pytest.raises(OnCallError) as caught:
                await create(client)
            assert type(caught.value) is (kind if fault in UNAMBIGUOUS else OutcomeUnknown)
        assert_idle(client)
    assert applied(fake, "create_integration") == len(fake.integrations) == int(what.applied)


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param([], id="nothing was lost"),
        pytest.param([reset()], id="the request was lost"),
        pytest.param([reset(applied=True)], id="the response was lost"),
    ],
)
async def test_a_creation_of_a_name_that_exists_is_refused(
    fake: FakeOnCall, lost: list[Fault]
) -> None:
    """The call does not mistake it for its own."""
    other = fake.add_integration(name="new")
    for fault in lost:
        fake.faults.add(fault, operation="create_integration")
    async with connect(fake) as client:
        with pytest.raises(OnCallError) as caught:
            await create(client)
    error = caught.value
    refused = error.__cause__ if isinstance(error, OutcomeUnknown) else error
    assert isinstance(refused, BadRequest)
    assert "already exists" in refused.detail
    assert list(fake.integrations) == [other.id]


async def test_a_creation_of_a_name_that_exists_in_another_team_finds_its_own(
    fake: FakeOnCall,
) -> None:
    """Names are unique only within a team."""
    other = fake.add_integration(name="new", team_id=fake.add_team("SRE"))
    fake.faults.add(reset(applied=True), operation="create_integration")
    async with connect(fake) as client:
        made = await create(client)
    assert made.id != other.id
    assert len(fake.integrations) == 2


@pytest.mark.parametrize("other", ["Web", None, "null"])
async def test_creations_of_one_name_in_several_teams_at_once_find_each_its_own(
    fake: FakeOnCall, other: str | None
) -> None:
    """Although neither was there before; the server reads "null" as no team."""
    teams = [fake.add_team("SRE"), fake.add_team(other) if other == "Web" else other]
    fake.faults.add(reset(applied=True), operation="create_integration", times=2)
    async with connect(fake) as client:
        made = await asyncio.gather(*(create(client, team_id=team) for team in teams))
    assert [one.team_id for one in made] == [teams[0], None if other == "null" else teams[1]]
    assert {one.id for one in made} == {*fake.integrations}


async def test_a_creation_does_not_take_that_of_another_team_for_its_own(fake: FakeOnCall) -> None:
    """Names of webhooks are unique in the organization: of two at once, the second is refused."""
    settings: dict[str, Any] = {
        "name": "new",
        "url": "https://bot.example/",
        "http_method": "POST",
        "trigger_type": "resolve",
        "reconcile": True,
    }
    teams = [fake.add_team("SRE"), fake.add_team("Web")]
    fake.faults.add(reset(applied=True), operation="create_webhook", times=2)
    async with connect(fake) as client:
        creations = [client.webhooks.create(**settings, team=team) for team in teams]
        first, second = await asyncio.gather(*creations, return_exceptions=True)
        (made,) = await client.webhooks.list().collect()
    assert isinstance(first, Webhook)
    assert (first.id, first.team) == (made.id, teams[0])
    assert isinstance(second, OutcomeUnknown)
    assert isinstance(second.__cause__, BadRequest)


class Unfiltered(httpx.AsyncBaseTransport):
    """A server that ignores the name filter, and has small pages."""

    def __init__(self, fake: FakeOnCall) -> None:
        self._inner = fake.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Drop the filter."""
        request.url = request.url.copy_remove_param("name").copy_set_param("perpage", "1")
        return await self._inner.handle_async_request(request)


async def test_a_creation_is_found_among_all_others(fake: FakeOnCall) -> None:
    """Where the filter is ignored, the right one is picked, and the walk ends early."""
    for number in range(3):
        fake.add_integration(name=f"a{number}")
    fake.faults.add(reset(applied=True), operation="create_integration")
    fake.latency = timedelta(seconds=1)
    client = OnCallClient(url=BASE, token=fake.token, transport=Unfiltered(fake))

    def late(_request: object, operation: str | None) -> None:
        if operation == "list_integrations" and len(fake.integrations) == 4:
            for number in range(9):
                fake.add_integration(name=f"b{number}")

    fake.faults.choose(late)
    async with client:
        made = await create(client)
        assert made.name == "new"
        assert_idle(client)
    assert len(fake.integrations) == 3 + 1 + 9


async def test_a_creation_that_reads_back_needs_a_name(fake: FakeOnCall) -> None:
    """Without one, nothing is sent."""
    async with connect(fake) as client:
        with pytest.raises(InvalidArgument) as caught:
            await client.integrations.create(type="webhook", reconcile=True)
    assert caught.value.argument == "reconcile"
    assert fake.calls == []
