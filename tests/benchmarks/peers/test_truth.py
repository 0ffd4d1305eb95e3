"""What a job left, doubled, did wrongly and misreported is found in the server, not in claims."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from grafana_oncall.testing import FakeRequest, NoResponse
from tests.benchmarks.samples import group_id

from .accounts import Account, Request, account, in_vain
from .jobs import FULL, KEY, LIMIT, MINUTE, QUICK, VALUE, Job, Size, ideal_storm, names
from .plan import Act, is_labelled
from .rows import UNITS, combined, of_job
from .site import Site, made
from .truth import counted
from .waiting import Skipped

FINE = Account(left=0, doubled=0, wrong=0, misreported=0)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"wanted": "ab", "done": "ab", "claimed": "ab", "true": "ab"}, {}),
        ({"wanted": "abc", "done": "ab", "claimed": "ab", "true": "ab"}, {"left": 1}),
        ({"wanted": "ab", "done": "aaab", "claimed": "ab", "true": "ab"}, {"doubled": 2}),
        ({"wanted": "ab", "done": "abx", "claimed": "ab", "true": "ab"}, {"wrong": 1}),
        ({"wanted": "ab", "done": "ab", "claimed": "a", "true": "ab"}, {"misreported": 1}),
        ({"wanted": "ab", "done": "ab", "claimed": "abc", "true": "ab"}, {"misreported": 1}),
        ({"wanted": "ab", "done": "ab", "claimed": "ab", "true": "aab"}, {"misreported": 1}),
    ],
)
def test_each_kind_of_fault_is_told_from_the_others(
    given: dict[str, str], found: dict[str, int]
) -> None:
    """Each letter is a thing."""
    assert account(**given) == attrs.evolve(FINE, **found)


def _request(target: str, status: int | None = 200, answer: bytes = b"") -> Request:
    return Request("POST" if target == "resolve" else "GET", target, b"", status, answer)


@pytest.mark.parametrize(
    ("requests", "number"),
    [
        pytest.param([_request("page", answer=b"1"), _request("page", answer=b"2")], 0, id="news"),
        pytest.param([_request("page", answer=b"1"), _request("page", answer=b"1")], 1, id="none"),
        pytest.param([_request("resolve", 429), _request("resolve")], 1, id="refused"),
        pytest.param([_request("resolve", 429), _request("resolve", 429)], 2, id="still refused"),
        pytest.param([_request("resolve", None), _request("resolve")], 0, id="lost"),
    ],
)
def test_a_request_is_in_vain_if_it_was_refused_or_brought_nothing_new(
    requests: list[Request], number: int
) -> None:
    """A lost answer is nobody's fault."""
    assert in_vain(requests) == number


SMALL: Size = attrs.evolve(QUICK, groups=20, used=0)


@pytest.fixture
def skipped(tmp_path: Path) -> Skipped:
    """A clock."""
    return Skipped(tmp_path / "skipped")


def _site(job: Job, skipped: Skipped) -> Site:
    site = made(job, SMALL, skipped)
    site.fake.faults.clear()
    return site


def _post(site: Site, path: str, body: Any = None) -> None:
    headers = {"Authorization": site.fake.token, "Content-Type": "application/json"}
    content = b"" if body is None else json.dumps(body).encode()
    site.fake.handle(FakeRequest("POST", f"/api/v1/{path}/", "", headers, content))


def _resolve(site: Site, *numbers: int) -> None:
    for number in numbers:
        _post(site, f"alert_groups/{group_id(number)}/resolve")


LABELLED = [number for number in range(SMALL.groups) if is_labelled(number)]


@pytest.mark.parametrize(
    ("sent", "claimed", "found"),
    [
        (LABELLED, LABELLED, FINE),
        (LABELLED[1:], LABELLED[1:], attrs.evolve(FINE, left=1)),
        ([*LABELLED, LABELLED[0]], LABELLED, attrs.evolve(FINE, doubled=1)),
        ([*LABELLED, 5], [*LABELLED, 5], attrs.evolve(FINE, wrong=1)),
        (LABELLED, LABELLED[1:], attrs.evolve(FINE, misreported=1)),
        (LABELLED[1:], LABELLED, attrs.evolve(FINE, left=1, misreported=1)),
    ],
)
def test_the_log_of_calls_says_how_a_storm_was_resolved(
    skipped: Skipped, sent: list[int], claimed: list[int], found: Account
) -> None:
    """What was resolved without the label is wrong, and a second request is one too many."""
    site = _site("storm", skipped)
    _resolve(site, *sent)
    assert counted(site, "storm", [*map(group_id, claimed)]) == found


def test_what_others_resolved_is_resolved(skipped: Skipped) -> None:
    """It is not left, and who says that it failed misreports it."""
    site = _site("storm", skipped)
    site.acts = [Act(0.0, group_id(LABELLED[0]), "resolved")]
    site.act()
    _resolve(site, *LABELLED, LABELLED[0])  # which is refused twice
    claims = [*map(group_id, LABELLED)]
    assert counted(site, "storm", claims) == FINE
    assert counted(site, "storm", claims[1:]) == attrs.evolve(FINE, misreported=1)


