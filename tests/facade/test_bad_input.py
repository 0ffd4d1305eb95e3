"""What cannot be meant: a precise error that names the argument, and nothing is ever sent."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
import respx

from grafana_oncall import OnCallClient, models
from grafana_oncall.errors import InvalidArgument, LabelError, TemplateError, TimeRangeError
from grafana_oncall.testing import FakeOnCall

GROUP = "I68T24C13IFW1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SURROGATE = "\ud800"

Call = Callable[[OnCallClient, Any], Any]


async def refused(
    wire: respx.MockRouter,
    client: OnCallClient,
    call: Callable[[OnCallClient], Any],
    kind: type[InvalidArgument] = InvalidArgument,
) -> InvalidArgument:
    """The error of a call, which is of exactly this class, and sent nothing."""
    with pytest.raises(InvalidArgument) as caught:
        await _awaited(call(client))
    assert type(caught.value) is kind
    assert wire.calls.call_count == 0
    return caught.value


async def _awaited(result: Any) -> None:
    if isinstance(result, Awaitable):
        await result


# Ids

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
    """As a segment of the path it would call something else; as a filter, select everything."""
    argument, call = ID_CALLS[name]
    error = await refused(wire, client, lambda client: call(client, value))
    assert error.argument == argument
    assert str(error).startswith(f"{argument}=")
    assert str(error).isprintable()


@pytest.mark.parametrize("name", [name for name in ID_CALLS if not name.startswith("list")])
async def test_none_is_no_id(wire: respx.MockRouter, client: OnCallClient, name: str) -> None:
    """Only a filter may be left out."""
    argument, call = ID_CALLS[name]
    error = await refused(wire, client, lambda client: call(client, None))
    assert error.argument == argument


# Labels

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
async def test_a_filter_by_what_no_label_is_is_refused(
    wire: respx.MockRouter, client: OnCallClient, labels: Any
) -> None:
    """The server would ignore it, and answer with groups that nobody selected."""
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
    """The documented rules, before the server sees it."""
    error = await refused(wire, client, lambda client: call(client, labels), LabelError)
    assert error.argument == "labels"


async def test_every_problem_of_a_label_set_is_told_at_once(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Each names its label."""
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
    """Held to the documented rules."""
    await refused(wire, client, lambda c: c.alert_groups.add_label(GROUP, key, value), LabelError)


@pytest.mark.parametrize(("key", "value"), BAD_PAIRS)
async def test_what_can_be_no_label_is_not_removed_from_a_group(
    wire: respx.MockRouter, client: OnCallClient, key: Any, value: Any
) -> None:
    """Held only to what may ever have been one."""
    await refused(
        wire, client, lambda c: c.alert_groups.remove_label(GROUP, key, value), LabelError
    )


# Times, states, numbers


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


