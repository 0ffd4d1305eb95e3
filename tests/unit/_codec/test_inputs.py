"""Bodies that users write, models or mappings: accepted, or refused with the path of the fault."""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._codec.inputs import to_input
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.models import (
    DefaultRouteInput,
    IntegrationCreate,
    LabelInput,
    LabelKeyInput,
    LabelValueInput,
    RichTemplateInput,
    SlackRouteInput,
    TemplatesInput,
)

SLACK = TemplatesInput(slack=RichTemplateInput(title=None))


@pytest.mark.parametrize(
    ("value", "model"),
    [
        pytest.param({}, TemplatesInput(), id="empty"),
        pytest.param({"slack": {"title": None}}, SLACK, id="mappings"),
        pytest.param({"slack": None}, TemplatesInput(slack=None), id="null"),
        pytest.param(SLACK, SLACK, id="model"),
        pytest.param({"slack": RichTemplateInput(title=None)}, SLACK, id="model in a mapping"),
        pytest.param(
            MappingProxyType({"slack": MappingProxyType({"title": None})}), SLACK, id="read-only"
        ),
        pytest.param({"slack": {}}, TemplatesInput(slack=RichTemplateInput()), id="empty block"),
    ],
)
def test_an_input_is_a_model_or_a_mapping_of_its_shape(
    value: object, model: TemplatesInput
) -> None:
    """Absent stays absent, null stays null."""
    assert to_input(value, TemplatesInput, argument="templates") == model


def test_lists_and_flags_are_inputs_too() -> None:
    """With models among mappings."""
    label = LabelInput(key=LabelKeyInput(name="a"), value=LabelValueInput(name="b"))
    body = {"type": "x", "labels": [{"key": {"name": "a"}, "value": {"name": "b"}}, label]}
    made = to_input(body, IntegrationCreate, argument="body")
    assert (made.type, list(made.labels or ())) == ("x", [label, label])
    route = to_input({"slack": {"enabled": False}}, DefaultRouteInput, argument="default_route")
    assert route == DefaultRouteInput(slack=SlackRouteInput(enabled=False))


RICH = "title, message, image_url"
CREATE = "type, name, description_short, team_id, labels, dynamic_labels, templates, default_route"


@pytest.mark.parametrize(
    ("cl", "value", "faults"),
    [
        pytest.param(
            TemplatesInput,
            {"slack": {"titel": "x"}},
            [f"unknown member titel (known: {RICH}) @ x.slack"],
            id="unknown member",
        ),
        pytest.param(
            TemplatesInput,
            {"slack": SlackRouteInput(enabled=True)},
            [f"unknown member enabled (known: {RICH}) @ x.slack"],
            id="a model of another kind",
        ),
        pytest.param(
            TemplatesInput,
            {"slack": {"title": 1}},
            ["Expected `str`, got `int` @ x.slack.title"],
            id="wrong type",
        ),
        pytest.param(
            TemplatesInput,
            TemplatesInput(slack=RichTemplateInput(title=1)),  # type: ignore[arg-type]
            ["Expected `str`, got `int` @ x.slack.title"],
            id="wrong type in a model",
        ),
        pytest.param(
            TemplatesInput,
            {"slack": 1},
            ["an object is needed @ x.slack"],
            id="number for a block",
        ),
        pytest.param(
            DefaultRouteInput,
            {"slack": None},
            ["an object is needed @ x.slack"],
            id="null for a block that takes none",
        ),
        pytest.param(
            DefaultRouteInput,
            {"slack": {"enabled": "yes"}},
            ["Expected `bool`, got `str` @ x.slack.enabled"],
            id="string for a flag",
        ),
        pytest.param(
            LabelInput,
            {"key": {"name": "a"}, "value": {}},
            ["required field missing @ x.value.name"],
            id="missing member",
        ),
        pytest.param(
            IntegrationCreate,
            {"type": "x", "labels": None},
            ["a list is needed @ x.labels"],
            id="null for a list",
        ),
        pytest.param(
            IntegrationCreate,
            {
                "type": 1,
                "labels": [{"key": {"name": 2}, "value": {"name": "b"}}],
                "templates": {"sms": {"title": True, "text": "x"}},
                "nmae": "x",
            },
            [
                "Expected `str`, got `int` @ x.type",
                "Expected `str`, got `int` @ x.labels[0].key.name",
                "Expected `str`, got `bool` @ x.templates.sms.title",
                "unknown member text (known: title) @ x.templates.sms",
                f"unknown member nmae (known: {CREATE}) @ x",
            ],
            id="several at once",
        ),
    ],
)
def test_every_fault_of_an_input_is_reported_with_its_path(
    cl: type[Any], value: object, faults: list[str]
) -> None:
    """The server would silently ignore most of them."""
    with pytest.raises(InvalidArgument) as info:
        to_input(value, cl, argument="x")
    assert str(info.value) == "; ".join(faults)
    assert info.value.argument == "x"
    assert info.value.__suppress_context__
    assert info.value.__cause__ is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "x",
        pytest.param([], id="a list"),
        pytest.param([("slack", None)], id="pairs"),
        pytest.param(LabelKeyInput(name="a"), id="another model"),
    ],
)
def test_what_is_no_mapping_is_no_input(value: object) -> None:
    """Nor is a model of another class."""
    message = r"^templates: a mapping or TemplatesInput is needed, not \w+\.$"
    with pytest.raises(InvalidArgument, match=message) as info:
        to_input(value, TemplatesInput, argument="templates")
    assert info.value.argument == "templates"


