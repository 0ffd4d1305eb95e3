"""Bad labels: the error names all and nothing is sent; good ones may be written in any way."""

from __future__ import annotations

from typing import Any

import pytest
import respx

from grafana_oncall import OnCallClient, models
from grafana_oncall.errors import LabelError
from grafana_oncall.testing import FakeOnCall
from tests.support.refusals import GROUP, SURROGATE, Call, refused

NOT_LABELS = [
    pytest.param("", id="an empty string"),
    pytest.param("env", id="no colon"),
    pytest.param("env=prod", id="an equals sign"),
    pytest.param("a:b:c", id="two colons"),
    pytest.param(":", id="a colon alone"),
    pytest.param(":prod", id="no key"),
    pytest.param("env:", id="no value"),
    pytest.param({"": "prod"}, id="an empty key"),
    pytest.param({"env": ""}, id="an empty value"),
    pytest.param({"env": None}, id="None as value"),
    pytest.param({"env": 1}, id="a number as value"),
    pytest.param({1: "prod"}, id="a number as key"),
    pytest.param({"env": ["prod"]}, id="a list as value"),
    pytest.param({"en:v": "prod"}, id="a colon in the key"),
    pytest.param({"env": "a:b"}, id="a colon in the value"),
    pytest.param([("env",)], id="a pair of one"),
    pytest.param([("env", "prod", "eu")], id="a pair of three"),
    pytest.param([None], id="None among them"),
    pytest.param([["env:prod"]], id="a list in a list"),
    pytest.param([{"key": {"name": "env"}}], id="an object without value"),
    pytest.param([{"key": {"name": "env"}, "value": {}}], id="an object without a name"),
    pytest.param([{"key": {"id": "e"}, "value": {"name": "prod"}}], id="an object with an id only"),
    pytest.param([{"key": "env", "value": "prod"}], id="an object of strings"),
    pytest.param(b"env:prod", id="bytes"),
    pytest.param(7, id="a number"),
    pytest.param({"env": "a\r\nb"}, id="CR LF"),
    pytest.param({"env": "a\x00"}, id="NUL"),
    pytest.param({"env": SURROGATE}, id="a lone surrogate"),
]
BREAK_THE_RULES = [
    pytest.param({"1env": "prod"}, id="a key that starts with a digit"),
    pytest.param({"env1": "prod"}, id="a key that ends with a digit"),
    pytest.param({"_env": "prod"}, id="a key that starts with an underscore"),
    pytest.param({"env_": "prod"}, id="a key that ends with an underscore"),
    pytest.param({"my-env": "prod"}, id="a key with a hyphen"),
    pytest.param({"énv": "prod"}, id="a key that is not ASCII"),
    pytest.param({"e" * 64: "prod"}, id="a key that is too long"),
    pytest.param({"env": "1prod"}, id="a value that starts with a digit"),
    pytest.param({"env": "prod1"}, id="a value that ends with a digit"),
    pytest.param({"env": "pro d"}, id="a value with a space"),
    pytest.param({"env": "prod\n"}, id="a value with a line end"),
    pytest.param({"env": "v" * 64}, id="a value that is too long"),
    pytest.param([("env", "a"), ("env", "b")], id="a key twice"),
    pytest.param([("env", "a"), ("env", "a")], id="a label twice"),
    pytest.param({f"k{n}x": "v" for n in range(51)}, id="fifty-one"),
]


@pytest.mark.parametrize("labels", [*NOT_LABELS, pytest.param({}, id="none at all")])
async def test_a_filter_by_something_that_is_not_a_label_is_refused(
    wire: respx.MockRouter, client: OnCallClient, labels: Any
) -> None:
    """The server would ignore it, and return groups that were not selected."""
    error = await refused(wire, client, lambda c: c.alert_groups.list(labels=labels), LabelError)
    assert error.argument == "labels"
    assert str(error).startswith("labels: ")


