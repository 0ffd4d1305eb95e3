"""What is only read: Slack channels, user groups, the organization, and its stack."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import FilterIgnored, ServerError
from grafana_oncall.testing import FakeOnCall, RateLimit, VirtualClock
from tests.support.clients import made
from tests.support.samples import BASE, one_page


async def test_slack_channels_are_listed_by_name(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """They have no id of their own, only that in Slack."""
    fake.add_slack_channel("alerts", slack_id="C0ALERTS")
    fake.add_slack_channel("general")
    channels = await oncall.slack_channels.list().collect()
    assert [channel.name for channel in channels] == ["alerts", "general"]
    (found,) = await oncall.slack_channels.list(channel_name="alerts").collect()
    assert (found.name, found.slack_id) == ("alerts", "C0ALERTS")
    assert await oncall.slack_channels.list(channel_name="Alerts").collect() == []


async def test_slack_channels_come_in_pages(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Each once, though nothing but their content tells them apart."""
    for number in range(70):
        fake.add_slack_channel(f"channel{number}")
    channels = await oncall.slack_channels.list().collect()
    assert len({channel.slack_id for channel in channels}) == len(channels) == 70


async def test_user_groups_are_listed_by_handle(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The one of Slack."""
    group = fake.add_user_group("On call", handle="oncall")
    fake.add_user_group("others")
    (found,) = await oncall.user_groups.list(slack_handle="oncall").collect()
    assert (found.id, found.type) == (group.id, "slack_based")
    assert found.slack is not None
    assert (found.slack.name, found.slack.handle) == ("On call", "oncall")
    assert await oncall.user_groups.list(slack_handle="on call").collect() == []


async def test_without_slack_there_are_no_channels_and_groups(oncall: OnCallClient) -> None:
    """Which is no error."""
    assert await oncall.slack_channels.list().collect() == []
    assert await oncall.user_groups.list().collect() == []


GROUP: dict[str, Any] = {"id": "G1", "type": "slack_based", "slack": None}
CHANNEL: dict[str, Any] = {"name": "general", "slack_id": "C0GENERAL"}


async def test_what_the_filter_excludes_is_not_returned() -> None:
    """A server that ignores the filter is detected, also where objects have no id."""
    pages = {"user_groups": one_page(GROUP), "slack_channels": one_page(CHANNEL)}

    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=pages[request.url.path.split("/")[-2]])

    async with made(transport=httpx.MockTransport(respond)) as client:
        with pytest.raises(FilterIgnored, match="slack_handle=oncall"):
            await client.user_groups.list(slack_handle="oncall").collect()
        with pytest.raises(FilterIgnored, match="channel_name=alerts"):
            await client.slack_channels.list(channel_name="alerts").collect()


async def test_the_list_of_organizations_works_on_cloud_only(clock: VirtualClock) -> None:
    """The open-source engine always fails at it, but knows the token's own."""
    cloud, engine = FakeOnCall(clock=clock), FakeOnCall(clock=clock, flavour="oss")
    async with OnCallClient(url=BASE, token=cloud.token, transport=cloud.transport()) as client:
        own = await client.organizations.current()
        assert await client.organizations.list().collect() == [own]
    async with OnCallClient(url=BASE, token=engine.token, transport=engine.transport()) as client:
        assert await client.organizations.current() == own
        with pytest.raises(ServerError):
            await client.organizations.list().collect()


async def test_info_is_the_url_of_the_stack(clock: VirtualClock) -> None:
    """As the server knows it."""
    fake = FakeOnCall(clock=clock, grafana_url="https://stack.test/")
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        assert (await client.info.get()).url == "https://stack.test"


async def test_info_has_a_limit_of_its_own(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Other requests do not count; when it ends, only Retry-After says."""
    fake.rate_limit, before = RateLimit(requests=2), clock()
    for _ in range(101):
        await oncall.info.get()
    assert clock() - before >= timedelta(seconds=60)
    refused = fake.calls[100].response
    assert refused is not None
    assert (refused.status, "RateLimit-Reset" in refused.headers) == (429, False)
