"""Labels on alert groups, which only Cloud has."""

from __future__ import annotations

from typing import Any

import pytest

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeResponse
from tests.support.fake_requests import ask


def label(key: str, value: str) -> dict[str, Any]:
    """A request body."""
    return {"key": {"name": key}, "value": {"name": value}}


def add(fake: FakeOnCall, group: FakeAlertGroup, body: Any) -> FakeResponse:
    """POST labels/."""
    return ask(fake, "POST", f"alert_groups/{group.id}/labels/", body)


def remove(fake: FakeOnCall, group: FakeAlertGroup, body: Any) -> FakeResponse:
    """POST labels/remove/."""
    return ask(fake, "POST", f"alert_groups/{group.id}/labels/remove/", body)


def test_a_known_label_can_be_added_and_removed(fake: FakeOnCall) -> None:
    """201 with ids and names, then an empty 204."""
    fake.add_label("severity", "critical")
    group = fake.add_group()
    response = add(fake, group, label("severity", "critical"))
    assert (response.status, response.json()) == (
        201,
        {
            "key": {"id": "severity", "name": "severity"},
            "value": {"id": "critical", "name": "critical"},
        },
    )
    assert group.labels == [("severity", "critical")]
    response = remove(fake, group, response.json())
    assert (response.status, response.body, group.labels) == (204, b"", [])


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(label("region", "eu"), "Label key 'region' does not exist", id="key"),
        pytest.param(
            label("team", "Ops"), "Label value 'Ops' does not exist for key 'team'", id="value"
        ),
        pytest.param(
            label("team", "SRE"), "Label already exists for this alert group", id="double"
        ),
    ],
)
def test_a_label_must_be_known_and_new(fake: FakeOnCall, body: Any, detail: str) -> None:
    """The documented texts."""
    response = add(fake, fake.add_group(labels={"team": "SRE"}), body)
    assert (response.status, response.json()) == (400, {"detail": detail})


def test_a_group_holds_fifty_labels(fake: FakeOnCall) -> None:
    """The fifty-first is refused."""
    fake.add_label("team", "SRE")
    group = fake.add_group(labels={f"key{n}": "x" for n in range(50)})
    response = add(fake, group, label("team", "SRE"))
    text = "Alert group already has the maximum number of labels (50)"
    assert (response.status, response.json()) == (400, {"detail": text})


def test_a_label_that_is_not_there_cannot_be_removed(fake: FakeOnCall) -> None:
    """A 404, which is not that of the group."""
    fake.add_label("team", "SRE")
    response = remove(fake, fake.add_group(), label("team", "SRE"))
    assert (response.status, response.json()) == (404, {"detail": "Label not found"})


@pytest.mark.parametrize("send", [add, remove])
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param(
            {},
            {"key": ["This field is required."], "value": ["This field is required."]},
            id="nothing",
        ),
        pytest.param(
            {"key": {}, "value": {"name": ""}},
            {
                "key": {"name": ["This field is required."]},
                "value": {"name": ["This field may not be blank."]},
            },
            id="no names",
        ),
        pytest.param(
            {"key": "team", "value": None},
            {
                "key": ['Expected a dictionary of items but got type "str".'],
                "value": ["This field may not be null."],
            },
            id="no objects",
        ),
        pytest.param(
            [],
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
            id="a list",
        ),
        pytest.param(None, {"non_field_errors": ["No data provided"]}, id="null"),
    ],
)
def test_a_malformed_label_is_refused(
    fake: FakeOnCall, send: Any, body: Any, errors: dict[str, Any]
) -> None:
    """400 with an error per field."""
    response = send(fake, fake.add_group(), body)
    assert (response.status, response.json()) == (400, errors)


@pytest.mark.parametrize("tail", ["labels/", "labels/remove/"])
def test_the_open_source_engine_has_no_such_route(oss: FakeOnCall, tail: str) -> None:
    """An HTML 404, even for a group that exists."""
    group = oss.add_group()
    response = ask(oss, "POST", f"alert_groups/{group.id}/{tail}", label("team", "SRE"))
    assert (response.status, len(response.body)) == (404, 179)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("tail", ["labels/", "labels/remove/"])
def test_the_group_must_exist(fake: FakeOnCall, tail: str) -> None:
    """A JSON 404."""
    response = ask(fake, "POST", f"alert_groups/NONE/{tail}", label("team", "SRE"))
    assert (response.status, response.json()) == (404, {"detail": "Not found."})
