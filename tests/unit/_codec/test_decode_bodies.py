"""Bodies of requests: exact bytes, or an error of the SDK's."""

from typing import Any

import attrs
import pytest

from grafana_oncall import UNSET, Request, operations
from grafana_oncall._codec.decode import encode
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.models import (
    AlertGroupDelete,
    AlertGroupSilence,
    DefaultRouteInput,
    DeleteMode,
    DynamicLabelInput,
    DynamicValueInput,
    IntegrationCreate,
    IntegrationUpdate,
    LabelKeyInput,
    RichTemplateInput,
    SlackRouteInput,
    TemplatesInput,
)
from tests.support.responses import ATTACHED, GET, LABEL

TEMPLATES = TemplatesInput(grouping_key=None, slack=RichTemplateInput(title=None), sms=None)


@pytest.mark.parametrize(
    ("request_", "content"),
    [
        pytest.param(GET, None, id="a GET has none"),
        pytest.param(operations.acknowledge_alert_group("A"), None, id="an action has none"),
        pytest.param(operations.delete_alert_group("A"), None, id="a body that is not given"),
        pytest.param(
            operations.delete_alert_group("A", AlertGroupDelete()), b"{}", id="no member given"
        ),
        pytest.param(
            operations.delete_alert_group("A", AlertGroupDelete(mode=DeleteMode.WIPE)),
            b'{"mode":"wipe"}',
            id="an enum",
        ),
        pytest.param(
            operations.silence_alert_group("A", AlertGroupSilence(delay=10800)),
            b'{"delay":10800}',
            id="the documented silence",
        ),
        pytest.param(
            operations.create_integration(IntegrationCreate(type="grafana")),
            b'{"type":"grafana"}',
            id="the documented creation",
        ),
        pytest.param(
            operations.update_integration("A", IntegrationUpdate(team_id=None)),
            b'{"team_id":null}',
            id="null is null",
        ),
        pytest.param(
            operations.update_integration("A", IntegrationUpdate(templates=TEMPLATES)),
            b'{"templates":{"grouping_key":null,"slack":{"title":null},"sms":null}}',
            id="null resets and absent keeps",
        ),
        pytest.param(
            operations.update_integration(
                "A",
                IntegrationUpdate(
                    default_route=DefaultRouteInput(slack=SlackRouteInput(enabled=False))
                ),
            ),
            b'{"default_route":{"slack":{"enabled":false}}}',
            id="false is not absent",
        ),
        pytest.param(
            operations.create_integration(
                IntegrationCreate(
                    type="webhook",
                    name='"\u2603\n',
                    labels=(LABEL,),
                    dynamic_labels=[
                        DynamicLabelInput(
                            key=LabelKeyInput(name="s"), value=DynamicValueInput(name="{{ p }}")
                        )
                    ],
                )
            ),
            b'{"dynamic_labels":[{"key":{"name":"s"},"value":{"name":"{{ p }}"}}],'
            b'"labels":[{"key":{"name":"severity"},"value":{"name":"critical"}}],'
            b'"name":"\\"\xe2\x98\x83\\n","type":"webhook"}',
            id="labels and characters",
        ),
        pytest.param(
            operations.create_integration(IntegrationCreate(type="", labels=())),
            b'{"labels":[],"type":""}',
            id="empty is not absent",
        ),
        pytest.param(
            operations.add_alert_group_label("A", LABEL),
            b'{"key":{"name":"severity"},"value":{"name":"critical"}}',
            id="the documented label",
        ),
        pytest.param(
            operations.remove_alert_group_label("A", ATTACHED),
            b'{"key":{"id":"severity","name":"severity"},"value":{"name":"critical"}}',
            id="an attached label",
        ),
    ],
)
def test_bodies_are_exact_bytes(request_: Request[Any], content: bytes | None) -> None:
    """UNSET members are left out, None is null; a slotted class has its members in A-Z order."""
    assert encode(request_) == content


def test_a_plain_mapping_is_a_body_too() -> None:
    """For members that the models do not know yet."""
    request = attrs.evolve(
        operations.create_integration(IntegrationCreate(type="x")), body={"a": 1}
    )
    assert encode(request) == b'{"a":1}'
    assert encode(attrs.evolve(request, body=UNSET)) is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(IntegrationCreate(type="\ud800"), id="a lone surrogate"),
        pytest.param({"type": object()}, id="nothing that JSON has"),
    ],
)
def test_a_body_that_json_cannot_hold_is_an_error_of_the_sdk(body: Any) -> None:
    """Before anything is sent."""
    request = attrs.evolve(operations.create_integration(IntegrationCreate(type="x")), body=body)
    match = r"^create_integration: its body cannot be encoded: .*\.$"
    with pytest.raises(InvalidArgument, match=match) as info:
        encode(request)
    assert info.value.argument == "body"
    assert str(info.value).isprintable()
