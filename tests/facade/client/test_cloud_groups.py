"""What Grafana Cloud adds to alert groups: numbers, attached groups, a search."""

from __future__ import annotations

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import FilterIgnored, InvalidArgument
from grafana_oncall.testing import FakeOnCall
from tests.support.samples import BASE


async def test_groups_have_a_number_and_know_what_is_attached(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Each to the other."""
    root = fake.add_group()
    child = fake.add_group(root=root)
    shown = await oncall.alert_groups.get(root.id)
    assert (shown.alert_group_number, shown.dependent_alert_group_ids) == (1, (child.id,))
    assert (await oncall.alert_groups.get(child.id)).root_alert_group_id == root.id


async def test_groups_are_searched_by_title_and_number(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """In any case."""
    disk, other = fake.add_group(title="Disk almost full"), fake.add_group(title="Other")
    for text, found in (("ALMOST", disk), ("disk almost", disk), ("2", other)):
        listed = await oncall.alert_groups.list(search=text).collect()
        assert [group.id for group in listed] == [found.id]


async def test_the_open_source_engine_ignores_a_search_which_is_an_error() -> None:
    """It lists all groups; and none of these members are theirs."""
    fake = FakeOnCall(flavour="oss")
    group = fake.add_group(title="Disk almost full")
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        with pytest.raises(FilterIgnored):
            await client.alert_groups.list(search="network").collect()
        shown = await client.alert_groups.get(group.id)
    assert (shown.alert_group_number, shown.root_alert_group_id) == (None, None)
    assert shown.dependent_alert_group_ids == ()


async def test_an_empty_search_is_refused(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The server would list everything."""
    with pytest.raises(InvalidArgument):
        oncall.alert_groups.list(search="")
    assert not fake.calls
