"""The page of a fake without a browser: who gets it, what it shows, what its buttons do."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana_oncall.testing import (
    FakeOnCall,
    RateLimit,
    VirtualClock,
    _page,
    serve,
)
from grafana_oncall.testing._page.clock import RealClock
from grafana_oncall.testing._page.faults import FAULTS
from tests.support.fake_requests import ask
from tests.support.page import TOKEN, URL, Page, Stream
from tests.support.virtual_time import run

FILES = Path(_page.__file__).parent
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def page(fake: FakeOnCall) -> Page:
    """The page of an empty server."""
    return Page(fake)


def group_in(parts: dict[str, Any]) -> dict[str, Any]:
    """The first group that is shown."""
    first: dict[str, Any] = parts["groups"]["groups"][0]
    return first


# --- Who gets it


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
async def test_clients_that_want_no_html_get_what_the_engine_has_at_its_root(
    page: Page, accept: str
) -> None:
    """Two letters, which some health checks look for."""
    async with page.http() as http:
        response = await http.get("/", headers={"Accept": accept})
    assert (response.status_code, response.text) == (200, "Ok")


async def test_a_browser_gets_the_page_and_its_two_files(page: Page) -> None:
    """With the token in the page only, and what it may do in a header."""
    async with page.http() as http:
        shown = await http.get("/", headers=HTML)
        files = [await http.get(path) for path in re.findall(r'"(/_page/[\w.]+)"', shown.text)]
    assert [file.headers["content-type"].partition(";")[0] for file in files] == [
        "text/css",
        "text/javascript",
    ]
    assert f'<meta name="token" content="{TOKEN}">' in shown.text
    assert not any(TOKEN in file.text for file in files)
    for response in (shown, *files):
        assert response.headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "access-control-allow-origin" not in response.headers
        assert response.headers["cache-control"] == "no-store"


def test_the_files_name_no_other_server_and_never_make_html_of_a_text() -> None:
    """What they need is in them."""
    for name in ("page.html", "page.css", "page.js"):
        text = (FILES / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|innerHTML|outerHTML|insertAdjacent|eval\(", text)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
async def test_the_page_has_every_name_of_this_machine(page: Page, host: str) -> None:
    """Its loopback, that is."""
    async with page.http() as http:
        assert TOKEN in (await http.get("/", headers={**HTML, "Host": host})).text


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:8080",
        "127.0.0.1.rebound.example",
        "127.0.0.1@rebound.example",
        "192.0.2.7",
        "[",
        "",
    ],
)
async def test_a_website_whose_name_leads_here_gets_nothing_of_it(page: Page, host: str) -> None:
    """Not even the files, whose presence says that the page is there."""
    async with page.http() as http:
        shown = await http.get("/", headers={**HTML, "Host": host})
        script = await http.get("/_page/page.js", headers={"Host": host})
    assert (shown.text, script.status_code) == ("Ok", 404)


async def test_another_machine_gets_nothing_of_it(page: Page) -> None:
    """Even if it names this one in its `Host`."""
    async with page.http(client=("192.0.2.7", 50000)) as http:
        assert (await http.get("/", headers=HTML)).text == "Ok"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": URL},
        {"Origin": URL, "X-Page-Token": "guessed"},
        {"Origin": URL, "X-Page-Token": b"\xfc"},
        {"X-Page-Token": TOKEN},
        {"Origin": "null", "X-Page-Token": TOKEN},
        {"Origin": "http://evil.example", "X-Page-Token": TOKEN},
        {"Origin": "http://127.0.0.1:9999", "X-Page-Token": TOKEN},
    ],
)
async def test_only_the_page_itself_may_act(page: Page, headers: dict[str, Any]) -> None:
    """Another program on this machine has another port, and so another origin."""
    group = page.fake.add_group()
    asked = {"do": "resolve", "as": page.fake.user.id, "group": group.id}
    async with page.http() as http:
        response = await http.post("/_page/do", json=asked, headers=headers)
    assert (response.status_code, group.state) == (403, "firing")


@pytest.mark.parametrize("query", ["", "token=guessed", "state=firing"])
async def test_what_happens_is_shown_to_the_page_only(page: Page, query: str) -> None:
    """A script of another origin could not read it, but it should not even be sent."""
    async with asyncio.timeout(5), page.http() as http:  # a stream would not end
        assert (await http.get(f"/_page/events?{query}")).status_code == 403


async def test_each_start_has_another_token(fake: FakeOnCall) -> None:
    """And without `page=True` there is no page."""
    async with httpx.AsyncClient(headers=HTML) as http:
        shown: list[str] = []
        for has_page in (True, True, False):
            async with serve(fake, page=has_page) as url:
                shown.append((await http.get(f"{url}/")).text)
    tokens = {*re.findall(r'"token" content="([\w-]{43})"', "".join(shown))}
    assert (len(tokens), shown[2]) == (2, "Ok")


# --- What it shows


def test_the_stream_sends_everything_once_and_then_what_has_changed() -> None:
    """Within a second, and nothing at all while nothing happens."""

    async def main() -> None:
        page = Page(FakeOnCall(clock=VirtualClock()))
        async with Stream(page) as stream:
            assert set(stream.events()) == {
                *("clock", "groups", "settings", "quota", "calls", "pages", "webhooks")
            }
            await asyncio.sleep(5)
            assert stream.events() == {}
            page.fake.add_group(title="Disk almost full", state="silenced")
            await asyncio.sleep(1)
            events = stream.events()
        assert set(events) == {"groups", "settings"}  # and the integration that the group needs
        assert events["groups"]["counts"] == {"silenced": 1}

    run(main())


async def test_a_group_is_shown_with_what_people_ask_first(page: Page) -> None:
    """Its state, who acts on it, and for how long."""
    group = page.fake.add_group(title="Disk almost full", labels={"team": "SRE"})
    await page.do("acknowledge", group=group.id)
    assert group_in(await page.parts()) == {
        "id": group.id,
        "title": "Disk almost full",
        "state": "acknowledged",
        "labels": [["team", "SRE"]],
        "alerts": 1,
        "integration": group.integration.name,
        "started_at": "2026-03-02T09:30:00Z",
        "silenced_until": None,
        "by": "admin",
    }


async def test_of_many_groups_the_newest_are_shown_and_all_are_counted(page: Page) -> None:
    """In the state that the page asks for, if it is one."""
    for number in range(300):
        page.fake.add_group(title=str(number), state="resolved" if number % 3 else "firing")
    everything, firing, unknown = [
        (await page.parts(f"state={state}"))["groups"] for state in ("", "firing", "burning")
    ]
    assert everything["counts"] == firing["counts"] == {"firing": 100, "resolved": 200}
    assert [len(each["groups"]) for each in (everything, firing)] == [100, 100]
    assert {group["state"] for group in firing["groups"]} == {"firing"}
    assert unknown == everything


async def test_no_text_of_an_alert_can_end_an_event(page: Page) -> None:
    """Whatever line breaks it has."""
    title = "a\n\nevent: clock\ndata: {}\r\n\r\n\u2028"
    page.fake.add_group(title=title, labels=[("key\n", "\n\nvalue")])
    shown = group_in(await page.parts())
    assert (shown["title"], shown["labels"]) == (title, [["key\n", "\n\nvalue"]])


async def test_calls_are_shown_with_who_made_them_and_how_they_ended(page: Page) -> None:
    """The newest first, and no more than fifty."""
    page.fake.faults.choose(lambda _, operation: None if operation else FAULTS["Connection reset"])
    headers = {"Authorization": page.fake.token}
    async with page.http() as http:
        for _ in range(50):
            await http.get("/api/v1/users/", headers=headers)
        await http.get("/api/v1/users/?page=2", headers={"Authorization": "guessed"})
        await http.get("/api/v1/users/")
    calls = (await page.parts())["calls"]
    assert [(call["who"], call["what"], call["status"]) for call in calls[:3]] == [
        ("no token", "GET /api/v1/users/", 403),
        ("unknown token", "GET /api/v1/users/?page=2", 403),
        ("admin", "GET /api/v1/users/", 200),
    ]
    assert (len(calls), calls[0]["id"], calls[0]["fault"]) == (50, 52, None)


async def test_pages_are_shown_when_they_are_sent(page: Page, clock: VirtualClock) -> None:
    """With who was paged, how, and for which group; the newest first."""
    fake = page.fake
    ana = fake.add_user("ana", role="editor")
    for how in ("notify_by_mobile_app", "notify_by_telegram"):
        fake.add_personal_notification_rule(ana, how)
    chain = fake.add_escalation_chain("SRE")
    fake.add_escalation_policy(chain, "notify_persons", persons=[ana.id])
    source = fake.add_integration(type="webhook")
    source.default_route["escalation_chain_id"] = chain.id
    fake.add_group(title="Disk almost full", integration=source)
    assert (await page.parts())["pages"] == {"unmodelled": None, "pages": []}
    await page.do("skip", seconds=3600)
    shown = (await page.parts())["pages"]["pages"]
    assert [(one["user"], one["how"], one["group"]) for one in shown] == [
        ("ana", "telegram", "Disk almost full"),
        ("ana", "mobile_app", "Disk almost full"),
    ]
    assert clock.now().hour == 10


async def test_webhooks_are_shown_with_what_came_of_them(page: Page) -> None:
    """The newest first; those that the test does not send have the reason."""
    page.fake.add_webhook("bot", url="https://bot.example/hook", trigger_type="acknowledge")
    page.fake.add_webhook("chat", url="https://chat.example/", trigger_type="resolve")
    group = page.fake.add_group()
    for action in ("acknowledge", "resolve"):
        await page.do(action, group=group.id)
        await page.do("skip", seconds=1)
    shown = (await page.parts())["webhooks"]
    assert [(one["name"], one["what"], one["status"]) for one in shown] == [
        ("chat", "resolve: POST https://chat.example/", None),
        ("bot", "acknowledge: POST https://bot.example/hook", None),
    ]
    assert all("deliver_webhooks" in one["reason"] for one in shown)


async def test_the_quota_of_each_user_is_shown_if_there_is_a_rate_limit(page: Page) -> None:
    """As far as the window reaches."""
    await page.do("settings", requests=20, window=60, latency=0, every=1)
    for _ in range(3):
        ask(page.fake, "GET", "users/")
    assert (await page.parts())["quota"] == [{"who": "admin", "used": 3, "of": 20}]
    await page.do("skip", seconds=60)
    assert (await page.parts())["quota"] == []


# --- What its buttons do


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        (["acknowledge"], "acknowledged"),
        (["acknowledge", "unacknowledge"], "firing"),
        (["resolve"], "resolved"),
        (["resolve", "unresolve"], "firing"),
        (["silence"], "silenced"),
        (["silence", "unsilence"], "firing"),
    ],
)
async def test_a_person_acts_on_a_group(page: Page, actions: list[str], state: str) -> None:
    """As the API would, but without a request that counts."""
    group = page.fake.add_group()
    for action in actions:
        assert (await page.do(action, group=group.id)).status_code == 204
    assert group.state == state
    assert page.fake.calls == []


async def test_a_silence_ends_by_itself_after_an_hour(page: Page) -> None:
    """Of the server's clock."""
    group = page.fake.add_group()
    await page.do("silence", group=group.id)
    states: list[str] = []
    for seconds in (3599, 1):
        await page.do("skip", seconds=seconds)
        states.append(group.state)
    assert states == ["silenced", "firing"]


