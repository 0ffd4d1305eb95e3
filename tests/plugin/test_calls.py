"""What assertions read: `server.calls(…)`, `server.group(id)`, `server.integration(id)`."""

from __future__ import annotations

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import NotFound
from grafana_oncall.testing import FakeOnCall, Faults, refuse


@pytest.mark.parametrize("name", ["acknowledge", "acknowledge_alert_group"])
async def test_calls_are_found_by_their_operation(
    oncall_client: OnCallClient, oncall_server: FakeOnCall, name: str
) -> None:
    """By the short name and by the full one, in order of arrival."""
    groups = [oncall_server.add_group() for _ in range(2)]
    for group in groups:
        await oncall_client.alert_groups.acknowledge(group.id)
        await oncall_client.alert_groups.get(group.id)
    paths = [f"/api/v1/alert_groups/{group.id}/acknowledge/" for group in groups]
    assert [call.path for call in oncall_server.calls(name)] == paths
    assert not oncall_server.calls("resolve")


async def test_calls_remain_a_list(oncall_client: OnCallClient, oncall_server: FakeOnCall) -> None:
    """Calls of one operation, too, have a last one, a length, and methods of a list."""
    group = oncall_server.add_group()
    await oncall_client.alert_groups.get(group.id)
    await oncall_client.alert_groups.resolve(group.id)
    assert oncall_server.calls[-1] is oncall_server.calls("resolve")[-1]
    assert (len(oncall_server.calls), len(oncall_server.calls("resolve"))) == (2, 1)
    assert oncall_server.calls("resolve")("resolve") == oncall_server.calls[1:]
    oncall_server.calls.clear()
    assert oncall_server.calls == []


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("add_label", "add_alert_group_label"),
        ("remove_label", "remove_alert_group_label"),
    ],
)
async def test_short_names_are_the_methods_of_the_client(
    oncall_client: OnCallClient, oncall_server: FakeOnCall, short: str, full: str
) -> None:
    """As long as only one resource has such a method."""
    group = oncall_server.add_group(labels={"team": "SRE"})
    await oncall_client.alert_groups.remove_label(group.id, "team", "SRE")
    await oncall_client.alert_groups.add_label(group.id, "team", "SRE")
    assert [call.operation for call in oncall_server.calls(short)] == [full]


def test_a_misspelt_name_is_an_error_and_no_empty_list(oncall_server: FakeOnCall) -> None:
    """So that `assert not server.calls("acknowlege")` fails; it lists the known names."""
    with pytest.raises(ValueError, match=r"'acknowlege': .*, acknowledge_alert_group, "):
        oncall_server.calls("acknowlege")


@pytest.mark.parametrize("short", ["delete", "get", "list"])
def test_a_name_that_means_two_operations_is_refused(oncall_server: FakeOnCall, short: str) -> None:
    """Deleting a group is not deleting an integration."""
    with pytest.raises(ValueError, match=rf"{short}_integrations?, .*{short}_alert_groups?"):
        oncall_server.calls(short)


async def test_calls_show_the_request_and_its_result(
    oncall_client: OnCallClient, oncall_server: FakeOnCall, oncall_faults: Faults
) -> None:
    """In one line, which a failing assertion can show."""
    oncall_faults.add(refuse())
    with pytest.raises(NotFound):
        await oncall_client.alert_groups.get("I1")
    path = "GET /api/v1/alert_groups/I1/"
    assert repr(oncall_server.calls) == f"[{path}: no response (refuse), {path}: 404]"


def test_objects_of_the_server_are_found(oncall_server: FakeOnCall) -> None:
    """By id."""
    group, integration = oncall_server.add_group(), oncall_server.add_integration()
    assert oncall_server.group(group.id) is group
    assert oncall_server.integration(integration.id) is integration


def test_what_the_server_does_not_hold_is_an_error(oncall_server: FakeOnCall) -> None:
    """Whose message lists what exists."""
    message = r"^no alert group has the id 'I1'; there are 0: none$"
    with pytest.raises(LookupError, match=message):
        oncall_server.group("I1")
    ids = ", ".join(oncall_server.add_integration().id for _ in range(2))
    message = rf"^no integration has the id 'C1'; there are 2: {ids}$"
    with pytest.raises(LookupError, match=message):
        oncall_server.integration("C1")
