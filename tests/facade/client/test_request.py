"""Any endpoint can be called, with everything that the methods of resources have."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import OnCallClient, events
from grafana_oncall._validation.endpoints import endpoint
from grafana_oncall.errors import (
    DecodeError,
    EndpointUnavailable,
    Forbidden,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    ServerError,
    UserTokenRequired,
)
from grafana_oncall.models import IntegrationCreate
from grafana_oncall.testing import FakeOnCall
from tests.support.clients import KEY, made
from tests.support.samples import API, STACK
from tests.support.secrets_shown import leaks

ID = "I68T24C13IFW1"


async def test_an_endpoint_is_read_with_its_query(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The value is the JSON, and the response is there too."""
    fake.add_team("SRE")
    fake.add_team("Web")
    result = await oncall.request("GET", "teams/", query={"name": "SRE"})
    assert [team["name"] for team in result.value["results"]] == ["SRE"]
    assert result.response.status == 200


async def test_an_endpoint_is_written_to(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """With plain JSON; an empty response is None."""
    body = {"type": "webhook", "name": "CI"}
    created = await oncall.request("POST", "integrations", body=body)
    assert fake.integration(created.value["id"]).name == "CI"
    gone = await oncall.request("DELETE", f"integrations/{created.value['id']}/")
    assert (gone.value, [*fake.integrations]) == (None, [])


async def test_a_model_may_be_the_body_or_in_it(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """As it is written elsewhere: absent members are left out."""
    route = wire.route().respond(json={})
    model = IntegrationCreate(type="webhook", name="CI")
    await client.request("POST", "integrations/", body=model)
    await client.request("PUT", "x/", body={"many": [model]})
    contents = [call.request.content for call in route.calls]
    assert contents == [
        b'{"name":"CI","type":"webhook"}',
        b'{"many":[{"name":"CI","type":"webhook"}]}',
    ]


async def test_parameters_are_written_as_the_server_reads_them(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """In order; lists repeat one, bools are in small letters."""
    route = wire.route().respond(json={})
    query: Any = {"name": "a b&c=d", "short": True, "roles": [0, 2], "page": 3, "none": ()}
    await client.request("GET", "users", query=query)
    assert str(route.calls.last.request.url) == (
        f"{API}users/?name=a+b%26c%3Dd&short=true&roles=0&roles=2&page=3"
    )


@pytest.mark.parametrize(
    ("response", "value"),
    [
        pytest.param(httpx.Response(200, json=[1, None]), [1, None], id="JSON"),
        pytest.param(httpx.Response(201, json="x"), "x", id="a string"),
        pytest.param(httpx.Response(202, json={"a": 1.5}), {"a": 1.5}, id="another status"),
        pytest.param(httpx.Response(204), None, id="nothing"),
        pytest.param(
            httpx.Response(200, text="BEGIN:VCALENDAR", headers={"content-type": "text/calendar"}),
            "BEGIN:VCALENDAR",
            id="a calendar",
        ),
    ],
)
async def test_any_success_has_a_value(
    wire: respx.MockRouter, client: OnCallClient, response: httpx.Response, value: object
) -> None:
    """JSON, a text, or nothing."""
    wire.route().mock(return_value=response)
    post: Any = "post"  # in small letters, it is still one
    assert (await client.request(post, "x/")).value == value


async def test_a_page_in_oncall_s_place_is_an_error(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """And an outage like any other: it is retried."""
    route = wire.route().respond(text="<h1>Log in</h1>", headers={"content-type": "text/html"})
    with pytest.raises(DecodeError, match="GET teams/: 200, but it is a page of HTML"):
        await client.request("GET", "teams/")
    assert len(route.calls) == 5


PROXY = httpx.Response(502)


@pytest.mark.parametrize(
    ("method", "retry", "responses"),
    [
        pytest.param("GET", None, [PROXY, httpx.Response(200, json=1)], id="a read"),
        pytest.param("POST", None, [PROXY], id="a POST is not repeated"),
        pytest.param("PUT", None, [PROXY], id="nor a PUT"),
        pytest.param("PATCH", None, [PROXY], id="nor a PATCH"),
        pytest.param("PUT", "same", [PROXY, httpx.Response(200, json=1)], id="unless it may be"),
        pytest.param("DELETE", "never", [PROXY], id="nor a DELETE that must not be"),
    ],
)
async def test_only_what_may_be_repeated_is(
    wire: respx.MockRouter,
    client: OnCallClient,
    method: Any,
    retry: Any,
    responses: list[httpx.Response],
) -> None:
    """By the method, or as the caller says."""
    route = wire.route().mock(side_effect=responses)
    if len(responses) == 1:
        with pytest.raises(OutcomeUnknown, match=rf"^{method} things/{{id}}/: it may or may not"):
            await client.request(method, f"things/{ID}/", retry=retry)
    else:
        assert (await client.request(method, f"things/{ID}/", retry=retry)).value == 1
    assert len(route.calls) == len(responses)


async def test_a_delete_that_finds_nothing_left_has_worked(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """If an earlier attempt may have done it; at once, it is NotFound."""
    gone = httpx.Response(404, json={"detail": "Not found."})
    wire.route().mock(side_effect=[PROXY, gone, gone])
    assert (await client.request("DELETE", f"things/{ID}/")).value is None
    with pytest.raises(NotFound, match=r"^DELETE things/\{id\}/: 404 .*/api/v1/things/I68T"):
        await client.request("DELETE", f"things/{ID}/")


async def test_refusals_have_their_errors(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """They name the request."""
    with pytest.raises(EndpointUnavailable, match=r"^GET no_such_thing/: 404 "):
        await oncall.request("GET", "no_such_thing/")
    with pytest.raises(NotFound, match=r"^GET teams/\{id\}/: 404 Not found\."):
        await oncall.request("GET", "teams/TABCDEFGHIJK1/")
    fake.add_token("viewer", user="vi", role="viewer")
    async with made(token="viewer", transport=fake.transport()) as viewer:
        with pytest.raises(Forbidden, match="permission that this endpoint asks for"):
            await viewer.request("POST", "integrations/", body={"type": "webhook"})


async def test_a_user_s_token_is_sent_on_request(fake: FakeOnCall) -> None:
    """The SDK cannot know which endpoint needs it."""
    fake.add_token(f"glsa_{KEY}", user="robot")
    group = fake.add_group()
    path = f"alert_groups/{group.id}/acknowledge"
    settings: dict[str, Any] = {"token": f"glsa_{KEY}", "grafana_url": STACK}
    async with made(**settings, user_token=fake.token, transport=fake.transport()) as client:
        with pytest.raises(UserTokenRequired):
            await client.request("POST", path)
        await client.request("POST", path, as_user=True)
    assert group.state == "acknowledged"


async def test_events_name_few_operations(fake: FakeOnCall) -> None:
    """One for each endpoint, not for each object: metrics are kept by these names."""
    heard: list[events.Event] = []
    async with made(token=fake.token, transport=fake.transport(), on_event=heard.append) as client:
        for _ in range(3):
            await client.request("GET", f"alert_groups/{fake.add_group().id}/")
    calls = [event for event in heard if isinstance(event, events.CallStarted)]
    assert {call.operation for call in calls} == {"GET alert_groups/{id}/"}
    assert len({call.path for call in calls}) == 3


async def test_a_token_that_is_repeated_is_redacted(wire: respx.MockRouter) -> None:
    """As everywhere."""
    wire.route().respond(400, json={"detail": f"bad {KEY}"})
    async with made() as client:
        with pytest.raises(Exception, match=r"bad \(token\)") as caught:
            await client.request("GET", "teams/")
    assert leaks(caught.value, KEY) == []


NAN: Any = math.nan
BAD: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "HEAD": (("HEAD", "teams/"), {}, "method: no HEAD: .* spoils|method: no HEAD: .* send GET"),
    "OPTIONS": (("options", "teams/"), {}, "method: no OPTIONS: the server fails"),
    "TRACE": (("TRACE", "teams/"), {}, "method='TRACE': one of GET, POST"),
    "no method": ((None, "teams/"), {}, "method=None"),
    "a smuggled method": (("GET /x HTTP/1.1\r\nA: b", "teams/"), {}, "method="),
    "no path": (("GET", ""), {}, "path='': a path is needed"),
    "a slash": (("GET", "/"), {}, "a path is needed"),
    "no text": (("GET", 5), {}, "path=5: a path is needed"),
    "another host": (("GET", "https://evil.example/x"), {}, "without a slash or a host"),
    "another host without a scheme": (("GET", "//evil.example/x"), {}, "without a slash"),
    "an absolute path": (("GET", "/api/v1/teams/"), {}, "begins below /api/v1/"),
    "the root repeated": (("GET", "api/v1/teams/"), {}, "begins below /api/v1/"),
    "dots": (("GET", "teams/../../x"), {}, "'..' does not stay in its place"),
    "one dot": (("GET", "./teams"), {}, "does not stay"),
    "dots in code": (("GET", "teams/%2e%2E/x"), {}, "does not stay"),
    "dots in code twice": (("GET", "teams/%252e%252e/x"), {}, "does not stay"),
    "a slash in code": (("GET", "teams/..%2f..%2fx"), {}, "does not stay"),
    "a backslash": (("GET", "teams\\..\\x"), {}, "each segment has"),
    "a backslash in code": (("GET", "teams/%5c"), {}, "does not stay"),
    "a line break in code": (("GET", "teams/%0d%0aX"), {}, "does not stay"),
    "a query": (("GET", "teams/?name=x"), {}, "query= takes parameters"),
    "a fragment": (("GET", "teams/#x"), {}, "must not have a query or a fragment"),
    "a space": (("GET", "teams/a b"), {}, "each segment has"),
    "a line break": (("GET", "teams/\r\nX: y"), {}, "each segment has"),
    "half a code": (("GET", "teams/%2"), {}, "each segment has"),
    "two slashes": (("GET", "teams//x"), {}, "each segment has"),
    "a body of a GET": (("GET", "teams/"), {"body": {}}, "body: a GET has none"),
    "a text as query": (("GET", "teams/"), {"query": "name=x"}, "a mapping of parameters"),
    "None in the query": (("GET", "x/"), {"query": {"name": None}}, "query: name=None"),
    "a time in the query": (("GET", "x/"), {"query": {"a": datetime.now(UTC)}}, "query: a="),
    "a surrogate": (("GET", "x/"), {"query": {"a": "\ud800"}}, "query: a="),
    "no name": (("GET", "x/"), {"query": {"": "x"}}, "no name of a parameter"),
    "a number of thousands of digits": (("GET", "x/"), {"query": {"a": 10**5000}}, "query: a="),
    "not a number": (("POST", "x/"), {"body": {"a": [NAN]}}, r"body\.a\[0\]: nan is no number"),
    "bytes": (("POST", "x/"), {"body": b"{}"}, "body: bytes has no equivalent"),
    "a set": (("POST", "x/"), {"body": [{1}]}, r"body\[0\]: set has no equivalent"),
    "a time": (("POST", "x/"), {"body": {"a": datetime.now(UTC)}}, "body.a: datetime has no"),
    "a number as name": (("POST", "x/"), {"body": {1: 2}}, "1 is no name of a member"),
    "text without encoding": (("POST", "x/"), {"body": {"a": "\ud800"}}, "has no encoding"),
    "an object": (("POST", "x/"), {"body": object()}, "object has no equivalent"),
    "another repeat": (("POST", "x/"), {"retry": "safe"}, 'retry=.*"same" or "never"'),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_sent_as_it_is_is_refused(
    wire: respx.MockRouter, client: OnCallClient, name: str
) -> None:
    """Before anything is sent."""
    given, options, fault = BAD[name]
    with pytest.raises(InvalidArgument, match=fault):
        await client.request(*given, **options)
    assert not wire.calls


async def test_all_problems_of_a_body_are_told_at_once(client: OnCallClient) -> None:
    """And a body that contains itself has one."""
    with pytest.raises(InvalidArgument, match=r"body\.b\[1\]: .*; body\.a: ") as caught:
        await client.request("POST", "x/", body={"a": b"", "b": [1, {2}]})
    assert caught.value.argument == "body"
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidArgument, match="nested too deeply"):
        await client.request("POST", "x/", body=endless)


@given(st.text() | st.text("./%2eE5cF\\:@?#a", max_size=12))
def test_no_path_leaves_the_root(path: str) -> None:
    """Whatever it is: it is refused, or stays below, decoded as often as one likes."""
    try:
        request = endpoint("GET", path)
    except InvalidArgument:
        return
    url = urlsplit(f"https://h/api/v1/{request.path}")
    assert (url.netloc, url.query, url.fragment) == ("h", "", "")
    for _ in range(4):
        segments = path.split("/")
        assert not {".", ".."} & {*segments}
        path = unquote(path)


async def test_a_failure_of_the_server_is_not_hidden(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """500 of a read is retried once."""
    route = wire.route().respond(500, json={"detail": "oops"})
    with pytest.raises(ServerError, match="GET organizations/: 500"):
        await client.request("GET", "organizations/")
    assert len(route.calls) == 2