async def test_what_the_server_refuses_is_said_in_its_words(page: Page) -> None:
    """And what is no longer there, whatever it is."""
    group = page.fake.add_group(state="resolved")
    refused = await page.do("resolve", group=group.id)
    assert (refused.status_code, refused.json()) == (
        400,
        {"detail": "Can't resolve a resolved alert group"},
    )
    assert (await page.do("resolve", group="IGONE")).json() == {"detail": "Not found."}
    assert (await page.do("alert", integration="CGONE", title="x")).status_code == 400
    assert (await page.do("dance")).status_code == 400


async def test_only_people_who_may_act_are_offered_and_can_act(page: Page) -> None:
    """A viewer looks on."""
    viewer, editor = (page.fake.add_user(role, role=role) for role in ("viewer", "editor"))
    group = page.fake.add_group()
    offered = (await page.parts())["settings"]["people"]
    assert offered == {page.fake.user.id: "admin", editor.id: "editor"}
    assert (await page.do("resolve", group=group.id, **{"as": viewer.id})).status_code == 403
    await page.do("resolve", group=group.id, **{"as": editor.id})
    assert group.resolved_by == editor.id


async def test_a_person_may_make_up_a_label(page: Page) -> None:
    """It is offered from then on."""
    group = page.fake.add_group()
    await page.do("label", group=group.id, key="team", value="SRE")
    assert group.labels == [("team", "SRE")]
    assert (await page.parts())["settings"]["known_labels"] == {"team": ["SRE"]}


