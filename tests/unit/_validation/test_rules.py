"""Rules for several members together: what the server certainly refuses, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from grafana_oncall._codec.inputs import Rules, to_input
from grafana_oncall._generated.models.on_call_shifts import OnCallShiftUpdate, RollingShiftCreate
from grafana_oncall._generated.models.shift_swaps import ShiftSwapCreate, ShiftSwapUpdate
from grafana_oncall._validation.rules import recurrence, swap_period
from grafana_oncall.errors import InvalidArgument

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER: Final = NOON + timedelta(microseconds=1)
DAILY: Final = {"type": "rolling_users", "frequency": "daily"}


@pytest.mark.parametrize(
    ("rule", "members", "broken"),
    [
        pytest.param(swap_period, {}, [], id="no times"),
        pytest.param(swap_period, {"swap_start": NOON}, [], id="no end"),
        pytest.param(swap_period, {"swap_start": NOON, "swap_end": LATER}, [], id="a period"),
        pytest.param(
            swap_period, {"swap_start": NOON, "swap_end": NOON}, ["swap_end"], id="no period"
        ),
        pytest.param(
            swap_period, {"swap_start": LATER, "swap_end": NOON}, ["swap_end"], id="reversed"
        ),
        pytest.param(recurrence, {}, [], id="a change of something else"),
        pytest.param(recurrence, {"frequency": "weekly"}, ["week_start"], id="a week from when"),
        pytest.param(recurrence, {"frequency": "weekly", "week_start": "MO"}, [], id="weekly"),
        pytest.param(recurrence, {"frequency": "daily"}, [], id="daily"),
        pytest.param(recurrence, DAILY, [], id="daily turns"),
        pytest.param(
            recurrence, {**DAILY, "by_monthday": [1]}, ["by_monthday"], id="days of the month"
        ),
        pytest.param(recurrence, {**DAILY, "by_monthday": []}, [], id="no days of the month"),
        pytest.param(
            recurrence,
            {**DAILY, "type": "recurrent_event", "by_monthday": [1]},
            [],
            id="days of the month, without turns",
        ),
        pytest.param(
            recurrence,
            {**DAILY, "frequency": "monthly", "by_monthday": [1]},
            [],
            id="days of the month, each month",
        ),
        pytest.param(
            recurrence, {**DAILY, "by_day": ["MO"], "interval": 2}, ["interval"], id="too rarely"
        ),
        pytest.param(recurrence, {**DAILY, "by_day": ["MO"], "interval": 1}, [], id="often enough"),
        pytest.param(recurrence, {**DAILY, "by_day": ["MO"]}, [], id="once by default"),
        pytest.param(recurrence, {**DAILY, "by_day": None, "interval": 2}, [], id="on any day"),
        pytest.param(
            recurrence,
            {**DAILY, "by_monthday": [1], "by_day": ["MO"], "interval": 2},
            ["by_monthday", "interval"],
            id="both",
        ),
    ],
)
def test_what_the_server_certainly_refuses_is_found(
    rule: Rules, members: dict[str, Any], broken: list[str]
) -> None:
    """With the member to change."""
    assert [name for _, name in rule(members)] == broken


TIMES: Final = {"swap_start": "2026-03-02T12:00:00Z", "swap_end": NOON}


@pytest.mark.parametrize(
    ("cl", "value", "rule", "message"),
    [
        pytest.param(
            ShiftSwapUpdate, TIMES, swap_period, "it must be after swap_start @ swap_end", id="one"
        ),
        pytest.param(
            ShiftSwapCreate,
            {**TIMES, "schedule": "S1", "beneficiary": 5},
            swap_period,
            "Expected `str`, got `int` @ beneficiary; it must be after swap_start @ swap_end",
            id="beside another problem",
        ),
        pytest.param(
            ShiftSwapUpdate,
            {**TIMES, "swap_start": NOON.replace(tzinfo=None)},
            swap_period,
            "Expected `datetime` with a timezone component @ swap_start",
            id="a time that cannot be compared",
        ),
        pytest.param(
            OnCallShiftUpdate,
            {"frequency": "weekly", "week_start": "Monday"},
            recurrence,
            "Expected `str` matching regex '^(?:MO|TU|WE|TH|FR|SA|SU)$' @ week_start",
            id="a member with a problem of its own",
        ),
    ],
)
def test_an_input_names_broken_rules_with_all_other_problems(
    cl: type, value: dict[str, Any], rule: Rules, message: str
) -> None:
    """At once; of a member that is not valid by itself, only that."""
    with pytest.raises(InvalidArgument) as caught:
        to_input(value, cl, argument="", rules=rule)
    assert str(caught.value) == message


def test_a_broken_rule_is_found_in_a_model_under_its_argument() -> None:
    """As every other problem."""
    shift = RollingShiftCreate(
        start=datetime(2026, 3, 2, 9),  # noqa: DTZ001  # in the zone of the shift
        duration=3600,
        frequency="weekly",
        start_rotation_from_user_index=0,
    )
    with pytest.raises(InvalidArgument, match=r"weekly frequency @ shift\.week_start") as caught:
        to_input(shift, RollingShiftCreate, argument="shift", rules=recurrence)
    assert caught.value.argument == "shift"
