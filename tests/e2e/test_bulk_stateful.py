"""Bulk runs among other actors and faults: whatever happens, the report matches the server."""

from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import BulkReport
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, status
from tests.support.budget import budget
from tests.support.bulk_kinds import KINDS, QUERIES, Query
from tests.support.bulk_machine import BulkRuns, Weather
from tests.support.bulk_watched import LIST
from tests.support.virtual_time import now, run

PROFILE: Final = settings(
    derandomize=True,
    print_blob=True,
    deadline=None,
    suppress_health_check=[
        *(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
    ],
)


def test_every_report_of_a_bulk_run_is_true_whatever_others_do_meanwhile() -> None:
    """Nothing skipped, nothing else touched, every outcome true on the server; resumed or not."""
    profile = settings(PROFILE, max_examples=budget(60, hunt=5000), stateful_step_count=8)
    run_state_machine_as_test(BulkRuns, settings=profile)


@settings(PROFILE, max_examples=budget(50, hunt=3000))
@given(
    population=st.binary(min_size=200, max_size=200),
    number=st.integers(9, 24),
    query=st.sampled_from(QUERIES),
    prefetch=st.integers(0, 2),
    failing=st.sampled_from([0, 20]),
    tape=st.binary(min_size=300, max_size=300),
)
def test_long_walks_among_busy_actors_leave_nothing_out(
    *, population: bytes, number: int, query: Query, prefetch: int, failing: int, tape: bytes
) -> None:
    """Up to eight pages, with other actors at most requests: what matched all along is selected."""
    runs = BulkRuns()
    runs.populate(population, number)
    weather = Weather(
        tape=tape, acting=60, failing=failing, attempts=3, cut_at=0, kill=False, torn=False
    )
    runs.bulk_run(
        kind=KINDS[0],
        query=query,
        chosen=b"",
        prefetch=prefetch,
        converge=False,
        options={"max_at_once": 2, "stop_after_failures": None},
        weather=weather,
    )
    runs.teardown()


class PagesOutOfOrder:
    """In both walks, page 2 is read after page 3, and one group leaves it just before that.

    The group leaves before either walk saw it, so the other walk does not miss it.
    """

    def __init__(self, server: FakeOnCall) -> None:
        self.pages: list[str] = []
        self.groups = server.groups

    def choose(self, request: FakeRequest, operation: str | None) -> Fault | None:
        """Page 2 is retried after a 503, once page 3 has been read."""
        if operation != LIST:
            return None
        page = dict(parse_qsl(request.query)).get("page", "1")
        self.pages.append(page)
        walk = self.pages.count("1")
        if page == "1" and walk == 2:
            self.groups["IK"].acknowledged_at = None  # it enters the list for the first time
        if page == "2" and self.pages.count("2") % 2:
            return status(503)
        if page == "2":
            self.groups["ID" if walk == 1 else "IK"].resolved_at = self.groups["IA"].started_at
        return None


def test_pages_that_are_read_out_of_order_hide_no_group() -> None:
    """Prefetched pages overtake each other: what matched all along is selected, or not complete."""

    async def acknowledge() -> BulkReport:
        server = FakeOnCall(clock=now, page_size=3)
        for age, letter in enumerate("ABCKDEFGHIXY"):
            server.add_group(id=f"I{letter}", started_at=now() - timedelta(minutes=age))
        server.groups["IK"].acknowledged_at = now()
        server.faults.choose(PagesOutOfOrder(server).choose)
        async with OnCallClient(
            url="https://oncall.test",
            token=server.token,
            transport=server.transport(),
            random=lambda: 0.5,
        ) as client:
            groups = client.alert_groups.list(state="new", prefetch=1)
            return await client.alert_groups.bulk.acknowledge(groups)

    report = run(acknowledge())
    assert not report.complete or "IX" in {outcome.id for outcome in report.outcomes}