def cyclic() -> dict[str, Any]:
    """A body that contains itself."""
    made: dict[str, Any] = {}
    made["slack"] = made
    return made


def deep() -> dict[str, Any]:
    """A body 100,000 levels deep."""
    made: dict[str, Any] = {}
    for _ in range(100_000):
        made = {"slack": made}
    return made


def unmade(value: Any) -> None:
    """Take a nested body apart from outside, because Python frees a deep one by recursion."""
    while isinstance(value, dict) and value:
        _, value = value.popitem()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"slack": {"title": object()}}, id="object"),
        pytest.param({"slack": {"title": len}}, id="function"),
        pytest.param({"slack": {"title": 1j}}, id="complex number"),
        pytest.param({"slack": {"title": {1, 2}}}, id="set"),
        pytest.param({"slack": {"title": float("nan")}}, id="nan"),
        pytest.param({"slack": {"title": 10**400}}, id="huge number"),
        pytest.param(
            {"slack": {"title": b"x"}},
            id="bytes",
        ),
        pytest.param(
            {"slack": {"title": datetime(2026, 1, 1, tzinfo=UTC)}},
            id="datetime",
        ),
        pytest.param(
            {1: "x"},
            id="number as a name",
        ),
        pytest.param(
            {None: "x"},
            id="none as a name",
        ),
        pytest.param(
            cyclic(),
            id="itself",
        ),
        pytest.param(
            deep(),
            id="a deep nest",
        ),
    ],
)
def test_what_json_lacks_is_refused(value: Any) -> None:
    """Before anything is sent."""
    try:
        with pytest.raises(InvalidArgument, match="templates"):
            to_input(value, TemplatesInput, argument="templates")
    finally:
        unmade(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"slack": []}, id="list for a block"),
        pytest.param({"slack": "x"}, id="string for a block"),
    ],
)
def test_a_block_of_another_kind_is_refused(value: object) -> None:
    """By its path."""
    with pytest.raises(InvalidArgument, match=r" @ templates\.slack$"):
        to_input(value, TemplatesInput, argument="templates")


@pytest.mark.parametrize(
    ("cl", "value"),
    [
        pytest.param(TemplatesInput, {"slack": []}, id="list for a block"),
        pytest.param(TemplatesInput, {"slack": "x"}, id="string for a block"),
        pytest.param(IntegrationCreate, {"type": "x", "labels": "ab"}, id="string for a list"),
        pytest.param(IntegrationCreate, {"type": "x", "labels": {"a": 1}}, id="object for a list"),
        pytest.param(IntegrationCreate, {"type": "x", "labels": [3]}, id="number for a label"),
    ],
)
def test_the_message_of_a_fault_is_written_for_the_user(cl: type[Any], value: object) -> None:
    """Python's own messages do not help."""
    with pytest.raises(InvalidArgument) as info:
        to_input(value, cl, argument="templates")
    assert "unknown error" not in str(info.value)
    assert "attribute" not in str(info.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["slack", "title", "sms", "labels", "type", "key", "name", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    )
)
def test_any_json_is_a_model_or_refused(value: object) -> None:
    """And such a model is accepted again."""
    for cl in (TemplatesInput, IntegrationCreate, DefaultRouteInput, LabelInput):
        try:
            made = to_input(value, cl, argument="x")
        except InvalidArgument:
            continue
        assert isinstance(made, cl)
        assert to_input(made, cl, argument="x") == made


def test_an_unknown_member_is_shown_short_and_printable() -> None:
    """It came from outside, too."""
    with pytest.raises(InvalidArgument, match="unknown member") as info:
        to_input({"\x1b[31m" + "x" * 999: 1}, TemplatesInput, argument="templates")
    assert str(info.value).isprintable()
    assert len(str(info.value)) < 400


def test_the_argument_at_fault_is_named_without_its_place() -> None:
    """Where the members are the arguments."""
    body = {"type": "x", "labels": [3]}
    with pytest.raises(InvalidArgument, match=r"an object is needed @ labels\[0\]$") as info:
        to_input(body, IntegrationCreate, argument="")
    assert info.value.argument == "labels"