@pytest.mark.parametrize(
    "type", ["alertmanager", "grafana_alerting", "grafana", "formatted_webhook", "zabbix"]
)
async def test_an_alert_makes_a_group_of_its_title_and_joins_it_if_it_is_open(
    page: Page, type: str
) -> None:
    """In integrations whose default templates read a title."""
    source = page.fake.add_integration(type=type)
    for _ in range(2):
        await page.do("alert", integration=source.id, title="Disk almost full")
    (group,) = page.fake.groups.values()
    assert ((group.title or "").strip(), group.alerts_count) == ("Disk almost full", 2)


async def test_a_storm_has_as_many_groups_as_are_asked_for_up_to_a_thousand(page: Page) -> None:
    """They all begin now."""
    await page.do("storm", groups=3)
    assert {group.state for group in page.fake.groups.values()} == {"firing"}
    assert len(page.fake.groups) == 3
    assert (await page.do("storm", groups=1001)).status_code == 400
    await page.do("storm", groups=1000)
    assert len(page.fake.groups) == 1003


async def test_a_fault_that_is_on_hits_programs_and_not_the_page(page: Page) -> None:
    """One request in so many, until it is switched off; several take turns."""
    await page.do("settings", requests=0, window=60, latency=0, every=2)
    await page.do("fault", name="Proxy responds 503", on=True)
    await page.do("fault", name="429 for 10 seconds", on=True)

    def statuses() -> list[int]:
        return [ask(page.fake, "GET", "users/").status for _ in range(4)]

    assert sorted(statuses()) == [200, 200, 429, 503]
    shown = (await page.parts())["settings"]
    assert {name for name, on in shown["faults"].items() if on} == {
        "Proxy responds 503",
        "429 for 10 seconds",
    }
    for name in FAULTS:
        await page.do("fault", name=name, on=False)
    assert statuses() == [200] * 4