def test_a_list_is_compared_with_the_groups_that_there_are(skipped: Skipped) -> None:
    """One is missing, one is there twice, and one has another state than it says."""
    site = _site("list", skipped)
    rows = [[group_id(number), "firing"] for number in range(SMALL.groups)]
    assert counted(site, "list", rows) == FINE
    bad = [*rows[2:], rows[-1], [rows[0][0], "resolved"]]
    assert counted(site, "list", bad) == Account(left=2, doubled=1, wrong=1, misreported=4)


def test_reports_are_compared_with_what_others_did(skipped: Skipped) -> None:
    """One is missed, one is reported twice, and one did not happen."""
    site = _site("follow", skipped)
    reports = [[act.id, act.kind, act.at] for act in site.acts]
    assert counted(site, "follow", reports) == FINE
    bad = [*reports[1:], reports[-1], ["I0", "deleted", 1.0]]
    assert counted(site, "follow", bad) == Account(left=1, doubled=1, wrong=1, misreported=3)


def test_integrations_are_counted_by_name_and_label(skipped: Skipped) -> None:
    """One is there twice, one was not asked for, one is missing, and one is said to be missing."""
    site = _site("create", skipped)
    wanted = names(SMALL.integrations)
    for name in [*wanted[1:], "service x"]:
        site.fake.add_integration(name=name).labels.append((KEY, VALUE))
    claims = wanted[2:]
    found = counted(site, "create", [*claims, "service x"])
    assert found == Account(left=1, doubled=0, wrong=1, misreported=1)
    site.fake.add_integration(name=wanted[1], team_id=site.fake.add_team("A")).labels.append(
        (KEY, VALUE)
    )
    found = counted(site, "create", [*claims, "service x", wanted[1]])
    assert found == Account(left=1, doubled=1, wrong=1, misreported=1)


def _list(site: Site) -> int:
    headers = {"Authorization": site.fake.token}
    return site.fake.handle(FakeRequest("GET", "/api/v1/alert_groups/", "", headers, b"")).status


def test_a_storm_begins_with_a_limit_that_is_almost_used_up(skipped: Skipped) -> None:
    """By the first request, so that the wait is the same for all clients; and others act then."""
    site = made("storm", attrs.evolve(SMALL, used=LIMIT - 1), skipped)
    skipped.add(1000.0)
    assert [_list(site), _list(site)] == [200, 429]
    assert len(site.fake.calls) == 2
    skipped.add(MINUTE)
    assert _list(site) == 200
    states = {site.fake.groups[act.id].state for act in site.acts if act.at < MINUTE}
    assert states == {"firing", "acknowledged", "resolved"}


def test_one_answer_in_five_is_lost_after_its_effect(skipped: Skipped) -> None:
    """As the job says; the first ones by the seed."""
    site = made("create", FULL, skipped)
    lost = 0
    for number in range(300):
        try:
            _post(site, "integrations", {"type": "webhook", "name": f"service {number}"})
        except NoResponse:
            lost += 1
    assert 40 < lost < 80
    assert len(site.fake.integrations) == 300


def test_the_least_time_of_a_storm_is_whole_minutes() -> None:
    """Requests that fit in what is left of the first minute wait for nothing."""
    assert ideal_storm(requests=30, used=LIMIT - 30) == 0
    assert ideal_storm(requests=31, used=LIMIT - 30) == MINUTE
    assert ideal_storm(requests=30 + LIMIT + 1, used=LIMIT - 30) == 2 * MINUTE


def test_the_goals_of_the_sdk_are_the_best_of_the_peers() -> None:
    """Within 5 %, and no fault; over aiohttp, half of the CPU of the generated client."""
    peer = dict.fromkeys(UNITS, 1.0) | {"time over ideal": 2.0, "CPU": 3.0}
    runs = {"generated": peer, "bare httpx": peer | {"CPU": 2.0}, "SDK": peer | {"CPU": 2.5}}
    found = {
        (row.labels["client"], row.labels["measure"]): (row.goal, row.verdict)
        for row in of_job("list", runs | {"SDK [aiohttp]": peer})
    }
    assert found["SDK", "CPU"] == (2.1, "out of bounds")
    assert found["SDK", "time over ideal"] == (2.1, "kept")
    assert found["SDK", "left"] == (0.0, "out of bounds")
    assert found["SDK [aiohttp]", "CPU"] == (1.5, "out of bounds")
    assert found["bare httpx", "CPU"] == (None, "")


def test_of_several_runs_the_median_counts_and_of_faults_the_worst() -> None:
    """A fault that came once is a fault."""
    one = dict.fromkeys(UNITS, 1.0)
    found = combined([one, one | {"CPU": 9.0, "left": 2.0}, one | {"CPU": 8.0}])
    assert (found["CPU"], found["left"], found["wrong"]) == (8.0, 2.0, 1.0)


def test_a_clock_shows_what_was_skipped(skipped: Skipped, tmp_path: Path) -> None:
    """In each process that has the file."""
    other = Skipped(tmp_path / "skipped").clock(datetime(2026, 1, 1, tzinfo=UTC))
    before = other()
    skipped.add(3600.0)
    assert 3600 <= (other() - before).total_seconds() < 3660
