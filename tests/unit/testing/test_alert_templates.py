"""How alerts are titled, grouped and resolved by templates, as the open-source engine does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from grafana_oncall.testing import FakeIntegration, FakeOnCall
from tests.support.fake_requests import ask

NO_GET = "Template Warning: 'list object' has no attribute 'get'"
ONE = {"groupLabels": {"alertname": "DiskFull"}}
THREE = {"groupLabels": {"alertname": "DiskFull", "job": "node", "zone": "b"}}


@pytest.fixture
def configured(fake: FakeOnCall) -> Callable[..., FakeIntegration]:
    """Makes an integration with these templates."""

    def make(*, title: str | None = None, **templates: str) -> FakeIntegration:
        made = fake.add_integration()
        made.templates.update(templates)
        made.templates["web"]["title"] = title
        return made

    return make


@pytest.mark.parametrize(
    ("kind", "payload", "title"),
    [
        ("webhook", {"title": "x"}, "Incident"),
        ("elastalert", {"title": "x"}, "Incident"),
        ("formatted_webhook", {"title": "x"}, "x"),
        ("formatted_webhook", {"title": None}, "None"),
        ("formatted_webhook", {}, "Title undefined (Check Web Title Template)"),
        ("formatted_webhook", [], NO_GET),
        ("zabbix", {}, "Title undefined (check Web Title Template)"),
        ("kapacitor", {"id": "cpu"}, "cpu"),
        ("alertmanager", ONE, "DiskFull "),
        ("alertmanager", THREE, "DiskFull (node, b)"),
        ("alertmanager", {}, " "),
        ("grafana_alerting", {"labels": {"alertname": "Z"}, **ONE}, "Z "),
        ("grafana", {"title": "x", "labels": {"alertname": "Z"}}, "x"),
        ("grafana", {"labels": {"alertname": "Z"}}, "Z"),
        ("grafana", {}, "No title (check Web Title Template)"),
        ("grafana", {"alerts": [{"labels": {"alertname": "Z"}}]}, "Z"),
        ("direct_paging", {"oncall": {"title": "x"}}, "x"),
        ("inbound_email", {"subject": "x"}, "x"),
        ("legacy_alertmanager", {"alerts": [{"labels": {"alertname": "Z"}}]}, "Z"),
        ("datadog", {"title": "x"}, "Incident"),
    ],
)
def test_a_type_titles_its_alerts(fake: FakeOnCall, kind: str, payload: Any, title: str) -> None:
    """By its own default template."""
    assert fake.add_alert(fake.add_integration(type=kind), payload).title == title


@pytest.mark.parametrize(
    ("kind", "first", "second", "together"),
    [
        pytest.param("webhook", {"a": 1}, {"a": 1}, True, id="the same payload"),
        pytest.param("webhook", {"a": 1}, {"a": 2}, False, id="another payload"),
        pytest.param("webhook", {"a": 1, "b": 2}, {"b": 2, "a": 1}, False, id="another order"),
        pytest.param("formatted_webhook", {"alert_uid": "u"}, {"alert_uid": "u"}, True, id="a uid"),
        pytest.param("formatted_webhook", {"alert_uid": 1}, {"alert_uid": "1"}, True, id="as text"),
        pytest.param("formatted_webhook", {}, {}, False, id="no uid"),
        pytest.param("formatted_webhook", {"alert_uid": " "}, {"alert_uid": " "}, True, id="blank"),
        pytest.param("formatted_webhook", [], [], False, id="a template that fails"),
        pytest.param("zabbix", {"alert_uid": "u"}, {"alert_uid": "U"}, False, id="case"),
        pytest.param("kapacitor", {"id": "cpu"}, {"id": "cpu", "level": "x"}, True, id="an id"),
        pytest.param("alertmanager", {"groupKey": "k"}, {"groupKey": "k"}, True, id="a group key"),
        pytest.param("alertmanager", {}, {}, False, id="no group key"),
        pytest.param("grafana", {}, {}, True, id="neither rule nor name"),
        pytest.param("grafana", {"ruleName": "r"}, {"ruleName": "s"}, False, id="another rule"),
        pytest.param("inbound_email", {"subject": "a"}, {"subject": "A"}, True, id="a subject"),
    ],
)
def test_a_type_groups_its_alerts(
    fake: FakeOnCall, kind: str, first: Any, second: Any, *, together: bool
) -> None:
    """Alerts whose key has no text have a group each."""
    integration = fake.add_integration(type=kind)
    groups = [fake.add_alert(integration, payload) for payload in (first, second)]
    assert (groups[0] is groups[1]) is together
    assert len(fake.groups) == (1 if together else 2)


@pytest.mark.parametrize(
    ("kind", "payload", "state"),
    [
        ("webhook", {"state": "ok"}, "resolved"),
        ("webhook", {"state": "oK"}, "resolved"),
        ("webhook", {"state": "okay"}, "firing"),
        ("webhook", {"state": None}, "firing"),
        ("webhook", {"state": 1}, "firing"),
        ("webhook", [], "firing"),
        ("kapacitor", {"level": "OK again"}, "resolved"),
        ("alertmanager", {"status": "resolved"}, "resolved"),
        ("alertmanager", {"status": "firing"}, "firing"),
        ("grafana", {"state": "ok"}, "resolved"),
        ("grafana", {"status": "resolved"}, "resolved"),
        ("direct_paging", {"state": "ok"}, "firing"),
        ("inbound_email", {"message": "ok"}, "resolved"),
    ],
)
def test_a_type_resolves_by_its_alerts(
    fake: FakeOnCall, kind: str, payload: Any, state: str
) -> None:
    """A group may be born resolved, by nobody."""
    group = fake.add_alert(fake.add_integration(type=kind), payload)
    assert (group.state, group.resolved_by) == (state, None)


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ payload.a }} & {{ payload.n }}", "x & 5"),
        (" {{ payload.a }} ", " x "),
        ("{{ payload.nope }}", ""),
        ("{{ payload.nope.deeper }}", "Template Warning: 'dict object' has no attribute 'nope'"),
        (
            "{{ payload.n + payload.a }}",
            "Template Warning: unsupported operand type(s) for +: 'int' and 'str'",
        ),
        ("{{ range(3) }}", "Template Error: use of 'range' is restricted"),
        ("{{ 1 / 0 }}", "Template Error: division by zero"),
        ("{% if %}", "Template Error: Expected an expression, got 'end of statement block'"),
        ("{{ payload.__class__ }}", ""),
        ("{{ integration_name }}", ""),
        ("{{ time().isoformat() }}", "2026-03-02T09:30:00+00:00"),
        ("{{ 'x' * 50001 }}", f"{'x' * 50_000}.."),
        ("x" * 50_001, "Template Error: Template exceeds length limit (50001 > 50000)"),
        ("{% set seen = [] %}{% set _ = seen.append(1) %}{{ seen }}", "[1]"),
        ("{{ labels }}", "{}"),
        ("{{ payload.iso | iso8601_to_time | datetimeformat }}", "09:30 / 02-03-2026"),
        ("{{ payload.iso | datetimeformat }}", "None"),
        (
            "{{ payload.iso | iso8601_to_time | datetimeformat_as_timezone(tz='Asia/Tokyo') }}",
            "18:30 / 02-03-2026",
        ),
        ("{{ payload.iso | iso8601_to_time | datetimeformat_as_timezone('%H', 'x') }}", "None"),
        ("{{ 'nonsense' | iso8601_to_time }}", "None"),
        ("{{ '2026' | datetimeparse('%Y') }}", "2026-01-01 00:00:00"),
        ("{{ 0 | timestamp_to_datetime }}", "1970-01-01 00:00:00+00:00"),
        ("{{ '-90m' | timedeltaparse }}", "-1 day, 22:30:00"),
        ("{{ '2w' | timedeltaparse }}", "14 days, 0:00:00"),
        ("{{ 'x' | timedeltaparse }}", "None"),
        ("{{ {'b': 'ä', 'a': 1} | tojson_pretty }}", '{\n    "a": 1,\n    "b": "ä"\n}'),
        ("{{ payload.a | json_dumps }}", '"x"'),
        ("{{ ('[1, 2]' | parse_json)[1] }}", "2"),
        ("{{ 'aGk=' | b64decode }}", "hi"),
        ("{{ 'a' | b64decode }}", "None"),
        ("{{ payload.a | regex_replace('x', 'y') }}", "y"),
        ("{{ 'abc' | regex_match('b') }} {{ 'abc' | regex_search('b') }}", "False True"),
        ("{{ 5 | regex_search('b') }}", "None"),
    ],
)
def test_a_title_is_a_template(
    fake: FakeOnCall, configured: Callable[..., FakeIntegration], template: str, shown: str
) -> None:
    """Whose failure is its result."""
    payload = {"a": "x", "n": 5, "iso": "2026-03-02T09:30:00Z"}
    assert fake.add_alert(configured(title=template), payload).title == shown


def test_a_title_is_that_of_the_first_alert(
    fake: FakeOnCall, configured: Callable[..., FakeIntegration]
) -> None:
    """Later alerts and templates do not change it."""
    integration = configured(title="{{ payload.n }}", grouping_key="all")
    group = fake.add_alert(integration, {"n": 1})
    integration.templates["web"]["title"] = "another"
    assert fake.add_alert(integration, {"n": 2}) is group
    assert (group.title, group.payload, group.first_payload) == ("1", {"n": 2}, {"n": 1})


@pytest.mark.parametrize(
    ("result", "is_true"),
    [("1", True), (" OK\n", True), ("True", True), ("1.0", False), ("yes", False), ("", False)],
)
def test_a_signal_is_one_of_three_words(
    fake: FakeOnCall, configured: Callable[..., FakeIntegration], result: str, *, is_true: bool
) -> None:
    """In any case, with blanks around it."""
    integration = configured(acknowledge_signal="{{ payload.said }}")
    group = fake.add_alert(integration, {"said": result})
    assert (group.state == "acknowledged") is is_true
    assert group.acknowledged_by is None


def test_keys_are_compared_up_to_fifty_thousand_characters(fake: FakeOnCall) -> None:
    """What comes after them makes no difference."""
    integration = fake.add_integration()
    first, second = ({"a": "x" * 50_000, "b": number} for number in (1, 2))
    assert fake.add_alert(integration, first) is fake.add_alert(integration, second)


def test_an_empty_template_is_the_default(
    fake: FakeOnCall, configured: Callable[..., FakeIntegration]
) -> None:
    """As null is."""
    integration = configured(title="", grouping_key="", resolve_signal="")
    group = fake.add_alert(integration, {"state": "ok"})
    assert (group.title, group.state) == ("Incident", "resolved")


def test_templates_set_by_a_request_are_used(fake: FakeOnCall) -> None:
    """As an administrator sets them."""
    integration = fake.add_integration()
    templates = {"grouping_key": "{{ payload.host }}", "web": {"title": "{{ payload.host }} down"}}
    ask(fake, "PUT", f"integrations/{integration.id}/", {"templates": templates})
    group = fake.add_alert(integration, {"host": "db1", "n": 1})
    assert fake.add_alert(integration, {"host": "db1", "n": 2}) is group
    assert group.title == "db1 down"