async def test_settings_are_those_of_the_server(page: Page) -> None:
    """Which shows them."""
    await page.do("settings", requests=20, window=30, latency=250, every=3)
    assert page.fake.rate_limit == RateLimit(requests=20, window=timedelta(seconds=30))
    assert page.fake.latency == timedelta(seconds=0.25)
    shown = (await page.parts())["settings"]
    assert [shown[name] for name in ("requests", "window", "latency", "every")] == [20, 30, 250, 3]
    await page.do("settings", requests=0, window=30, latency=0, every=1)
    assert page.fake.rate_limit is None


_SETTINGS: dict[str, Any] = {"requests": 0, "window": 60, "latency": 0, "every": 1}
_SENSELESS: tuple[Any, ...] = (1e20, -1, float("inf"), float("nan"), None, "1", True, [], 10**400)


@pytest.mark.parametrize("value", _SENSELESS)
@pytest.mark.parametrize(
    ("asked", "name"),
    [
        *(({"do": "settings", **_SETTINGS}, name) for name in _SETTINGS),
        ({"do": "storm"}, "groups"),
        ({"do": "skip"}, "seconds"),
    ],
)
async def test_what_is_no_sensible_number_is_refused_and_changes_nothing(
    page: Page, clock: VirtualClock, asked: dict[str, Any], name: str, value: Any
) -> None:
    """The response says what is needed, and the page can show it."""
    began = clock.now()
    refused = await page.send(json.dumps({**asked, name: value}))
    assert (refused.status_code, f"{name}: a " in refused.json()["detail"]) == (400, True)
    assert (await page.parts())["settings"]["latency"] == 0
    assert (page.fake.rate_limit, page.fake.groups, clock.now()) == (None, {}, began)


