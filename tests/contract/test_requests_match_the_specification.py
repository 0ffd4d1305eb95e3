"""Whatever arguments the facade receives, it sends what openapi.yaml describes, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Bulk
from grafana_oncall.changes import Created
from grafana_oncall.errors import BadRequest, InvalidArgument, NotFound
from grafana_oncall.testing import FakeOnCall
from tests.contract.calls import CALLS
from tests.contract.recorded import RESPONSES
from tests.contract.sent import PREFIX, Sent
from tests.contract.specification import OPERATIONS
from tests.support import virtual_time
from tests.support.budget import budget
from tests.support.samples import one_page

URL = "https://oncall.example/oncall"

READ_FIRST: Final = {
    shape.of: shape.value
    for shape in reversed(RESPONSES)
    if shape.recorded["status"] == 200
    and shape.of in {operation.read_first for operation in OPERATIONS.values()}
}
"""What is read, by operation."""
_CLOUD_USER: Final = next(
    shape.value
    for shape in RESPONSES
    if shape.of == "get_user" and "phone_number_status" in shape.value
)
READ_BY_HAND: Final = {
    "get_escalation_policy": next(
        shape.value for shape in RESPONSES if shape.of == "get_escalation_policy"
    ),
    "list_users": one_page(_CLOUD_USER),
}
"""What `escalation_policies.update` reads before it makes a step important."""
BY_HAND: Final = {"update_escalation_policy"}

fixed = settings(
    max_examples=budget(10, hunt=600),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def sent_by(call: Callable[[OnCallClient], Awaitable[object]], operation: str = "") -> list[Sent]:
    """The requests of a call that the server refuses, after what an update reads."""
    requests: list[Sent] = []
    known = READ_FIRST | (READ_BY_HAND if operation in BY_HAND else {})

    def refuse(request: httpx.Request) -> httpx.Response:
        requests.append(sent := Sent.of(request))
        if sent.operation in known:
            name = unquote(sent.path.rstrip("/").rpartition("/")[2])
            return httpx.Response(200, json={**known[sent.operation], "id": name})
        return httpx.Response(400, json={"detail": "No."})

    async def main() -> None:
        transport = httpx.MockTransport(refuse)
        async with OnCallClient(url=URL, token="meowmeowmeow", transport=transport) as client:
            with suppress(BadRequest):
                await call(client)

    virtual_time.run(main())
    return requests


def _may_read(operation: str) -> set[str | None]:
    by_hand = READ_BY_HAND if operation in BY_HAND else ()
    return {OPERATIONS[operation].read_first, *by_hand}


every_operation = pytest.mark.parametrize(
    "operation", [pytest.param(name, id=name) for name in OPERATIONS]
)


@every_operation
@fixed
@given(data=st.data())
def test_valid_arguments_make_one_request_that_matches(operation: str, data: st.DataObject) -> None:
    """It is that of the operation, with every argument of the facade in every form."""
    arguments = data.draw(CALLS[operation].arguments())
    *reads, request = sent_by(lambda client: CALLS[operation].send(client, **arguments), operation)
    assert request.operation == operation
    assert {read.operation for read in reads} <= _may_read(operation)
    assert [one.faults() for one in (*reads, request) if one.faults()] == []


@every_operation
@fixed
@given(data=st.data())
def test_doubtful_arguments_make_a_request_that_matches_or_none(
    operation: str, data: st.DataObject
) -> None:
    """What the specification does not allow is refused before it is sent."""
    arguments = data.draw(CALLS[operation].doubtful())
    requests: list[Sent] = []
    with suppress(InvalidArgument):
        requests = sent_by(lambda client: CALLS[operation].send(client, **arguments), operation)
        *reads, last = [one.operation for one in requests]
        assert last == operation
        assert {*reads} <= _may_read(operation)
    assert [one.faults() for one in requests if one.faults()] == []


async def _pages(client: OnCallClient) -> None:
    groups = client.alert_groups.list(labels={"team": "SRE"}, state="new", perpage=3)
    assert len(await groups.collect()) == 8
    assert await client.integrations.list(perpage=1).collect(limit=2)


async def _watch(client: OnCallClient) -> None:
    groups = client.alert_groups.watch(
        labels={"team": "SRE"}, existing=True, clock=virtual_time.now
    )
    async for change in groups:
        assert isinstance(change, Created)
        await client.alert_groups.resolve(change.id)
        break


async def _wait(client: OnCallClient) -> None:
    many = [group.id async for group in client.alert_groups.list()]
    for one in many:
        await client.alert_groups.resolve(one)
    await client.alert_groups.wait_until(many, "resolved", timeout=60)
    await client.alert_groups.delete(many[0], mode="delete")
    await client.alert_groups.wait_until_deleted(many[0], timeout=60)


async def _reconcile(client: OnCallClient) -> None:
    made = await client.integrations.create(type="webhook", name="Ä & b=c", reconcile=True)
    assert [integration async for integration in client.integrations.list(name="Ä & b=c")] == [made]


async def _look_up(client: OnCallClient) -> None:
    made = await client.integrations.create(type="webhook", name="Ä & b=c")
    assert await client.integrations.by_name("Ä & b=c") == made
    with suppress(NotFound):
        await client.teams.by_name("Ä & b=c")


def _bulk(act: Callable[[Bulk, Any], Awaitable[object]]) -> Callable[..., Awaitable[None]]:
    async def story(client: OnCallClient) -> None:
        query = client.alert_groups.list(labels={"team": "SRE"})
        await act(client.alert_groups.bulk, query)
        await act(client.alert_groups.bulk, ["IGONE00000001"])

    return story


@pytest.mark.parametrize(
    ("story", "operations"),
    [
        pytest.param(_pages, {"list_alert_groups", "list_integrations"}, id="pages"),
        pytest.param(_watch, {"list_alert_groups", "resolve_alert_group"}, id="watching"),
        pytest.param(
            _wait,
            {
                *("list_alert_groups", "resolve_alert_group"),
                *("delete_alert_group", "get_alert_group"),
            },
            id="waiting",
        ),
        pytest.param(
            _reconcile, {"create_integration", "list_integrations"}, id="reconciling a creation"
        ),
        pytest.param(
            _look_up, {"create_integration", "list_integrations", "list_teams"}, id="looking up"
        ),
        pytest.param(
            _bulk(lambda bulk, groups: bulk.acknowledge(groups)),
            {"list_alert_groups", "acknowledge_alert_group"},
            id="bulk acknowledge",
        ),
        pytest.param(
            _bulk(lambda bulk, groups: bulk.silence(groups, timedelta(hours=1))),
            {"list_alert_groups", "silence_alert_group"},
            id="bulk silence",
        ),
        pytest.param(
            _bulk(lambda bulk, groups: bulk.delete(groups, mode="delete", wait=30)),
            {"list_alert_groups", "delete_alert_group", "get_alert_group"},
            id="bulk delete",
        ),
        pytest.param(
            _bulk(lambda bulk, groups: bulk.add_labels(groups, {"env": "prod"})),
            {"list_alert_groups", "add_alert_group_label", "get_alert_group"},
            id="bulk labels",
        ),
        pytest.param(
            _bulk(lambda bulk, groups: bulk.remove_labels(groups, "team:SRE")),
            {"list_alert_groups", "remove_alert_group_label", "get_alert_group"},
            id="bulk removal of labels",
        ),
    ],
)
def test_each_of_several_requests_matches(
    story: Callable[[OnCallClient], Awaitable[None]], operations: set[str]
) -> None:
    """Pages, polls, read-backs, and runs over many groups, with the fake as the server."""
    fake = FakeOnCall(clock=virtual_time.now)
    fake.add_label("env", "prod")
    fake.add_integration()
    for number in range(8):
        fake.add_group(labels={"team": "SRE"}, started_at=fake.now() - timedelta(minutes=number))

    async def main() -> None:
        async with OnCallClient(url=URL, token=fake.token, transport=fake.transport()) as client:
            await story(client)

    virtual_time.run(main())
    requests = [Sent.to_fake(call.request) for call in fake.calls]
    assert {one.operation for one in requests} == operations
    assert [one.faults() for one in requests if one.faults()] == []


GROUP = f"{PREFIX}/alert_groups/IA/"
GOOD = {"authorization": "x", "content-type": "application/json"}


def _sent(method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Sent:
    length = {"content-length": str(len(body))}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Sent(method, path, query, {**GOOD, **length, **given}, body)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(_sent("PATCH", GROUP), id="no such method"),
        pytest.param(_sent("GET", GROUP.rstrip("/")), id="no slash at the end"),
        pytest.param(_sent("GET", f"{PREFIX}/alert_groups/a.b/"), id="no id"),
        pytest.param(_sent("GET", f"{PREFIX}/alert_groups/", "state=firing"), id="no state"),
        pytest.param(_sent("GET", f"{PREFIX}/alert_groups/", "label=team"), id="half a label"),
        pytest.param(
            _sent("GET", f"{PREFIX}/alert_groups/", "id=A&id=B"), id="a parameter that is repeated"
        ),
        pytest.param(_sent("GET", f"{PREFIX}/alert_groups/", "limit=5"), id="no parameter"),
        pytest.param(_sent("GET", f"{PREFIX}/alert_groups/", "perpage=0"), id="below the limit"),
        pytest.param(_sent("GET", f"{PREFIX}/alert_groups/", "page=two"), id="no number"),
        pytest.param(
            _sent("GET", f"{PREFIX}/alert_groups/", "started_at=2026-01-01T00:00:00Z_"),
            id="no range",
        ),
        pytest.param(_sent("GET", GROUP, body=b"{}"), id="a body where none is taken"),
        pytest.param(_sent("POST", f"{GROUP}silence/"), id="no body where one is needed"),
        pytest.param(_sent("POST", f"{GROUP}silence/", body=b'{"delay":"1"}'), id="no delay"),
        pytest.param(
            _sent("POST", f"{GROUP}silence/", body=b'{"delay":1,"for":2}'), id="another member"
        ),
        pytest.param(
            _sent("POST", f"{GROUP}silence/", body=b'{"delay":1}', content_type="text/plain"),
            id="another media type",
        ),
        pytest.param(
            _sent("POST", f"{GROUP}silence/", body=b'{"delay":1}', transfer_encoding="chunked"),
            id="in chunks",
        ),
        pytest.param(_sent("GET", GROUP, authorization="Bearer x"), id="a scheme word"),
        pytest.param(_sent("GET", GROUP, authorization=""), id="no token"),
    ],
)
def test_a_request_that_does_not_match_is_found(wrong: Sent) -> None:
    """The check of the tests above, on requests with one fault each."""
    assert len(wrong.faults()) == 1
    right = [
        _sent("GET", GROUP),
        _sent("POST", f"{GROUP}silence/", body=b'{"delay":1}'),
        _sent("GET", f"{PREFIX}/alert_groups/", "label=a:b&label=c%3Ad&page=2&state=new"),
    ]
    assert [one.faults() for one in right] == [[], [], []]
