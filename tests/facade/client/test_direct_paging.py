"""Direct paging and phones: who is paged, once, and what is refused before that."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    BadRequest,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    Unauthorized,
    UserTokenRequired,
)
from grafana_oncall.models import PagedUser
from grafana_oncall.testing import FakeOnCall, reset, status
from tests.support.samples import BASE, STACK


def sent(fake: FakeOnCall) -> Any:
    """The body of the last request."""
    return json.loads(fake.calls[-1].request.body)


async def test_users_are_paged_for_a_new_group(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """By id, by object, or as the API writes it; the group is there afterwards."""
    ids = [fake.add_user(name).id for name in ("ana", "ben", "eve", "kim")]
    ana = await oncall.users.get(ids[0])
    group = await oncall.direct_paging.page(
        users=[
            ana,
            ids[1],
            {"id": ids[2], "important": True},
            PagedUser(id=ids[3], important=True),
        ],
        title="Checkout is down",
        message="No payments since 09:30.",
        source_url="https://shop.example/status",
    )
    assert [one["important"] for one in sent(fake)["users"]] == [False, False, True, True]
    assert [one["id"] for one in sent(fake)["users"]] == ids
    assert (group.title, group.state) == ("Checkout is down", "firing")
    assert await oncall.alert_groups.get(group) == group


async def test_one_user_needs_no_list(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """And importance may hold for all."""
    ana = fake.add_user("ana").id
    await oncall.direct_paging.page(users=ana, important=True)
    assert sent(fake)["users"] == [{"id": ana, "important": True}]
    await oncall.direct_paging.page(users={"id": ana}, important=True)
    assert sent(fake)["users"] == [{"id": ana, "important": True}]


async def test_users_are_paged_without_the_current_team(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Which the server would take if no team were sent, and then refuse the users."""
    await oncall.direct_paging.page(users=fake.add_user("ana").id)
    assert sent(fake)["team"] is None


