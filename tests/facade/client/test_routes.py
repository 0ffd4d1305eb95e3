"""Routes: add, move and change them, and what the servers do to a careless call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
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
from grafana_oncall.models import Route
from grafana_oncall.testing import FakeIntegration, FakeOnCall, FakeRoute, reset
from tests.support.clients import made
from tests.support.samples import BASE, one_page


@pytest.fixture
def source(fake: FakeOnCall) -> FakeIntegration:
    """An integration, which has its default route only."""
    return fake.add_integration(id="C1")


@pytest.fixture
def oss() -> FakeOnCall:
    """An open-source server with an integration and a chain."""
    server = FakeOnCall(flavour="oss")
    server.add_integration(id="C1")
    server.add_escalation_chain("nights", id="F1")
    return server


@pytest.fixture
async def on_oss(oss: FakeOnCall) -> AsyncGenerator[OnCallClient]:
    """A client of the open-source server."""
    async with OnCallClient(url=BASE, token=oss.token, transport=oss.transport()) as client:
        yield client


async def _expressions(client: OnCallClient) -> list[str | None]:
    return [route.routing_regex async for route in client.routes.list(integration_id="C1")]


async def test_a_route_is_made_read_changed_and_deleted(
    fake: FakeOnCall, source: FakeIntegration, oncall: OnCallClient
) -> None:
    """Blocks are mappings or models."""
    chain = fake.add_escalation_chain("nights").id
    route = await oncall.routes.create(
        integration_id=source.id,
        escalation_chain_id=chain,
        routing_regex="us-(east|west)",
        slack={"channel_id": "c1"},
    )
    assert (route.position, route.routing_type, route.is_the_last_route) == (0, "regex", False)
    assert (route.escalation_chain_id, route.slack and route.slack.channel_id) == (chain, "C1")
    assert await oncall.routes.get(route) == route
    changed = await oncall.routes.update(route, slack={"enabled": False})
    assert changed.slack
    assert (changed.slack.channel_id, changed.slack.enabled) == ("C1", False)
    await oncall.routes.delete(route)
    with pytest.raises(NotFound):
        await oncall.routes.get(route.id)


async def test_a_route_is_copied_to_another_integration(
    fake: FakeOnCall, source: FakeIntegration, oncall: OnCallClient
) -> None:
    """Its blocks as they were read."""
    route = await oncall.routes.create(
        integration_id=source.id,
        escalation_chain_id=None,
        routing_regex="a",
        slack={"channel_id": "C1", "enabled": False},
    )
    copy = await oncall.routes.create(
        integration_id=fake.add_integration().id,
        escalation_chain_id=route.escalation_chain_id,
        routing_regex=route.routing_regex or "",
        slack=route.slack,
        mattermost=route.mattermost,
    )
    assert copy.slack == route.slack


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"routing_regex": "{{ a == '(' }}"}, id="an expression"),
        pytest.param({"routing_type": "jinja2"}, id="a type"),
    ],
)
async def test_an_expression_and_its_type_are_sent_together(
    oss: FakeOnCall, on_oss: OnCallClient, changes: dict[str, Any]
) -> None:
    """The server would check the one as a regex, and crash at the other."""
    route = oss.add_route(oss.integrations["C1"], "{{ a }}", type="jinja2")
    changed = await on_oss.routes.update(route.id, **changes)
    assert changed.routing_type == "jinja2"
    assert changed.routing_regex == changes.get("routing_regex", "{{ a }}")
    assert [call.operation for call in oss.calls] == ["get_route", "update_route"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"position": 0}, id="none of them"),
        pytest.param({"routing_regex": "b", "routing_type": "regex"}, id="both"),
    ],
)
async def test_otherwise_a_change_costs_one_request(
    oss: FakeOnCall, on_oss: OnCallClient, changes: dict[str, Any]
) -> None:
    """Nothing is read."""
    await on_oss.routes.update(oss.add_route(oss.integrations["C1"], "a").id, **changes)
    assert [call.operation for call in oss.calls] == ["update_route"]


async def test_only_grafana_cloud_takes_a_chain_away(
    fake: FakeOnCall, source: FakeIntegration, oncall: OnCallClient
) -> None:
    """From any route."""
    route = fake.add_route(source, "a", chain=fake.add_escalation_chain("nights"))
    changed = await oncall.routes.update(route.id, escalation_chain_id=None)
    assert changed.escalation_chain_id is None


async def test_the_open_source_engine_refuses_to_take_a_chain_away(
    oss: FakeOnCall, on_oss: OnCallClient
) -> None:
    """Although it makes routes without a chain, and takes that of a default route."""
    made = await on_oss.routes.create(
        integration_id="C1", escalation_chain_id=None, routing_regex="a"
    )
    await on_oss.routes.update(made, escalation_chain_id="F1")
    with pytest.raises(BadRequest, match="This field may not be null"):
        await on_oss.routes.update(made, escalation_chain_id=None)
    says = " ".join((on_oss.routes.update.__doc__ or "").split())
    assert "the server refuses None for `escalation_chain_id`" in says
    default = oss.integrations["C1"].default_route
    await on_oss.routes.update(default["id"], escalation_chain_id="F1")
    await on_oss.integrations.update("C1", default_route={"escalation_chain_id": None})
    assert (await on_oss.routes.get(default["id"])).escalation_chain_id is None


async def test_the_chain_of_a_new_route_is_named_even_if_there_is_none(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A server refuses a route that does not say."""
    with pytest.raises(TypeError, match="escalation_chain_id"):
        await oncall.routes.create(integration_id="C1", routing_regex="a")  # type: ignore[call-arg]
    assert not fake.calls


