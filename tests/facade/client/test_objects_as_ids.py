"""Methods accept an id, or the object that has it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import FOREVER, OnCallClient
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall

Act = Callable[[OnCallClient, Any], Awaitable[object]]


def recorded(fake: FakeOnCall) -> list[tuple[str, str]]:
    """Return the method and path of every request."""
    return [(call.method, call.path) for call in fake.calls]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda oncall, group: oncall.alert_groups.get(group), id="get"),
        pytest.param(
            lambda oncall, group: oncall.alert_groups.acknowledge(group), id="acknowledge"
        ),
        pytest.param(
            lambda oncall, group: oncall.alert_groups.silence(group, FOREVER), id="silence"
        ),
        pytest.param(lambda oncall, group: oncall.alert_groups.delete(group), id="delete"),
        pytest.param(
            lambda oncall, group: oncall.alert_groups.remove_label(group, "team", "SRE"),
            id="remove a label",
        ),
        pytest.param(
            lambda oncall, group: oncall.alert_groups.wait_until(
                group, "firing", timeout=timedelta(minutes=1)
            ),
            id="wait for one",
        ),
        pytest.param(
            lambda oncall, group: oncall.alert_groups.wait_until(
                [group], "firing", timeout=timedelta(minutes=1)
            ),
            id="wait for several",
        ),
    ],
)
async def test_a_group_is_accepted_in_place_of_its_id(
    fake: FakeOnCall, oncall: OnCallClient, act: Act
) -> None:
    """The same requests are sent, with the same results."""
    first, second = (fake.add_group(labels={"team": "SRE"}) for _ in range(2))
    group = await oncall.alert_groups.get(second.id)
    fake.calls.clear()
    await act(oncall, first.id)
    by_id = recorded(fake)
    fake.calls.clear()
    await act(oncall, group)
    assert recorded(fake) == [(method, path.replace(first.id, group.id)) for method, path in by_id]


async def test_integrations_users_and_teams_are_accepted_in_place_of_their_ids(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Like groups."""
    fake.add_integration(name="disk")
    fake.add_team("SRE")
    resources: list[Any] = [oncall.integrations, oncall.users, oncall.teams]
    for resource in resources:
        [*_, found] = await resource.list().collect()
        assert await resource.get(found) == found


async def test_an_object_of_another_class_is_not_an_id(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """It is refused before anything is sent."""
    fake.add_integration(name="disk")
    [found] = await oncall.integrations.list().collect()
    integration: Any = found  # as in a program without types
    fake.calls.clear()
    for act in (oncall.alert_groups.get, oncall.alert_groups.delete):
        with pytest.raises(InvalidArgument, match=r"alert_group_id=Integration.* is not an id"):
            await act(integration)
    assert fake.calls == []