async def test_a_time_zone_that_leads_beyond_the_calendar_is_refused(
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
    """The server would never end a silence of zero seconds, and fail at a trillion."""
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
    """With the states that there are."""
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
    """What cannot be undone is never guessed."""
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
        *(("perpage", one) for one in (*(row.values[0] for row in NOT_WHOLE), 0)),
        *(("prefetch", one) for one in (*(row.values[0] for row in NOT_WHOLE), 65, None)),
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


@pytest.mark.parametrize("name", [pytest.param("", id="empty"), 5, b"ci", ["ci"]])
async def test_a_bad_name_to_filter_by_is_refused(
    wire: respx.MockRouter, client: OnCallClient, name: Any
) -> None:
    """The server ignores an empty one, and lists everything."""
    error = await refused(wire, client, lambda c: c.integrations.list(name=name))
    assert error.argument == "name"
    assert str(error).startswith("name=")


# Templates and bodies

BOTH_WRITES = pytest.mark.parametrize(
    "write",
    [
        pytest.param(
            lambda client, members: client.integrations.create(**({"type": "webhook"} | members)),
            id="create",
        ),
        pytest.param(
            lambda client, members: client.integrations.update("C1", **members), id="update"
        ),
    ],
)


@BOTH_WRITES
@pytest.mark.parametrize(
    ("templates", "places"),
    [
        pytest.param(
            {"slack": {"title": "{{ payload.a"}}, ["templates.slack.title (line 1,"], id="unclosed"
        ),
        pytest.param(
            {"grouping_key": "{% if x %}"}, ["templates.grouping_key (line 1,"], id="no endif"
        ),
        pytest.param(
            {"web": {"message": "fine\n{{ a b }}"}},
            ["templates.web.message (line 2, column 6)"],
            id="on the second line",
        ),
        pytest.param(
            {"sms": {"title": "{{"}, "email": {"message": "{% foo %}"}, "web": {"title": "ok"}},
            ["templates.sms.title (line 1,", "templates.email.message (line 1,"],
            id="two at once",
        ),
        pytest.param(
            models.TemplatesInput(source_link="{{ }}"), ["templates.source_link"], id="in a model"
        ),
    ],
)
async def test_a_template_that_is_not_jinja_is_refused(
    wire: respx.MockRouter, client: OnCallClient, write: Call, templates: Any, places: list[str]
) -> None:
    """With member, line and column of each."""
    error = await refused(
        wire, client, lambda client: write(client, {"templates": templates}), TemplateError
    )
    assert isinstance(error, TemplateError)
    assert error.argument == "templates"
    assert len(error.problems) == len(places)
    for place in places:
        assert place in str(error)


@BOTH_WRITES
async def test_a_dynamic_label_that_is_not_jinja_is_refused(
    wire: respx.MockRouter, client: OnCallClient, write: Call
) -> None:
    """With line and column, and with the other problems of the set."""
    labels = {"severity": "{{ payload.a b }}", "1st": "fine", "empty": ""}
    error = await refused(
        wire, client, lambda client: write(client, {"dynamic_labels": labels}), LabelError
    )
    assert isinstance(error, LabelError)
    assert error.argument == "dynamic_labels"
    assert [problem.column for problem in error.problems] == [14, None, None]


@BOTH_WRITES
@pytest.mark.parametrize(
    ("members", "told"),
    [
        pytest.param({"templates": {"slck": {}}}, "unknown member slck", id="unknown backend"),
        pytest.param(
            {"templates": {"slack": {"titel": "x"}}},
            "unknown member titel (known: title, message, image_url) @ templates.slack",
            id="unknown member",
        ),
        pytest.param(
            {"templates": {"sms": {"message": "x"}}},
            "unknown member message",
            id="a member of another backend",
        ),
        pytest.param({"templates": None}, "NoneType", id="templates None"),
        pytest.param({"templates": "x"}, "not str", id="templates a string"),
        pytest.param({"templates": []}, "not list", id="templates a list"),
        pytest.param(
            {"templates": models.Templates()},
            "TemplatesInput is needed, not Templates",
            id="templates of an answer",
        ),
        pytest.param(
            {"templates": {"slack": {"title": 5}}},
            "templates.slack.title",
            id="a number as template",
        ),
        pytest.param(
            {"templates": {"slack": {"title": ["x"]}}},
            "templates.slack.title",
            id="a list as template",
        ),
        pytest.param(
            {"templates": {"grouping_key": True}},
            "templates.grouping_key",
            id="True as template",
        ),
        pytest.param(
            {"templates": {"slack": "{{ x }}"}},
            "an object is needed @ templates.slack",
            id="a string as backend",
        ),
        pytest.param(
            {"templates": {"slack": {"title": object()}}},
            "object",
            id="an object as template",
        ),
        pytest.param({"templates": {1: "x"}}, "1", id="a number as member"),
        pytest.param({"default_route": None}, "NoneType", id="default_route None"),
        pytest.param({"default_route": "x"}, "not str", id="route a string"),
        pytest.param(
            {"default_route": {"slack": None}},
            "default_route.slack",
            id="a block None",
        ),
        pytest.param(
            {"default_route": {"slack": {"enabled": 1}}},
            "default_route.slack.enabled",
            id="1 as a boolean",
        ),
        pytest.param(
            {"default_route": {"slack": {"enabled": "yes"}}},
            "default_route.slack.enabled",
            id="yes as a boolean",
        ),
        pytest.param(
            {"default_route": {"escalation_chain_id": 5}},
            "default_route.escalation_chain_id",
            id="a number as chain",
        ),
        pytest.param(
            {"default_route": {"telegram": {"channel_id": "x"}}},
            "unknown member channel_id",
            id="a member of another channel",
        ),
        pytest.param({"name": None}, "name", id="name None"),
        pytest.param({"name": 5}, "name", id="name a number"),
        pytest.param({"team_id": 5}, "team_id", id="team a number"),
        pytest.param(
            {"description_short": ["x"]},
            "description_short",
            id="text a list",
        ),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused(
    wire: respx.MockRouter,
    client: OnCallClient,
    write: Call,
    members: dict[str, Any],
    told: str,
) -> None:
    """The server ignores most of these silently, and crashes at some."""
    (argument,) = members
    error = await refused(wire, client, lambda client: write(client, members))
    assert error.argument == argument
    assert told in str(error)
    assert argument in str(error)


@BOTH_WRITES
@pytest.mark.parametrize("member", ["name", "team_id", "description_short"])
async def test_a_wrong_type_is_told_with_the_members_name(
    wire: respx.MockRouter, client: OnCallClient, write: Call, member: str
) -> None:
    """Whatever else is said."""
    error = await refused(wire, client, lambda client: write(client, {member: 5}))
    assert member in str(error)


@pytest.mark.parametrize("type_", [None, 5, ["webhook"], ""])
async def test_a_type_that_is_no_name_is_refused(
    wire: respx.MockRouter, client: OnCallClient, type_: Any
) -> None:
    """A list would crash the server."""
    error = await refused(wire, client, lambda c: c.integrations.create(type=type_))
    assert "type" in str(error)


@pytest.mark.parametrize("value", [pytest.param(b"ci", id="bytes"), pytest.param(NOON, id="time")])
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda c, v: c.integrations.create(type=v), id="type"),
        pytest.param(lambda c, v: c.integrations.update("C1", name=v), id="name"),
        pytest.param(
            lambda c, v: c.integrations.update("C1", templates={"sms": {"title": v}}),
            id="template",
        ),
        pytest.param(
            lambda c, v: c.integrations.update("C1", default_route={"slack": {"channel_id": v}}),
            id="route",
        ),
    ],
)
async def test_what_is_no_string_is_not_made_one(
    wire: respx.MockRouter, client: OnCallClient, call: Call, value: Any
) -> None:
    """Bytes that a file was read as, or a time."""
    await refused(wire, client, lambda client: call(client, value))


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda c: c.integrations.list(name=SURROGATE).count(), id="name filter"),
        pytest.param(lambda c: c.integrations.create(type=SURROGATE), id="type"),
        pytest.param(lambda c: c.integrations.create(type="webhook", name=SURROGATE), id="name"),
        pytest.param(lambda c: c.integrations.update("C1", team_id=SURROGATE), id="team_id"),
        pytest.param(
            lambda c: c.integrations.update("C1", templates={"sms": {"title": SURROGATE}}),
            id="template",
        ),
        pytest.param(
            lambda c: c.integrations.update("C1", dynamic_labels={"a": SURROGATE}),
            id="dynamic label",
        ),
    ],
)
async def test_text_that_cannot_be_encoded_is_refused(
    wire: respx.MockRouter, client: OnCallClient, call: Callable[[OnCallClient], Any]
) -> None:
    """A lone surrogate, as `os.fsdecode` makes of a file name in another encoding."""
    with pytest.raises(InvalidArgument):
        await call(client)
    assert wire.calls.call_count == 0