async def test_the_default_route_comes_last_and_stays(
    fake: FakeOnCall, source: FakeIntegration, oncall: OnCallClient
) -> None:
    """It is that of the integration: a change of one shows in the other."""
    fake.add_route(source, "a")
    *_, last = await oncall.routes.list().collect()
    assert (last.id, last.is_the_last_route) == (source.default_route["id"], True)
    with pytest.raises(BadRequest, match="Unable to delete default filter"):
        await oncall.routes.delete(last)
    await oncall.routes.update(last, slack={"enabled": False})
    shown = (await oncall.integrations.get("C1")).default_route
    assert shown
    assert shown.slack
    assert shown.slack.enabled is False


async def test_routes_move_and_a_repeat_moves_nothing(
    fake: FakeOnCall, source: FakeIntegration, oncall: OnCallClient
) -> None:
    """The response is lost: the route is there already, or goes there again."""
    first, *_ = [fake.add_route(source, expression).id for expression in "abc"]
    for position, order in ((1, ["b", "a", "c", None]), (-1, ["b", "c", "a", None])):
        fake.faults.add(reset(applied=True), operation="update_route")
        await oncall.routes.update(first, position=position)
        assert await _expressions(oncall) == order


async def test_swaps_are_not_offered(oncall: OnCallClient) -> None:
    """A repeat would undo them."""
    with pytest.raises(TypeError, match="manual_order"):
        await oncall.routes.update("R1", manual_order=True)  # type: ignore[call-arg]


async def test_a_creation_without_a_response_is_not_repeated(
    fake: FakeOnCall, source: FakeIntegration, oncall: OnCallClient
) -> None:
    """Servers allow two routes of one expression."""
    fake.faults.add(reset(applied=True), operation="create_route")
    with pytest.raises(OutcomeUnknown, match="list the routes of the integration"):
        await oncall.routes.create(
            integration_id=source.id, escalation_chain_id=None, routing_regex="a"
        )
    assert len(fake.objects(FakeRoute)) == 2


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        pytest.param({"position": -2}, "position", id="a position before the start"),
        pytest.param({"position": 2**31}, "position", id="a position too large"),
        pytest.param({"position": None}, "position", id="a position that is null"),
        pytest.param({"routing_regex": ""}, "routing_regex", id="no expression"),
        pytest.param({"routing_regex": None}, "routing_regex", id="an expression that is null"),
        pytest.param({"routing_regex": "a" * 1025}, "routing_regex", id="one that is too long"),
        pytest.param({"routing_type": ""}, "routing_type", id="no type"),
        pytest.param({"slack": True}, "slack", id="no block"),
        pytest.param({"slack": {"enabled": "yes"}}, "slack.enabled", id="a text for a boolean"),
        pytest.param({"email": {"channel_id": "x"}}, "email", id="a member of another block"),
        pytest.param({"escalation_chain_id": 5}, "escalation_chain_id", id="a number"),
    ],
)
async def test_a_bad_route_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, wrong: dict[str, Any], problem: str
) -> None:
    """A server would keep some of them, and refuse the call all the same."""
    good: dict[str, Any] = {
        "integration_id": "C1",
        "escalation_chain_id": None,
        "routing_regex": "a",
    }
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.routes.create(**{**good, **wrong})
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.routes.update("R1", **wrong)
    assert not fake.calls


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        pytest.param(("(", "regex"), "Regular expression is incorrect", id="a regex"),
        pytest.param(("{{ a", "jinja2"), "Jinja template is incorrect", id="a template"),
        pytest.param(
            ("a", "labels"), "Expression type is incorrect", id="a type that is only read"
        ),
    ],
)
async def test_an_expression_that_the_server_refuses_leaves_no_route(
    fake: FakeOnCall,
    source: FakeIntegration,
    oncall: OnCallClient,
    route: tuple[str, str],
    reason: str,
) -> None:
    """With its reason."""
    expression, kind = route
    with pytest.raises(BadRequest, match=reason):
        await oncall.routes.create(
            integration_id=source.id,
            escalation_chain_id=None,
            routing_regex=expression,
            routing_type=kind,
        )
    assert [*fake.objects(FakeRoute)] == [source.default_route["id"]]


async def test_routes_come_in_pages_of_twenty_five(
    fake: FakeOnCall, source: FakeIntegration, oncall: OnCallClient
) -> None:
    """All are listed, each once."""
    routes = [fake.add_route(source, f"r{number}").id for number in range(60)]
    listed = await oncall.routes.list(integration_id="C1").collect()
    assert [route.id for route in listed] == [*routes, source.default_route["id"]]
    assert len(fake.calls) == 3


async def test_routes_of_a_deleted_integration_are_gone(
    source: FakeIntegration, oncall: OnCallClient
) -> None:
    """Its default route as well."""
    await oncall.integrations.delete("C1")
    with pytest.raises(NotFound):
        await oncall.routes.get(source.default_route["id"])


async def test_routes_that_the_filter_excludes_are_not_returned() -> None:
    """A server that ignores the filter is detected."""
    other: Any = Route(id="R1", integration_id="C2", position=0, is_the_last_route=False).to_dict()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(other)))
    async with made(transport=transport) as client:
        for routes in (
            client.routes.list(integration_id="C1"),
            client.routes.list(routing_regex="a"),
        ):
            with pytest.raises(FilterIgnored):
                await routes.collect()
