"""Bad ids, times, states and numbers: the error names the argument, and nothing is ever sent."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import respx

from grafana_oncall import OnCallClient, models
from grafana_oncall.errors import TimeRangeError
from tests.support.refusals import GROUP, NOON, SURROGATE, Call, refused

BAD_IDS = [
    pytest.param("", id="empty"),
    pytest.param("/", id="a slash"),
    pytest.param("I1/resolve", id="a path"),
    pytest.param("..", id="two dots"),
    pytest.param("../users", id="up and away"),
    pytest.param(".", id="a dot"),
    pytest.param("I%2F1", id="an encoded slash"),
    pytest.param("I1?x=1", id="a query"),
    pytest.param("I1#x", id="a fragment"),
    pytest.param("I1\r\nX-Evil: 1", id="CR LF"),
    pytest.param("I1\n", id="LF at the end"),
    pytest.param("I1\x00", id="NUL"),
    pytest.param(" I1", id="a space"),
    pytest.param("Ié", id="not ASCII"),
    pytest.param("I\uff11", id="a wide digit"),
    pytest.param(SURROGATE, id="a lone surrogate"),
    pytest.param("I" * 129, id="too long"),
    pytest.param(b"I1", id="bytes"),
    pytest.param(1, id="a number"),
    pytest.param(["I1"], id="a list"),
]
ID_CALLS: dict[str, tuple[str, Call]] = {
    "alert_groups.get": ("alert_group_id", lambda c, v: c.alert_groups.get(v)),
    "alert_groups.acknowledge": ("alert_group_id", lambda c, v: c.alert_groups.acknowledge(v)),
    "alert_groups.unacknowledge": ("alert_group_id", lambda c, v: c.alert_groups.unacknowledge(v)),
    "alert_groups.resolve": ("alert_group_id", lambda c, v: c.alert_groups.resolve(v)),
    "alert_groups.unresolve": ("alert_group_id", lambda c, v: c.alert_groups.unresolve(v)),
    "alert_groups.silence": ("alert_group_id", lambda c, v: c.alert_groups.silence(v, 60)),
    "alert_groups.unsilence": ("alert_group_id", lambda c, v: c.alert_groups.unsilence(v)),
    "alert_groups.delete": ("alert_group_id", lambda c, v: c.alert_groups.delete(v)),
    "alert_groups.add_label": (
        "alert_group_id",
        lambda c, v: c.alert_groups.add_label(v, "team", "SRE"),
    ),
    "alert_groups.remove_label": (
        "alert_group_id",
        lambda c, v: c.alert_groups.remove_label(v, "team", "SRE"),
    ),
    "integrations.get": ("integration_id", lambda c, v: c.integrations.get(v)),
    "integrations.update": ("integration_id", lambda c, v: c.integrations.update(v, name="x")),
    "integrations.delete": ("integration_id", lambda c, v: c.integrations.delete(v)),
    "list(id=)": ("id", lambda c, v: c.alert_groups.list(id=v)),
    "list(route_id=)": ("route_id", lambda c, v: c.alert_groups.list(route_id=v)),
    "list(integration_id=)": (
        "integration_id",
        lambda c, v: c.alert_groups.list(integration_id=v),
    ),
    "list(team_id=)": ("team_id", lambda c, v: c.alert_groups.list(team_id=v)),
}


@pytest.mark.parametrize("value", BAD_IDS)
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in ID_CALLS])
async def test_a_bad_id_is_refused_wherever_an_id_is_taken(
    wire: respx.MockRouter, client: OnCallClient, name: str, value: Any
) -> None:
    """In the path it would call another endpoint; as a filter, it would select everything."""
    argument, call = ID_CALLS[name]
    error = await refused(wire, client, lambda client: call(client, value))
    assert error.argument == argument
    assert str(error).startswith(f"{argument}=")
    assert str(error).isprintable()


@pytest.mark.parametrize("name", [name for name in ID_CALLS if not name.startswith("list")])
async def test_none_is_not_an_id(wire: respx.MockRouter, client: OnCallClient, name: str) -> None:
    """Only a filter may be omitted."""
    argument, call = ID_CALLS[name]
    error = await refused(wire, client, lambda client: call(client, None))
    assert error.argument == argument


@pytest.mark.parametrize(
    "started_at",
    [
        pytest.param((NOON.replace(tzinfo=None), NOON), id="a naive start"),
        pytest.param((NOON, NOON.replace(tzinfo=None)), id="a naive end"),
        pytest.param((NOON, NOON - timedelta(microseconds=1)), id="reversed"),
        pytest.param((NOON,), id="one"),
        pytest.param((NOON, NOON, NOON), id="three"),
        pytest.param((NOON, None), id="open"),
        pytest.param((None, NOON), id="open at the start"),
        pytest.param((NOON, timedelta(hours=1)), id="a length"),
        pytest.param((NOON.date(), NOON.date()), id="dates"),
        pytest.param(("2026-03-01T12:00:00", "2026-03-02T12:00:00"), id="strings"),
        pytest.param("2026-03-01T12:00:00_2026-03-02T12:00:00", id="as on the wire"),
        pytest.param(NOON, id="a moment"),
        pytest.param((0, 1), id="numbers"),
        pytest.param({NOON, NOON + timedelta(1)}, id="a set"),
        pytest.param((), id="empty"),
    ],
)
async def test_a_bad_time_range_is_refused(
    wire: respx.MockRouter, client: OnCallClient, started_at: Any
) -> None:
    """The server reads everything as UTC, and refuses most of these less clearly."""
    error = await refused(
        wire, client, lambda c: c.alert_groups.list(started_at=started_at), TimeRangeError
    )
    assert error.argument == "started_at"
    assert str(error).startswith("started_at=")


async def test_a_time_range_beyond_the_calendar_is_refused(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """`datetime.max` as "no end": its fraction cannot be rounded up."""
    last = datetime.max.replace(tzinfo=UTC)
    with pytest.raises(TimeRangeError):
        client.alert_groups.list(started_at=(NOON, last))
    assert wire.calls.call_count == 0


async def test_a_time_that_is_beyond_the_calendar_in_utc_is_refused(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """The last evening of the year 9999, west of Greenwich."""
    last = datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))
    await refused(
        wire, client, lambda c: c.alert_groups.list(started_at=(NOON, last)), TimeRangeError
    )


@pytest.mark.parametrize(
    "delay",
    [
        pytest.param(0, id="zero"),
        pytest.param(-2, id="minus two"),
        pytest.param(10**12, id="a trillion"),
        pytest.param(2**31, id="one too many"),
        pytest.param("abc", id="a word"),
        pytest.param("60", id="a number in a string"),
        pytest.param(None, id="None"),
        pytest.param(True, id="True"),
        pytest.param(False, id="False"),
        pytest.param(60.0, id="a float"),
        pytest.param(-1.0, id="for ever as a float"),
        pytest.param(math.nan, id="NaN"),
        pytest.param(math.inf, id="infinity"),
        pytest.param(timedelta(0), id="no time"),
        pytest.param(timedelta(seconds=-1), id="a second ago"),
        pytest.param(timedelta(seconds=-1.5), id="rounded up to minus one"),
        pytest.param(timedelta.max, id="the longest timedelta"),
        pytest.param(NOON, id="a moment"),
        pytest.param([60], id="a list"),
    ],
)
async def test_a_bad_delay_is_refused(
    wire: respx.MockRouter, client: OnCallClient, delay: Any
) -> None:
    """The server would never end a silence of zero seconds, and fails on a trillion."""
    error = await refused(wire, client, lambda c: c.alert_groups.silence(GROUP, delay))
    assert error.argument == "delay"
    assert str(error).startswith("delay=")


@pytest.mark.parametrize(
    "state",
    [
        pytest.param("", id="empty"),
        pytest.param("open", id="unknown"),
        pytest.param("New", id="another case"),
        pytest.param("new ", id="a space"),
        pytest.param(models.AlertGroupState("snoozed"), id="an enum of a newer server"),
        pytest.param(["new"], id="a list"),
        pytest.param(1, id="a number"),
        pytest.param(SURROGATE, id="a lone surrogate"),
    ],
)
async def test_an_unknown_state_is_refused(
    wire: respx.MockRouter, client: OnCallClient, state: Any
) -> None:
    """The error lists the known states."""
    error = await refused(wire, client, lambda c: c.alert_groups.list(state=state))
    assert error.argument == "state"
    assert str(error).startswith("state=")
    assert "silenced" in str(error)


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param("", id="empty"),
        pytest.param("purge", id="unknown"),
        pytest.param("DELETE", id="another case"),
        pytest.param(models.DeleteMode("purge"), id="an unknown enum"),
        pytest.param(None, id="None"),
        pytest.param(True, id="True"),
        pytest.param({"mode": "wipe"}, id="a mapping"),
    ],
)
async def test_an_unknown_mode_of_deletion_is_refused(
    wire: respx.MockRouter, client: OnCallClient, mode: Any
) -> None:
    """A deletion cannot be undone, so its mode is never guessed."""
    error = await refused(wire, client, lambda c: c.alert_groups.delete(GROUP, mode=mode))
    assert error.argument == "mode"
    assert str(error).startswith("mode=")


NOT_WHOLE = [
    pytest.param(-1, id="negative"),
    pytest.param(1.0, id="a float"),
    pytest.param(math.nan, id="NaN"),
    pytest.param("1", id="a string"),
    pytest.param(True, id="True"),
]
BOTH_LISTS = pytest.mark.parametrize("resource", ["alert_groups", "integrations"])


@BOTH_LISTS
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("perpage", value) for value in (*(row.values[0] for row in NOT_WHOLE), 0)),
        *(("prefetch", value) for value in (*(row.values[0] for row in NOT_WHOLE), 65, None)),
    ],
)
async def test_a_number_out_of_range_is_refused(
    wire: respx.MockRouter, client: OnCallClient, resource: str, argument: str, value: Any
) -> None:
    """When the list is made."""
    error = await refused(
        wire, client, lambda client: getattr(client, resource).list(**{argument: value})
    )
    assert error.argument == argument
    assert str(error).startswith(f"{argument}=")


@BOTH_LISTS
@pytest.mark.parametrize("limit", [*NOT_WHOLE, pytest.param(0, id="zero")])
async def test_a_limit_out_of_range_is_refused(
    wire: respx.MockRouter, client: OnCallClient, resource: str, limit: Any
) -> None:
    """Before the first request."""
    error = await refused(
        wire, client, lambda client: getattr(client, resource).list().collect(limit=limit)
    )
    assert error.argument == "limit"


@pytest.mark.parametrize(
    "name", [pytest.param("", id="empty"), 5, b"ci", pytest.param(["ci"], id="a list")]
)
async def test_a_bad_name_filter_is_refused(
    wire: respx.MockRouter, client: OnCallClient, name: Any
) -> None:
    """The server ignores an empty one, and lists everything."""
    error = await refused(wire, client, lambda c: c.integrations.list(name=name))
    assert error.argument == "name"
    assert str(error).startswith("name=")
