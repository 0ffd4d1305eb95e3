"""The link to the next page is followed as far as it can be trusted."""

from __future__ import annotations

from typing import Any

import pytest
import respx

from grafana_oncall import OnCallClient
from grafana_oncall.errors import DecodeError
from tests.support.listing import ELSEWHERE, Listing, labels, other_tasks
from tests.support.samples import API
from tests.support.walks import PREFETCHES, walked


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://evil.example/api/v1/alert_groups/?page=2", id="another host"),
        pytest.param("https://oncall.example/api/v1/alert_groups/?page=2", id="another prefix"),
        pytest.param("http://oncall.example/oncall/api/v1/alert_groups/?page=2", id="no TLS"),
        pytest.param("https://oncall.example:9/x/?page=2", id="another port"),
        pytest.param("//evil.example/?page=2", id="no scheme"),
        pytest.param("?page=2", id="query only"),
        pytest.param("https://u:p@evil.example/?page=2#f", id="user and fragment"),
    ],
)
async def test_only_the_query_of_next_is_ever_used(
    wire: respx.MockRouter, client: OnCallClient, url: str
) -> None:
    """Host, prefix and scheme stay the client's own; the token goes nowhere else."""
    listing = Listing(wire, "a", "b")
    listing.changes[1] = {"next": url}
    assert await walked(client.alert_groups.list()) == "a b"
    sent = [str(call.request.url) for call in wire.calls]
    assert sent == [f"{API}alert_groups/", f"{API}alert_groups/?page=2"]


@PREFETCHES
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("page=2", id="dropped"),
        pytest.param("label=x%3Ay&page=2&state=resolved&team_id=T9", id="changed"),
    ],
)
async def test_the_filters_are_kept_whatever_next_says(
    wire: respx.MockRouter, client: OnCallClient, query: str, prefetch: int
) -> None:
    """A proxy that drops them would otherwise widen the selection."""
    listing = Listing(wire, "a", "b", "c")
    listing.members = {
        "team_id": "T1",
        "state": "firing",
        "labels": labels("team:SRE", "env:prod"),
    }
    listing.changes[1] = {"next": f"{ELSEWHERE}?{query}"}
    pager = client.alert_groups.list(
        team_id="T1", labels=["team:SRE", "env:prod"], state="new", perpage=1, prefetch=prefetch
    )
    assert await walked(pager) == "a b c"
    filters = [
        ("team_id", "T1"),
        ("label", "team:SRE"),
        ("label", "env:prod"),
        ("state", "new"),
        ("perpage", "1"),
    ]
    assert listing.queries == [
        filters,
        [*filters, ("page", "2")],
        [*filters, ("page", "3")],
    ]


async def test_a_parameter_that_the_server_adds_is_kept(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """The server may need it to keep the pages consistent."""
    listing = Listing(wire, "a", "b")
    listing.members = {"state": "firing"}
    listing.changes[1] = {"next": f"{ELSEWHERE}?cursor=c%2B1&page=2"}
    await walked(client.alert_groups.list(state="new"))
    assert listing.queries[1] == [("state", "new"), ("cursor", "c+1"), ("page", "2")]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"{ELSEWHERE}?page=abc", id="a word"),
        pytest.param(f"{ELSEWHERE}?page=", id="empty"),
        pytest.param(ELSEWHERE, id="no number"),
        pytest.param("", id="nothing at all"),
        pytest.param(f"{ELSEWHERE}?page=0", id="zero"),
        pytest.param(f"{ELSEWHERE}?page=-2", id="negative"),
        pytest.param(f"{ELSEWHERE}?page=2.0", id="a fraction"),
        pytest.param(f"{ELSEWHERE}?page=%D9%A2", id="not an ASCII digit"),
        pytest.param(f"{ELSEWHERE}?page={10**12}", id="absurd"),
        pytest.param(f"{ELSEWHERE}?page=1", id="itself"),
        pytest.param("http://[::1?page=2", id="not a URL"),
    ],
)
async def test_a_next_that_leads_nowhere_is_an_error(
    wire: respx.MockRouter, client: OnCallClient, url: str
) -> None:
    """Raised after the items that arrived, without another request."""
    listing = Listing(wire, "a", "b")
    listing.changes[1] = {"next": url}
    seen: list[str] = []

    async def walk() -> None:
        async for group in client.alert_groups.list():
            seen.append(group.id)  # noqa: PERF401  # what came before the error

    with pytest.raises(DecodeError) as caught:
        await walk()
    assert (caught.value.path, caught.value.operation) == ("$.next", "list_alert_groups")
    assert (seen, listing.asked) == (["a"], [1])


@PREFETCHES
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"current_page_number": 1, "next": f"{ELSEWHERE}?page=2"}, id="the first page for ever"
        ),
        pytest.param(
            {"current_page_number": 2, "next": f"{ELSEWHERE}?page=2"}, id="its own number as next"
        ),
        pytest.param(
            {"current_page_number": None, "next": f"{ELSEWHERE}?page=2"}, id="no number of its own"
        ),
        pytest.param(
            {"current_page_number": 2, "next": f"{ELSEWHERE}?page=1"}, id="back to the first"
        ),
        pytest.param(
            {"current_page_number": 1, "next": f"{ELSEWHERE}?page=3"}, id="page 1 instead of 2"
        ),
    ],
)
async def test_a_server_that_repeats_a_page_is_an_error_and_not_an_endless_loop(
    wire: respx.MockRouter, client: OnCallClient, change: dict[str, Any], prefetch: int
) -> None:
    """The second page repeats the first one, and says that more follows."""
    listing = Listing(wire, "a", "a", "a", "a")
    listing.changes[2] = change
    with pytest.raises(DecodeError, match="next"):
        await walked(client.alert_groups.list(prefetch=prefetch))
    assert len(listing.asked) <= 4
    assert other_tasks() == set()
