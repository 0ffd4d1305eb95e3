"""Checks of single fields: what each accepts, and what it says about the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.testing._server.fields import (
    Check,
    FieldError,
    choice,
    integer,
    nullable,
    related,
    related_ids,
    team,
    text,
)
from grafana_oncall.testing._server.responses import RefusedError
from grafana_oncall.testing._server.time_fields import (
    as_duration,
    as_local_time,
    as_time_utc,
    seconds,
)

NULL = "This field may not be null."
NO_OBJECT = "Object does not exist"
NO_TIME = "Time has wrong format. Use one of these formats instead: hh:mm:ssZ."
NO_DURATION = (
    "Duration has wrong format. Use one of these formats instead: [DD] [HH:[MM:]]ss[.uuuuuu]."
)
WAIT = seconds(60, 86400)


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (text(), 5, "5"),
        (text(3), " abc ", "abc"),
        (nullable(text()), None, None),
        (nullable(text(), blank=True), "", None),
        (integer(), "7", 7),
        (integer(), 7.0, 7),
        (integer(-1, 9), -1, -1),
        (choice("a", "b"), "b", "b"),
        (related({"F1"}), "F1", "F1"),
        (team({"T1"}), "T1", "T1"),
        (team({"T1"}), "null", None),
        (team({"T1"}), "", None),
        (related_ids(["U1", "U2"]), ["U2", "U9", "U1", "U2", 5], ["U1", "U2"]),
        (related_ids(["U1"]), None, []),
        (related_ids(["U1"]), "U1", []),
        (WAIT, 300, 300),
        (WAIT, "300", 300),
        (WAIT, 61.9, 61),
        (as_duration, 3600, timedelta(hours=1)),
        (as_duration, "3600", timedelta(hours=1)),
        (as_duration, "01:00:00", timedelta(hours=1)),
        (as_duration, "0:05:00", timedelta(minutes=5)),
        (as_duration, 1.5, timedelta(seconds=1.5)),
        (as_duration, -5, timedelta(seconds=-5)),
        (as_time_utc, "09:00:00Z", "09:00:00Z"),
        (as_local_time, "2026-12-01T09:00:00", "2026-12-01T09:00:00"),
    ],
)
def test_a_good_value_is_kept(check: Check, value: Any, kept: Any) -> None:
    """In the form of the server."""
    assert check(value) == kept


@pytest.mark.parametrize(
    ("check", "value", "problem"),
    [
        (text(3), "abcd", "Ensure this field has no more than 3 characters."),
        (nullable(text()), "", "This field may not be blank."),
        (integer(), None, NULL),
        (integer(), "a", "A valid integer is required."),
        (integer(), 1.5, "A valid integer is required."),
        (integer(), True, "A valid integer is required."),
        (integer(0), -1, "Ensure this value is greater than or equal to 0."),
        (integer(most=9), 10, "Ensure this value is less than or equal to 9."),
        (choice("a"), "c", '"c" is not a valid choice.'),
        (choice("a"), None, NULL),
        (related({"F1"}), "F9", NO_OBJECT),
        (related({"F1"}), 5, NO_OBJECT),
        (related({"F1"}), None, NULL),
        (team({"T1"}), "T9", NO_OBJECT),
        (WAIT, 59, "Ensure this value is greater than or equal to 0:01:00."),
        (WAIT, 86401, "Ensure this value is less than or equal to 1 day, 0:00:00."),
        (WAIT, "abc", "A valid number is required."),
        (WAIT, None, NULL),
        (as_duration, "an hour", NO_DURATION),
        (as_duration, None, NULL),
        (as_time_utc, "09:00", NO_TIME),
        (as_time_utc, None, NULL),
    ],
)
def test_a_bad_value_is_named(check: Check, value: Any, problem: str) -> None:
    """In the words of the server."""
    with pytest.raises(FieldError) as refused:
        check(value)
    assert refused.value.errors == [problem]


@pytest.mark.parametrize("value", ["2026-12-01T09:00:00Z", "2026-12-01", None, 5])
def test_a_time_with_a_zone_is_refused_as_a_whole(value: Any) -> None:
    """Not under the name of the field."""
    with pytest.raises(RefusedError) as refused:
        as_local_time(value)
    assert "Invalid datetime format" in refused.value.response.json()["detail"]


def test_a_number_as_a_list_of_ids_crashes_the_server() -> None:
    """It is iterated over."""
    with pytest.raises(RefusedError) as refused:
        related_ids([])(5)
    assert refused.value.response.status == 500
