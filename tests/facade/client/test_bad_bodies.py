"""Bad templates and bodies: the error names the member, and nothing is ever sent."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
import respx

from grafana_oncall import OnCallClient, models
from grafana_oncall.errors import InvalidArgument, LabelError, TemplateError
from grafana_oncall.testing import FakeOnCall
from tests.support.refusals import GROUP, NOON, SURROGATE, Call, refused

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
            {"slack": {"title": "{{ payload.a"}}, ["templates.slack.title (line 1)"], id="unclosed"
        ),
        pytest.param(
            {"grouping_key": "{% if x %}"}, ["templates.grouping_key (line 1)"], id="no endif"
        ),
        pytest.param(
            {"web": {"message": "fine\n{{ a b }}"}},
            ["templates.web.message (line 2)"],
            id="on the second line",
        ),
        pytest.param(
            {"sms": {"title": "{{"}, "email": {"message": "{% foo %}"}, "web": {"title": "ok"}},
            ["templates.sms.title (line 1)", "templates.email.message (line 1)"],
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
    """The error names member and line of each."""
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
    """The error gives its line, and the other problems of the set."""
    labels = {"severity": "{{ payload.a b }}", "1st": "fine", "empty": ""}
    error = await refused(
        wire, client, lambda client: write(client, {"dynamic_labels": labels}), LabelError
    )
    assert isinstance(error, LabelError)
    assert error.argument == "dynamic_labels"
    assert [problem.line for problem in error.problems] == [1, None, None]


@BOTH_WRITES
@pytest.mark.parametrize(
    ("members", "expected"),
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
        pytest.param({"templates": "x"}, "not str", id="templates a string"),
        pytest.param({"templates": []}, "not list", id="templates a list"),
        pytest.param(
            {"templates": models.DefaultRoute()},
            "TemplatesInput is needed, not DefaultRoute",
            id="another model",
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
    expected: str,
) -> None:
    """The server silently ignores most of these, and crashes on some."""
    (argument,) = members
    error = await refused(wire, client, lambda client: write(client, members))
    assert error.argument == argument
    assert expected in str(error)
    assert argument in str(error)


@BOTH_WRITES
@pytest.mark.parametrize("member", ["name", "team_id", "description_short"])
async def test_a_wrong_type_is_reported_with_the_members_name(
    wire: respx.MockRouter, client: OnCallClient, write: Call, member: str
) -> None:
    """Whatever else the message says."""
    error = await refused(wire, client, lambda client: write(client, {member: 5}))
    assert member in str(error)


@pytest.mark.parametrize("type_", [None, 5, pytest.param(["webhook"], id="a list"), ""])
async def test_an_integration_type_that_is_not_a_string_is_refused(
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
async def test_what_is_not_a_string_is_not_converted_to_one(
    wire: respx.MockRouter, client: OnCallClient, call: Call, value: Any
) -> None:
    """Such as bytes read from a file, or a time."""
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
    """A lone surrogate, as `os.fsdecode` returns for a file name in another encoding."""
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
    """Both forms send the same."""
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
    """Both forms send the same."""
    made = await oncall.integrations.create(type="webhook", default_route=route)
    assert fake.integrations[made.id].default_route["slack"]["enabled"] is False
