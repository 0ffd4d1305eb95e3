"""The web service: a storm that is acknowledged in the background, as JSON."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count
from typing import Any

import attrs
import httpx
import pytest

from examples.fastapi_service import Storm, app, lifespan
from grafana_oncall.testing import DEFAULT_TOKEN, FakeOnCall, FakeRequest, Fault, error, hang, serve


@attrs.frozen
class Web:
    """The service, asked in this process, and the server behind it."""

    fake: FakeOnCall
    http: httpx.AsyncClient

    async def get(self, path: str) -> Any:
        """Get JSON."""
        response = await self.http.get(path)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
async def web(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Web]:
    """Twelve groups of a team fire, and one of another team."""
    fake = FakeOnCall()
    sre, other = (fake.add_integration(team_id=fake.add_team(name)) for name in ("SRE", "Other"))
    for number in range(12):
        fake.add_group(title=f"Disk {number}", integration=sre, labels={"severity": "info"})
    fake.add_group(title="Not ours", integration=other)
    async with serve(fake) as url:
        monkeypatch.setenv("GRAFANA_ONCALL_URL", url)
        monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", DEFAULT_TOKEN)
        transport = httpx.ASGITransport(app)
        async with (
            lifespan(app),
            httpx.AsyncClient(transport=transport, base_url="http://service.test") as http,
        ):
            yield Web(fake, http)


def storm_of(team: str) -> Storm:
    """The storm of a team."""
    storm: Storm = app.state.service.storms[team]
    return storm


async def test_groups_of_a_team_are_listed_by_its_name(web: Web) -> None:
    """Models as JSON, with labels and times."""
    groups = await web.get("/teams/SRE/groups")
    assert {group["title"] for group in groups} == {f"Disk {number}" for number in range(12)}
    (label,) = groups[0]["labels"]
    assert (label["key"]["name"], label["value"]["name"]) == ("severity", "info")
    assert groups[0]["created_at"].endswith("Z")


async def test_the_progress_of_a_storm_can_be_read_and_a_second_one_does_not_start(
    web: Web,
) -> None:
    """Four groups are acknowledged, and the server takes its time with the other eight."""
    turns, come = count(1), asyncio.Event()

    def choose(_: FakeRequest, name: str | None) -> Fault | None:
        if name != "acknowledge_alert_group" or (turn := next(turns)) <= 4:
            return None
        if turn == 12:
            come.set()
        return hang()

    web.fake.faults.choose(choose)
    started = await web.http.post("/teams/SRE/storm")
    assert (started.status_code, started.json()["progress"]["phase"]) == (202, "selecting")
    first = storm_of("SRE")
    await come.wait()
    again = (await web.http.post("/teams/SRE/storm")).json()
    assert storm_of("SRE") is first
    during = await web.get("/teams/SRE/storm")
    assert (during["done"], during["error"], during["report"]["ok"]) == (False, None, False)
    for storm in (again, during):
        progress = storm["progress"]
        assert (progress["phase"], progress["done"], progress["total"]) == ("acting", 4, 12)
        assert progress["eta"] > 0
    assert during["report"]["counts"]["unknown"] == 8


async def test_when_a_storm_is_over_the_report_has_an_outcome_for_each_group(web: Web) -> None:
    """Then the next one may begin."""
    await web.http.post("/teams/SRE/storm")
    await storm_of("SRE").task
    over = await web.get("/teams/SRE/storm")
    assert (over["done"], over["error"], over["report"]["ok"]) == (True, None, True)
    assert {outcome["status"] for outcome in over["report"]["outcomes"]} == {"changed"}
    assert {group.state for group in web.fake.groups.values()} == {"acknowledged", "firing"}
    assert await web.get("/teams/SRE/groups") == []
    again = await web.http.post("/teams/SRE/storm")
    assert again.json()["report"]["outcomes"] == []


async def test_a_storm_that_fails_as_a_whole_says_why_and_the_service_goes_on(web: Web) -> None:
    """The page of groups is refused."""
    web.fake.faults.add(error(403, {"detail": "No."}), operation="list_alert_groups")
    await web.http.post("/teams/SRE/storm")
    await asyncio.wait([storm_of("SRE").task])
    over = await web.get("/teams/SRE/storm")
    assert (over["done"], over["report"]["selection_complete"]) == (True, False)
    assert over["error"].startswith("list_alert_groups: 403 No.")
    assert len(await web.get("/teams/SRE/groups")) == 12


@pytest.mark.parametrize(
    ("path", "words"),
    [("/teams/sre/groups", "similar: 'SRE'"), ("/teams/Other/storm", "No storm of the team Other")],
)
async def test_what_does_not_exist_is_not_found(web: Web, path: str, words: str) -> None:
    """A team is named in time to correct it."""
    response = await web.http.get(path)
    assert response.status_code == 404
    assert words in response.json()["detail"]


async def test_what_oncall_refuses_is_the_fault_of_a_server_behind_this_one(web: Web) -> None:
    """The text names the operation."""
    web.fake.faults.add(error(401, {"detail": "Invalid token."}))
    response = await web.http.get("/teams/SRE/groups")
    assert response.status_code == 502
    assert response.json()["detail"].startswith("list_teams: 401 Invalid token.")
