"""Users and teams: read one, list them by filters, and find the token's user."""

from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    FilterIgnored,
    InvalidArgument,
    MultipleFound,
    NotFound,
    ServerError,
)
from grafana_oncall.models import UserRole
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import made
from tests.support.samples import one_page

ANA: dict[str, Any] = {"id": "U1", "username": "ana", "email": "ana@example.com", "role": "editor"}
BEN: dict[str, Any] = {"id": "U2", "username": "ben", "email": None, "role": "viewer"}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param({}, ["admin", "Ana", "ben"], id="all of them, oldest first"),
        pytest.param({"username": "ANA"}, ["Ana"], id="a name in any case"),
        pytest.param({"email": "Ben@Example.com"}, ["ben"], id="an address in any case"),
        pytest.param({"roles": ["viewer"]}, ["ben"], id="a role"),
        pytest.param({"roles": ["admin", "editor"]}, ["admin", "Ana"], id="one of two roles"),
        pytest.param({"username": "ana", "roles": ["viewer"]}, [], id="both must match"),
    ],
)
async def test_users_are_listed_by_name_address_and_role(
    fake: FakeOnCall, oncall: OnCallClient, filters: dict[str, Any], names: list[str]
) -> None:
    """With the server's comparison."""
    fake.add_user("Ana", role="editor")
    fake.add_user("ben")
    assert [user.username for user in await oncall.users.list(**filters).collect()] == names


async def test_a_user_is_read_by_id(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """With the user's teams, and the role as an enum."""
    team = fake.add_team("SRE")
    made = fake.add_user("ana", role="editor", timezone="Europe/Berlin", teams=[team])
    user = await oncall.users.get(made.id)
    assert (user.username, user.role, user.timezone) == ("ana", UserRole.EDITOR, "Europe/Berlin")
    assert [*user.teams] == [team]
    with pytest.raises(NotFound):
        await oncall.users.get("UNOBODY")


async def test_the_current_user_is_the_token_s(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Its id is not in the path, so it is not compared with the path."""
    assert (await oncall.users.current()).id == fake.user.id


async def test_a_service_account_has_no_current_user(fake: FakeOnCall) -> None:
    """The server fails, and after its retries so does the call."""
    fake.add_token("glsa_1", user="robot")
    async with OnCallClient(
        url="https://oncall.test",
        token="glsa_1",
        grafana_url="https://stack.test",
        transport=fake.transport(),
    ) as client:
        with pytest.raises(ServerError):
            await client.users.current()


async def test_teams_are_listed_by_name_and_read_by_id(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Names must match exactly."""
    sre = fake.add_team("SRE", email="sre@example.com")
    fake.add_team("Payments")
    assert [team.name for team in await oncall.teams.list().collect()] == ["SRE", "Payments"]
    assert [team.id for team in await oncall.teams.list(name="SRE").collect()] == [sre]
    assert (await oncall.teams.get(sre)).email == "sre@example.com"
    with pytest.raises(NotFound):
        await oncall.teams.get("TNONE")


async def test_a_user_is_found_by_name_or_address_in_any_case(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """By one request each."""
    ana = fake.add_user("Ana")
    assert (await oncall.users.by_username("ANA")).id == ana.id
    assert (await oncall.users.by_email("ana@EXAMPLE.com")).id == ana.id
    assert len(fake.calls) == 2


async def test_a_team_is_found_by_its_exact_name(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The error for another name has those that are like it."""
    sre = fake.add_team("SRE")
    fake.add_team("Payments")
    assert (await oncall.teams.by_name("SRE")).id == sre
    with pytest.raises(NotFound, match=r"nothing has name='sre'; similar: 'SRE'\.$"):
        await oncall.teams.by_name("sre")


async def test_an_integration_is_found_by_name_unless_several_have_it(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Names are unique in a team only."""
    first = fake.add_integration(name="ci")
    assert (await oncall.integrations.by_name("ci")).id == first.id
    second = fake.add_integration(name="ci")
    with pytest.raises(MultipleFound) as several:
        await oncall.integrations.by_name("ci")
    assert {*several.value.ids} == {first.id, second.id}


async def test_a_look_up_trusts_no_server_that_ignores_the_filter() -> None:
    """Another user must not be taken for the one who is looked for."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(BEN)))
    async with made(transport=transport) as client:
        with pytest.raises(FilterIgnored):
            await client.users.by_username("ana")


async def test_users_come_in_pages_of_a_hundred(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Unless the request says otherwise."""
    for number in range(120):
        fake.add_user(f"user{number}")
    assert len(await oncall.users.list().collect()) == 121
    assert [call.request.query for call in fake.calls] == ["", "page=2"]


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param([], id="none"),
        pytest.param(["owner"], id="unknown"),
        pytest.param(["admin", 1], id="a number"),
        pytest.param(7, id="no list"),
    ],
)
async def test_roles_that_the_server_does_not_know_are_refused(
    oncall: OnCallClient, roles: Any
) -> None:
    """An empty filter would select everyone."""
    with pytest.raises(InvalidArgument, match="one or more of admin, editor, viewer, none") as bad:
        oncall.users.list(roles=roles)
    assert bad.value.argument == "roles"


@pytest.mark.parametrize(
    ("filters", "unmet"),
    [
        pytest.param({"username": "ben"}, "username=ben", id="name"),
        pytest.param({"email": "ben@example.com"}, "email=ben@example.com", id="address"),
        pytest.param({"roles": ["viewer", "none"]}, "roles=2", id="roles"),
    ],
)
async def test_users_that_the_filter_excludes_are_not_returned(
    filters: dict[str, Any], unmet: str
) -> None:
    """A server that ignores the filter is detected."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(ANA, BEN)))
    async with made(transport=transport) as client:
        with pytest.raises(FilterIgnored) as ignored:
            await client.users.list(**filters).collect()
    assert ignored.value.unmet == unmet