async def test_a_number_of_many_thousand_digits_is_refused(
    wire: respx.MockRouter, client: OnCallClient
) -> None:
    """Python itself refuses to print it."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # InvalidArgument is one
        await client.alert_groups.silence(GROUP, 10**5000)
    assert isinstance(caught.value, InvalidArgument)
    assert wire.calls.call_count == 0


# What is accepted


@pytest.mark.parametrize(
    "templates",
    [
        pytest.param({"slack": {"title": "x"}}, id="mappings"),
        pytest.param(
            MappingProxyType({"slack": MappingProxyType({"title": "x"})}), id="read-only mappings"
        ),
        pytest.param(models.TemplatesInput(slack=models.RichTemplateInput(title="x")), id="models"),
        pytest.param({"slack": models.RichTemplateInput(title="x")}, id="a model in a mapping"),
    ],
)
async def test_templates_may_be_mappings_and_models(
    fake: FakeOnCall, oncall: OnCallClient, templates: Any
) -> None:
    """They come to the same."""
    made = fake.add_integration()
    made.templates["slack"]["message"] = "kept"
    await oncall.integrations.update(made.id, templates=templates)
    assert made.templates["slack"] == {"title": "x", "message": "kept", "image_url": None}


@pytest.mark.parametrize(
    "route",
    [
        pytest.param({"slack": {"enabled": False}}, id="mappings"),
        pytest.param(
            models.DefaultRouteInput(slack=models.SlackRouteInput(enabled=False)), id="models"
        ),
        pytest.param({"slack": models.SlackRouteInput(enabled=False)}, id="a model in a mapping"),
    ],
)
async def test_a_default_route_may_be_mappings_and_models(
    fake: FakeOnCall, oncall: OnCallClient, route: Any
) -> None:
    """They come to the same."""
    made = await oncall.integrations.create(type="webhook", default_route=route)
    assert fake.integrations[made.id].default_route["slack"]["enabled"] is False


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
            id="a model of an answer",
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
    """They come to the same."""
    made = await oncall.integrations.create(type="webhook", labels=labels)
    assert fake.integrations[made.id].labels == [("team", "SRE")]


async def test_labels_of_an_answer_can_be_filtered_by(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As they are."""
    group = fake.add_group(labels={"team": "SRE", "env": "prod"})
    fake.add_group(labels={"team": "SRE"})
    seen = await oncall.alert_groups.get(group.id)
    found = await oncall.alert_groups.list(labels=seen.labels).collect()
    assert [one.id for one in found] == [group.id]
