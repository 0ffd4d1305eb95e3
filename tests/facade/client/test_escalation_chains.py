"""Escalation chains: make, find, change and delete one; what the engine does to a careless call."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import pytest

from grafana_oncall import NO_TEAM, OnCallClient
from grafana_oncall.errors import (
    BadRequest,
    Forbidden,
    InvalidArgument,
    NotFound,
    OnCallError,
    ServerError,
)
from grafana_oncall.models import EscalationChain
from grafana_oncall.testing import FakeOnCall, reset
from tests.support.samples import BASE

Flavour: TypeAlias = Literal["cloud", "oss"]
both_flavours = pytest.mark.parametrize("flavour", ["cloud", "oss"])


async def test_a_chain_is_made_read_and_deleted(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """By its object or its id."""
    team = fake.add_team("SRE")
    made = await oncall.escalation_chains.create(name="nights", team_id=team)
    assert made == EscalationChain(id=made.id, name="nights", team_id=team)
    assert await oncall.escalation_chains.get(made) == made
    await oncall.escalation_chains.delete(made.id)
    with pytest.raises(NotFound):
        await oncall.escalation_chains.get(made)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param({}, ["nights", "days"], id="all of them, oldest first"),
        pytest.param({"name": "days"}, ["days"], id="a name"),
        pytest.param({"name": "Days"}, [], id="in its case"),
        pytest.param({"team_id": "T1"}, ["days"], id="a team"),
        pytest.param({"team_id": NO_TEAM}, ["nights"], id="no team"),
    ],
)
async def test_chains_are_listed_by_name_and_team(
    fake: FakeOnCall, oncall: OnCallClient, filters: dict[str, Any], names: list[str]
) -> None:
    """Names must match exactly."""
    fake.add_team("SRE", id="T1")
    fake.add_escalation_chain("nights")
    fake.add_escalation_chain("days", team_id="T1")
    listed = await oncall.escalation_chains.list(**filters).collect()
    assert [chain.name for chain in listed] == names


async def test_a_filter_on_a_team_fails_on_the_open_source_engine() -> None:
    """As its docstring says."""
    fake = FakeOnCall(flavour="oss")
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        with pytest.raises(ServerError):
            await client.escalation_chains.list(team_id=fake.add_team("SRE")).collect()
    assert "The open-source engine fails with 500" in (client.escalation_chains.list.__doc__ or "")


async def test_a_name_is_taken_in_the_whole_organization(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Unlike that of an integration, even in another team."""
    fake.add_escalation_chain("nights")
    with pytest.raises(BadRequest, match="must make a unique set"):
        await oncall.escalation_chains.create(name="nights", team_id=fake.add_team("SRE"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"name": "x" * 101}, "name", id="a name too long"),
        pytest.param({"name": 5}, "name", id="a number"),
        pytest.param({"name": None}, "name", id="null"),
        pytest.param({"name": "x", "team_id": 5}, "team_id", id="a team that is a number"),
    ],
)
async def test_a_bad_chain_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, arguments: dict[str, Any], problem: str
) -> None:
    """In a creation and in an update."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.escalation_chains.create(**arguments)
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.escalation_chains.update("F1", **arguments)
    assert not fake.calls


@both_flavours
@pytest.mark.parametrize(
    ("changes", "methods"),
    [
        pytest.param({"name": "days"}, ["PUT"], id="the name"),
        pytest.param({"team_id": None}, ["GET", "PUT"], id="the team"),
        pytest.param({"name": "days", "team_id": "T2"}, ["PUT"], id="both"),
        pytest.param({}, ["GET", "PUT"], id="nothing"),
    ],
)
async def test_what_an_update_does_not_name_is_kept(
    flavour: Flavour, changes: dict[str, Any], methods: list[str]
) -> None:
    """Although the server refuses a PUT without a name."""
    fake = FakeOnCall(flavour=flavour)
    for team in ("T1", "T2"):
        fake.add_team(team, id=team)
    chain = fake.add_escalation_chain("nights", team_id="T1")
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        updated = await client.escalation_chains.update(chain.id, **changes)
    expected = {"name": "nights", "team_id": "T1", **changes}
    assert {"name": updated.name, "team_id": updated.team_id} == expected
    assert (chain.name, chain.team_id) == (updated.name, updated.team_id)
    assert [call.request.method for call in fake.calls] == methods


async def test_a_chain_is_found_by_its_name(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """By one request; a name that is nearly right is told by another."""
    chain = fake.add_escalation_chain("nights")
    assert (await oncall.escalation_chains.by_name("nights")).id == chain.id
    assert [call.request.query for call in fake.calls] == ["name=nights"]
    with pytest.raises(NotFound, match="nights"):
        await oncall.escalation_chains.by_name("night")


async def test_a_lost_creation_is_repeated_only_if_nothing_has_the_name(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """With `reconcile=True`; an update is compared with what is there."""
    for applied in (True, False):
        fake.faults.add(reset(applied=applied), operation="create_escalation_chain")
        name = f"applied {applied}"
        made = await oncall.escalation_chains.create(name=name, reconcile=True)
        assert made.name == name
        fake.faults.add(reset(applied=applied), operation="update_escalation_chain")
        assert (await oncall.escalation_chains.update(made, name=f"was {name}")).id == made.id
    listed = await oncall.escalation_chains.list().collect()
    assert [chain.name for chain in listed] == ["was applied True", "was applied False"]


async def test_a_lost_deletion_is_done(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The 404 of the repeat says so."""
    chain = fake.add_escalation_chain("nights")
    fake.faults.add(reset(applied=True), operation="delete_escalation_chain")
    await oncall.escalation_chains.delete(chain.id)
    assert fake.calls[-1].status == 404


async def test_writes_need_an_admin(fake: FakeOnCall) -> None:
    """An editor reads."""
    fake.add_token("editor", role="editor")
    chain = fake.add_escalation_chain("nights")
    async with OnCallClient(url=BASE, token="editor", transport=fake.transport()) as client:
        assert (await client.escalation_chains.get(chain.id)).name == "nights"
        for write in (
            client.escalation_chains.create(name="days"),
            client.escalation_chains.update(chain.id, name="days"),
            client.escalation_chains.delete(chain.id),
        ):
            with pytest.raises(Forbidden):
                await write


async def test_a_service_account_makes_chains(fake: FakeOnCall) -> None:
    """No user is needed."""
    fake.add_token("glsa_1")
    async with OnCallClient(
        url=BASE, token="glsa_1", grafana_url="https://s.test", transport=fake.transport()
    ) as client:
        assert (await client.escalation_chains.create(name="nights")).name == "nights"


async def test_an_unknown_team_is_the_server_s_to_refuse(oncall: OnCallClient) -> None:
    """With the member that is wrong."""
    with pytest.raises(BadRequest) as refused:
        await oncall.escalation_chains.create(name="nights", team_id="TNONE")
    error: OnCallError = refused.value
    assert "team_id" in str(error)
    assert "Object does not exist" in str(error)