@pytest.mark.parametrize("name", ["every", "requests"])
async def test_a_fraction_is_no_whole_number(page: Page, name: str) -> None:
    """Which the form would not send either."""
    refused = await page.do("settings", **{**_SETTINGS, name: 1.5})
    assert (refused.status_code, refused.json()) == (
        400,
        {"detail": f"{name}: a whole number is needed."},
    )


@pytest.mark.parametrize("value", ["", "\ud800", "a\0", "unknown", None, 5, [], {"a": 1}])
@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("resolve", "as"),
        ("resolve", "group"),
        ("label", "key"),
        ("label", "value"),
        ("alert", "integration"),
        ("alert", "title"),
        ("fault", "name"),
        ("", "do"),
    ],
)
async def test_what_is_no_text_is_refused_and_changes_nothing(
    page: Page, action: str, name: str, value: Any
) -> None:
    """As is the name of nothing; a label or a title may be any text, though."""
    group = page.fake.add_group()
    source = group.integration.id
    asked = {"as": page.fake.user.id, "group": group.id, "integration": source, "title": "x"}
    content = json.dumps({"do": action, "key": "a", "value": "b", **asked, name: value})
    is_free = value == "unknown" and name in {"key", "value", "title"}
    response = await page.send(content)
    assert response.status_code in ({204} if is_free else {400, 404})
    assert is_free or response.json()["detail"]
    assert is_free or (page.fake.groups, group.labels, group.state) == (
        {group.id: group},
        [],
        "firing",
    )
    assert (await page.parts())["groups"]["counts"]["firing"] >= 1


@pytest.mark.parametrize("content", ["", "[", "[]", "null", '"skip"', "[" * 100_000, "\ud800"])
async def test_what_is_no_object_is_refused(page: Page, content: str) -> None:
    """The page never sends it."""
    refused = await page.send(content.encode("utf-8", "surrogatepass"))
    assert (refused.status_code, [*refused.json()]) == (400, ["detail"])


async def test_a_clock_that_cannot_be_put_ahead_is_left_alone() -> None:
    """The page does not offer it."""
    page = Page(FakeOnCall(clock=VirtualClock().now))
    assert not (await page.parts())["clock"]["advances"]
    assert (await page.do("skip", seconds=1)).status_code == 400


def test_the_clock_of_the_command_runs_and_can_be_put_ahead(clock: VirtualClock) -> None:
    """By what was skipped, for good."""
    ahead = RealClock(clock)
    ahead.advance(timedelta(hours=1))
    clock.advance(timedelta(seconds=2))
    assert ahead() - clock() == timedelta(hours=1)
