"""The request of an outgoing webhook, by its templates and settings, as on the real server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import attrs
import pytest

from grafana_oncall.testing import FakeWebhook
from grafana_oncall.testing._outgoing.answers import Answer, kept_content, repeat_delay
from grafana_oncall.testing._outgoing.rendering import NotSentError, NotTriggeredError, Rendering

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CONTEXT: dict[str, Any] = {
    "event": {"type": "resolve"},
    "alert_payload": {"q": 'say "ä"', "list": ["a\nb"], "n": 1.5, "flag": True},
    "integration": {"id": "C1"},
}
ENGINE = "http://engine.internal:8080/oncall"


def rendering(context: dict[str, Any] = CONTEXT, **settings: Any) -> Rendering:
    """The rendering of a webhook that forwards everything, unless its settings say otherwise."""
    webhook = FakeWebhook(
        id="WH1", name="x", url="https://a.example/", http_method="POST", trigger_type="resolve"
    )
    return Rendering(webhook=attrs.evolve(webhook, **settings), context=context, now=NOW)


@pytest.mark.parametrize(
    ("data", "body", "is_json"),
    [
        ('{"a": "{{ alert_payload.q }}"}', '{"a": "say \\"\\u00e4\\""}', True),
        ('["{{ alert_payload.list[0] }}",  5]', '["a\\nb", 5]', True),
        ("{{ alert_payload.n }}", "1.5", True),
        ("{{ alert_payload.q }}", 'say \\"\\u00e4\\"', False),
        ("{{ alert_payload.flag }}", "True", False),
        (
            "{{ alert_payload }} ä",
            "{'q': 'say \\\\\"\\\\u00e4\\\\\"', 'list': ['a\\\\nb'], ",
            False,
        ),
        ("{{ nothing }}", "", False),
        ("", "", False),
    ],
)
def test_data_is_sent_as_json_if_it_is(data: str, body: str, is_json: bool) -> None:  # noqa: FBT001  # a column of the table
    """And otherwise as text; what it renders is escaped for JSON before."""
    made = rendering(forward_all=False, data=data)
    request = made.request(ENGINE)
    assert request.body is not None
    assert request.body.startswith(body)
    assert ("Content-Type" in request.headers) is is_json
    shown = request.body if is_json else str(request.body.encode())
    assert made.request_data == shown


def test_everything_is_forwarded_whatever_the_data() -> None:
    """In ASCII, with blanks after commas and colons."""
    made = rendering(data="{{ broken")
    request = made.request(ENGINE)
    assert request.body == made.request_data == json.dumps(CONTEXT)
    assert request.headers == {"Content-Type": "application/json"}


def test_without_data_the_body_is_empty() -> None:
    """And the record has none."""
    made = rendering(forward_all=False)
    assert made.request(ENGINE).body is None
    assert made.request_data is None


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_some_methods_have_no_body(method: str) -> None:
    """Nor its type, whatever is set."""
    request = rendering(http_method=method, data="5").request(ENGINE)
    assert (request.method, request.body, request.headers) == (method, None, {})


def test_the_record_of_a_personal_notification_hides_its_body() -> None:
    """But not what the webhook was told."""
    made = rendering({**CONTEXT, "event": {"type": "personal notification"}})
    assert made.request(ENGINE).body is not None
    assert made.request_data == "*" * 16


@pytest.mark.parametrize(
    ("template", "result"),
    [("{{ 1 }}", "1"), ("TRUE", "TRUE"), ("{{ alert_payload.flag }}", "True"), (None, "")],
)
def test_a_trigger_that_holds(template: str | None, result: str) -> None:
    """It is true or 1, in any case."""
    made = rendering(trigger_template=template)
    assert made.request(ENGINE).url == "https://a.example/"
    assert made.request_trigger == result


@pytest.mark.parametrize("template", ["ok", "true ", "{{ alert_payload.q }}", "{{ nothing }}", "0"])
def test_a_trigger_that_does_not_hold(template: str) -> None:
    """It is not stripped, and "ok" is not enough."""
    with pytest.raises(NotTriggeredError, match=r"^the trigger_template gave '"):
        rendering(trigger_template=template).request(ENGINE)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"is_webhook_enabled": False}, "the webhook is disabled"),
        ({"integration_filter": ["C2"]}, "the integration_filter is without C1"),
    ],
)
def test_what_does_not_apply_is_not_triggered(settings: dict[str, Any], reason: str) -> None:
    """And leaves no record on the server."""
    with pytest.raises(NotTriggeredError, match=reason):
        rendering(**settings).request(ENGINE)
    assert rendering(integration_filter=["C2", "C1"]).request(ENGINE).method == "POST"


@pytest.mark.parametrize(
    ("settings", "member", "note"),
    [
        ({"url": "{{ a.b }}"}, "url", "URL - Template Warning: 'a' is undefined"),
        ({"url": "bot.example"}, "url", "URL - Malformed url"),
        ({"url": "ftp://bot.example"}, "url", "URL - Malformed url"),
        ({"url": "https:///x"}, "url", "URL - Malformed url"),
        ({"url": f"{ENGINE}/api"}, "url", "URL - Potential self-reference"),
        (
            {"trigger_template": "{{ 1 + 'a' }}"},
            "request_trigger",
            "Trigger - Template Warning: unsupported operand type(s) for +: 'int' and 'str'",
        ),
        (
            {"headers": "[]"},
            "request_headers",
            "Headers - Template did not result in json/dict",
        ),
        (
            {"headers": "X: y"},
            "request_headers",
            "Headers - Template did not result in json/dict",
        ),
        (
            {"headers": "{{ a.b }}"},
            "request_headers",
            "Headers - Template Warning: 'a' is undefined",
        ),
        (
            {"forward_all": False, "data": "{{ 1 + 'a' }}"},
            "request_data",
            "Data - Template Warning: unsupported operand type(s) for +: 'int' and 'str'",
        ),
    ],
)
def test_a_failed_template_sends_nothing(settings: dict[str, Any], member: str, note: str) -> None:
    """The record says what failed."""
    made = rendering(**settings)
    with pytest.raises(NotSentError) as caught:
        made.request(ENGINE)
    assert not isinstance(caught.value, NotTriggeredError)
    assert getattr(made, member) == str(caught.value) == note


def test_headers_are_rendered_and_the_settings_win() -> None:
    """A Content-Type of their own stays; the record masks Authorization."""
    made = rendering(
        headers='{"X": "{{ alert_payload.q }}", "content-type": "text/x", "authorization": "a"}',
        authorization_header="secret",
    )
    assert made.request(ENGINE).headers == {
        "X": 'say "ä"',
        "content-type": "text/x",
        "Authorization": "secret",
    }
    assert json.loads(made.request_headers or "") == {
        "X": 'say "ä"',
        "content-type": "text/x",
        "Authorization": "*" * 16,
    }


@pytest.mark.parametrize(
    ("username", "password", "basic"),
    [("a", "b", ("a", "b")), ("a", None, None), ("a", "", None), (None, "b", None)],
)
def test_basic_authentication_needs_a_user_and_a_password(
    username: str | None, password: str | None, basic: tuple[str, str] | None
) -> None:
    """One without the other is ignored."""
    assert rendering(username=username, password=password).request(ENGINE).basic == basic


def test_the_url_is_rendered_without_escapes() -> None:
    """It is no JSON."""
    made = rendering(url="https://a.example/?q={{ alert_payload.q }}")
    assert made.request(ENGINE).url == made.url == 'https://a.example/?q=say "ä"'


def drawing(seed: int) -> Random:
    """What draws the same delays for the same seed."""
    return Random(seed)  # noqa: S311  # delays must be repeatable


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_a_timeout_is_repeated_after_ten_seconds_and_a_failure_sooner(attempt: int) -> None:
    """Three times; a response never is."""
    timeout = Answer(status=None, content="", repeats="after a timeout")
    failure = Answer(status=None, content="", repeats="after a failure")
    found = repeat_delay(timeout, attempt, drawing(1))
    assert (found and found.total_seconds()) == (None if attempt == 4 else 10)
    delays = [repeat_delay(failure, attempt, drawing(seed)) for seed in range(100)]
    seconds = {delay.total_seconds() for delay in delays if delay is not None}
    assert seconds == (set() if attempt == 4 else {*range(2 ** (attempt - 1) + 1)})
    assert repeat_delay(Answer(status=503, content=""), attempt, drawing(1)) is None


def test_a_long_response_is_not_kept() -> None:
    """Only its length is, in bytes."""
    assert kept_content("x" * 50_000) == "x" * 50_000
    assert kept_content("ä" * 30_000) == "Response content 60000 exceeds 50000 character limit"