async def test_a_team_is_paged(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """By its id, or as an object."""
    team = fake.add_team("SRE")
    group = await oncall.direct_paging.page(team=await oncall.teams.get(team), important=True)
    assert sent(fake) == {"team": team, "important_team_escalation": True}
    assert group.team_id == team
    await oncall.direct_paging.page(team=team)
    assert sent(fake)["important_team_escalation"] is False


async def test_responders_are_added_to_a_group(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Which comes back; to a resolved one the server adds nobody."""
    ana, group = fake.add_user("ana").id, fake.add_group()
    paged = await oncall.direct_paging.page(
        users=ana, alert_group_id=await oncall.alert_groups.get(group.id)
    )
    assert paged.id == group.id
    resolved = fake.add_group(state="resolved").id
    with pytest.raises(BadRequest, match="resolved alert group"):
        await oncall.direct_paging.page(users=ana, alert_group_id=resolved)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param({}, "users, team: one of them is needed", id="nobody"),
        pytest.param({"users": []}, "users, team: one of them is needed", id="no users"),
        pytest.param({"users": ["U1"], "team": "T1"}, "they exclude each other", id="both"),
        pytest.param(
            {"users": "U1", "alert_group_id": "I1", "title": "t", "message": "m"},
            "alert_group_id: that group has its own title, message",
            id="news of a group that there is",
        ),
        pytest.param({"users": "U1", "source_url": "shop"}, "source_url", id="no URL"),
        pytest.param({"users": ["U 1"]}, "is not an id", id="no id"),
        pytest.param({"users": [5]}, "users", id="a number"),
        pytest.param({"users": 5}, "users", id="a number for users"),
        pytest.param({"users": [{"important": True}]}, "an id or a username", id="nobody's"),
        pytest.param(
            {"users": [{"id": "U1", "username": "ana"}]}, "an id or a username", id="two names"
        ),
        pytest.param({"users": [{"id": "U1", "loud": True}]}, "loud", id="an unknown member"),
        pytest.param({"users": "U1", "important": "yes"}, "important", id="a text for a boolean"),
        pytest.param({"team": ""}, "team=''", id="no team"),
        pytest.param({"team": "T1", "alert_group_id": ""}, "alert_group_id", id="no group"),
        pytest.param({"team": "T1", "title": ""}, "title", id="no title"),
        pytest.param({"team": "T1", "metadata": "x"}, "metadata", id="a text for a mapping"),
    ],
)
async def test_a_page_that_cannot_be_meant_is_not_sent(
    fake: FakeOnCall, oncall: OnCallClient, arguments: dict[str, Any], problem: str
) -> None:
    """People are woken up by it."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.direct_paging.page(**arguments)
    assert not fake.calls


async def test_an_unknown_user_is_refused_by_the_server(oncall: OnCallClient) -> None:
    """Then nobody is paged."""
    with pytest.raises(BadRequest, match="User UX does not exist"):
        await oncall.direct_paging.page(users="UX")


Send = Callable[[OnCallClient], Awaitable[object]]
every_call = pytest.mark.parametrize(
    ("operation", "send"),
    [
        pytest.param("page_people", lambda client: client.direct_paging.page(team="T1"), id="page"),
        pytest.param(
            "make_call",
            lambda client: client.phone_notifications.make_call(
                email="ana@example.com", message="m"
            ),
            id="call",
        ),
        pytest.param(
            "send_sms",
            lambda client: client.phone_notifications.send_sms(
                email="ana@example.com", message="m"
            ),
            id="SMS",
        ),
    ],
)


@pytest.fixture
def staffed(fake: FakeOnCall) -> FakeOnCall:
    """A server with a team, and a user who has a telephone."""
    fake.add_team("SRE", id="T1")
    fake.add_user("ana").is_phone_number_verified = True
    return fake


@every_call
@pytest.mark.parametrize("fault", [reset(applied=True), status(503), status(504)])
async def test_people_are_never_reached_twice(
    staffed: FakeOnCall, oncall: OnCallClient, operation: str, send: Send, fault: Any
) -> None:
    """A request without a response is not repeated, whatever became of it."""
    staffed.faults.add(fault, operation=operation)
    with pytest.raises(OutcomeUnknown):
        await send(oncall)
    assert [call.operation for call in staffed.calls] == [operation]


@every_call
async def test_a_service_account_is_told_what_is_missing(
    staffed: FakeOnCall, operation: str, send: Send
) -> None:
    """Not that its token is wrong, although the server says so; a user's own token helps."""
    staffed.add_token("glsa_1")
    settings: dict[str, Any] = {"url": BASE, "grafana_url": STACK, "token": "glsa_1"}
    async with OnCallClient(**settings, transport=staffed.transport()) as client:
        with pytest.raises(UserTokenRequired, match="user_token=") as refused:
            await send(client)
    assert refused.value.operation == operation
    async with OnCallClient(
        **settings, user_token=staffed.token, transport=staffed.transport()
    ) as client:
        await send(client)


@every_call
async def test_a_wrong_token_of_a_user_is_a_wrong_token(
    staffed: FakeOnCall, operation: str, send: Send
) -> None:
    """The server's words are the same."""
    async with OnCallClient(url=BASE, token="wrong", transport=staffed.transport()) as client:
        with pytest.raises(Unauthorized) as refused:
            await send(client)
    assert refused.value.operation == operation


async def test_a_service_account_is_told_by_info_too(fake: FakeOnCall) -> None:
    """Which is for users only; elsewhere an unknown service account is unauthorized."""
    fake.add_token("glsa_1")
    async with OnCallClient(
        url=BASE, grafana_url=STACK, token="glsa_1", transport=fake.transport()
    ) as client:
        with pytest.raises(UserTokenRequired):
            await client.info.get()
    async with OnCallClient(
        url=BASE, grafana_url=STACK, token="glsa_2", transport=fake.transport()
    ) as client:
        with pytest.raises(Unauthorized):
            await client.teams.list().collect()


async def test_phones_are_reached_by_address(staffed: FakeOnCall, oncall: OnCallClient) -> None:
    """Nobody has another; without a verified number there is no call."""
    phones = oncall.phone_notifications
    assert await phones.make_call(email="ana@example.com", message="m") == {}
    assert await phones.send_sms(email="ana@example.com", message="m") == {}
    with pytest.raises(NotFound, match="user-not-found"):
        await phones.make_call(email="eve@example.com", message="m")
    staffed.add_user("ben")
    with pytest.raises(BadRequest, match="number-not-verified"):
        await phones.make_call(email="ben@example.com", message="m")
    with pytest.raises(NotFound):
        await phones.send_sms(email="ben@example.com", message="m")


@pytest.mark.parametrize(
    ("email", "message", "name"),
    [
        pytest.param("", "m", "email", id="no address"),
        pytest.param("ana@example.com", "", "message", id="no message"),
        pytest.param("ana@example.com", "x" * 1025, "message", id="a long message"),
    ],
)
async def test_bad_messages_cost_nothing(
    staffed: FakeOnCall, oncall: OnCallClient, email: str, message: str, name: str
) -> None:
    """They are refused before they are sent."""
    for send in (oncall.phone_notifications.make_call, oncall.phone_notifications.send_sms):
        with pytest.raises(InvalidArgument, match=name):
            await send(email=email, message=message)
        assert "It costs money" in (send.__doc__ or "")
    assert not staffed.calls