async def test_a_filter_that_nothing_can_match_is_refused(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Two values of one key."""
    labels = ["env:a", "env:b"]
    await refused(wire, client, lambda c: c.alert_groups.list(labels=labels), LabelError)


@pytest.mark.parametrize("labels", [*NOT_LABELS, *BREAK_THE_RULES, pytest.param(None, id="None")])
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda c, v: c.integrations.create(type="webhook", labels=v), id="create"),
        pytest.param(lambda c, v: c.integrations.update("C1", labels=v), id="update"),
    ],
)
async def test_a_label_that_breaks_the_rules_is_not_written(
    wire: respx.MockRouter, client: OnCallClient, call: Call, labels: Any
) -> None:
    """The documented rules are checked before the request is sent."""
    error = await refused(wire, client, lambda client: call(client, labels), LabelError)
    assert error.argument == "labels"


async def test_every_problem_of_a_label_set_is_reported_at_once(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Each problem names its label."""
    labels: Any = [("1", "x"), ("env", ""), "a:b:c", ("fine", "x"), ("fine", "y")]
    error = await refused(
        wire, client, lambda c: c.integrations.create(type="webhook", labels=labels), LabelError
    )
    assert isinstance(error, LabelError)
    assert len(error.problems) == 4
    for label in ("1:x", "env:", "a:b:c", "fine:y"):
        assert label in str(error)


BAD_PAIRS = [
    pytest.param("", "SRE", id="an empty key"),
    pytest.param("team", "", id="an empty value"),
    pytest.param(None, "SRE", id="None as key"),
    pytest.param("team", None, id="None as value"),
    pytest.param(5, "SRE", id="a number as key"),
    pytest.param("team", "a\nb", id="a line end"),
    pytest.param("team", SURROGATE, id="a lone surrogate"),
]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *BAD_PAIRS,
        pytest.param("team1", "SRE", id="a key that ends with a digit"),
        pytest.param("team", "5", id="a value that is a number"),
        pytest.param("te:am", "SRE", id="a colon in the key"),
        pytest.param("team", "S:RE", id="a colon in the value"),
    ],
)
async def test_a_bad_label_is_not_added_to_a_group(
    wire: respx.MockRouter, client: OnCallClient, key: Any, value: Any
) -> None:
    """It must follow the documented rules."""
    await refused(wire, client, lambda c: c.alert_groups.add_label(GROUP, key, value), LabelError)


@pytest.mark.parametrize(("key", "value"), BAD_PAIRS)
async def test_what_cannot_be_a_label_is_not_removed_from_a_group(
    wire: respx.MockRouter, client: OnCallClient, key: Any, value: Any
) -> None:
    """Labels older than the rules can still be removed."""
    await refused(
        wire, client, lambda c: c.alert_groups.remove_label(GROUP, key, value), LabelError
    )


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({"team": "SRE"}, id="a mapping"),
        pytest.param("team:SRE", id="a string"),
        pytest.param(["team:SRE"], id="strings"),
        pytest.param([("team", "SRE")], id="pairs"),
        pytest.param([["team", "SRE"]], id="lists"),
        pytest.param(iter([("team", "SRE")]), id="an iterator"),
        pytest.param({"key": {"name": "team"}, "value": {"name": "SRE"}}, id="a JSON object"),
        pytest.param(
            [{"key": {"id": "1", "name": "team"}, "value": {"id": "2", "name": "SRE"}}],
            id="JSON objects with ids",
        ),
        pytest.param(
            models.Label(key=models.LabelKey(name="team"), value=models.LabelValue(name="SRE")),
            id="a model of a response",
        ),
        pytest.param(
            [
                models.LabelInput(
                    key=models.LabelKeyInput(name="team"), value=models.LabelValueInput(name="SRE")
                )
            ],
            id="models of a request",
        ),
    ],
)
async def test_labels_may_be_written_in_any_way(
    fake: FakeOnCall, oncall: OnCallClient, labels: Any
) -> None:
    """All forms send the same."""
    made = await oncall.integrations.create(type="webhook", labels=labels)
    assert fake.integrations[made.id].labels == [("team", "SRE")]


async def test_labels_of_a_response_can_be_used_as_a_filter(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Without any conversion."""
    group = fake.add_group(labels={"team": "SRE", "env": "prod"})
    fake.add_group(labels={"team": "SRE"})
    seen = await oncall.alert_groups.get(group.id)
    found = await oncall.alert_groups.list(labels=seen.labels).collect()
    assert [group.id for group in found] == [group.id]
